"""Heap, reference, value and block types: where they end, how they read, which features they need.

Core specification, section 5.3. A type's text is that of the text format: `i32`, `funcref`, `(ref null 3)`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from wbuild.errors import ArtifactError
from wbuild.wasm import leb

__all__ = ["TypeText", "block_type", "heap_type", "skip_block", "skip_heap", "skip_value", "value_type"]


class TypeText(NamedTuple):
    """A type as text, and the features that it needs."""

    text: str
    features: tuple[str, ...]


_REFS: Final = ("reference-types",)
_GC: Final = ("gc", "reference-types")
_EXN: Final = ("exnref", "reference-types")
_CONT: Final = ("stack-switching", "reference-types")
_TYPED: Final = ("function-references", "reference-types")

_NUMBERS: Final = {
    0x7F: TypeText("i32", ()),
    0x7E: TypeText("i64", ()),
    0x7D: TypeText("f32", ()),
    0x7C: TypeText("f64", ()),
    0x7B: TypeText("v128", ("simd128",)),
}
_HEAPS: Final = {  # byte → name, name of the nullable reference, features
    0x75: ("nocont", "nullcontref", _CONT),
    0x74: ("noexn", "nullexnref", _EXN),
    0x73: ("nofunc", "nullfuncref", _GC),
    0x72: ("noextern", "nullexternref", _GC),
    0x71: ("none", "nullref", _GC),
    0x70: ("func", "funcref", _REFS),
    0x6F: ("extern", "externref", _REFS),
    0x6E: ("any", "anyref", _GC),
    0x6D: ("eq", "eqref", _GC),
    0x6C: ("i31", "i31ref", _GC),
    0x6B: ("struct", "structref", _GC),
    0x6A: ("array", "arrayref", _GC),
    0x69: ("exn", "exnref", _EXN),
    0x68: ("cont", "contref", _CONT),
}
_REF: Final = 0x64
_REF_NULL: Final = 0x63


def _bad(what: str, data: bytes, at: int) -> ArtifactError:
    if at >= len(data):
        return ArtifactError("WB333", f"unexpected end of data at offset {at:#x}, where a {what} should be")
    return ArtifactError("WB338", f"unknown {what} {data[at]:#04x} at offset {at:#x}")


def skip_heap(data: bytes, at: int) -> int:
    """The offset after the heap type at `at`. Raises ArtifactError WB333, WB334, WB338."""
    first = data[at] if at < len(data) else 0x40
    if first in _HEAPS:
        return at + 1
    if first < 0x40:
        return at + 1
    if first < 0x80:
        raise _bad("heap type", data, at)
    return _skip_index(data, at, "heap type")


def _skip_index(data: bytes, at: int, what: str) -> int:
    index, after = leb.read_s33(data, at)
    if index < 0:
        raise _bad(what, data, at)
    return after


def skip_value(data: bytes, at: int) -> int:
    """The offset after the value type at `at`. Raises ArtifactError WB333, WB334, WB338."""
    first = data[at] if at < len(data) else 0
    if first in _NUMBERS or first in _HEAPS:
        return at + 1
    if first in {_REF, _REF_NULL}:
        return skip_heap(data, at + 1)
    raise _bad("value type", data, at)


def skip_block(data: bytes, at: int) -> int:
    """The offset after the block type at `at`. Raises ArtifactError WB333, WB334, WB338."""
    first = data[at] if at < len(data) else 0x41
    if first == 0x40:
        return at + 1
    if first < 0x80 and first & 0x40:
        return skip_value(data, at)
    return _skip_index(data, at, "block type")


@lru_cache(maxsize=4096)
def heap_type(raw: bytes) -> TypeText:
    """A heap type of which the bytes are known to be well formed."""
    if raw[0] in _HEAPS:
        name, _, features = _HEAPS[raw[0]]
        return TypeText(name, features)
    return TypeText(str(leb.read_s33(raw, 0)[0]), _TYPED)


@lru_cache(maxsize=4096)
def value_type(raw: bytes) -> TypeText:
    """A value type of which the bytes are known to be well formed."""
    first = raw[0]
    if first in _NUMBERS:
        return _NUMBERS[first]
    if first in _HEAPS:
        _, name, features = _HEAPS[first]
        return TypeText(name, features)
    heap = heap_type(raw[1:])
    if first == _REF_NULL:
        return TypeText(f"(ref null {heap.text})", heap.features)
    return TypeText(f"(ref {heap.text})", tuple(dict.fromkeys((*heap.features, *(_TYPED if heap.features == _REFS else ())))))


@lru_cache(maxsize=4096)
def block_type(raw: bytes) -> TypeText:
    """A block type of which the bytes are known to be well formed."""
    if raw == b"\x40":
        return TypeText("", ())
    if raw[0] < 0x80 and raw[0] & 0x40:
        return value_type(raw)
    return TypeText(f"(type {leb.read_s33(raw, 0)[0]})", ("multivalue",))
