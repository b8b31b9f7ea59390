"""JSON that strangers may have written: whatever the text is, the answer is a value or one kind of error.

The decoder of the standard library also ends in RecursionError (brackets), MemoryError, ValueError for long numbers, reads NaN and
numbers that become infinite, and keeps the last of two equal keys, so that two readers may see two documents.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

DEEPEST: Final = 64
"""Levels of lists and objects; documents of wbuild have a few."""
_DIGITS: Final = 20
"""How many digits a whole number of 64 bits has at most."""


class JsonError(ValueError):
    """A text that is no JSON, or JSON that nobody should read."""


def valid(text: str) -> str:
    """A document in which names that are no valid text (bytes of a file system) are escaped: it is UTF-8 then, whatever it holds."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def parse(content: bytes | str, *, deepest: int = DEEPEST) -> object:
    """The value in a text (bytes: UTF-8). Raises JsonError for everything that cannot be used, and nothing else."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        found: object = _DECODER.decode(text)
        _measure(found, deepest)
    except JsonError:
        raise
    except UnicodeDecodeError:
        raise JsonError("not UTF-8") from None
    except RecursionError:
        raise JsonError("nested too deep") from None
    except MemoryError:
        raise JsonError("too large for this machine") from None
    except ValueError as error:
        raise JsonError(f"not JSON: {error}") from None
    return found


def table(content: bytes | str, *, deepest: int = DEEPEST) -> dict[str, object] | None:
    """The object in a text; None for anything that cannot be used, or is no object."""
    try:
        found = parse(content, deepest=deepest)
    except JsonError:
        return None
    return found if isinstance(found, dict) else None


def _measure(value: object, deepest: int) -> None:
    """Refuse what is nested too deep: whoever walks through the value afterwards may do it level by level."""
    level = [value]
    for _ in range(deepest + 1):
        level = [item for part in level for item in _inside(part)]
        if not level:
            return
    raise JsonError("nested too deep")


def _inside(value: object) -> list[object]:
    """Lists and objects right in a value; most values have none."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, (dict, list))]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonError("a key is there twice")
    return found


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _DIGITS:
        raise JsonError("a number is too long")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonError("a number is too large")
    return number


def _no_number(word: str) -> NoReturn:
    raise JsonError(f"{word} is no number")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
