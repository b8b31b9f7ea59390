"""`wbuild size`: where the bytes are, and what changed against another measure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from wbuild.cli.choices import asking, changed_option, common_build_options, opt_option, profile_option
from wbuild.cli.options import ClickCommand, format_option
from wbuild.model.happened import ArtifactReport
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.selection import is_file


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeOptions:
    """What `wbuild size` alone can be told."""

    against: str | None
    format_: str


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT|FILE]...")
@click.option("--against", metavar="FILE", help="Show the difference to a .wasm file or an artifact's .report.json.")
@changed_option
@opt_option
@profile_option
@common_build_options
@format_option
@asking(SizeOptions, default="release")
def command(common: Common, asked: Asked, options: SizeOptions) -> int:
    """Show every section of artifacts or files with its bytes. Artifacts are built first, in the release profile."""
    from wbuild.errors import UsageError
    from wbuild.session.input_files import FILE_ONLY
    from wbuild.session.measured_file import measured

    files = [word for word in asked.words if is_file(word)]
    names = tuple(word for word in asked.words if not is_file(word))
    reports = [measured(common, word) for word in files]
    code = 0
    if names or not files or asked.changed_since:
        built, code = _built(common, replace(asked, words=names, keep_going=True))
        reports += built
    before = measured(common, options.against, FILE_ONLY) if options.against else None
    if before is not None and len(reports) != 1:
        raise UsageError("WB283", "--against compares one artifact or file", hint="name the one to compare")
    if options.format_ == "json":
        common.console.result(json.dumps(document(reports, before), indent=2, ensure_ascii=False))
    elif reports:
        common.console.page(text(reports, before))
    return code


def _built(common: Common, asked: Asked) -> tuple[list[ArtifactReport], int]:
    from wbuild.session import ending
    from wbuild.session.session import prepare

    session = prepare(common, asked)
    report = session.build().report
    ending.problems(session, report)
    return [a for a in report.artifacts if a.measure], report.exit


def text(reports: Sequence[ArtifactReport], before: ArtifactReport | None) -> str:
    """Sections of each report, or the difference of the first one."""
    from wbuild.report.sizes import render_difference, summary

    if before is not None:
        return render_difference(before, reports[0])
    return "\n".join(f"{r.name} ({r.file})\n{summary(r)}" for r in reports)


def document(reports: Sequence[ArtifactReport], before: ArtifactReport | None) -> dict[str, object]:
    """`wbuild.size/1`."""
    from wbuild.report.sizes import difference
    from wbuild.report.to_json import artifact_document

    made: dict[str, object] = {"schema": "wbuild.size/1", "artifacts": [artifact_document(r) for r in reports]}
    if before is not None:
        metrics, sections = difference(before, reports[0])
        made["against"] = artifact_document(before)
        made["difference"] = {
            what: [{"name": d.name, "before": d.before, "after": d.after} for d in deltas]
            for what, deltas in (("sizes", metrics), ("sections", sections))
        }
    return made
