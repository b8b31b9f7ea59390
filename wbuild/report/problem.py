"""A problem as people see it: what is wrong, where, what to do."""

from __future__ import annotations

from typing import Final

from wbuild.errors import Place, Problem
from wbuild.text.show import escape, width

__all__ = ["render"]

WIDEST: Final = 160
"""Columns of a shown line; a longer one is cut around the caret."""
_BEFORE: Final = 60
"""Columns kept before the caret of a line that is cut."""


def render(problem: Problem) -> str:
    """The whole text of a problem, without a newline at its end; CONTRACT's form of an error."""
    lines = [f"error[{problem.code}]: {escape(problem.message)}"]
    if problem.place is not None:
        lines += _shown(problem.place)
    if problem.detail:
        lines.append(problem.detail.rstrip("\n"))
    if problem.hint:
        lines.append(f"hint: {escape(problem.hint)}")
    return "\n".join(lines)


def _shown(place: Place) -> list[str]:
    lines = [f" --> {escape(place.file)}:{place.line}:{place.column}"]
    if not place.text.strip():
        return lines
    begin = place.column - 1
    before, marked, after = (
        escape(part.replace("\t", " "))
        for part in (place.text[:begin], place.text[begin : begin + place.width], place.text[begin + place.width :])
    )
    if width(before + marked + after) > WIDEST:
        before = before if len(before) <= _BEFORE else f"…{before[-_BEFORE:]}"
        marked = escape(marked, cap=WIDEST - _BEFORE - 20)
        after = escape(after, cap=max(1, WIDEST - width(before + marked)))
    gutter = f"{place.line:>3}"
    caret = " " * width(before) + "^" * max(1, width(marked))
    return [*lines, f"{gutter} | {before}{marked}{after}", f"{' ' * len(gutter)} | {caret}"]
