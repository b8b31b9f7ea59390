"""Whether a version of a package is one that a dependency asks for, in the words of npm: `^1.2`, `~1`, `1.x || >=2 <3`, `1 - 2`."""

from __future__ import annotations

import re
from typing import Final

Version = tuple[int, int, int]

_VERSION: Final = re.compile(r"[v=\s]*(\d{1,15})\.(\d{1,15})\.(\d{1,15})(?:\+[0-9A-Za-z.-]*)?")
_PARTIAL: Final = re.compile(r"[v=]*(?:(\d{1,15}|[xX*])(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?)?(?:\+[0-9A-Za-z.-]*)?")
_COMPARATOR: Final = re.compile(r"(>=|<=|>|<|=|\^|~>?|)\s*([^\s<>=^~]*)")
_SPACED: Final = re.compile(r"(>=|<=|>|<|=|\^|~>?)\s+")


def satisfies(version: str, wanted: str) -> bool | None:
    """Whether `wanted` takes the version; None for what is no range of plain versions: a tag, an address, a pre-release."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return True if version == wanted.strip() else None
    number = (int(found[1]), int(found[2]), int(found[3]))
    answers = [_all_of(number, part.strip()) for part in wanted.split("||")]
    return True if True in answers else None if None in answers else False


def _all_of(version: Version, part: str) -> bool | None:
    low, dash, high = part.partition(" - ")
    if dash:
        part = f">={low.strip()} <={high.strip()}"
    bounds = [_bounds(comparator) for comparator in _SPACED.sub(r"\1", part).split()]
    if None in bounds:
        return None
    return all(bound is not None and bound[0] <= version < bound[1] for bound in bounds)


_ZERO: Final[Version] = (0, 0, 0)
_END: Final[Version] = (1 << 60, 0, 0)


def _bounds(comparator: str) -> tuple[Version, Version] | None:
    """(first version that fits, first that does not any more)."""
    match = _COMPARATOR.fullmatch(comparator)
    partial = _PARTIAL.fullmatch(match[2]) if match else None
    if match is None or partial is None:
        return None
    sign = match[1]
    parts: list[int] = []
    for text in partial.groups():
        if text is None or not text.isdigit():
            break
        parts.append(int(text))
    low: Version = (*parts, 0, 0, 0)[:3]  # type: ignore[assignment]
    after = _next(parts, len(parts))
    if sign == "^":
        leading = next((place for place, part in enumerate(parts) if part), len(parts) - 1)
        after = _next(parts, leading + 1)
    elif sign.startswith("~"):
        after = _next(parts, min(2, len(parts)))
    ranges = {">": (after, _END), ">=": (low, _END), "<": (_ZERO, low), "<=": (_ZERO, after)}
    return ranges.get(sign, (low, after))


def _next(parts: list[int], count: int) -> Version:
    """The first version behind all those that begin with the first `count` parts."""
    if not parts or count < 1:
        return _END
    kept = [*parts[: count - 1], parts[count - 1] + 1, 0, 0, 0]
    return (kept[0], kept[1], kept[2])
