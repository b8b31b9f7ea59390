"""How numbers and foreign text are written for people: pure, no colour, no wrapping."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["count", "escape", "percent", "signed_percent", "size", "width"]

_UNITS: Final = ("KiB", "MiB", "GiB", "TiB")
_STEPS: Final = (("", 1), ("k", 10**3), ("M", 10**6), ("G", 10**9), ("T", 10**12))
_NAMED: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def escape(text: str, *, cap: int = 0) -> str:
    """`text` without anything a terminal would obey: controls, escape sequences, text-direction marks become \\x1b, \\u202e, ….

    Newlines are escaped too; backslashes are doubled only in a text that has such an escape, so plain paths stay as they are.
    With `cap` the result has at most that many columns, the cut marked with "…".
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(char) for char in text) if any(map(_is_unsafe, text)) else text
    if cap and width(text) > cap:
        text = _cut(text, cap - 1) + "…"
    return text


def _is_unsafe(char: str) -> bool:
    return unicodedata.category(char) in _UNSAFE


def _escaped(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    if not _is_unsafe(char):
        return char
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cut(text: str, columns: int) -> str:
    taken = 0
    for at, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:at]
    return text


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def size(number: int) -> str:
    """Bytes with three significant digits: "512 B", "1.25 KiB", "40.9 KiB", "113 KiB"."""
    if abs(number) < 1024:
        return f"{number} B"
    value = float(number)
    for unit in _UNITS:
        value /= 1024
        digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
        if abs(value) < 1023.5 or unit == _UNITS[-1]:
            return f"{value:.{digits}f} {unit}"
    raise AssertionError  # the last unit takes everything


def count(number: int) -> str:
    """A number of things with three significant digits: "950", "12.3 k", "1.20 M"."""
    for letter, step in reversed(_STEPS):
        if letter and abs(number) >= step * 0.9995:
            value = number / step
            digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
            return f"{value:.{digits}f} {letter}"
    return str(number)


def percent(part: int, whole: int) -> str:
    """Share of a limit; 100 % only when equal: rounded down below it, up above it."""
    if whole <= 0:
        return "100 %" if part <= whole else "over 100 %"
    whole_percent = -(-part * 100 // whole) if part > whole else part * 100 // whole
    return f"{whole_percent} %"


def signed_percent(before: int, after: int) -> str:
    """Relative change with a sign: "−19.6 %", "+0.1 %"; "=" when equal, "<0.1 %" never hides a change ("−0.0 %" is "−<0.1 %")."""
    if before == after:
        return "="
    sign = "+" if after > before else "−"
    if before == 0:
        return f"{sign}∞ %"
    share = abs(after - before) * 100 / before
    if share < 0.05:
        return f"{sign}<0.1 %"
    return f"{sign}{share:.1f} %" if share < 999.95 else f"{sign}{share:.0f} %"
