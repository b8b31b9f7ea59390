"""Late words: values that an earlier builtin has found, put in before a key is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from wbuild.doors.regular import read
from wbuild.engine.folders import files_in, is_folder
from wbuild.errors import BugError, StepError
from wbuild.model.planned import JoinedWords, Late, Part, Word
from wbuild.text import json_text

_LARGEST: Final = 64 << 20
"""Bytes of a file with late values."""


def settle(words: Iterable[Word], value: Callable[[Late], str | list[str]]) -> tuple[Word, ...]:
    """The same words with every late part replaced; a list alone in a word becomes several words. Raises BugError."""
    settled: list[Word] = []
    for word in words:
        if len(word) == 1 and not isinstance(word[0], Late | JoinedWords):  # nearly every word
            settled.append(word)
        elif len(word) == 1 and isinstance(word[0], Late):
            found = value(word[0])
            settled += [(item,) for item in (found if isinstance(found, list) else [found])]
        else:
            settled.append(tuple(_settled(part, value) for part in word))
    return tuple(settled)


def _settled(part: Part, value: Callable[[Late], str | list[str]]) -> Part:
    if isinstance(part, JoinedWords):
        return JoinedWords(settle(part.words, value), part.separator)
    return _single(part, value(part)) if isinstance(part, Late) else part


def _single(part: Late, found: str | list[str]) -> str:
    if isinstance(found, list):
        raise BugError("WB900", f"late word {part.field} of {part.path} is a list inside a longer word")
    return found


def late_value(root: Path, part: Late) -> str | list[str]:
    """The value of a late word: a text, a number or a list of texts.

    Of a folder that a step has made, its files that match the glob, sorted, relative to the root. Raises StepError WB104 when none does,
    BugError WB903 for anything else.
    """
    if is_folder(part.path):
        names = files_in(root / part.path, (part.field,))
        if not names:
            raise StepError("WB104", f"no file in {part.path} matches {part.field}", hint="the step that makes this folder made none")
        return [f"{part.path}{name}" for name in names]
    try:
        found: Any = json_text.parse(read(root / part.path, _LARGEST))
        for name in part.field.split("."):
            found = found[name] if isinstance(found, dict) else None
    except (OSError, ValueError, KeyError) as error:
        raise BugError("WB903", f"late word {part.field} of {part.path} cannot be read: {error!r}") from None
    if isinstance(found, list):
        return [str(item) for item in found]
    if isinstance(found, (str, int, float)) and not isinstance(found, bool):
        return str(found)
    raise BugError("WB903", f"late word {part.field} of {part.path} is neither text nor a list")
