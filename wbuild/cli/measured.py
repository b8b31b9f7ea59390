"""One file, measured outside of any build."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from wbuild.cli.project import shown
from wbuild.doors.machine import machine_errors
from wbuild.errors import ArtifactError, UsageError
from wbuild.measure import measure
from wbuild.model.happened import ArtifactReport
from wbuild.report.from_json import load, parse

_MADE_ELSEWHERE = dict.fromkeys(("language", "category", "toolchain", "target", "profile", "level"), "")


def measured(path: Path) -> ArtifactReport:
    """The measure of a Wasm file, or the one that an artifact report holds. Raises UsageError, ArtifactError for invalid Wasm."""
    if not path.is_file():
        raise UsageError("WB281", f"there is no file {shown(path)}", hint="an artifact is named without folder and ending")
    with machine_errors(path, "read"):
        data = path.read_bytes()
    if data[:1] == b"{":
        return _recorded(path, data)
    if path.suffix == ".wat":
        raise UsageError("WB282", f"{shown(path)} is text, not binary", hint='declare it as an artifact with lang = "wat" and build it')
    try:
        document = json.loads(measure({}, [data])[0])
    except ArtifactError as error:
        raise ArtifactError.of(tuple(replace(p, message=f"{shown(path)}: {p.message}") for p in error.problems)) from None
    identity = {**_MADE_ELSEWHERE, "name": path.stem, "file": shown(path), "status": "ok"}
    return load(ArtifactReport, {**identity, **document})


def _recorded(path: Path, data: bytes) -> ArtifactReport:
    """An artifact report (`wbuild.artifact/1`)."""
    try:
        document = json.loads(data)
        document.pop("schema", None)
        return parse(ArtifactReport, json.dumps(document))
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError("WB282", f"{shown(path)} is neither Wasm nor an artifact's report: {error}") from None
