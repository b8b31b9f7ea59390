"""What a component itself needs, and version ranges of hosts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.plans import shipped_catalog
from tests.reports import measure_of, weighed
from tests.unit.wasm_samples import function_module, module, vector, wat
from wbuild.errors import ArtifactError
from wbuild.model.host_recipe import HostComponent, HostRecipe
from wbuild.report.hosts import problems
from wbuild.wasm.canon import ASYNC, ERROR_CONTEXT
from wbuild.wasm.features import features
from wbuild.wasm.leb import uleb
from wbuild.wasm.reader import read
from wbuild.wasm.writer import section

COMPONENT = b"\0asm\x0d\0\x01\0"
PLAIN = {"component-model"}
CORE = """(core module $m (memory (export "m") 1) (func (export "f")) (func (export "c") (param i32 i32 i32) (result i32) i32.const 0)
  (func (export "g") (result i32) i32.const 0))
  (core instance $i (instantiate $m)) (alias core export $i "m" (core memory $mem))"""


def used(text: str) -> set[str]:
    return set(features(wat(text)).used)


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("(component (core func (canon context.get i32 0)))", ASYNC),
        ("(component (core func (canon backpressure.inc)))", ASYNC),
        ("(component (core func (canon task.cancel)))", ASYNC),
        ("(component (core func (canon subtask.drop)))", ASYNC),
        ("(component (core func (canon waitable-set.new)))", ASYNC),
        ("(component (type $s (stream u8)))", ASYNC),
        ("(component (type $s (future string)))", ASYNC),
        ('(component (type $t (record (field "a" u32))) (type $s (stream $t)) (core func (canon stream.new $s)))', ASYNC),
        (f'(component {CORE} (func (export "f") async (canon lift (core func $i "g") async (callback (core func $i "c")))))', ASYNC),
        ('(component (import "x" (instance (type $s (stream u8)) (export "f" (func (param "s" $s))))))', ASYNC),
        ("(component (component (core func (canon task.cancel))))", ASYNC),
    ],
)  # fmt: skip
def test_C19_features_of_the_component_itself(text: str, feature: str) -> None:
    assert feature in used(text)


def test_error_contexts() -> None:
    drop = COMPONENT + section(8, vector(b"\x1e"))
    types = COMPONENT + section(7, vector(b"\x64"))
    for data in (drop, types):
        assert {ERROR_CONTEXT, ASYNC} <= features(data).used


def test_a_plain_component_needs_no_more_than_before() -> None:
    lifted = f'(component {CORE} (type $r (resource (rep i32))) (func (export "f") (canon lift (core func $i "f") (memory $mem))))'
    kinds = """(component
      (type $v (variant (case "a" u8) (case "b"))) (type $l (list $v)) (type $t (tuple u8 $l)) (type $f (flags "x" "y"))
      (type $e (enum "p" "q")) (type $o (option $t)) (type $r (result $o (error string)))
      (import "a:b/c" (instance (export "r" (type (sub resource))) (export "f" (func (result u8)))))
      (type (component (import "g" (func (param "x" string))) (export "h" (func)))))"""
    assert used(lifted) == used(kinds) == PLAIN == used("(component)")


@pytest.mark.parametrize("payload", [b"\x01\x7e", b"\x05\x05", b"\xff", b""])
def test_what_is_unknown_in_a_component_is_passed_by(payload: bytes) -> None:
    assert "component-model" in features(COMPONENT + section(8, payload)).used
    assert "component-model" in features(COMPONENT + section(7, payload)).used


HOST = HostRecipe(
    name="h", title="H", targets=("wasip2",), source=("x",), date="2026",
    component=HostComponent(imports=("wasi:cli/*@0.2", "a:b/c@1", "d:e/f@*", "g:h/i"), exports=("wasi:cli/run@0.2",)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        *(("wasi:cli/stdout@0.2.0", True), ("wasi:cli/stdout@0.2.11", True), ("wasi:cli/stdout@0.2", True)),
        *(("wasi:cli/stdout@0.3.0", False), ("wasi:cli/stdout@0.20.0", False), ("wasi:cli/stdout@0.2.0-rc-2023-11-10", False)),
        *(("wasi:cli/stdout@0.3.0-rc-2026-03-15", False), ("wasi:cli/stdout", False), ("wasi:io/x@0.2.0", False)),
        *(("a:b/c@1.9.2", True), ("a:b/c@2.0.0", False), ("d:e/f@7.0.0", True), ("g:h/i", True), ("g:h/i@1.0.0", False)),
    ],
)
def test_C19_version_ranges_count(name: str, fits: bool) -> None:
    found = measure_of(weighed("x", features={"component-model": "the header"}, imports=(name,), exports=("wasi:cli/run@0.2.3",)))
    assert ([problem.code for problem in problems(HOST, "x", found)] == []) == fits
    exported = replace(found, imports=(), exports=(name,))
    assert [problem.code for problem in problems(HOST, "x", exported)] == ["WB311"]


def test_C19_components_of_wasi_0_3_do_not_fit_spin_and_those_of_0_2_do() -> None:
    spin = shipped_catalog().hosts["spin"]
    plain = measure_of(weighed("x", features={"component-model": "the header"}))
    old = replace(plain, imports=("wasi:cli/stdout@0.2.6", "wasi:http/types@0.2.0"), exports=("wasi:http/incoming-handler@0.2.6",))
    new = replace(plain, imports=("wasi:cli/stdout@0.3.0", "wasi:http/types@0.3.0"), exports=("wasi:http/handler@0.3.0",))
    assert [problem.code for problem in problems(spin, "x", old)] == []
    assert [problem.code for problem in problems(spin, "x", new)] == ["WB310", "WB311"]


def test_gc_implies_function_references() -> None:
    assert "function-references" in features(wat("(module (type (struct (field i32))))")).used


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (b"\x0b\x01", "bytes after the end in function 0 at offset 0x17"),
        (b"\x05", "`else` outside of an `if` in function 0 at offset 0x17"),
        (b"\x02\x40\x05\x0b", "`else` outside of an `if` in function 0 at offset 0x19"),
        (b"\x04\x40\x05\x05\x0b", "`else` outside of an `if` in function 0 at offset 0x1a"),
        (b"\x02\x40\x01", "a block that does not end in function 0 at offset 0x1a"),
        (b"\x19", "`catch_all` outside of a `try` in function 0 at offset 0x17"),
    ],
)
def test_C19_blocks_that_do_not_nest_are_errors_with_an_offset(code: bytes, message: str) -> None:
    with pytest.raises(ArtifactError) as caught:
        features(function_module(code))
    assert str(caught.value) == f"error[WB338]: {message}"


def test_blocks_that_nest_are_none() -> None:
    for code in (b"\x02\x40\x04\x40\x05\x0b\x0b", b"\x06\x40\x07\x00\x07\x00\x19\x0b", b"\x06\x40\x18\x00", b"\x03\x40\x0b"):
        features(function_module(code))


@pytest.mark.parametrize("size", [0, 20_000])
def test_C19_an_index_of_a_data_segment_without_a_data_count_is_an_error(size: int) -> None:
    body = b"\0" + b"\x01" * size + b"\xfc\x09\x00\x0b"
    parts = [(1, vector(b"\x60\0\0")), (3, vector(b"\0")), (10, vector(uleb(len(body)) + body)), (11, vector(b"\x01\x01a"))]
    with pytest.raises(ArtifactError, match=r"WB336.*no data count section") as caught:
        features(module(*parts))
    assert hex(read_offset(module(*parts))) in str(caught.value)
    assert "bulk-memory" in features(module(*parts[:2], (12, b"\x01"), *parts[2:])).used


def read_offset(data: bytes) -> int:
    found = read(data)
    return data.index(b"\xfc\x09", found.start)
