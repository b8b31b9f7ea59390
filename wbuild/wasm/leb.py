"""LEB128 integers: skipping and reading with the exact bounds of the specification, and the shortest encodings.

Core specification, section 5.2.2. A reader takes `data` and an offset and may look at most ten bytes ahead; it never checks where a
section or body ends, so callers compare the offset that comes back with their own end.
"""

from __future__ import annotations

from typing import Final, NoReturn

from wbuild.errors import ArtifactError

__all__ = ["read_s33", "read_u32", "read_u64", "skip", "sleb", "uleb"]

_LAST: Final = {
    "u32": (5, frozenset(range(0x10))),
    "s32": (5, frozenset((*range(0x08), *range(0x78, 0x80)))),
    "s33": (5, frozenset((*range(0x10), *range(0x70, 0x80)))),
    "u64": (10, frozenset((0, 1))),
    "s64": (10, frozenset((0, 0x7F))),
}


def skip(data: bytes, at: int, kind: str) -> int:
    """The offset after the integer of `kind` (u32, s32, s33, u64 or s64) at `at`.

    Raises ArtifactError WB333 when the data ends first, WB334 when it is too long or too large.
    """
    size, last = _LAST[kind]
    stop = at + size - 1
    try:
        for here in range(at, stop):
            if data[here] < 0x80:
                return here + 1
        if data[stop] in last:
            return stop + 1
    except IndexError:
        _ended(at)
    problem = "too long" if data[stop] >= 0x80 else "too large"
    raise ArtifactError("WB334", f"malformed {kind} integer at offset {at:#x}: it is {problem}")


def _ended(at: int) -> NoReturn:
    raise ArtifactError("WB333", f"unexpected end of data at offset {at:#x}, inside an integer") from None


def _value(data: bytes, at: int, after: int) -> int:
    value = 0
    for byte in data[at:after][::-1]:
        value = value << 7 | byte & 0x7F
    return value


def read_u32(data: bytes, at: int) -> tuple[int, int]:
    """The value and the offset after it. Raises like `skip`."""
    if at < len(data) and data[at] < 0x80:
        return data[at], at + 1
    after = skip(data, at, "u32")
    return _value(data, at, after), after


def read_u64(data: bytes, at: int) -> tuple[int, int]:
    """The value and the offset after it. Raises like `skip`."""
    after = skip(data, at, "u64")
    return _value(data, at, after), after


def read_s33(data: bytes, at: int) -> tuple[int, int]:
    """The value and the offset after it. Raises like `skip`."""
    after = skip(data, at, "s33")
    value = _value(data, at, after)
    bits = 7 * (after - at)
    return (value - (1 << bits) if data[after - 1] & 0x40 else value), after


def uleb(value: int) -> bytes:
    """The shortest unsigned encoding of `value`, which is not negative."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def sleb(value: int) -> bytes:
    """The shortest signed encoding of `value`."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)
