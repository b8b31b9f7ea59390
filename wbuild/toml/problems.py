"""Collected problems of one TOML text: noted by path while decoding, given places when they are reported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wbuild.errors import Problem, UsageError
from wbuild.text.names import quoted
from wbuild.text.nearest import suggestion
from wbuild.toml.locate import Part, Path, index, place

LISTED = 100
"""Problems reported for one text; the rest is counted."""

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A TOML text and what it says."""

    file: str
    """Path as the user would type it."""
    text: str
    """The text with "\\n" line ends and without a byte order mark."""
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    code: str
    path: Path
    message: str
    hint: str
    word: str
    names: tuple[str, ...]
    part: Part


class Faults:
    """Problems of one document, in any order; `problems` sorts them by place."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: list[_Fault] = []

    def add(
        self, code: str, path: Path, message: str, *, hint: str = "", near: tuple[str, Iterable[str]] = ("", ()), part: Part = "value"
    ) -> None:
        """Note a problem with the value (or the key) at `path`. `near` is a wrong word and the valid ones: the hint is the nearest."""
        self._found.append(_Fault(code=code, path=path, message=message, hint=hint, word=near[0], names=tuple(near[1]), part=part))

    def __bool__(self) -> bool:
        return bool(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def problems(self) -> tuple[Problem, ...]:
        """All problems with their places, sorted by place."""
        if not self._found:
            return ()
        text = self.document.text
        spots = index(text)
        found = sorted(
            ((spots.span(f.path, f.part), f) for f in dict.fromkeys(self._found)), key=lambda pair: (pair[0], pair[1].code, pair[1].message)
        )
        shown = [
            Problem(
                code=fault.code,
                message=fault.message,
                hint=fault.hint or (suggestion(fault.word, fault.names) if fault.names else ""),
                place=place(text, self.document.file, span),
            )
            for span, fault in found[:LISTED]
        ]
        if len(found) > LISTED:
            shown.append(Problem(code=found[LISTED][1].code, message=f"{len(found) - LISTED} more problems in {self.document.file}"))
        return tuple(shown)

    def check(self) -> None:
        """Raises UsageError with all problems, if there are any."""
        problems = self.problems()
        if problems:
            raise UsageError.of(problems)


def dotted(path: Path) -> str:
    """A path as people write it: `artifact.hello.check[1].stdin`; positions count from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += ("." if text else "") + (part if _BARE.match(part) else quoted(part))
    return text
