"""Sizes and times without use on the command line: `--max 2GiB`, `--older-than 30d`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import click

from wbuild.text import units

_SECONDS: Final = {"": 86_400.0, "d": 86_400.0, "w": 604_800.0, "h": 3600.0, "min": 60.0, "s": 1.0}
_AGE: Final = re.compile(r"\s*(\d{1,6})\s*([a-z]*)\s*\Z", re.ASCII)

if TYPE_CHECKING:
    _Float = click.ParamType[float]
    _Int = click.ParamType[int]
else:
    _Float = _Int = click.ParamType  # generic only since click 8.5


class Age(_Float):
    """Seconds of "30d", "2w", "12h" or a number of days."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; fails with how to write it."""
        if isinstance(value, float):
            return value
        match = _AGE.match(str(value))
        if match is None or match.group(2) not in _SECONDS:
            self.fail(f"{value!r} is not a time; write days (30d), weeks (2w) or hours (12h)", param, ctx)
        return int(match.group(1)) * _SECONDS[match.group(2)]


class Size(_Int):
    """Bytes of "2GiB" or "500 MB"."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes; fails with how to write it."""
        if isinstance(value, int):
            return value
        try:
            return units.size_of_text(str(value))
        except units.FormError as error:
            self.fail(f"{error}; {error.hint}", param, ctx)


def show_age(seconds: float) -> str:
    """A time in words for people, such as "41 days" or "3 hours"."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        number = int(seconds // length)
        if number:
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"
