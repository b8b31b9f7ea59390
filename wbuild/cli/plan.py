"""`wbuild plan`: what would run and why, and what would be downloaded; runs and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from wbuild.cli.choices import asking, changed_option, opt_option, profile_option
from wbuild.cli.options import ClickCommand
from wbuild.session.asked import Asked
from wbuild.session.call import Common

if TYPE_CHECKING:
    from wbuild.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What `wbuild plan` alone can be told."""

    explain: bool
    resolved: bool
    format_: str


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@changed_option
@opt_option
@profile_option
@click.option("--target", "targets", metavar="T", multiple=True, help="Only this target; may be given again.")
@click.option("--explain", is_flag=True, help="Say why each step would run.")
@click.option("--resolved", is_flag=True, help="Show what late words became in the last build.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "dot", "mermaid"]),
    default="text",
    show_default=True,
    help="Form of what is shown; dot and mermaid draw the steps.",
)
@asking(PlanOptions)
def command(common: Common, asked: Asked, options: PlanOptions) -> int:
    """Show the steps that would make artifacts, without running or writing anything."""
    from wbuild.errors import exit_code, worst
    from wbuild.session.session import prepare

    session = prepare(common, replace(asked, locked=False, write=False))
    for problem in session.unavailable():
        common.console.problem(problem)
    _show(common, session, options)
    return worst({exit_code(problem.code) for problem in session.unavailable()})


def _show(common: Common, session: Session, options: PlanOptions) -> None:
    from wbuild.report.plan_text import render, to_json

    if options.format_ in ("dot", "mermaid"):
        from wbuild.report.plan_graph import to_dot, to_mermaid

        common.console.page((to_dot if options.format_ == "dot" else to_mermaid)(session.plan))
        return
    missing = [pin for pin in session.pins() if not session.store.has(pin)]
    reasons = session.engine().forecast(session.plan) if options.explain else None
    resolved = late_values(session) if options.resolved else None
    if options.format_ == "json":
        common.console.result(to_json(session.plan, missing, reasons, resolved).rstrip("\n"))
    elif session.plan.steps:
        common.console.page(render(session.plan, missing, reasons, resolved))


def late_values(session: Session) -> Mapping[tuple[str, str], Sequence[str]]:
    """What late words became in the last build, as far as its files are there."""
    from wbuild.model.planned import Tool
    from wbuild.steps.words import late_words

    found: dict[tuple[str, str], Sequence[str]] = {}
    for step in session.plan.steps:
        for late in late_words(step.action.argv) if isinstance(step.action, Tool) else ():
            try:
                value = json.loads((session.project.root / late.path).read_text("utf-8"))[late.field]
            except (OSError, ValueError, KeyError, TypeError):
                continue
            found[late.path, late.field] = [str(word) for word in value] if isinstance(value, list) else [str(value)]
    return found
