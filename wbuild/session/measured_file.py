"""One file, measured outside of any build."""

from __future__ import annotations

import json
from dataclasses import replace

from wbuild.builtins.measure import measure
from wbuild.errors import ArtifactError, UsageError
from wbuild.model.happened import ArtifactReport
from wbuild.report.from_json import load
from wbuild.session import input_files
from wbuild.session.call import Common
from wbuild.session.input_files import Given
from wbuild.text import json_text

_MADE_ELSEWHERE = dict.fromkeys(("language", "category", "toolchain", "target", "profile", "level"), "")


def measured(common: Common, word: str, hint: str = input_files.FILE_OR_ARTIFACT) -> ArtifactReport:
    """The measure of a Wasm file (`-`: of standard input), or the one that an artifact report holds.

    Raises UsageError, with `hint` when there is no such file; ArtifactError for invalid Wasm, StepError for invalid text.
    """
    found = input_files.read(common, word, hint)
    if found.data[:1] == b"{":
        return _recorded(found)
    try:
        document = json.loads(measure({}, [found.data])[0])
    except ArtifactError as error:
        raise ArtifactError.of(tuple(replace(p, message=f"{found.title}: {p.message}") for p in error.problems)) from None
    identity = {**_MADE_ELSEWHERE, "name": found.name, "file": found.file, "status": "ok"}
    return load(ArtifactReport, {**identity, **document})


def _recorded(found: Given) -> ArtifactReport:
    """An artifact report (`wbuild.artifact/1`)."""
    try:
        document = json_text.table(found.data)
        if document is None:
            raise ValueError("no JSON object")
        document.pop("schema", None)
        return load(ArtifactReport, document)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError("WB282", f"{found.title} is neither Wasm nor an artifact's report: {error}") from None
