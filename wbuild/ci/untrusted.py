"""Reports that came from somewhere else: a CI job of a stranger's pull request may have written them.

Nothing of a document is used before its depth, its numbers, the length of its texts and its form were looked at. What the texts say
is still a stranger's word: renderers escape it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, cast

from wbuild.ci.jobs import MATRIX_SCHEMA
from wbuild.errors import Problem
from wbuild.model.happened import ArtifactReport, Report
from wbuild.report.to_json import ARTIFACT_SCHEMA, REPORT_SCHEMA
from wbuild.text.json_text import parse
from wbuild.toml.from_json import load

__all__ = ["Expected", "ExpectedMatrix", "read"]

_DEEPEST: Final = 24
_LONGEST: Final = 1 << 20
"""Characters of one text: output of tools."""
_GREATEST: Final = 1 << 53
_CODE: Final = re.compile(r"WB[1-79]\d\d\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A cell of the matrix."""

    artifact: str
    target: str
    profile: str
    platform: str
    language: str
    category: str
    toolchain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedMatrix:
    """The matrix that the reports should cover (`wbuild.matrix/1`)."""

    project: str
    cells: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedJob:
    """A job of the matrix."""

    cells: tuple[Expected, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixDocument:
    """The part of a document `wbuild.matrix/1` that is read here."""

    jobs: tuple[ExpectedJob, ...]
    project: str = ""


def read(content: bytes, *, earlier: bool = False) -> Report | ExpectedMatrix | None:
    """A report or a matrix; None for a document of another kind. Raises ValueError for one that cannot be used.

    `earlier` also keeps artifacts that an index remembers from earlier runs.
    """
    try:
        document: Any = parse(content)
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema not in (REPORT_SCHEMA, MATRIX_SCHEMA):
            return None
        _examine(document)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if schema == MATRIX_SCHEMA:
        return _matrix(document)
    entries = [e for e in _entries(document, "artifacts") if earlier or not (isinstance(e, dict) and e.get("made") is False)]
    return _report({**document, "artifacts": entries})


def _examine(document: object) -> None:
    """Refuse numbers, texts and depths that no report has."""
    pending: list[tuple[object, int]] = [(document, 0)]
    while pending:
        value, depth = pending.pop()
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        if isinstance(value, dict):
            pending += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            pending += [(part, depth + 1) for part in value]
        elif isinstance(value, str):
            if len(value) > _LONGEST:
                raise ValueError("a text is too long")
        elif value is not None and not 0 <= cast("float", value) <= _GREATEST:
            raise ValueError("a number is out of range")


def _entries(document: Any, key: str) -> list[Any]:  # noqa: ANN401 - JSON
    entries = document.get(key)
    if not isinstance(entries, list):
        raise ValueError(f"{key} is no list")  # noqa: TRY004 - of a document, not of a program
    return entries


def _matrix(document: object) -> ExpectedMatrix:
    found = load(MatrixDocument, document)
    return ExpectedMatrix(project=found.project, cells=tuple(cell for job in found.jobs for cell in job.cells))


def _report(document: Any) -> Report:  # noqa: ANN401 - JSON
    report = load(Report, document)
    for entry in document["artifacts"]:
        if entry.get("schema") != ARTIFACT_SCHEMA:
            raise ValueError(f"an artifact is not {ARTIFACT_SCHEMA}")
    if report.exit > 255:
        raise ValueError("no exit code is above 255")
    for problem in _problems(report.artifacts):
        if not _CODE.match(problem.code):
            raise ValueError("a problem has no code of wbuild")
    return report


def _problems(artifacts: tuple[ArtifactReport, ...]) -> Iterator[Problem]:
    for artifact in artifacts:
        yield from artifact.problems
