"""The reader: what it returns, and F100, F102, F103: what it says of files that are none."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.unit.wasm_samples import EVERYTHING, HEADER, function_module, module, vector, wat
from wbuild.errors import ArtifactError
from wbuild.wasm.custom import function_names, module_name
from wbuild.wasm.features import features
from wbuild.wasm.leb import uleb
from wbuild.wasm.module import Field, Global, Limits, Module, Table
from wbuild.wasm.reader import read, read_component, read_module
from wbuild.wasm.writer import custom_section, section

COMPONENT = b"\0asm\x0d\0\x01\0"


def refused(data: bytes) -> tuple[str, str]:
    """Code and message of the one error."""
    with pytest.raises(ArtifactError) as caught:
        features(read(data))
    (problem,) = caught.value.problems
    return problem.code, problem.message


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "WB330", "the Wasm file is empty"),
        (b"\0asm", "WB330", "the Wasm file has only 4 bytes: its header alone takes 8"),
        (b"\0asm\x01", "WB330", "the Wasm file has only 5 bytes: its header alone takes 8"),
        (b"\x7fELF\x02\x01\x01\0\0", "WB330", "not a Wasm file: it starts with 7f 45 4c 46, not with 00 61 73 6d"),
        (b"as", "WB330", "not a Wasm file: it starts with 61 73, not with 00 61 73 6d"),
        (b"\0asm\x02\0\0\0", "WB331", "unknown Wasm version 2: only 1 is known"),
        (b"\0asm\x01\0\x02\0", "WB331", "unknown Wasm version 131073: only 1 is known"),
        (b"\0asm\x0c\0\x01\0", "WB331", "unknown component version 12: only 13 is known"),
    ],
)
def test_F100_the_header(data: bytes, code: str, says: str) -> None:
    assert refused(data) == (code, says)


def test_F100_the_text_format_gets_a_hint() -> None:
    with pytest.raises(ArtifactError) as caught:
        read(b"\n(module)")
    assert "text format" in caught.value.problems[0].hint


def test_F100_module_and_component_are_not_mixed_up() -> None:
    with pytest.raises(ArtifactError, match="this is a component; a core module is wanted"):
        read_module(COMPONENT)
    with pytest.raises(ArtifactError, match="this is a core module; a component is wanted"):
        read_component(HEADER)
    assert refused(COMPONENT + section(1, COMPONENT))[0] == "WB332"
    assert refused(COMPONENT + section(4, HEADER))[0] == "WB332"


HUGE = b"\xff\xff\xff\xff\x0f"


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (HEADER + b"\x01" + HUGE, "WB333", "the type section at offset 0xe has 4294967295 bytes but only 0 follow"),
        (module((1, HUGE)), "WB333", "4294967295 types at offset 0xa do not fit in the 0 bytes that follow"),
        (module((2, HUGE)), "WB333", "4294967295 imports at offset 0xa do not fit in the 0 bytes that follow"),
        (module((3, HUGE)), "WB333", "4294967295 functions at offset 0xa do not fit in the 0 bytes that follow"),
        (module((7, HUGE)), "WB333", "4294967295 exports at offset 0xa do not fit in the 0 bytes that follow"),
        (module((9, HUGE)), "WB333", "4294967295 element segments at offset 0xa do not fit in the 0 bytes that follow"),
        (module((11, HUGE)), "WB333", "4294967295 data segments at offset 0xa do not fit in the 0 bytes that follow"),
        (module((1, b"\x01\x60" + HUGE)), "WB333", "4294967295 parameters at offset 0xc do not fit in the 0 bytes that follow"),
        (function_module(b"", HUGE + b"\x7f"), "WB333", "4294967295 groups of locals at offset 0x16 do not fit in the 2 bytes that follow"),
        (function_module(b"\x0e" + HUGE), "WB333", "a count of 4294967295 at offset 0x18 is larger than the 0 bytes that follow"),
        (module((1, b"\x80\x80\x80\x80\x80\x00")), "WB334", "malformed u32 integer at offset 0xa: it is too long"),
        (module((1, b"\xff\xff\xff\xff\x1f")), "WB334", "malformed u32 integer at offset 0xa: it is too large"),
        (function_module(b"\x41\xff\xff\xff\xff\x0f\x1a"), "WB334", "malformed s32 integer at offset 0x18: it is too large"),
        (HEADER + b"\0\x02\x05a", "WB333", "the name of a custom section at offset 0xb has 5 bytes but only 1 follow"),
        (module((7, b"\x01" + HUGE + b"abc")), "WB333", "the name of an export at offset 0x10 has 4294967295 bytes but only 3 follow"),
        (module((7, b"\x01\x02\xc3\x28\0\0")), "WB335", "the name of an export at offset 0xc is not valid UTF-8 (byte 0)"),
        (HEADER + b"\x0e\0", "WB336", "unknown section 14 at offset 0x8"),
        (module((3, b"\0"), (1, b"\0")), "WB336", "the type section at offset 0xb is out of order"),
        (module((1, b"\0"), (1, b"\0")), "WB336", "a second type section at offset 0xb"),
        (module((1, b"\0\0")), "WB336", "bytes are left over from offset 0xb to 0xc, at the end of the type section"),
        (module((3, b"\x01\0")), "WB336", "functions declared: 1, but there is no code section"),
        (module((10, b"\x01\x02\0\x0b")), "WB336", "function bodies at offset 0xa: 1, but 0 functions are declared"),
        (module((12, b"\x01")), "WB336", "data segments declared: 1, but there is no data section"),
        (module((12, b"\x01"), (11, b"\0")), "WB336", "data segments at offset 0xd: 0, but the data count section declares 1"),
        (function_module(b"\xff"), "WB337", "unknown instruction 0xff at offset 0x17"),
        (function_module(b"\x01\xfc\x7f"), "WB337", "unknown instruction 0xfc 0x7f at offset 0x18"),
        (function_module(b"\x41"), "WB333", "the instruction at offset 0x17 runs past the end of its code at 0x18"),
        (module((1, b"\x01\x5c")), "WB338", "unknown type 0x5c at offset 0xb"),
        (module((6, b"\x01\x7f\0\x10\0\x0b")), "WB338", "instruction 0x10 at offset 0xd may not stand in a constant expression"),
        (module((5, b"\x01\x10\0")), "WB338", "unknown flags of the limits of a memory 0x10 at offset 0xb"),
        (module((3, b"\x01\0"), (10, b"\x01\x02\0\x01")), "WB338", "the function body at offset 0x10 does not finish with `end`"),
    ],
)
def test_F102_lengths_counts_and_integers(data: bytes, code: str, says: str) -> None:
    tracemalloc.start()
    try:
        assert refused(data) == (code, says)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def nested(depth: int) -> bytes:
    """A component `depth` levels deep, in linear time."""
    sizes, size = [], len(COMPONENT)
    for _ in range(depth - 1):
        sizes.append(size)
        size += len(COMPONENT) + 1 + len(uleb(size))
    return b"".join(COMPONENT + b"\x04" + uleb(size) for size in reversed(sizes)) + COMPONENT


def test_F103_nesting() -> None:
    component = read_component(nested(100))
    depth = 1
    while component.components:
        (component,) = component.components
        depth += 1
    assert depth == 100
    code, message = refused(nested(1000))
    assert (code, message.rpartition("; ")[2]) == ("WB339", "the limit is 100")
    assert "levels of nested components" in message


def test_F103_functions() -> None:
    assert refused(module((1, vector(b"\x60\0\0")), (3, uleb(1_000_001) + bytes(1_000_001)))) == (
        "WB339",
        "1000001 functions at offset 0x12; the limit is 1000000",
    )
    code, message = refused(module((1, uleb(1_000_001) + b"\x60\0\0" * 400_000)))
    assert (code, message) == ("WB339", "1000001 types at offset 0xc; the limit is 1000000")


def test_F103_types_in_groups_are_counted_together() -> None:
    group = b"\x4e" + uleb(600_000) + b"\x60\0\0" * 600_000
    assert refused(module((1, vector(group, group)))) == ("WB339", "1200000 types at offset 0x1b7752; the limit is 1000000")


def test_F103_locals() -> None:
    assert refused(function_module(b"", vector(uleb(50_001) + b"\x7f"))) == ("WB339", "50001 locals at offset 0x16; the limit is 50000")
    assert refused(function_module(b"", vector(uleb(49_999) + b"\x7f", b"\x02\x7e")))[1].startswith("50001 locals")
    assert isinstance(read(function_module(b"", vector(uleb(50_000) + b"\x7f"))), Module)


def test_F103_other_limits() -> None:
    assert refused(module((1, b"\x01\x60" + uleb(1_001) + b"\x7f" * 1_001 + b"\0")))[1].endswith(
        "1001 parameters at offset 0xd; the limit is 1000"
    )
    assert "memories" in refused(module((5, vector(*[b"\0\0"] * 101))))[1]
    assert "embedded modules" in refused(COMPONENT + section(1, HEADER) * 1001)[1]
    assert "nested components" in refused(COMPONENT + section(4, COMPONENT) * 1001)[1]


def test_every_byte_belongs_to_the_header_or_a_section() -> None:
    data = wat(EVERYTHING) + custom_section("x", b"abc")
    found = read_module(data)
    at = 8
    for one in found.sections:
        assert one.start == at
        assert one.start < one.payload <= one.contents <= one.end
        at = one.end
    assert at == len(data)
    custom = found.custom("x")
    assert custom is not None
    assert data[custom.contents : custom.end] == b"abc"
    assert found.custom("y") is None


def test_what_a_module_holds() -> None:
    found = read_module(wat(EVERYTHING))
    kinds = [(one.kind, one.params, one.results, one.final) for one in found.types[:3]]
    assert kinds == [("struct", (), (), False), ("array", (), (), True), ("func", (), (), True)]
    assert found.types[0].fields == (Field(type="i32", mutable=True),)
    assert [one.group for one in found.types[:3]] == [0, 1, 2]
    (item,) = found.imports
    assert (item.module, item.name, item.kind) == ("m", "f", "func")
    assert isinstance(item.type, int)
    assert found.types[item.type].params == ("i32",)
    assert found.memories == (Limits(minimum=1, maximum=None),) * 2
    assert found.tables[1] == Table(element="externref", limits=Limits(minimum=4, maximum=None))
    assert found.globals == (Global(type="i32", mutable=True),)
    assert [(one.name, one.kind, one.index) for one in found.exports] == [("x", "func", 1), ("memory", "memory", 0)]
    assert found.start_function == 1
    assert [one.mode for one in found.elements] == ["passive"]
    (data,) = found.datas
    assert found.data[data.items : data.end] == b"hello"
    assert len(found.functions) == len(found.bodies) == 1
    assert len(found.tags) == 1


def test_limits_of_memories() -> None:
    found = read_module(wat('(module (import "m" "a" (memory i64 1 9)) (memory 2 3 shared) (memory 4 (pagesize 1)))'))
    assert found.imports[0].type == Limits(minimum=1, maximum=9, is64=True)
    assert found.memories == (Limits(minimum=2, maximum=3, shared=True), Limits(minimum=4, maximum=None, page_size=1))


def test_types_as_text() -> None:
    text = "(module (type $t (func)) (func (param i32 v128 funcref externref (ref null $t) (ref $t) (ref any) nullref (ref func) exnref)))"
    assert read_module(wat(text)).types[1].params == (
        "i32", "v128", "funcref", "externref", "(ref null 0)", "(ref 0)", "(ref any)", "nullref", "(ref func)", "exnref",
    )  # fmt: skip


def test_recursion_groups_and_supertypes() -> None:
    found = read_module(wat("(module (rec (type $a (sub (struct))) (type $b (sub final $a (struct)))) (type (func)))"))
    assert [(one.group, one.supertypes, one.final) for one in found.types] == [(0, (), False), (0, (0,), True), (1, (), True)]


def test_names() -> None:
    found = read_module(wat('(module $shop (import "m" "f" (func $first)) (func $second) (func $third))'))
    assert module_name(found) == "shop"
    assert dict(function_names(found)) == {0: "first", 1: "second", 2: "third"}
    assert module_name(read_module(HEADER)) == ""
    assert function_names(read_module(HEADER)) == {}


def test_custom_sections_never_make_a_module_invalid() -> None:
    half = vector(b"\x08language" + vector(b"\x01C\x0211"), b"\x03sdk\xff")
    data = (
        HEADER
        + custom_section("producers", half)
        + custom_section("target_features", b"\x09+\x03abc\xff")
        + custom_section("name", b"\x01\xff")
    )
    found = read_module(data)
    assert found.producers == {"language": (("C", "11"),)}
    assert found.target_features == ("abc",)
    assert function_names(found) == {}


def test_commands_and_reactors() -> None:
    command = read_module(wat('(module (func (export "_start")))'))
    reactor = read_module(wat('(module (func (export "_initialize")))'))
    assert (command.is_command, command.is_reactor) == (True, False)
    assert (reactor.is_command, reactor.is_reactor) == (False, True)


def test_components() -> None:
    data = wat(
        '(component (import "wasi:io/streams@0.2.0" (instance)) (import "f" (func $f)) (import "t" (type (sub resource)))'
        ' (core module $m (func (export "x"))) (component $inner (core module)) (core instance $i (instantiate $m))'
        ' (func $g (canon lift (core func $i "x"))) (export "g" (func $g)) (export "m" (core module $m)) (export "f" (func $f) (func)))'
    )
    found = read_component(data)
    assert [(one.name, one.kind) for one in found.imports] == [("wasi:io/streams@0.2.0", "instance"), ("f", "func"), ("t", "type")]
    assert [(one.name, one.kind) for one in found.exports] == [("g", "func"), ("m", "core module"), ("f", "func")]
    (span,) = found.modules
    inner = read_module(data, *span)
    assert [one.name for one in inner.exports] == ["x"]
    assert inner.bodies[0].end <= span.end
    (nested_component,) = found.components
    assert len(nested_component.modules) == 1
    assert found.sections[0].start == 8
    assert found.sections[-1].end == len(data)


def test_versions_of_component_names() -> None:
    name = b"\x02" + vector(*[bytes((one,)) for one in b"a:b/c@0.2"]) + vector(b"\x01\x02.1")
    (item,) = read_component(COMPONENT + section(10, b"\x01" + name + b"\x05\0")).imports
    assert (item.name, item.kind) == ("a:b/c@0.2.1", "instance")


def test_element_segments_of_every_form() -> None:
    found = read_module(
        wat(
            "(module (table $a 9 funcref) (table $b 9 externref) (func $f)"
            " (elem (table $a) (i32.const 0) func $f $f) (elem func $f) (elem (table $a) (offset (i32.const 1)) funcref (ref.func $f))"
            " (elem declare func $f) (elem funcref (ref.func $f) (ref.null func))"
            " (elem (table $b) (i32.const 0) externref (ref.null extern)) (elem declare externref (ref.null extern)))"
        )
    )
    assert [one.mode for one in found.elements] == ["active", "passive", "active", "declared", "passive", "active", "declared"]
    first = found.elements[0]
    assert found.data[first.items : first.end] == b"\0\0"
    assert {"bulk-memory", "reference-types"} <= set(found.reasons)


def test_more_items_than_bytes_of_one() -> None:
    indices = b"".join(uleb(number) for number in range(100, 300))
    data = module((9, b"\x01\x01\0" + uleb(200) + indices))
    (segment,) = read_module(data).elements
    assert data[segment.items : segment.end] == indices


def test_data_segments_of_other_memories() -> None:
    found = features(wat('(module (memory 1) (memory 1) (data (memory 1) (i32.const 0) "a") (data (i32.const 0) "b"))'))
    assert "multimemory" in found


@pytest.mark.parametrize(
    ("number", "payload", "says"),
    [
        (9, b"\x01\x08", "unknown flags of an element segment 0x08 at offset 0xb"),
        (9, b"\x01\x01\x01\0", "unknown kind of an element segment 0x01 at offset 0xc"),
        (9, b"\x01\x05\x7f\0", "unknown reference type 0x7f at offset 0xc"),
        (11, b"\x01\x03", "unknown flags of a data segment 0x03 at offset 0xb"),
        (2, b"\x01\0\0\x05", "unknown kind of import 0x05 at offset 0xd"),
        (2, b"\x01\0\0\x03\x7f\x02", "unknown mutability 0x02 at offset 0xf"),
        (4, b"\x01\x7f\0\0", "unknown reference type 0x7f at offset 0xb"),
        (4, b"\x01\x70\x02\0", "unknown flags of the limits of a table 0x02 at offset 0xc"),
        (5, b"\x01\x08\0\x40", "unknown page size 0x40 at offset 0xd"),
        (13, b"\x01\x01\0", "unknown attribute of a tag 0x01 at offset 0xb"),
        (1, b"\x01\x5e\x78\x02", "unknown mutability 0x02 at offset 0xd"),
        (6, b"\x01\x40", "unknown value type 0x40 at offset 0xb"),
        (6, b"\x01\x64\x62", "unknown heap type 0x62 at offset 0xc"),
    ],
)
def test_bytes_that_the_format_does_not_know(number: int, payload: bytes, says: str) -> None:
    assert refused(module((number, payload))) == ("WB338", says)


@pytest.mark.parametrize(
    ("number", "payload", "says"),
    [
        (10, b"\x01\x03\x01a\x05\0", "unknown form of a name 0x03 at offset 0xb"),
        (10, b"\x01\0\x01a\x06\0", "unknown sort 0x06 at offset 0xe"),
        (10, b"\x01\0\x01a\0\x05", "unknown core sort 0x05 at offset 0xf"),
        (10, b"\x01\0\x01a\0\x00", "unknown external description 0x00 at offset 0xe"),
        (10, b"\x01\0\x01a\x03\x02", "unknown bound of a type 0x02 at offset 0xf"),
        (10, b"\x01\x02\x01a\x01\x03\0\x05\0", "unknown option of a name 0x03 at offset 0xf"),
        (11, b"\x01\0\x01a\x01\0\x02", "unknown type of an export 0x02 at offset 0x10"),
    ],
)
def test_bytes_that_components_do_not_know(number: int, payload: bytes, says: str) -> None:
    assert refused(COMPONENT + section(number, payload)) == ("WB338", says)


def test_kinds_of_component_imports() -> None:
    items = vector(b"\0\x01a\x03\0\x01", b"\0\x01b\x02\x7f", b"\0\x01c\0\x11\x01", b"\0\x01d\x04\0")
    found = read_component(COMPONENT + section(10, items))
    assert [one.kind for one in found.imports] == ["type", "value", "core module", "component"]
