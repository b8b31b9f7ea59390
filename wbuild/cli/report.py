"""`wbuild report`: what builds wrote down, brought together."""

from __future__ import annotations

from pathlib import Path

import click

from wbuild.cli.options import ClickGroup, pass_common
from wbuild.report.formats import FORMATS, JSON_FORMAT, SCREEN
from wbuild.session.call import Common


@click.group(cls=ClickGroup)
def command() -> None:
    """Bring reports of several builds together."""


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--against", metavar="FILE", type=click.Path(path_type=Path), help="Compare with this report.json.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Also write the joined report (wbuild.report/1) to FILE.")
@click.option(
    "--format",
    "format_",
    type=click.Choice([*FORMATS]),
    default=SCREEN,
    show_default=True,
    help="Form of what is shown.",
)
@pass_common
def merge(common: Common, folder: Path, **given: object) -> int:
    """Join the reports of a matrix's cells; ends with the worst of their exit codes.

    A cell of the matrix file (`ci matrix --out`) in DIR that no report tells about counts as failed.
    """
    from wbuild.ci.reports import joined
    from wbuild.report.labels import labelled
    from wbuild.report.text import summary

    against, out = given["against"], given["out"]
    found = joined(common.start / folder, common.start / against if isinstance(against, Path) else None)
    console, form = common.console, str(given["format_"])
    if isinstance(out, Path):
        common.world().doors.files.write(common.start / out, FORMATS[JSON_FORMAT].render(found.report, found.remarks))
    if form != SCREEN:
        console.result(FORMATS[form].render(found.report, found.remarks).rstrip("\n"))
    for problem in dict.fromkeys(p for artifact in found.report.artifacts for p in artifact.problems):
        console.problem(problem)
    for remark in found.remarks:
        console.warning(remark)
    if form == SCREEN:
        console.table(lambda style: summary(labelled(found.report), style))
    return found.exit
