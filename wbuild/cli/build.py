"""`wbuild build`: the main job, on one screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from wbuild.cli.choices import asking, changed_option, common_build_options, opt_option, profile_option
from wbuild.cli.options import ClickCommand, format_option
from wbuild.errors import UsageError
from wbuild.report.formats import SCREEN
from wbuild.session.asked import Asked
from wbuild.session.call import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What `wbuild build` alone can be told."""

    explain: bool
    watch: bool
    program: str | None
    """The artifact that --watch runs."""
    shell: bool
    stats: bool
    trace: Path | None
    no_check: bool
    verify_reproducible: bool
    format_: str

    def refuse_misfits(self) -> None:
        """Raise UsageError for options that do not go together."""
        if self.program is not None and not self.watch:
            raise UsageError("WB229", "--run goes with --watch", hint="`wbuild run NAME` builds and runs once")
        others = {
            f"--format {self.format_}": self.format_ != SCREEN,
            "--shell": self.shell,
            "--verify-reproducible": self.verify_reproducible,
        }
        for option, given in others.items():
            if self.watch and given:
                raise UsageError("WB229", f"{option} does not go with --watch", hint=f"build once with {option}")


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
@asking(BuildOptions)
def command(common: Common, asked: Asked, options: BuildOptions) -> int:
    """Build artifacts: compile, optimize, check, weigh.

    ARTIFACT is a name, a glob, lang:L, category:C, tag:T or target:T; default: all.
    """
    from wbuild.session import ending, shell
    from wbuild.session.session import prepare

    options.refuse_misfits()
    if options.shell:
        shell.require_terminal(common.console)
    asked = replace(asked, checks=not options.no_check, timed=bool(options.stats or options.trace))
    if options.watch:
        from wbuild.session.watch import watch

        watch(common, asked, program=options.program, explain=options.explain)
    session = prepare(common, asked)
    shown = options.format_ == SCREEN
    once = not shown or options.explain or asked.changed_since or options.verify_reproducible
    with session.built(explain=options.explain) as built:
        if not (once or asked.timed or common.verbosity):
            ending.remember(common, session, built)
    report = built.report
    if shown:
        ending.show(session, report)
    ending.account(session, report, stats=options.stats, trace=options.trace)
    if options.shell:
        shell.after_failure(session, built.results)
    if options.verify_reproducible and not report.exit:
        from wbuild.session.reproduce import verify

        report = verify(session, report)
        session.publish(report)
    if not shown:
        ending.document(session, report, options.format_)
    return report.exit
