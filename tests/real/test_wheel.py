"""The wheel carries everything, and works where there is Python and nothing else."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from tests.real.machine import Machine
from tests.real.pages import ROOT

UV = Path(sys.executable).parent / "uv"
TRUST = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
"""uv takes the system's certificates, as pip does; the name of the switch depends on uv's version."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built as a package index would get it: from the source distribution."""
    folder = tmp_path_factory.mktemp("wheel")
    machine = Machine.make(folder / "machine", programs=[UV], path=["/usr/bin", "/bin"])
    machine.run([str(UV), "build", "--quiet", "--python", sys.executable, "--out-dir", str(folder), str(ROOT)], folder, **TRUST).succeeds()
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.parametrize("kind", ["toolchains", "templates"])
def test_wheel_carries_recipes_and_templates(wheel: Path, kind: str) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"wbuild/_data/{path.relative_to(ROOT)}" for path in (ROOT / kind).rglob("*") if path.is_file()}
    assert wanted - names == set()


def test_wheel_carries_the_whole_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    package = {str(p.relative_to(ROOT)) for p in (ROOT / "wbuild").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert package - set(names) == set()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"wbuild"}


def test_first_minute_without_any_other_program(wheel: Path, tmp_path: Path) -> None:
    """An environment that uv made, so without pip as a command, and a PATH on which there is nothing at all."""
    maker = Machine.make(tmp_path / "maker", programs=[UV], path=["/usr/bin", "/bin"])
    venv = tmp_path / "venv"
    maker.run([str(UV), "venv", "--quiet", "--python", sys.executable, str(venv)], tmp_path).succeeds()
    python = venv / "bin" / "python"
    maker.run([str(UV), "pip", "install", "--quiet", "--python", str(python), str(wheel)], tmp_path, **TRUST).succeeds()
    machine = Machine.make(tmp_path / "machine", programs=[])
    assert list(Path(machine.environ["PATH"]).iterdir()) == []
    wbuild = str(venv / "bin" / "wbuild")

    assert machine.run([wbuild, "--version"], tmp_path).succeeds().stdout.startswith("wbuild 0.")
    languages = machine.run([wbuild, "languages"], tmp_path).succeeds()
    assert all(name in languages.stdout + languages.stderr for name in ("c ", "zig", "wat"))

    machine.run([wbuild, "init", "--lang", "c", "hello"], tmp_path).succeeds()
    project = tmp_path / "hello"
    built = machine.run([wbuild, "build", "--opt"], project).succeeds()
    assert built.stdout == "dist/release/hello.wasm\n"
    assert "artifact" in built.stderr
    assert "compiled" in built.stderr
    assert (project / "dist/release/hello.wasm").read_bytes()[:8] == b"\0asm\x01\0\0\0"
    report = json.loads((project / "dist/release/report.json").read_text("utf-8"))
    assert report["schema"] == "wbuild.report/1"
    machine.run([wbuild, "check"], project).succeeds()
    assert machine.run([wbuild, "run", "hello", "--", "Ada"], project).succeeds().stdout == "Hello, Ada!\n"
    again = machine.run([wbuild, "build", "--opt"], project).succeeds()
    assert again.stdout == built.stdout
