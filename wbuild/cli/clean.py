"""`wbuild clean`: what wbuild wrote into a project goes; sources, lock, store and cache stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.doors import owned
from wbuild.doors.files import asides
from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.engine.killed_runs import Leftovers
from wbuild.engine.layout import Layout
from wbuild.report.to_json import indexed_files
from wbuild.session.call import Common
from wbuild.session.dependency_locks import DEPENDENCY_LOCK, dependency_lock
from wbuild.session.project import find
from wbuild.session.work_folder import locked
from wbuild.text import json_text
from wbuild.text.project_names import DIST, REPORT, WORK

_LARGEST: Final = 64 << 20
"""Bytes of a report."""


@click.command(cls=ClickCommand)
@pass_common
def command(common: Common) -> int:
    """Remove .wbuild/ and what wbuild wrote in dist/; never the store. Waits for a build that goes on."""
    folder = find(common.start)
    world, removed = common.world(), 0
    if any(os.path.lexists(folder / name) for name in (WORK, DIST)):
        world.trust.refuse_tracked(folder, WORK, DIST)
        with locked(world, common.console, folder, "clean"), dependency_lock(world, common.console, folder):
            removed = _clean(folder, world.doors.files, world.doors.key)
    common.console.show(f"  clean     removed {removed} {'entry' if removed == 1 else 'entries'}" if removed else "nothing to clean")
    return 0


def _clean(folder: Path, files: Files, key: bytes) -> int:
    """How many entries went. Raises MachineError."""
    removed = 0
    _refuse_links(folder, files)
    Leftovers(layout=Layout(root=folder), files=files, key=key).clear()
    for path in written(folder, files):
        if os.path.lexists(path):
            files.remove(path)
            removed += 1
    for profile in _profiles(folder, files):
        for path in asides(profile):
            files.remove(path)
    for path in (*_profiles(folder, files), folder / DIST):
        owned.remove_empty(path)
    return removed + _remove_work(folder, files)


def _refuse_links(folder: Path, files: Files) -> None:
    """Raise UsageError before anything is removed when something that bears a name of wbuild's is a link."""
    owned.refuse_links(folder / WORK)
    for profile in _profiles(folder, files):
        with suppress(NotADirectoryError), owned.listed(profile):
            pass


def _profiles(folder: Path, files: Files) -> list[Path]:
    """What is in dist/, but for links that lead to another place in it."""
    dist = folder / DIST
    found = [dist / name for name in files.names(dist)]
    inside = dist.resolve()
    return [path for path in found if not (path.is_symlink() and path.resolve().is_relative_to(inside))]


def _remove_work(folder: Path, files: Files) -> bool:
    """Whether there was more than the locks, which go last: whoever waits for one makes it anew, and begins."""
    locks = [Layout(root=folder).lock, folder / WORK / DEPENDENCY_LOCK]
    others = [folder / WORK / name for name in files.names(folder / WORK) if folder / WORK / name not in locks]
    for path in (*others, *locks):
        files.remove(path)
    owned.remove_empty(folder / WORK)
    return bool(others)


def written(folder: Path, files: Files) -> Iterator[Path]:
    """Files in dist/ that wbuild wrote, by the report of each profile."""
    for profile in _profiles(folder, files):
        index = profile / REPORT
        for name in _files(index):
            path = folder / name
            yield path
            report = path.with_name(f"{path.name}.report.json")
            yield from (profile / name for name in _beside(report))
            yield report
        if index.is_file():
            yield index


def _beside(report: Path) -> list[str]:
    """Names of what is shipped beside an artifact, by its report."""
    try:
        found = (json_text.table(read(report, _LARGEST)) or {}).get("beside")
    except OSError:
        return []
    names = [Path(file).name for file in found] if isinstance(found, dict) else []
    return [name for name in names if name]


def _files(index: Path) -> list[str]:
    """Artifact files that a report names; nothing for a file of another form."""
    try:
        names = [Path(file).name for file in indexed_files(read(index, _LARGEST))]
    except OSError:
        return []
    return [f"{DIST}/{index.parent.name}/{name}" for name in names if name]
