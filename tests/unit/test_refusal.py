"""Failures that the fence may have caused, in the words of real compilers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.engine_world import tool_step
from wbuild.engine.refusal import advice, may_be_refused, named

REFUSALS = {
    "clang": ("c1/main.c:1:10: fatal error: cannot open file 'c1/../shared/v.h': Permission denied\n", "shared/v.h"),
    "clang's assembler": ("<inline asm>:1:9: error: Could not find incbin file 'shared/t.txt'\n", "shared/t.txt"),
    "rustc": ("error: couldn't read `src/../../shared/t.txt`: Permission denied (os error 13)\n --> src/main.rs:1:27\n", "shared/t.txt"),
    "go": ("main.go:2:8: open {root}/shared/golib: permission denied\n", "shared/golib"),
    "zig": ("c1/build.zig:3:1: error: unable to load '../shared/v.h': AccessDenied\n", "shared/v.h"),
    "asc": ("ERROR TS6054: File 'shared/t.txt' not found.\n", "shared/t.txt"),
    "a build script": ('called `Result::unwrap()` on an `Err` value: Os { code: 13, kind: PermissionDenied, message: "x" }\n', ""),
}
ERRORS = {
    "clang": "c1/main.c:1:23: error: use of undeclared identifier 'foo'\n",
    "rustc": "error[E0425]: cannot find value `x` in this scope\n --> src/main.rs:1:25\nerror: could not compile `r1`\n",
    "rustc's types": "error[E0308]: mismatched types\n  |  ---   ^^^ expected `i32`, found `&str`\n",
    "go": './main.go:2:26: cannot use "a" (untyped string constant) as int value in variable declaration\n',
    "zig": "z/src/main.zig:1:37: error: expected type 'i32', found '*const [1:0]u8'\n",
    "asc": "ERROR TS2322: Type '~lib/string/String' is not assignable to type 'i32'.\n",
    "wasm-ld": "wasm-ld: error: undefined symbol: foo\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("shared/v.h", "shared/t.txt", "shared/golib/l.go", "c1/main.c", "c1/src/main.rs"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


@pytest.mark.parametrize("tool", REFUSALS)
def test_a_refusal_is_known_and_names_its_file(tool: str, root: Path) -> None:
    text, path = REFUSALS[tool]
    step = tool_step("x", ["c1/main.c", "c1/src/main.rs"], ["x"], roots=("c1",))
    assert may_be_refused(step, text)
    assert named(step, text.replace("{root}", str(root)), root) == path


@pytest.mark.parametrize("tool", ERRORS)
def test_a_plain_error_is_none(tool: str) -> None:
    assert not may_be_refused(tool_step("x", [], ["x"]), ERRORS[tool])
    assert not may_be_refused(tool_step("x", [], ["x"], runs_project_code=True), ERRORS[tool])


def test_code_of_the_project_says_what_it_likes() -> None:
    text = "error: failed to run custom build command for `r2 v0.1.0`\n  thread 'main' panicked at build.rs:1: no settings\n"
    assert may_be_refused(tool_step("x", [], ["x"], runs_project_code=True), text)
    assert not may_be_refused(tool_step("x", [], ["x"]), text)


def test_the_line_that_mends_it_is_relative_to_the_artifact() -> None:
    step = tool_step("x", [], ["x"], roots=("apps/one", "lib"))
    assert advice(step, "shared/v.h", folder=False) == 'write `inputs = ["../../shared/v.h"]` below [artifact.app]'
    assert advice(step, "shared", folder=True) == 'write `inputs = ["../../shared/**"]` below [artifact.app]'
