"""Components in the wasmtime runner: commands, values of every shape, what of clock and randomness can be virtual."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.runners import assemble, check, check_text, start

VALUES = """(component
  (core module $m (memory (export "memory") 1) (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local.set 2 (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get 2) (local.get 3))) (local.get 2))
    (func (export "one") (param i32) (result i32) (local.get 0)) (func (export "long") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0)) (func (export "f64") (param f64) (result f64) (local.get 0))
    (func (export "two") (param i32 i32) (result i32)
      (i32.store (i32.const 80) (local.get 0)) (i32.store (i32.const 84) (local.get 1)) (i32.const 80))
    (func (export "trap") unreachable))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory)) (alias core export $i "realloc" (core func $realloc))
  (alias core export $i "one" (core func $one)) (alias core export $i "long" (core func $long))
  (alias core export $i "two" (core func $two))
  (alias core export $i "f32" (core func $f32)) (alias core export $i "f64" (core func $f64))
  (alias core export $i "trap" (core func $trap))
  (type $point' (record (field "x" u32) (field "long-name" u32))) (export $point "point" (type $point'))
  (type $shape' (variant (case "dot") (case "circle" u32))) (export $shape "shape" (type $shape'))
  (type $color' (enum "red" "green")) (export $color "color" (type $color'))
  (type $rights' (flags "read" "write" "run")) (export $rights "rights" (type $rights'))
%s
  (func (export "trap") (canon lift (core func $trap))))"""
ONE = ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "char", "$color", "$rights"]
LONG, TWO = (
    ["s64", "u64"],
    ["string", "(list u8)", "(list string)", "(tuple u32 u32)", "$point", "$shape", "(option u32)", "(result u32 (error s32))"],
)


def lifted() -> str:
    cores = {**dict.fromkeys(ONE, "$one"), **dict.fromkeys(LONG, "$long"), **dict.fromkeys(TWO, "$two"), "f32": "$f32", "f64": "$f64"}
    options = "(memory $memory) (realloc $realloc)"
    names = {kind: kind.strip("$()").replace("$", "").replace("(", "").replace(")", "").replace(" ", "-") for kind in cores}
    lines = (
        f'  (func (export "id-{names[kind]}") (param "a" {kind}) (result {kind}) (canon lift (core func {core}) {options}))'
        for kind, core in cores.items()
    )
    return "\n".join(lines)


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("values"), VALUES % lifted())


@pytest.mark.parametrize(
    ("call", "returns"),
    [
        ("id-bool(true)", "true"),
        ("id-s8(-128)", "-128"),
        ("id-u8(0xff)", "255"),
        ("id-s64(-9223372036854775808)", "-9223372036854775808"),
        ("id-u64(18446744073709551615)", "18446744073709551615"),
        ("id-f32(0.1)", "0.1"),
        ("id-f64(1e300)", "1e+300"),
        ("id-char('é')", "'é'"),
        (r"id-char('\'')", r"'\''"),
        ("id-char('\"')", "'\"'"),
        (r"id-char('\u{1f600}')", "'😀'"),
        (r'id-string("a\n\"b\" \u{e9}")', r'"a\n\"b\" é"'),
        ("id-color(green)", "green"),
        ("id-rights({run, read})", "{read, run}"),
        ("id-rights({})", "{}"),
        ("id-list-u8([1, 2, 255])", "[1, 2, 255]"),
        ('id-list-string(["a", "b,]"])', '["a", "b,]"]'),
        ("id-tuple-u32-u32((1, 2))", "(1, 2)"),
        ("id-point({long-name: 2, x: 1})", "{x: 1, long-name: 2}"),
        ("id-shape(dot)", "dot"),
        ("id-shape(circle(3))", "circle(3)"),
        ("id-option-u32(none)", "none"),
        ("id-option-u32(some(0))", "some(0)"),
        ("id-result-u32-error-s32(err(-1))", "err(-1)"),
        ("id-result-u32-error-s32(ok(1))", "ok(1)"),
    ],
)
def test_values_of_components(tmp_path: Path, values: Path, call: str, returns: str) -> None:
    assert check(tmp_path, values, mode="invoke", invoke=call).short() == {"exit": 0, "returns": [returns]}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("id-u8(256)", "`id-u8`, value 1: 256 is out of range of u8"),
        ("id-u8(-1)", "`id-u8`, value 1: -1 is out of range of u8"),
        ("id-color(blue)", "`id-color`, value 1: `blue` is not one of red, green"),
        ("id-point({x: 1})", "`id-point`, value 1: the record lacks long-name"),
        ("id-string(a)", "`id-string`, value 1: expected a text in double quotes at `a`"),
        ("id-list-u8([1", "`id-list-u8([1` is not of the form name(value, …)"),
        ("id-shape(circle)", "`id-shape`, value 1: expected `(` at `the end`"),
    ],
)
def test_calls_that_do_not_fit(tmp_path: Path, values: Path, call: str, says: str) -> None:
    outcome = check(tmp_path, values, mode="invoke", invoke=call)
    assert (outcome.code, outcome.short()) == (0, {"error": says})


def test_every_sample_can_be_called(tmp_path: Path, values: Path) -> None:
    shown = json.loads(start("wasmtime.py", "exports", values).stdout)
    assert (shown["kind"], shown["command"]) == ("component", False)
    assert {"name": "id-option-u32", "params": ["option<u32>"], "results": ["option<u32>"], "invoke": "id-option-u32(none)"} in shown[
        "functions"
    ]
    for item in shown["functions"]:
        ended = check(tmp_path, values, mode="invoke", invoke=item["invoke"]).short()
        assert ended == {"trap": "wasm `unreachable` instruction executed"} if item["name"] == "trap" else ended["exit"] == 0


RUN = """(component
  (import "wasi:random/random@0.2.3" (instance $random (export "get-random-u64" (func (result u64)))))
  (import "wasi:clocks/wall-clock@0.2.3" (instance $wall
    (type $t' (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $t (eq $t'))) (export "now" (func (result $t)))))
  (import "wasi:clocks/monotonic-clock@0.2.3" (instance $monotonic (export "now" (func (result u64)))))
  (import "wasi:cli/exit@0.2.3" (instance $exit (export "exit" (func (param "status" (result))))))
  (alias export $random "get-random-u64" (func $get)) (alias export $wall "now" (func $wall-now))
  (alias export $monotonic "now" (func $monotonic-now)) (alias export $exit "exit" (func $leave))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory)) (alias core export $memory "memory" (core memory $mem))
  (core func $get' (canon lower (func $get))) (core func $wall' (canon lower (func $wall-now) (memory $mem)))
  (core func $monotonic' (canon lower (func $monotonic-now))) (core func $leave' (canon lower (func $leave)))
  (core module $m
    (import "i" "get" (func $get (result i64))) (import "i" "wall" (func $wall (param i32)))
    (import "i" "monotonic" (func $monotonic (result i64))) (import "i" "exit" (func $exit (param i32))) (import "i" "memory" (memory 0))
    (func (export "run") (result i32) %s)
    (func (export "random") (result i64) (call $get)) (func (export "monotonic") (result i64) (call $monotonic))
    (func (export "wall") (result i64) (call $wall (i32.const 64)) (i64.load (i32.const 64))))
  (core instance $i (instantiate $m (with "i" (instance (export "get" (func $get')) (export "wall" (func $wall'))
    (export "monotonic" (func $monotonic')) (export "exit" (func $leave')) (export "memory" (memory $mem))))))
  (alias core export $i "run" (core func $run')) (alias core export $i "random" (core func $random'))
  (alias core export $i "wall" (core func $wall-2)) (alias core export $i "monotonic" (core func $monotonic-2))
  (func $run (result (result)) (canon lift (core func $run')))
  (instance $command (export "run" (func $run))) (export "wasi:cli/run@0.2.3" (instance $command))
  (func (export "random") (result u64) (canon lift (core func $random')))
  (func (export "monotonic") (result u64) (canon lift (core func $monotonic-2)))
  (func (export "wall") (result u64) (canon lift (core func $wall-2))))"""


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        ("(i32.const 0)", {"exit": 0}),
        ("(i32.const 1)", {"exit": 1}),
        ("(call $exit (i32.const 1)) (i32.const 0)", {"exit": 1}),
        ("(call $exit (i32.const 0)) unreachable", {"exit": 0}),
        ("unreachable", {"trap": "wasm `unreachable` instruction executed"}),
        ("(call 4)", {"trap": "call stack exhausted"}),
        ("(loop (br 0)) (i32.const 0)", {"limit": "time"}),
    ],
)
def test_commands(tmp_path: Path, body: str, ended: dict[str, object]) -> None:
    outcome = check_text(tmp_path, RUN % body, limits={"seconds": 0.5})
    assert (outcome.code, outcome.short()) == (75 if ended.get("limit") == "time" else 0, ended)


def test_fuel_of_components(tmp_path: Path) -> None:
    assert check_text(tmp_path, RUN % "(loop (br 0)) (i32.const 0)", limits={"fuel": 10_000}).short() == {"limit": "fuel"}


@pytest.mark.parametrize(("call", "virtual"), [("random", None), ("wall", "1000000000"), ("monotonic", "10000")])
def test_virtual_clock_and_randomness(tmp_path: Path, call: str, virtual: str | None) -> None:
    module = assemble(tmp_path, RUN % "(i32.const 0)")
    runs = [check(tmp_path, module, mode="invoke", invoke=call) for _ in range(2)]
    assert runs[0].fields == runs[1].fields
    assert virtual in (None, runs[0].fields["returns"][0])
    assert check(tmp_path, module, mode="invoke", invoke=call, virtual=False).fields["returns"] != runs[0].fields["returns"]


def test_functions_of_instances_by_full_or_unique_name(tmp_path: Path) -> None:
    module = assemble(tmp_path, RUN % "(i32.const 0)")
    for name in ("wasi:cli/run@0.2.3#run", "run"):
        assert check(tmp_path, module, mode="invoke", invoke=name).fields["returns"] == ["ok"]


def test_missing_imports(tmp_path: Path) -> None:
    text = """(component (import "shop:cart/prices" (instance $p (export "get" (func (result u32))))) (alias export $p "get" (func $get))
      (core func $get' (canon lower (func $get))) (core module $m (import "p" "get" (func $get (result i32)))
        (func (export "f") (result i32) (call $get)) (func (export "g") (result i32) (i32.const 5)))
      (core instance $i (instantiate $m (with "p" (instance (export "get" (func $get'))))))
      (alias core export $i "f" (core func $f)) (alias core export $i "g" (core func $g))
      (func (export "f") (result u32) (canon lift (core func $f))) (func (export "g") (result u32) (canon lift (core func $g))))"""
    module = assemble(tmp_path, text)
    outcome = check(tmp_path, module, mode="invoke", invoke="g")
    assert outcome.code == 0
    assert "shop:cart/prices" in outcome.fields["error"]
    assert check(tmp_path, module, mode="invoke", invoke="g", imports="trap").fields["returns"] == ["5"]
    assert "shop:cart/prices" in check(tmp_path, module, mode="invoke", invoke="f", imports="trap").fields["trap"]
    assert "not by zeros" in check(tmp_path, module, mode="invoke", invoke="g", imports="zero").fields["error"]
