"""Go of the machine in place of the one from an index."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import tomli

from tests.real.machine import SCRIPT, Machine


def test_a_project_with_the_machines_go(tmp_path: Path) -> None:
    go = shutil.which("go")
    assert go is not None, "this test needs Go on PATH"
    machine = Machine.make(tmp_path / "machine", programs=(SCRIPT,), path=(str(Path(go).parent),))
    machine.wbuild("init", "--lang", "go", "hello", cwd=tmp_path).succeeds()
    project = tmp_path / "hello"
    machine.wbuild("lock", "--sources", "system,registry", cwd=project).succeeds()
    block = tomli.loads((project / "wbuild.lock").read_text("utf-8"))["tool"]["go"]
    assert block == {"version": ">=1.25", "any": {"source": "system", "package": "go", "version": ">=1.25"}}
    machine.wbuild("build", cwd=project).succeeds()
    report = json.loads((project / "dist/dev/hello.wasm.report.json").read_text("utf-8"))
    told = machine.run([go, "version"], cwd=tmp_path).succeeds().stdout.split()[2].removeprefix("go")
    assert report["tools"]["go"].startswith(f"go-{told}-")
    assert str(Path(go).resolve().parent.parent).encode() not in (project / "dist/dev/hello.wasm").read_bytes()

    gone = Machine.make(tmp_path / "without").wbuild("build", cwd=project).ends(4)
    assert "this machine has no go on its PATH" in gone.stderr
