"""What is not valid is not shipped, in any profile; what cannot be judged is said to be so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.toys import RECIPES, Shell, shell, with_toys

VALIDATING = 'validate = ["{bin:toyrt}", "validate"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Shell:
    place = with_toys(shell(tmp_path / "work", tmp_path / "home"), hello="say hello\n", other="say other\n")
    place.write("recipes/wasmtime.toml", RECIPES["wasmtime"] + VALIDATING)
    return place


@pytest.mark.parametrize("flags", [(), ("--opt",), ("--opt=speed",)])
def test_C15_an_invalid_module_is_exit_3_in_every_profile_and_nothing_of_it_is_shipped(project: Shell, flags: tuple[str, ...]) -> None:
    project.write("hello/hello.toy", "say mistyped\n")
    done = project.run("build", *flags).ends(3)
    assert "error[WB340]: hello is no valid WebAssembly: type mismatch, in function 0 at offset 0x" in done.err
    assert done.err.count("error[") == 1
    shipped = {Path(name).name for name in project.files() if name.startswith("dist/") and name.endswith(".wasm")}
    assert shipped == {"other.wasm"}
    assert [Path(line).name for line in done.out.splitlines()] == ["other.wasm"]
    assert "error[WB340]" in project.run("build", *flags).ends(3).err  # nothing of it was kept


def test_C15_what_the_validator_does_not_know_is_not_called_invalid(project: Shell) -> None:
    project.write("hello/hello.toy", "say strange\n")
    done = project.run("build").ends(0)
    assert "hello: not validated: A toy in its place says: the strange proposal must be enabled" in done.err
    report = json.loads(project.read("dist/dev/hello.wasm.report.json"))
    assert (report["validation"]["status"], report["validation"]["by"]) == ("unknown", "A toy in its place")
    other = json.loads(project.read("dist/dev/other.wasm.report.json"))
    assert other["validation"] == {"status": "valid", "by": "A toy in its place", "why": ""}


def test_a_validator_that_cannot_be_asked_fails_the_build(project: Shell) -> None:
    project.write("recipes/wasmtime.toml", RECIPES["wasmtime"] + 'validate = ["{bin:toyrt}", "nothing"]\n')
    done = project.run("build").ends(1)
    assert "error[WB102]: validate of hello failed: its program was ended" in done.err
