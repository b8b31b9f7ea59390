"""`wbuild build`: the main job, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from wbuild.cli.choices import Opt, changed_option, common_build_options, opt_option, profile_of, profile_option
from wbuild.cli.options import ClickCommand, format_option, pass_common
from wbuild.errors import UsageError
from wbuild.session.call import Common


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@changed_option
@opt_option
@profile_option
@click.option("--target", "targets", metavar="T", multiple=True, help="Only this target; may be given again.")
@click.option("--keep-going/--fail-fast", default=None, help="Build other artifacts after a failure, or stop. [keep going with CI]")
@click.option("--explain", is_flag=True, help="Say which part of which key changed.")
@click.option("--watch", is_flag=True, help="Build again whenever something changes that the build depends on.")
@click.option("--run", "program", metavar="NAME", help="With --watch: run this artifact, and again each time it was built.")
@click.option("--shell", is_flag=True, help="After a failed step, open a shell in its folder and with its environment.")
@click.option("--stats", is_flag=True, help="Show where the time went and what the cache did.")
@click.option(
    "--trace", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write what happened when; Perfetto shows it."
)
@click.option("--no-check", is_flag=True, help="Do not run the checks; the optimizer then does only what is proven safe.")
@click.option("--memory", metavar="M", help='Memory for steps that run at the same time, such as "4 GiB". [what is free]')
@click.option("--verify-reproducible", is_flag=True, help="Then build twice more, elsewhere and from nothing, and compare every section.")
@common_build_options
@format_option
@pass_common
def command(common: Common, artifacts: tuple[str, ...], opt: Opt | None, profile: str | None, **given: object) -> int:
    """Build artifacts: compile, optimize, check, weigh.

    ARTIFACT is a name, a glob, lang:L, category:C, tag:T or target:T; default: all.
    """
    from wbuild.session import ending, shell
    from wbuild.session.asked import Asked
    from wbuild.session.session import prepare

    _fit(given)
    if given["shell"]:
        shell.require_terminal(common.console)
    chosen, level = profile_of(opt, profile, "dev")
    asked = Asked(
        words=artifacts,
        changed_since=str(given["changed_since"]),
        profile=chosen,
        level=level,
        targets=given["targets"],  # type: ignore[arg-type]
        locked=given["locked"],  # type: ignore[arg-type]
        keep_going=given["keep_going"],  # type: ignore[arg-type]
        checks=not given["no_check"],
        timed=bool(given["stats"] or given["trace"]),
        flags={"jobs": given["jobs"], "memory": given["memory"], "offline": given["offline"]},
    )
    if given["watch"]:
        from wbuild.session.watch import watch

        watch(common, asked, program=given["program"], explain=bool(given["explain"]))  # type: ignore[arg-type]
    session = prepare(common, asked)
    json = given["format_"] == "json"
    once = json or given["explain"] or given["changed_since"] or given["verify_reproducible"]
    with session.built(explain=bool(given["explain"])) as built:
        if not (once or asked.timed or common.verbosity):
            ending.remember(common, session, built)
    report = built.report
    if not json:
        ending.show(session, report)
    ending.account(session, report, stats=bool(given["stats"]), trace=given["trace"])  # type: ignore[arg-type]
    if given["shell"]:
        shell.after_failure(session, built.results)
    if given["verify_reproducible"] and not report.exit:
        from wbuild.session.reproduce import verify

        report = verify(session, report)
        session.publish(report)
    if json:
        ending.document(session, report)
    return report.exit


def _fit(given: Mapping[str, object]) -> None:
    """Raises UsageError for options that do not go together."""
    if given["program"] is not None and not given["watch"]:
        raise UsageError("WB229", "--run goes with --watch", hint="`wbuild run NAME` builds and runs once")
    for option, name in (("--format json", "format_"), ("--shell", "shell"), ("--verify-reproducible", "verify_reproducible")):
        if given["watch"] and given[name] not in (False, "text"):
            raise UsageError("WB229", f"{option} does not go with --watch", hint=f"build once with {option}")
