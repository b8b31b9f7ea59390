"""Every instruction of the finished proposals: its immediates and the features that it needs. The only home of these facts.

The scalar decoder and the patterns of the fast tokenizer are both made from `ONE` and `PREFIXED`.

Immediates, one letter each:

    f g t a m e d k   index of a function, global, type, table, memory, element segment, data segment, tag
    u                 another u32: label, local, field or a number of operands
    i I 4 8 V L z     i32, i64, f32 and f64 constant; sixteen bytes; lane; zero byte
    M                 alignment, memory and offset
    b h S             block type; heap type; vector of value types (select)
    B C c H           br_table targets; try_table catches; flags of br_on_cast; handlers of a resume

Core specification, section 5.4; the legacy exceptions, wide arithmetic and stack switching from their proposals.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = ["INDEX_LETTERS", "ONE", "PREFIXED", "Op"]


class Op(NamedTuple):
    """What follows an opcode, and which features the opcode alone needs."""

    immediates: str
    features: tuple[str, ...]


INDEX_LETTERS: Final = frozenset("fgtaeMmdkbhSCH")
"""Immediates that may hold an index of the module, which renumbering changes."""

_LEGACY = "legacy-exceptions"
_REFS = "reference-types"
_TYPED = "function-references"
_SWITCH = "stack-switching"

_ONE: Final = (
    (0x00, 0x01, "", ""),
    (0x02, 0x04, "b", ""),
    (0x05, 0x05, "", ""),
    (0x06, 0x06, "b", _LEGACY),
    (0x07, 0x07, "k", _LEGACY),
    (0x08, 0x08, "k", "exception-handling"),
    (0x09, 0x09, "u", _LEGACY),
    (0x0A, 0x0A, "", "exnref"),
    (0x0B, 0x0B, "", ""),
    (0x0C, 0x0D, "u", ""),
    (0x0E, 0x0E, "B", ""),
    (0x0F, 0x0F, "", ""),
    (0x10, 0x10, "f", ""),
    (0x11, 0x11, "ta", ""),
    (0x12, 0x12, "f", "tail-call"),
    (0x13, 0x13, "ta", "tail-call"),
    (0x14, 0x14, "t", _TYPED),
    (0x15, 0x15, "t", f"{_TYPED} tail-call"),
    (0x18, 0x18, "u", _LEGACY),
    (0x19, 0x19, "", _LEGACY),
    (0x1A, 0x1B, "", ""),
    (0x1C, 0x1C, "S", _REFS),
    (0x1F, 0x1F, "bC", "exnref"),
    (0x20, 0x22, "u", ""),
    (0x23, 0x24, "g", ""),
    (0x25, 0x26, "a", _REFS),
    (0x28, 0x3E, "M", ""),
    (0x3F, 0x40, "m", ""),
    (0x41, 0x41, "i", ""),
    (0x42, 0x42, "I", ""),
    (0x43, 0x43, "4", ""),
    (0x44, 0x44, "8", ""),
    (0x45, 0xBF, "", ""),
    (0xC0, 0xC4, "", "sign-ext"),
    (0xD0, 0xD0, "h", _REFS),
    (0xD1, 0xD1, "", _REFS),
    (0xD2, 0xD2, "f", _REFS),
    (0xD3, 0xD3, "", "gc"),
    (0xD4, 0xD4, "", _TYPED),
    (0xD5, 0xD6, "u", _TYPED),
    (0xE0, 0xE0, "t", _SWITCH),
    (0xE1, 0xE1, "tt", _SWITCH),
    (0xE2, 0xE2, "k", _SWITCH),
    (0xE3, 0xE3, "tH", _SWITCH),
    (0xE4, 0xE4, "tkH", _SWITCH),
    (0xE5, 0xE5, "tH", _SWITCH),
    (0xE6, 0xE6, "tk", _SWITCH),
)

_FB: Final = (
    (0x00, 0x01, "t", "gc"),
    (0x02, 0x05, "tu", "gc"),
    (0x06, 0x07, "t", "gc"),
    (0x08, 0x08, "tu", "gc"),
    (0x09, 0x09, "td", "gc"),
    (0x0A, 0x0A, "te", "gc"),
    (0x0B, 0x0E, "t", "gc"),
    (0x0F, 0x0F, "", "gc"),
    (0x10, 0x10, "t", "gc"),
    (0x11, 0x11, "tt", "gc"),
    (0x12, 0x12, "td", "gc"),
    (0x13, 0x13, "te", "gc"),
    (0x14, 0x17, "h", "gc"),
    (0x18, 0x19, "cuhh", "gc"),
    (0x1A, 0x1E, "", "gc"),
)

_FC: Final = (
    (0x00, 0x07, "", "nontrapping-fptoint"),
    (0x08, 0x08, "dm", "bulk-memory"),
    (0x09, 0x09, "d", "bulk-memory"),
    (0x0A, 0x0A, "mm", "bulk-memory-opt"),
    (0x0B, 0x0B, "m", "bulk-memory-opt"),
    (0x0C, 0x0C, "ea", "bulk-memory"),
    (0x0D, 0x0D, "e", "bulk-memory"),
    (0x0E, 0x0E, "aa", "bulk-memory"),
    (0x0F, 0x11, "a", _REFS),
    (0x13, 0x16, "", "wide-arithmetic"),
)

_SIMD = "simd128"
_FD: Final = (
    (0x00, 0x0B, "M", _SIMD),
    (0x0C, 0x0D, "V", _SIMD),
    (0x0E, 0x14, "", _SIMD),
    (0x15, 0x22, "L", _SIMD),
    (0x23, 0x53, "", _SIMD),
    (0x54, 0x5B, "ML", _SIMD),
    (0x5C, 0x5D, "M", _SIMD),
    *((first, last, "", _SIMD) for first, last in ((0x5E, 0x99), (0x9B, 0xA1), (0xA3, 0xA4), (0xA7, 0xAE), (0xB1, 0xB1))),
    *((first, last, "", _SIMD) for first, last in ((0xB5, 0xBA), (0xBC, 0xC1), (0xC3, 0xC4), (0xC7, 0xCE), (0xD1, 0xD1))),
    *((first, last, "", _SIMD) for first, last in ((0xD5, 0xE1), (0xE3, 0xED), (0xEF, 0xFF))),
    (0x100, 0x113, "", "relaxed-simd"),
)

_FE: Final = (
    (0x00, 0x02, "M", "atomics"),
    (0x03, 0x03, "z", "atomics"),
    (0x10, 0x4E, "M", "atomics"),
)


def _expand(rows: tuple[tuple[int, int, str, str], ...]) -> Mapping[int, Op]:
    return MappingProxyType(
        {code: Op(letters, tuple(names.split())) for first, last, letters, names in rows for code in range(first, last + 1)}
    )


ONE: Final = _expand(_ONE)
"""Opcodes of one byte."""
PREFIXED: Final = MappingProxyType({0xFB: _expand(_FB), 0xFC: _expand(_FC), 0xFD: _expand(_FD), 0xFE: _expand(_FE)})
"""Prefix byte → sub-opcode (a u32) → instruction."""
