"""Dotted versions and specifiers: comma lists of `>= > <= < == !=`, such as ">=0.16,<0.18".

Missing parts count as 0, so 132 and 132.0.0 are one version. A version with anything but numbers and dots is a pre-release
and is never chosen.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

Numbers = tuple[int, ...]

_VERSION = re.compile(r"v?(\d{1,18}(?:\.\d{1,18}){0,9})")
_CLAUSE = re.compile(r"(>=|<=|==|!=|>|<)\s*(\S+)")
_OPERATORS: Final[dict[str, Callable[[Numbers, Numbers], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class SpecifierError(ValueError):
    """A specifier that cannot be read; the message quotes it."""


def numbers(version: str) -> Numbers | None:
    """The parts of a version without trailing zeros; None for a pre-release or anything that is not a dotted number."""
    match = _VERSION.fullmatch(version)
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def same(one: str, other: str) -> bool:
    """Whether two texts name one version."""
    return one == other or (numbers(one) is not None and numbers(one) == numbers(other))


def clauses(specifier: str) -> tuple[tuple[str, Numbers], ...]:
    """The clauses of a specifier; none for "". Raises SpecifierError."""
    found = []
    for text in filter(None, (part.strip() for part in specifier.split(","))):
        match = _CLAUSE.fullmatch(text)
        limit = numbers(match[2]) if match else None
        if match is None or limit is None:
            raise SpecifierError(f"{text!r} in {specifier!r} is not one of >= > <= < == != followed by a dotted number")
        found.append((match[1], limit))
    return tuple(found)


def matches(version: str, specifier: str) -> bool:
    """Whether a version satisfies every clause; never for a pre-release. Raises SpecifierError."""
    value = numbers(version)
    return value is not None and all(_OPERATORS[sign](value, limit) for sign, limit in clauses(specifier))


def newest(versions: Iterable[str], specifier: str = "") -> str | None:
    """The newest version that satisfies a specifier. Raises SpecifierError."""
    suitable = [version for version in versions if matches(version, specifier)]
    return max(suitable, key=_sortable, default=None)


def ordered(versions: Iterable[str]) -> Sequence[str]:
    """Versions from old to new; pre-releases come before what they announce."""
    return sorted(versions, key=_sortable)


def _sortable(version: str) -> tuple[Numbers, str]:
    return numbers(version) or (), version
