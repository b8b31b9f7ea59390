"""Features by the walk, held against what wasmtime accepts and refuses."""

from __future__ import annotations

import pytest
import wasmtime

from tests.unit.wasm_samples import EVERYTHING, NEEDS, Need, function_module, module, vector, wat
from wbuild.wasm import features as features_module
from wbuild.wasm.features import features
from wbuild.wasm.reader import read_module
from wbuild.wasm.uses import DECLARED, FeatureSet
from wbuild.wasm.writer import custom_section, section

SWITCHES = {  # proposals that wasmtime can be told to refuse; it insists on reference types
    "bulk-memory": "bulk_memory",
    "custom-page-sizes": "custom_page_sizes",
    "exceptions": "exceptions",
    "function-references": "function_references",
    "gc": "gc",
    "memory64": "memory64",
    "multi-memory": "multi_memory",
    "multi-value": "multi_value",
    "relaxed-simd": "relaxed_simd",
    "stack-switching": "stack_switching",
    "simd": "simd",
    "tail-call": "tail_call",
    "threads": "threads",
    "wide-arithmetic": "wide_arithmetic",
}
IDS = [f"{need.feature}-{number}" for number, need in enumerate(NEEDS)]


def accepts(data: bytes, switches: set[str]) -> bool:
    """Whether wasmtime takes the module with only these of its switchable proposals."""
    config = wasmtime.Config()
    for switch in SWITCHES.values():
        setattr(config, f"wasm_{switch}", switch in switches)
    config.shared_memory = True
    try:
        wasmtime.Module.validate(wasmtime.Engine(config), data)
    except wasmtime.WasmtimeError:
        return False
    return True


def switches_of(found: FeatureSet) -> set[str]:
    return {SWITCHES[name] for name in found.proposals if name in SWITCHES}


@pytest.mark.parametrize("need", NEEDS, ids=IDS)
def test_the_walk_names_the_feature(need: Need) -> None:
    found = features(wat(need.text))
    assert need.feature in found
    implied = {"bulk-memory-opt", "call-indirect-overlong", "exception-handling", "reference-types"}
    implied |= {"function-references"} if "gc" in need.used.split() else set()
    assert found.used - implied == set(need.used.split()) - implied
    assert all(reason.what != DECLARED and reason.offset > 0 for reason in found.reasons.values())


@pytest.mark.parametrize("need", NEEDS, ids=IDS)
def test_wasmtime_needs_what_is_named_and_nothing_else(need: Need) -> None:
    data = wat(need.text)
    found = features(data)
    assert accepts(data, switches_of(found))
    if need.switch:
        without = set(SWITCHES.values()) - {need.switch}
        if need.switch == "simd":
            without.remove("relaxed_simd")
        if need.switch == "function_references":
            without.remove("gc")
        assert not accepts(data, without)
        assert need.switch in switches_of(found)


def test_wasmtime_needs_every_proposal_that_is_named() -> None:
    data = wat(EVERYTHING)
    found = switches_of(features(data))
    assert accepts(data, found)
    for switch in found - {"function_references"}:
        assert not accepts(data, found - {switch}), switch


def test_a_module_without_its_declaration_gives_the_same_features() -> None:
    names = ("bulk-memory", "atomics")
    declared = custom_section("target_features", vector(*(b"+" + bytes((len(name),)) + name.encode() for name in names)))
    for need in NEEDS:
        data = wat(need.text)
        with_declaration = features(data + declared)
        assert features(data).names == with_declaration.used
        assert with_declaration.names >= features(data).names | set(names)


def test_a_declared_feature_that_nothing_uses_is_not_used() -> None:
    payload = vector(b"+\x07simd128", b"-\x08memory64", b"=\x08sign-ext")
    found = features(module() + custom_section("target_features", payload))
    assert found.names == {"simd128", "sign-ext"}
    assert found.used == frozenset()
    assert found.reasons["simd128"].what == DECLARED
    assert read_module(module() + custom_section("target_features", payload)).target_features == ("simd128", "sign-ext")


def test_reasons_name_the_first_place_and_the_function() -> None:
    data = wat('(module (import "m" "f" (func)) (func) (func (drop (i32.extend8_s (i32.const 1)))))')
    reason = features(data).reasons["sign-ext"]
    assert reason.function == 2
    assert data[reason.offset] == 0xC0
    assert reason.what == "instruction 0xc0"


def test_names_for_tools_and_for_engines() -> None:
    found = features(wat("(module (type $t (func)) (tag $x) (func (param (ref $t)) (throw $x)))"))
    assert "gc" in found.tool_names
    assert "function-references" not in found.tool_names
    assert found.proposals == {"exceptions", "function-references", "reference-types"}


def test_the_two_encodings_of_exceptions_are_told_apart() -> None:
    legacy = features(function_module(b"\x06\x40\x19\x0b"))
    assert legacy.used == {"legacy-exceptions", "exception-handling"}
    assert legacy.proposals == {"exceptions-legacy"}
    assert legacy.tool_names == {"exception-handling"}
    new = features(wat("(module (func (block $l (try_table (catch_all $l)))))"))
    assert new.used == {"exnref", "exception-handling"}
    assert new.proposals == {"exceptions"}


@pytest.mark.parametrize(("code", "feature"), [(b"\x11\0\x80\0", "call-indirect-overlong"), (b"\x11\0\x01", "reference-types")])
def test_the_table_of_an_indirect_call(code: bytes, feature: str) -> None:
    assert feature in features(function_module(b"\x41\0" + code))
    assert "reference-types" not in features(function_module(b"\x41\0\x11\0\x80\0"))
    assert not features(function_module(b"\x41\0\x11\0\0"))


def test_a_padded_memory_index_needs_multimemory() -> None:
    assert features(function_module(b"\x3f\x80\0\x1a")).used == {"multimemory"}


def test_compact_imports() -> None:
    one = b"\x01m\0\x7f" + vector(b"\x01a\0\0", b"\x01b\x03\x7f\x01")
    same = b"\x01n\0\x7e\0\0" + vector(b"\x01c", b"\x01d")
    data = module((1, vector(b"\x60\0\0")), (2, vector(one, same)))
    found = read_module(data)
    assert [(item.module, item.name, item.kind) for item in found.imports] == [
        ("m", "a", "func"),
        ("m", "b", "global"),
        ("n", "c", "func"),
        ("n", "d", "func"),
    ]
    assert features(found).used == {"compact-imports", "mutable-globals"}


def test_big_modules_take_the_pattern_and_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = wat(EVERYTHING)
    slow = features(data)
    monkeypatch.setattr(features_module, "_SMALL", 0)
    monkeypatch.setattr(features_module, "_REBUILD", 0)
    assert features(data) == slow
    for need in NEEDS:
        quick = features(wat(need.text))
        assert need.feature in quick


def test_what_the_pattern_leaves_aside_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_module, "_SMALL", 0)
    table = b"\x41\0\x0e\xc8\x01" + bytes(201)
    padded = b"\xfc\x8a\x00\0\0"
    found = features(function_module(table + padded + table + b"\x41\0\xc0\x1a"))
    assert found.used == {"bulk-memory-opt", "sign-ext"}


def test_a_component_needs_what_its_modules_need() -> None:
    outer = b"\0asm\x0d\0\x01\0"
    inner = outer + section(1, wat("(module (func (drop (i32.extend8_s (i32.const 1)))))"))
    data = outer + section(1, wat("(module (memory i64 1))")) + section(4, inner)
    found = features(data)
    assert found.names == {"component-model", "memory64", "sign-ext"}
    assert data[found.reasons["sign-ext"].offset] == 0xC0
    assert found.tool_names == {"memory64", "sign-ext"}
