"""A folder of reports, read as if a stranger had filled it: no links followed, nothing too large, nothing that is another kind of file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.ci.merge import contradictions, merge, remarks
from wbuild.ci.untrusted import ExpectedMatrix, read
from wbuild.doors import regular
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import UnfitError
from wbuild.errors import UsageError, worst
from wbuild.model.happened import Report
from wbuild.session.project import shown
from wbuild.text.project_names import REPORT
from wbuild.text.show import escape

"""What a build calls its report; a file of this name that cannot be used is a cell that is left out."""
_FILES: Final = 20_000
_LARGEST: Final = 16 << 20
"""Bytes of one file."""
_ALTOGETHER: Final = 128 << 20
"""Bytes of all files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The reports of a folder as one."""

    report: Report
    remarks: tuple[str, ...]
    """Lines for people: files that could not be used, artifacts that differ between machines."""
    exit: int


def joined(folder: Path, against: Path | None = None) -> Joined:
    """Every report below a folder, compared with `against`. What is left out is named, and is a failure.

    Raises UsageError when there is no report, and for an `against` that is none or is not there.
    """
    if not folder.is_dir():
        raise UsageError("WB293", f"there is no folder {shown(folder)}", hint="name the folder that holds the reports")
    reports: list[Report] = []
    damaged: list[str] = []
    plan: ExpectedMatrix | None = None
    for path, reason in _documents(folder):
        try:
            if reason:
                raise ValueError(reason)
            found = _read(path)
        except ValueError as error:
            damaged.append(f"{escape(path.relative_to(folder).as_posix())} is left out: {escape(str(error), cap=200)}")
            continue
        if isinstance(found, ExpectedMatrix):
            plan = found
        elif found is not None:
            reports.append(found)
    damaged += contradictions(reports)
    if not reports and plan is None and not damaged:
        raise UsageError("WB293", f"there is no report below {shown(folder)}", hint="a build writes dist/PROFILE/report.json")
    report = merge(reports, plan, _earlier(against) if against is not None else None)
    return Joined(report=report, remarks=(*damaged, *remarks(report)), exit=worst({report.exit, *([1] if damaged else [])} - {0}))


def durations(path: Path) -> Mapping[tuple[str, str, str], float]:
    """(artifact, target, profile) → seconds, as far as reports at `path` tell."""
    found: dict[tuple[str, str, str], float] = {}
    documents = [(path, "")] if path.is_file() else _documents(path, REPORT)
    for document, reason in documents:
        if reason:
            continue
        try:
            report = _read(document, earlier=True)
        except ValueError:
            continue
        for artifact in report.artifacts if isinstance(report, Report) else ():
            key = (artifact.name, artifact.target, artifact.profile)
            found[key] = max(artifact.seconds, found.get(key, 0.0))
    return found


def _earlier(path: Path) -> Report:
    if not path.exists():
        raise UsageError("WB281", f"there is no file {shown(path)}", hint="name a report.json, or leave out --against")
    try:
        found = _read(path, earlier=True, follow=True)
    except ValueError as error:
        raise UsageError("WB294", f"{shown(path)} cannot be used: {escape(str(error), cap=200)}") from None
    if not isinstance(found, Report):
        raise UsageError("WB294", f"{shown(path)} is no report", hint="`wbuild report merge` writes one with --out")
    return found


def _documents(folder: Path, ending: str = ".json") -> Iterator[tuple[Path, str]]:
    """Files that may be reports in an order of their own, each with the reason why it cannot be read, "" for none.

    Raises UsageError when there are too many.
    """
    count = total = 0
    for base, folders, files in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted(files):
            path = Path(base, name)
            if not name.endswith(ending):
                continue
            if path.is_symlink() or not path.is_file():
                if name == REPORT:
                    yield path, "it is a link, and links are not followed" if path.is_symlink() else "it is no file"
                continue
            count, total = count + 1, total + path.stat().st_size
            if count > _FILES or total > _ALTOGETHER:
                raise UsageError(
                    "WB295",
                    f"{shown(folder)} holds more than {_FILES} JSON files or {_ALTOGETHER >> 20} MiB of them",
                    hint="name the folder that holds the reports",
                )
            yield path, ""


def _read(path: Path, *, earlier: bool = False, follow: bool = False) -> Report | ExpectedMatrix | None:
    """Raises ValueError for a document that cannot be used."""
    with machine_errors(path, "read"):
        try:
            content = regular.read(path, _LARGEST, follow=follow)
        except UnfitError as error:
            raise ValueError(error.strerror) from None
    found = read(content, earlier=earlier)
    if found is None and path.name == REPORT:
        raise ValueError("it is no report of this version of wbuild")
    return found
