"""The validator: what is valid, what is not and where, what it cannot judge; one process for many files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import wasmtime

from tests.cli.runners import start
from wbuild.runners import validate

TYPE_ERROR = "(func (export {name}) (result i32) i64.const 1)"


def answers(*files: bytes | str) -> list[dict[str, object]]:
    """What one process says about each file; texts are assembled first."""
    data = [bytes(wasmtime.wat2wasm(file)) if isinstance(file, str) else file for file in files]
    done = start("validate.py", stdin=b"".join(b"%d\n%s" % (len(one), one) for one in data))
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.splitlines()]


def statuses(*files: bytes | str) -> list[object]:
    return [answer["status"] for answer in answers(*files)]


def test_one_process_answers_for_many_files() -> None:
    assert statuses(*["(module (func (result i32) i32.const 1))"] * 20) == ["valid"] * 20
    assert answers() == []


@pytest.mark.parametrize(
    "text",
    [
        "(module (memory 1 2 shared))",
        "(module (memory 1 (pagesize 1)))",
        "(module (memory i64 1) (memory 1))",
        "(module (type $f (func)) (type $c (cont $f)) (func (param (ref $c)) (resume $c (local.get 0))))",
        "(module (type $s (struct (field i32))) (func (result (ref $s)) (struct.new_default $s)))",
        "(module (func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
        "(component (core func (canon context.get i32 0)) (core func (canon backpressure.inc)))",
        "(component (type $s (stream u8)) (core func (canon stream.new $s)))",
    ],
)
def test_proposals_that_engines_have_not_turned_on_are_no_fault(text: str) -> None:
    assert statuses(text) == ["valid"]


def test_what_is_wrong_is_told_with_its_offset_in_the_file() -> None:
    (answer,) = answers("(module (func (result i32)))")
    assert answer == {"status": "invalid", "message": "type mismatch: expected i32 but nothing on stack", "offset": 0x18}
    truncated = bytes(wasmtime.wat2wasm("(module (func))"))[:-2]
    assert statuses(b"", b"plain text, for once", truncated) == ["invalid"] * 3


def test_a_function_of_a_module_inside_a_component_is_found_at_its_place_in_the_file() -> None:
    text = '(component (component (core module (func (export "a"))) (core module (func (result i32) i64.const 7))))'
    (answer,) = answers(text)
    assert (answer["status"], answer["message"]) == ("invalid", "type mismatch: expected i32, found i64")
    assert bytes(wasmtime.wat2wasm(text))[answer["offset"]] == 0x0B  # type: ignore[call-overload]


def test_types_of_a_component_are_checked_though_its_functions_are_not_compiled() -> None:
    core = (
        '(core module $m (func (export "x") (result i32) (local i64) i32.const 1 i32.const 2 i32.add)) (core instance $i (instantiate $m))'
    )
    lift = '(component {core} (func (export "x") (result {kind}) (canon lift (core func $i "x"))))'
    assert statuses(lift.format(core=core, kind="s32"), lift.format(core=core, kind="string")) == ["valid", "invalid"]


def test_what_the_library_lacks_is_not_called_invalid() -> None:
    legacy = "(module (func try catch_all end))"
    thread = "(component (core func (canon thread.index)))"
    reexport = '(component (import "a" (func (result u32))) (export "b" (func 0)))'
    assert statuses(legacy, thread, reexport) == ["unable"] * 3


@pytest.mark.parametrize("text", ["1: unsupported", "Caused by:\n    0: a\n    1: the x proposal must be enabled\n"])
def test_words_of_the_library(text: str) -> None:
    assert validate.refused(text, 0)["status"] == "unable"


def test_a_question_in_another_form_ends_it(tmp_path: Path) -> None:
    assert start("validate.py", stdin=b"many\n").returncode == validate.BAD_REQUEST
    assert start("validate.py", stdin=b"10\nshort").returncode == validate.BAD_REQUEST
    assert start("validate.py", tmp_path).returncode == validate.BAD_REQUEST
