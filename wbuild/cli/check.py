"""`wbuild check`: the declared checks on every runtime."""

from __future__ import annotations

import click

from wbuild.cli.choices import Opt, common_build_options, opt_option, profile_of, profile_option
from wbuild.cli.options import Command, Common, format_option, pass_common


@click.command(cls=Command)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@click.option("--runtime", "runtimes", metavar="R", multiple=True, help="Only this runtime; may be given again.")
@opt_option
@profile_option
@common_build_options
@format_option
@pass_common
def command(common: Common, artifacts: tuple[str, ...], opt: Opt | None, profile: str | None, **given: object) -> int:
    """Build artifacts, then run their declared checks on every runtime. Alias: test."""
    from wbuild.cli import conclude
    from wbuild.cli.session import Asked, prepare
    from wbuild.report.text import checks

    chosen, level = profile_of(opt, profile, "dev")
    asked = Asked(
        words=artifacts,
        profile=chosen,
        level=level,
        locked=given["locked"],  # type: ignore[arg-type]
        keep_going=True,
        check_always=True,
        runtimes=known_runtimes(common, given["runtimes"]),  # type: ignore[arg-type]
        flags={"jobs": given["jobs"], "offline": given["offline"]},
    )
    session = prepare(common, asked)
    report = session.report(session.execute())
    session.publish(report)
    if given["format_"] == "json":
        conclude.document(session, report)
        return report.exit
    conclude.problems(session, report)
    session.console.table(lambda style: checks(report, style))
    for product in session.plan.products:
        if not product.verdicts:
            name = product.artifact.name
            session.console.note(f"{name} has no check that can run; [[artifact.{name}.check]] declares one")
    return report.exit


def known_runtimes(common: Common, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names`, when all of them are runtimes. Raises UsageError with the list."""
    from wbuild.cli.project import catalog_of
    from wbuild.errors import UsageError

    known = catalog_of(common.start).runtimes if names else {}
    for name in names:
        if name not in known:
            raise UsageError("WB278", f"unknown runtime {name!r}", hint=f"there is: {', '.join(known)}")
    return names
