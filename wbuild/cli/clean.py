"""`wbuild clean`: what wbuild wrote into a project goes; sources, lock, store and cache stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click

from wbuild import jsontext
from wbuild.cli.deplocks import DEPENDENCY_LOCK, dependency_lock
from wbuild.cli.options import Command, Common, pass_common
from wbuild.cli.project import find
from wbuild.cli.workdir import locked
from wbuild.doors.files import asides
from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.engine.layout import Layout
from wbuild.engine.leftovers import Leftovers
from wbuild.fast import WORK
from wbuild.plan import DIST

_LARGEST: Final = 64 << 20
"""Bytes of a report."""


@click.command(cls=Command)
@pass_common
def command(common: Common) -> int:
    """Remove .wbuild/ and what wbuild wrote in dist/; never the store. Waits for a build that goes on."""
    folder = find(common.start)
    world, removed = common.world(), 0
    if (folder / WORK).exists() or (folder / DIST).exists():
        with locked(world, common.console, folder, "clean"), dependency_lock(world, common.console, folder):
            removed = _clean(folder, world.doors.files)
    common.console.show(f"  clean     removed {removed} {'entry' if removed == 1 else 'entries'}" if removed else "nothing to clean")
    return 0


def _clean(folder: Path, files: Files) -> int:
    """How many entries went. Raises MachineError."""
    removed = 0
    Leftovers(layout=Layout(root=folder), files=files).clear()
    for path in written(folder):
        if path.is_file() or path.is_symlink():
            files.remove(path)
            removed += 1
    for profile in (folder / DIST).glob("*"):
        for path in asides(profile):
            files.remove(path)
    _remove_empty(folder / DIST)
    return removed + _remove_work(folder, files)


def _remove_work(folder: Path, files: Files) -> bool:
    """Whether there was more than the locks, which go last: whoever waits for one makes it anew, and begins."""
    locks = [Layout(root=folder).lock, folder / WORK / DEPENDENCY_LOCK]
    others = [path for path in sorted((folder / WORK).iterdir()) if path not in locks]
    for path in (*others, *locks):
        files.remove(path)
    with suppress(OSError):
        (folder / WORK).rmdir()
    return bool(others)


def written(folder: Path) -> Iterator[Path]:
    """Files in dist/ that wbuild wrote, by the report of each profile; what leads out of dist/ is not ours."""
    dist = (folder / DIST).resolve()
    for index in sorted(dist.glob("*/report.json")):
        for name in _files(index):
            path = folder / name
            if path.parent.resolve().is_relative_to(dist):
                yield path
                yield path.with_name(f"{path.name}.report.json")
        yield index


def _files(index: Path) -> list[str]:
    """Artifact files that a report names; nothing for a file of another form."""
    try:
        document: Any = jsontext.parse(read(index, _LARGEST))
        return [Path(entry["file"]).name and f"{DIST}/{index.parent.name}/{Path(entry['file']).name}" for entry in document["artifacts"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _remove_empty(dist: Path) -> None:
    """Folders of dist/ that are empty now, then dist/ itself."""
    for folder in [*sorted(dist.glob("*")), dist]:
        if not folder.is_symlink():
            with suppress(OSError):  # a file, or a folder with something in it
                folder.rmdir()
