"""Stripping takes out custom sections and touches nothing else."""

from __future__ import annotations

import pytest
import wasmtime
from wasmtime.component import Component

from tests.unit.wasm_samples import EVERYTHING, HEADER, wat
from wbuild.errors import ArtifactError
from wbuild.wasm.leb import uleb
from wbuild.wasm.reader import read_component, read_module
from wbuild.wasm.writer import custom_section, section, strip

COMPONENT = b"\0asm\x0d\0\x01\0"


def customs(data: bytes) -> list[str]:
    return [one.name for one in read_module(data).sections if one.id == 0]


def test_only_what_is_kept_stays() -> None:
    plain = strip(wat(EVERYTHING), ())
    data = HEADER + custom_section("dylink.0", b"") + plain[8:] + custom_section("name", b"\x01") + custom_section("producers", b"\0")
    data += custom_section("component-type:shop", b"x") + custom_section("sourceMappingURL", b"\x03url")
    assert customs(strip(data, ())) == ["dylink.0", "component-type:shop"]
    assert customs(strip(data, {"producers"})) == ["dylink.0", "producers", "component-type:shop"]
    assert strip(data, {"name", "producers", "sourceMappingURL"}) == data
    assert [one.name for one in read_module(strip(data, ())).sections if one.id] == [one.name for one in read_module(plain).sections]


def test_sections_that_stay_keep_their_bytes() -> None:
    padded = HEADER + b"\x01\x84\x80\x80\x80\x00" + b"\x01\x60\0\0"
    assert strip(padded + custom_section("x", b""), ()) == padded


def test_components_are_stripped_inside() -> None:
    core = wat("(module (func $name) (memory 1))")
    inner = COMPONENT + section(1, core + custom_section("producers", b"\0")) + custom_section("x", bytes(200))
    data = COMPONENT + custom_section("y", b"") + section(4, inner) + section(1, core) + custom_section("component-type", b"")
    found = strip(data, ())
    lean = strip(core, ())
    assert found == COMPONENT + section(4, COMPONENT + section(1, lean)) + section(1, lean) + custom_section("component-type", b"")
    assert strip(found, ()) == found
    component = read_component(found)
    assert [found[start:end] for start, end in component.modules] == [lean]


def test_engines_take_what_is_left() -> None:
    data = wat('(component (core module $m (func $named (export "x"))) (core instance (instantiate $m)))')
    found = strip(data, ())
    assert len(found) < len(data)
    assert Component(wasmtime.Engine(), found)


def test_sizes_cross_a_boundary() -> None:
    core = HEADER + custom_section("x", bytes(16_400))
    data = COMPONENT + section(1, core)
    assert data[9:12] == uleb(len(core))
    assert strip(data, ()) == COMPONENT + section(1, HEADER)


@pytest.mark.parametrize("data", [b"", b"\0asm", HEADER + b"\x01\x05", COMPONENT + section(1, b"\0as")])
def test_what_is_no_module_is_refused(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        strip(data, ())
