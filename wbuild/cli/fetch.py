"""`wbuild fetch`: everything that a build needs from the network, so that `build --offline` needs nothing."""

from __future__ import annotations

from dataclasses import replace

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.errors import exit_code, worst
from wbuild.model.locked import Pin
from wbuild.model.planned import Plan, Step
from wbuild.session.call import Common
from wbuild.text.units import show_bytes


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@click.option("--locked/--no-locked", default=None, help="Refuse a lock that does not fit, or bring it in step. [on with CI]")
@pass_common
def command(common: Common, artifacts: tuple[str, ...], locked: bool | None) -> int:
    """Fetch what artifacts need: tools, vendored sources, packages; for every profile."""
    from wbuild.session.asked import Asked
    from wbuild.session.session import prepare

    pins: dict[str, Pin] = {}
    steps: dict[str, Step] = {}
    for profile in ("dev", "release"):
        session = prepare(common, Asked(words=artifacts, profile=profile, locked=locked, check_always=True))
        pins |= {pin.identity: pin for pin in session.pins()}
        steps |= {step.name: step for step in session.plan.steps if step.network}
    missing = [pin for pin in pins.values() if not session.store.has(pin)]
    session.store.ensure(missing, session.progress)
    total = sum(pin.size for pin in missing)
    with replace(session, plan=Plan(steps=tuple(steps.values()), products=())).executed() as results:
        problems = (*session.unavailable(), *(result.problem for result in results if result.problem))
    for problem in session.unavailable():
        common.console.problem(problem)  # what fails while it runs has been said
    if problems:
        return worst({exit_code(problem.code) for problem in problems})
    done = f"{len(missing)} fetched ({show_bytes(total)})" if missing else "nothing to fetch"
    common.console.show(f"{done}; {len(pins)} in the store")
    return 0
