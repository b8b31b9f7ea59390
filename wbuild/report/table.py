"""Columns of text: widths by what a terminal shows, colour through a callback, no trailing spaces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wbuild.text import show

__all__ = ["Cell", "Style", "plain", "render"]

Style = Callable[[str, str], str]
"""(role, text) → the text as it is shown. Roles: "" head name dim good warn bad."""


def plain(role: str, text: str) -> str:  # noqa: ARG001 - the form of a style
    """The style without colour: the text as it is."""
    return text


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table. `text` must be safe to show (`legible.escape`)."""

    text: str
    role: str = ""
    right: bool = False
    """Whether the text stands at the right of its column."""
    rest: bool = False
    """Whether it runs to the end of the line: the last cell of its row, whatever columns follow."""


def render(rows: Sequence[Sequence[Cell]], style: Style = plain, *, indent: str = " ") -> str:
    """The rows, two spaces between columns, each line ended by a newline."""
    count = max(map(len, rows), default=0)
    widths = [0] * count
    for row in rows:
        for at, cell in enumerate(row):
            if not cell.rest:
                widths[at] = max(widths[at], show.width(cell.text))
    return "".join(_line(row, widths, style, indent) for row in rows)


def _line(row: Sequence[Cell], widths: Sequence[int], style: Style, indent: str) -> str:
    shown = indent
    last = max((at for at, cell in enumerate(row) if cell.text), default=-1)
    for at, cell in enumerate(row[: last + 1]):
        space = " " * (0 if cell.rest else widths[at] - show.width(cell.text))
        text = style(cell.role, cell.text) if cell.role and cell.text else cell.text
        shown += f"{space}{text}" if cell.right else text + ("" if at == last else space)
        shown += "" if at == last else "  "
    return shown.rstrip(" ") + "\n"
