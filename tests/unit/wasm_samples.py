"""Small modules in the text format, one for each feature, and ways to put modules together byte by byte."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import wasmtime

from wbuild.wasm.leb import uleb
from wbuild.wasm.writer import section

__all__ = ["EVERYTHING", "HEADER", "NEEDS", "Need", "function_module", "module", "vector", "wat"]

HEADER = b"\0asm\x01\0\0\0"


@lru_cache(maxsize=256)
def wat(text: str) -> bytes:
    """The text module in binary form."""
    return bytes(wasmtime.wat2wasm(text))


def vector(*items: bytes) -> bytes:
    return uleb(len(items)) + b"".join(items)


def module(*sections: tuple[int, bytes]) -> bytes:
    """A module of sections given by id and payload."""
    return HEADER + b"".join(section(number, payload) for number, payload in sections)


def function_module(code: bytes, locals_: bytes = b"\0") -> bytes:
    """A module of one function with the given instructions, which lack only the final `end`."""
    body = locals_ + code + b"\x0b"
    return module((1, vector(b"\x60\0\0")), (3, vector(b"\0")), (10, vector(uleb(len(body)) + body)))


@dataclass(frozen=True)
class Need:
    """A module, the feature that it is about, all features found in it, and the switch of wasmtime without which it is refused."""

    feature: str
    text: str
    used: str
    """Without what those imply."""
    switch: str = ""


NEEDS = (
    Need(
        "stack-switching",
        """(module (type $f (func)) (type $c (cont $f)) (tag $t) (func (param (ref $c))
          (block $on (result (ref $c)) (resume $c (on $t $on) (local.get 0)) (return)) (drop)))""",
        "exception-handling stack-switching function-references",
        "stack_switching",
    ),
    Need("mutable-globals", '(module (global (export "g") (mut i32) (i32.const 0)))', "mutable-globals"),
    Need("mutable-globals", '(module (import "m" "g" (global (mut i32))))', "mutable-globals"),
    Need("sign-ext", "(module (func (param i32) (result i32) (i32.extend8_s (local.get 0))))", "sign-ext"),
    Need("nontrapping-fptoint", "(module (func (param f64) (result i32) (i32.trunc_sat_f64_u (local.get 0))))", "nontrapping-fptoint"),
    Need("extended-const", "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))", "extended-const"),
    Need(
        "bulk-memory-opt",
        "(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))))",
        "bulk-memory-opt",
        "bulk_memory",
    ),
    Need(
        "bulk-memory-opt",
        "(module (memory 1) (func (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))))",
        "bulk-memory-opt",
        "bulk_memory",
    ),
    Need("bulk-memory", '(module (memory 1) (data "x"))', "bulk-memory", "bulk_memory"),
    Need("bulk-memory", '(module (memory 1) (data $d "x") (func (data.drop $d)))', "bulk-memory", "bulk_memory"),
    Need("bulk-memory", "(module (func $f) (elem func $f))", "bulk-memory", "bulk_memory"),
    Need(
        "bulk-memory",
        "(module (table 1 funcref) (func (table.copy (i32.const 0) (i32.const 0) (i32.const 0))))",
        "bulk-memory",
        "bulk_memory",
    ),
    Need("multivalue", "(module (func (result i32 i32) (i32.const 1) (i32.const 2)))", "multivalue", "multi_value"),
    Need("multivalue", "(module (func (i32.const 1) (block (param i32) (drop))))", "multivalue", "multi_value"),
    Need("reference-types", "(module (table 1 externref))", "reference-types"),
    Need("reference-types", "(module (func (param externref)))", "reference-types"),
    Need("reference-types", "(module (table 1 funcref) (table 1 funcref))", "reference-types"),
    Need("reference-types", "(module (table 1 funcref) (func (result i32) (table.size 0)))", "reference-types"),
    Need("reference-types", "(module (global funcref (ref.null func)))", "reference-types"),
    Need("simd128", "(module (func (drop (v128.const i64x2 1 2))))", "simd128", "simd"),
    Need("simd128", "(module (func (local v128)))", "simd128", "simd"),
    Need("simd128", "(module (func (block (result v128) (unreachable)) (drop)))", "simd128", "simd"),
    Need("simd128", "(module (global v128 (v128.const i64x2 1 2)))", "simd128", "simd"),
    Need("simd128", "(module (type (func (param v128))))", "simd128", "simd"),
    Need(
        "relaxed-simd",
        "(module (func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1))))",
        "relaxed-simd simd128",
        "relaxed_simd",
    ),
    Need("tail-call", "(module (func $f (return_call $f)))", "tail-call", "tail_call"),
    Need("tail-call", "(module (table 1 funcref) (func (return_call_indirect (i32.const 0))))", "tail-call", "tail_call"),
    Need("atomics", "(module (memory 1 1 shared))", "atomics", "threads"),
    Need("atomics", "(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))", "atomics", "threads"),
    Need("atomics", "(module (func (atomic.fence)))", "atomics", "threads"),
    Need("multimemory", "(module (memory 1) (memory 1))", "multimemory", "multi_memory"),
    Need(
        "multimemory",
        "(module (memory 1) (memory $m 1) (func (result i32) (i32.load $m (i32.const 0))))",
        "multimemory",
        "multi_memory",
    ),
    Need("memory64", "(module (memory i64 1))", "memory64", "memory64"),
    Need("memory64", "(module (table i64 1 funcref))", "memory64", "memory64"),
    Need("custom-page-sizes", "(module (memory 1 (pagesize 1)))", "custom-page-sizes", "custom_page_sizes"),
    Need(
        "wide-arithmetic",
        "(module (func (param i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)) (drop) (drop)))",
        "wide-arithmetic",
        "wide_arithmetic",
    ),
    Need("exception-handling", "(module (tag $t) (func (throw $t)))", "exception-handling", "exceptions"),
    Need("exception-handling", '(module (import "m" "t" (tag)))', "exception-handling", "exceptions"),
    Need("exnref", "(module (func (block $l (try_table (catch_all $l)))))", "exnref", "exceptions"),
    Need("exnref", "(module (func (param exnref) (throw_ref (local.get 0))))", "exnref reference-types", "exceptions"),
    Need("function-references", "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))", "function-references"),
    Need("function-references", "(module (func (param (ref func))))", "function-references", "function_references"),
    Need(
        "function-references",
        "(module (func (param funcref) (result (ref func)) (ref.as_non_null (local.get 0))))",
        "function-references",
        "function_references",
    ),
    Need("gc", "(module (type (struct (field (mut i8)) (field i64))))", "gc", "gc"),
    Need("gc", "(module (type (array i16)))", "gc", "gc"),
    Need("gc", "(module (rec (type (func)) (type (func))))", "gc", "gc"),
    Need("gc", "(module (type (sub (func))))", "gc", "gc"),
    Need("gc", "(module (func (param anyref)))", "gc", "gc"),
    Need("gc", "(module (global i32 (i32.const 0)) (global i32 (global.get 0)))", "gc", "gc"),
    Need("gc", "(module (func (result i32) (i31.get_s (ref.i31 (i32.const 1)))))", "gc", "gc"),
    Need("gc", "(module (func (param eqref) (result i32) (ref.test i31ref (local.get 0))))", "gc", "gc"),
)

EVERYTHING = (
    "(module"
    ' (type $s (sub (struct (field $a (mut i32))))) (type $r (array (mut i64))) (type $f (func)) (import "m" "f" (func $i (param i32)))'
    " (tag $t (param i32)) (memory $m 1) (memory $n 1) (table $u 4 funcref) (table $v 4 externref) (global $g (mut i32) (i32.const 7))"
    ' (elem $e func $x) (data $d "hello") (start $x)'
    " (func $x (local i64 f32 v128 (ref null $s)) (block (br_table 0 0 0 (i32.const 0)))"
    "  (call $i (i32.load offset=300 (i32.const 1))) (i32.store $n (i32.const 0) (global.get $g))"
    "  (drop (v128.const i64x2 -1 1)) (drop (f64.const 1.5)) (drop (i64.const -9223372036854775808)) (drop (i32.const -2147483648))"
    "  (drop (struct.new $s (i32.const 5))) (drop (array.new_fixed $r 2 (i64.const 1) (i64.const 2)))"
    "  (call_indirect $u (type $f) (i32.const 0)) (table.set $v (i32.const 0) (ref.null extern))"
    "  (memory.init $n $d (i32.const 0) (i32.const 0) (i32.const 0)) (drop (ref.func $x)) (call_ref $f (ref.func $x))"
    "  (block $l (result i32) (try_table (catch $t $l) (throw $t (i32.const 1))) (i32.const 2)) (drop)"
    "  (drop (select (result externref) (ref.null extern) (ref.null extern) (i32.const 1)))"
    "  (drop (i32.atomic.rmw.add $n (i32.const 0) (i32.const 1)))"
    "  (drop (block $k (result anyref) (br_on_cast $k anyref (ref i31) (ref.null any))))"
    '  (return_call $x)) (export "x" (func $x)) (export "memory" (memory $m)))'
)
"""One module with instructions of nearly every kind of immediate."""
