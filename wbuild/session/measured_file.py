"""One file, measured outside of any build."""

from __future__ import annotations

from wbuild.builtins.measure import measured as measure_of
from wbuild.errors import ArtifactError, UsageError
from wbuild.model.happened import ArtifactReport
from wbuild.session import input_files
from wbuild.session.call import Common
from wbuild.session.input_files import Given
from wbuild.text import json_text
from wbuild.toml.from_json import load


def measured(common: Common, word: str, hint: str = input_files.FILE_OR_ARTIFACT) -> ArtifactReport:
    """A report with the measure of a Wasm file (`-`: of standard input), or the one that an artifact's report holds; never without one.

    Raises UsageError, with `hint` when there is no such file; ArtifactError for invalid Wasm, StepError for invalid text.
    """
    found = input_files.read(common, word, hint)
    if found.data[:1] == b"{":
        return _recorded(found)
    try:
        measure = measure_of(found.data)
    except ArtifactError as error:
        raise ArtifactError.of(tuple(problem.about(found.title) for problem in error.problems)) from None
    return ArtifactReport(
        name=found.name,
        language="",
        category="",
        toolchain="",
        target="",
        profile="",
        level="",
        file=found.file,
        status="ok",
        measure=measure,
    )


def _recorded(found: Given) -> ArtifactReport:
    """An artifact report (`wbuild.artifact/1`)."""
    try:
        document = json_text.table(found.data)
        if document is None:
            raise ValueError("no JSON object")
        document.pop("schema", None)
        report = load(ArtifactReport, document)
    except (ValueError, TypeError, KeyError) as error:
        raise UsageError("WB282", f"{found.title} is neither Wasm nor an artifact's report: {error}") from None
    if report.measure is None:
        raise UsageError("WB282", f"{found.title} holds no measure: its artifact was not made", hint="build it, or name another report")
    return report
