"""What somebody may have meant: the name nearest to a word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wbuild.text.names import LONGEST

SHOWN: Final = 24
"""Names listed in a hint; of longer lists only the nearest name is shown."""
_ALIKE: Final = 0.6
"""Likeness, from 0 to 1, from which one name may be meant by another."""


def nearest(word: str, names: Iterable[str]) -> str:
    """The name that is most like a word, in upper or lower case; "" when none is like it."""
    import difflib  # noqa: PLC0415 - only when something is reported

    matcher = difflib.SequenceMatcher(b=word[:LONGEST].casefold())
    best, found = _ALIKE, ""
    for name in dict.fromkeys(names):
        matcher.set_seq1(name.casefold())
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, found = matcher.ratio(), name
    return found


def suggestion(word: str, names: Iterable[str]) -> str:
    """A hint: the valid name nearest to a word, or the list of names."""
    known = list(dict.fromkeys(names))
    found = nearest(word, known)
    if found:
        return f'did you mean "{found}"?'
    return f"possible: {', '.join(known)}" if 0 < len(known) <= SHOWN else ""
