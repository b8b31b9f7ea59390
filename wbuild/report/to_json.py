"""Report → JSON: `report.json` of a profile ("wbuild.report/1") and one document beside each artifact ("wbuild.artifact/1").

Keys are those of `model.happened`, laid out as `toml.document` says; the published schemas are made from both too (`report.schema`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wbuild.model.happened import ArtifactReport, Comparison, Report
from wbuild.model.planned import JSON
from wbuild.text import json_text
from wbuild.toml.from_json import parse
from wbuild.toml.to_json import encode

__all__ = [
    "ARTIFACT_SCHEMA",
    "COMPARE_SCHEMA",
    "REPORT_SCHEMA",
    "artifact_document",
    "indexed_files",
    "render_artifact",
    "render_comparison",
    "render_index",
    "report_document",
    "written",
]

REPORT_SCHEMA: Final = "wbuild.report/1"
ARTIFACT_SCHEMA: Final = "wbuild.artifact/1"
COMPARE_SCHEMA: Final = "wbuild.compare/1"


def written(report: Report, remarks: Sequence[str] = ()) -> str:  # noqa: ARG001 - the form of a renderer; remarks are in no document
    """The format "json": the whole report."""
    return _text(report_document(report))


def render_artifact(artifact: ArtifactReport) -> str:
    """The document beside an artifact."""
    return _text(artifact_document(artifact))


def render_comparison(comparison: Comparison) -> str:
    """`wbuild compare --format json`."""
    doc = encode(comparison)
    assert isinstance(doc, dict)
    return _text({"schema": COMPARE_SCHEMA, **doc})


def render_index(report: Report, earlier: str = "", files: Collection[str] | None = None) -> str:
    """`report.json` of a profile: this run's artifacts, and those of `earlier` (its last content) that this run did not make.

    `files`: every artifact's file in the manifest; others are forgotten. `made` says which the last run made. Ordered by file.
    """
    entries = {str(entry["file"]): entry for entry in _entries(earlier)}
    entries = {file: {**entry, "made": False} for file, entry in entries.items() if files is None or file in files}
    entries |= {artifact.file: {**artifact_document(artifact), "made": True} for artifact in report.artifacts}
    return _text(_document(report, [entries[file] for file in sorted(entries)]))


def _entries(earlier: str) -> list[dict[str, JSON]]:
    """Artifacts of an earlier index; nothing for another form, since files in dist/ belong to the user."""
    try:
        doc = json_text.parse(earlier)
    except ValueError:
        return []
    if not isinstance(doc, dict) or doc.get("schema") != REPORT_SCHEMA or not isinstance(doc.get("artifacts"), list):
        return []
    return [entry for entry in doc["artifacts"] if isinstance(entry, dict) and "file" in entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedArtifact:
    """What is read of an artifact in an index."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIndex:
    """What is read of an index."""

    artifacts: tuple[IndexedArtifact, ...]


def indexed_files(index: bytes | str) -> tuple[str, ...]:
    """The files of artifacts that an index names; () for a text of another form."""
    try:
        return tuple(artifact.file for artifact in parse(ReportIndex, index).artifacts)
    except ValueError:
        return ()


def report_document(report: Report) -> dict[str, JSON]:
    """The report as JSON, `schema` first."""
    return _document(report, [artifact_document(artifact) for artifact in report.artifacts])


def _document(report: Report, artifacts: Sequence[JSON]) -> dict[str, JSON]:
    doc = encode(replace(report, artifacts=()))
    assert isinstance(doc, dict)
    doc["artifacts"] = [*artifacts]
    return {"schema": REPORT_SCHEMA, **doc}


def artifact_document(artifact: ArtifactReport) -> dict[str, JSON]:
    """An artifact as JSON, `schema` first."""
    doc = encode(artifact)
    assert isinstance(doc, dict)
    return {"schema": ARTIFACT_SCHEMA, **doc}


def _text(doc: JSON) -> str:
    """ASCII, so that nothing in a name or a tool's output can reach a terminal."""
    return json.dumps(doc, indent=2) + "\n"
