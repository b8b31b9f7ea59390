"""F101, F102: any bytes give a result or one ArtifactError, never another exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wasm_samples import EVERYTHING, HEADER, NEEDS, module, vector, wat
from wbuild.errors import ArtifactError
from wbuild.wasm import features as features_module
from wbuild.wasm.custom import function_names, module_name
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Module
from wbuild.wasm.reader import read
from wbuild.wasm.writer import strip

COMPONENT = b"\0asm\x0d\0\x01\0"
SAMPLES = [
    wat(EVERYTHING),
    *(wat(need.text) for need in NEEDS[::3]),
    wat(
        '(component (import "a:b/c@1.0.0" (instance)) (core module $m (func (export "x"))) (component $i (core module))'
        ' (core instance $c (instantiate $m)) (func $g (canon lift (core func $c "x"))) (export "g" (func $g)))'
    ),
]
MALFORMED = [  # text modules that are well formed but not valid, and binary ones that are not well formed
    "(module (func (result i32)))",
    "(module (func (i32.add)))",
    "(module (func (local.get 7)))",
    "(module (func (call 9)))",
    "(module (memory 2 1))",
    "(module (memory 70000))",
    '(module (func (export "a")) (func (export "a")))',
    "(module (global i32 (i64.const 0)))",
    "(module (func $f (param i32)) (start $f))",
    "(module (table 0 funcref) (elem (i32.const 0) 5))",
    '(module binary "\\00asm" "\\01\\00\\00\\00" "\\01\\02\\01")',
    '(module binary "\\00asm" "\\01\\00\\00\\00" "\\00\\00")',
    '(module binary "\\00asm" "\\01\\00\\00\\00" "\\05\\04\\01\\00\\80\\80")',
    '(module binary "\\00asm" "\\01\\00\\00\\00" "\\0a\\01\\00\\0a\\01\\00")',
    '(module binary "\\00asm" "\\01\\00\\00\\00" "\\08\\06\\80\\80\\80\\80\\80\\00")',
]


def outcome(data: bytes) -> Module | Component | None:
    """What reading, walking and stripping give; None for one ArtifactError with a code of the reader and an offset or a header."""
    try:
        found = read(data)
        features(found)
    except ArtifactError as error:
        (problem,) = error.problems
        assert problem.code in {f"WB{number}" for number in range(330, 340)}
        return None
    if isinstance(found, Module):
        function_names(found)
        module_name(found)
    smaller = strip(data, ())
    assert len(smaller) <= len(data)
    assert features(smaller).used == features(found).used
    return found


@pytest.mark.parametrize("text", MALFORMED)
def test_F101_invalid_modules(text: str) -> None:
    outcome(wat(text))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", HEADER, COMPONENT]))
def test_F102_any_bytes(data: bytes, head: bytes) -> None:
    outcome(head + data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), st.binary(max_size=24)), max_size=6))
def test_F102_any_sections(sections: list[tuple[int, bytes]]) -> None:
    outcome(module(*sections))


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_F101_flipped_bytes(data: bytes, damage: list[tuple[int, int]], big: bool) -> None:
    broken = bytearray(data)
    for at, value in damage:
        broken[at % len(broken)] = value
    with pytest.MonkeyPatch.context() as patch:
        if big:
            patch.setattr(features_module, "_SMALL", 0)
        outcome(bytes(broken))


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_F101_every_truncation(number: int) -> None:
    data = SAMPLES[number]
    for end in range(len(data)):
        outcome(data[:end])


def test_F102_time_grows_with_the_size_only() -> None:
    """A body of nothing but what the pattern leaves aside, and one that sticks at once, take linear time."""
    padded = b"\xfc\x8a\x00\0\0" * 60_000
    body = b"\0" + padded + b"\x0b"
    size = bytes((len(body) & 0x7F | 0x80, len(body) >> 7 & 0x7F | 0x80, len(body) >> 14))
    assert outcome(module((1, vector(b"\x60\0\0")), (3, vector(b"\0")), (10, vector(size + body)))) is not None
