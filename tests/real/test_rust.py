"""Crates with procedural macros, build scripts and C build where no compiler and no network is, and keep the machine's paths out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.real.machine import Machine

CRATES = Path(__file__).parent / "crates"
NAMES = ("macros", "script", "native")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    """The crates on a machine without programs, in a folder whose name has a space; fetched."""
    folder = tmp_path_factory.mktemp("rust")
    machine = Machine.make(folder / "machine")
    here = folder / "my crates"
    shutil.copytree(CRATES, here)
    machine.wbuild("fetch", cwd=here).succeeds()
    return machine, here


def test_everything_builds_and_runs_offline(project: tuple[Machine, Path]) -> None:
    machine, here = project
    done = machine.cut_off("build", "--opt", "--offline", cwd=here).succeeds()
    assert done.stdout.splitlines() == [f"dist/release/{name}.wasm" for name in NAMES]


@pytest.mark.parametrize("options", [["--opt"], []], ids=["release", "dev"])
def test_modules_hold_no_path_of_the_machine(project: tuple[Machine, Path], options: list[str]) -> None:
    machine, here = project
    done = machine.wbuild("build", *options, cwd=here).succeeds()
    for name in done.stdout.splitlines():
        module = (here / name).read_bytes()
        for path in (here, machine.folder, Path(machine.environ["WBUILD_STORE"])):
            assert os.fsencode(path) not in module, name


def test_a_second_build_runs_nothing(project: tuple[Machine, Path]) -> None:
    machine, here = project
    machine.wbuild("build", "--opt", cwd=here).succeeds()
    (here / "script" / "src" / "main.rs").touch()
    plan = machine.wbuild("plan", "--opt", "--explain", cwd=here).succeeds()
    assert "because" not in plan.stdout
