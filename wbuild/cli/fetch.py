"""`wbuild fetch`: everything that a build needs from the network, so that `build --offline` needs nothing."""

from __future__ import annotations

import click

from wbuild.cli.options import Command, Common, pass_common
from wbuild.model.locked import Pin


@click.command(cls=Command)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@click.option("--locked/--no-locked", default=None, help="Refuse a lock that does not fit, or bring it in step. [on with CI]")
@pass_common
def command(common: Common, artifacts: tuple[str, ...], locked: bool | None) -> int:
    """Install the tools and vendored sources that artifacts need, for every profile."""
    from wbuild.cli.session import Asked, prepare

    pins: dict[str, Pin] = {}
    for profile in ("dev", "release"):
        session = prepare(common, Asked(words=artifacts, profile=profile, locked=locked, check_always=True))
        pins |= {pin.identity: pin for pin in session.pins()}
    missing = [pin for pin in pins.values() if not session.store.has(pin)]
    session.store.ensure(missing, session.progress)
    total = sum(pin.size for pin in missing)
    done = f"{len(missing)} fetched ({total / 1e6:.0f} MB)" if missing else "nothing to fetch"
    common.console.show(f"{done}; {len(pins)} in the store")
    return 0
