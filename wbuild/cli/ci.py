"""`wbuild ci`: what CI systems are told, and what they are given to start with."""

from __future__ import annotations

from pathlib import Path

import click

from wbuild.cli.options import ClickGroup, pass_common
from wbuild.model.locked import PLATFORMS, Platform
from wbuild.session.call import Common

_platforms = click.option(
    "--platform",
    "platforms",
    metavar="P",
    multiple=True,
    type=click.Choice(PLATFORMS),
    help="Machine to build on; repeatable.",
)
_profiles = click.option("--profile", "profiles", metavar="P", multiple=True, help="Profile to build; repeatable. [default: release]")
_group = click.option(
    "--group", metavar="G", default="lang", show_default=True, help="lang (a job for each compiler), artifact, or shard=N."
)


@click.group(cls=ClickGroup)
def command() -> None:
    """Matrix builds in CI: workflows, the matrix, keys of caches, a comment."""


@command.command()
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@_group
@_profiles
@click.option("--target", "targets", metavar="T", multiple=True, help="Only this target; may be given again.")
@_platforms
@click.option("--changed-since", metavar="REF", help="Only artifacts that differ from the newest commit in common with REF.")
@click.option("--durations", metavar="PATH", help="A report.json, or a folder of them, that says how long artifacts took. [default: dist]")
@click.option("--out", metavar="FILE", help="Also write the whole matrix (wbuild.matrix/1) to FILE.")
@click.option(
    "--format", "format_", type=click.Choice(["json", "github", "gitlab"]), default="json", show_default=True, help="Form of the matrix."
)
@pass_common
def matrix(common: Common, artifacts: tuple[str, ...], **given: object) -> int:
    """Divide the project into jobs for CI.

    With github, `matrix=`, `any=` and `count=` are appended to $GITHUB_OUTPUT; gitlab prints a child pipeline.
    """
    from wbuild.ci.matrix_jobs import MatrixOptions, run

    out = given.pop("out")
    return run(common, MatrixOptions(artifacts=artifacts, out=Path(str(out)) if out else None, **given))  # type: ignore[arg-type]


@command.command("cache-key")
@click.option("--platform", metavar="P", type=click.Choice(PLATFORMS), help="Machine to build on; default: this one.")
@click.option("--job", metavar="ID", default="", help="Job of the matrix, whose tools and results are its own.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "github", "json"]), default="text", show_default=True, help="Form of what is shown."
)
@pass_common
def cache_key(common: Common, platform: Platform | None, job: str, format_: str) -> int:
    """Print keys and folders for a CI system's cache: of tools (by lock and platform), of results (also by commit)."""
    from wbuild.ci.cache_key import run

    return run(common, platform, job, format_)


@command.command()
@click.argument("system", type=click.Choice(["github", "gitlab"]))
@_group
@_profiles
@_platforms
@click.option("--install", metavar="LINE", help="The line that installs wbuild; default: as this one was installed.")
@click.option("--dry-run", is_flag=True, help="Show what would be written.")
@pass_common
def init(common: Common, system: str, **given: object) -> int:
    """Write workflows that build every artifact of the project, and report to pull requests."""
    from wbuild.ci.files import WorkflowOptions, run

    return run(common, WorkflowOptions(system=system, **given))  # type: ignore[arg-type]


@command.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--against", metavar="FILE", type=click.Path(path_type=Path), help="Compare with this report.json.")
@pass_common
def comment(common: Common, folder: Path, against: Path | None) -> int:
    """Print the Markdown of a pull request's comment from reports in DIR; nothing in them is trusted."""
    from wbuild.ci.reports import joined
    from wbuild.report.labels import labelled
    from wbuild.report.markdown import COMMENT_LIMIT, MARKER, render

    found = joined(common.start / folder, common.start / against if against else None)
    text = render(labelled(found.report), limit=COMMENT_LIMIT, marker=MARKER, remarks=found.remarks)
    common.console.result(text.rstrip("\n"))
    return 0
