"""`wbuild lock`: versions, routes and digests for every platform."""

from __future__ import annotations

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.session.call import Common


@click.command(cls=ClickCommand)
@click.argument("tools", nargs=-1, metavar="[TOOL[@VERSION]]...")
@click.option("--update", is_flag=True, help="Take the newest versions; with TOOL only of these.")
@click.option("--check", is_flag=True, help="Only say whether the lock fits wbuild.toml; exit 2 when it does not.")
@click.option(
    "--sources",
    metavar="LIST",
    default=None,
    help="Only from these, the first preferred: pypi, npm, debian, system, registry.",
)
@click.option("--offline", is_flag=True, default=None, help="Open no network connection.")
@pass_common
def command(common: Common, tools: tuple[str, ...], update: bool, check: bool, sources: str | None, offline: bool | None) -> int:
    """Write wbuild.lock, or bring it in step with wbuild.toml.

    TOOL@VERSION sets an exact version in [tools] of wbuild.toml first. Blocks that still fit stay, whatever --sources says; name
    a tool to take it from another source. Lock files of the project's own dependencies (Cargo.lock, go.sum, package-lock.json)
    that are missing are made too.
    """
    from wbuild.session import lock_edit
    from wbuild.session.dependency_locks import lock_dependencies
    from wbuild.session.locking import Locking
    from wbuild.session.project import open_project, shown

    world, console = common.world(offline=offline, sources=sources), common.console
    project = open_project(common.start)
    names = lock_edit.names(project, tools)
    if check:
        locking = Locking(world=world, project=project, console=console, locked=True)
        lock_dependencies(world, console, project, locking.fitting(), check=True)
        console.show(f"{shown(locking.path)} fits")
        return 0
    edit = lock_edit.set_versions(project, tools)
    locking = Locking(world=world, project=edit.project, console=console, locked=False)
    before = locking.read()
    wanted = (frozenset(names) or frozenset({"*"})) if update else frozenset(names)
    after = locking.resolve(before, wanted)
    edit.write(world.doors.files, console)
    locking.save(after)
    console.show(f"{shown(locking.path)}: {locking.changes(before, after)}")
    lock_dependencies(world, console, edit.project, locking.read() or after, check=False)
    return 0
