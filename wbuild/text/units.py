"""Sizes, durations, counts and shares as people write them.

Each function takes what TOML gave (text or a number) and returns the value in its base unit, or raises FormError.
The inverse functions `show_…` write a value so that it reads back the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

SIZES: Final[Mapping[str, int]] = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
DURATIONS: Final[Mapping[str, int]] = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}
"""A unit of time → its milliseconds."""
COUNTS: Final[Mapping[str, int]] = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3}

_NUMBER = re.compile(r"\s*([0-9]{1,18})(?:\.([0-9]{1,9}))?\s*([A-Za-z%]*)\s*\Z")


class FormError(ValueError):
    """A value that is not written as it must be: what is wrong, and how to write it."""

    def __init__(self, message: str, *, hint: str = "", code: str = "WB208") -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


def size(value: object) -> int:
    """The bytes that a value of a manifest means: 512, "512 B", "60 kB" (1000 each) or "60 KiB" (1024 each). A rest smaller than a byte is
    dropped. Raises FormError."""
    hint = 'write bytes, or a text such as "60 KiB" (1024) or "60 kB" (1000)'
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    number, fraction, unit = _parts(value, "a size", hint)
    if unit in SIZES:
        return _scaled(number, fraction, SIZES[unit])
    prefix = unit[:1].upper()
    if prefix in "KMG" and unit and unit[1:].lower() in ("", "b", "i", "ib"):
        decimal, binary = ("k" if prefix == "K" else prefix) + "B", prefix + "iB"
        amount = str(value).strip()[: -len(unit)].strip()
        raise FormError(
            f"{_shown(value)} could mean two sizes",
            hint=f'write "{amount} {decimal}" ({_scaled(number, fraction, SIZES[decimal])} bytes) '
            f'or "{amount} {binary}" ({_scaled(number, fraction, SIZES[binary])} bytes)',
        )
    raise FormError(f"{_shown(value)} is not a size", hint=hint)


def size_of_text(text: str) -> int:
    """Like `size`, for a text that did not come from TOML: a bare number is bytes."""
    return size(int(text) if text.isascii() and text.isdigit() and len(text) < 19 else text)


def duration(value: object) -> float:
    """The seconds that a text such as "10s", "500ms", "2min" or "1h" means; never none. Raises FormError."""
    hint = 'write a text such as "10s", "500ms" or "2min"'
    number, fraction, unit = _parts(value, "a duration", hint)
    if unit not in DURATIONS:
        raise FormError(f"{_shown(value)} is not a duration", hint=hint)
    milliseconds = _scaled(number, fraction, DURATIONS[unit])
    if milliseconds == 0:
        raise FormError(f"{_shown(value)} is no time at all", hint="give at least 1ms")
    return milliseconds / 1000


def count(value: object) -> int:
    """The number that a value such as 12000000, "12M" or "500k" means; always at least 1. Raises FormError."""
    hint = 'write a number, or a text such as "12M" or "500k"'
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        whole, fraction, unit = _parts(value, "a count", hint)
        if unit not in COUNTS:
            raise FormError(f"{_shown(value)} is not a count", hint='write "k" (thousand), "M" (million) or "G" (thousand million)')
        number = _scaled(whole, fraction, COUNTS[unit])
    if number < 1:
        raise FormError(f"{_shown(value)} is less than 1", hint=hint)
    return number


def share(value: object) -> float:
    """The part of one that a text such as "90 %" means: 0.9; more than 0, at most 1. Raises FormError."""
    hint = 'write a text such as "90 %"'
    number, fraction, unit = _parts(value, "a percentage", hint)
    if unit != "%":
        raise FormError(f"{_shown(value)} is not a percentage", hint=hint)
    millionths = _scaled(number, fraction, 10_000)
    if not 0 < millionths <= 1_000_000:
        raise FormError(f"{_shown(value)} is not between 0 % and 100 %", hint=hint)
    return millionths / 1_000_000


def show_size(value: int) -> str:
    """Such as "60 KiB"; the largest unit that needs no fraction."""
    for unit in ("GiB", "MiB", "KiB", "GB", "MB", "kB"):
        if value and value % SIZES[unit] == 0:
            return f"{value // SIZES[unit]} {unit}"
    return f"{value} B"


def show_bytes(size: int, digits: int = 0) -> str:
    """Bytes of a download or a disk, in thousands: "101 MB", "12 kB"; `digits` of megabytes behind the point."""
    if size >= 1e6 or digits:
        return f"{size / 1e6:.{digits}f} MB"
    return f"{size / 1e3:.0f} kB" if size >= 1e3 else f"{size} byte{'' if size == 1 else 's'}"


def show_duration(value: float) -> str:
    """A time in seconds as a manifest would say it, such as "10s" or "500ms"."""
    milliseconds = round(value * 1000)
    unit = "s" if milliseconds % 1000 == 0 else "ms"
    return f"{milliseconds // DURATIONS[unit]}{unit}"


def show_count(value: int) -> str:
    """A number as a manifest would say it, such as "12M"."""
    unit = next((u for u in ("G", "M", "k") if value % COUNTS[u] == 0), "")
    return f"{value // COUNTS[unit]}{unit}"


def show_share(value: float) -> str:
    """A part of one as a manifest would say it, such as "90 %"."""
    return f"{round(value * 100, 4):g} %"


def _parts(value: object, what: str, hint: str) -> tuple[int, str, str]:
    match = _NUMBER.match(value) if isinstance(value, str) else None
    if match is None:
        raise FormError(f"{_shown(value)} is not {what}", hint=hint)
    return int(match.group(1)), match.group(2) or "", match.group(3)


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float) else "this"


def _scaled(number: int, fraction: str, unit: int) -> int:
    """A number with its fraction times a unit, without floating point, so that "0.1 kB" is 100 bytes on every machine."""
    return number * unit + (int(fraction) * unit // 10 ** len(fraction) if fraction else 0)
