"""The archives of a pin become one tree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.doors.machine import machine_errors
from wbuild.errors import IntegrityError
from wbuild.model.locked import Pin, PinnedFile
from wbuild.sources import traits_of
from wbuild.store.closure import check_closure

AT_ONCE: Final = 4
"""Pins, and archives of one pin, that are worked on at the same time."""
_TOP: Final = (".",)


def unpack(pin: Pin, downloads: Path, tree: Path, doors: Doors) -> None:
    """Unpack all files of a pin, large ones first and several at once. Raises IntegrityError, MachineError."""
    jobs = [(file, place) for file in sorted(pin.files, key=lambda file: -file.size) for place in file.places or _TOP]
    wrapped = traits_of(pin.source).wrapped
    if not wrapped:
        with machine_errors(tree, "make"):
            tree.mkdir()

    def one(number: int, file: PinnedFile) -> None:
        target = tree.with_name(f"wrapped-{number}") if wrapped else tree
        doors.archives.unpack(downloads / file.name, target, executables=pin.executables)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(one, range(len(jobs)), (file for file, _ in jobs)))
    if wrapped:
        placed = sorted((place.count("/") if place != "." else -1, place, number) for number, (_, place) in enumerate(jobs))
        for _, place, number in placed:
            _place(pin, tree.with_name(f"wrapped-{number}"), tree, place, doors)
        check_closure(pin, tree)


def _place(pin: Pin, wrapped: Path, tree: Path, place: str, doors: Doors) -> None:
    """Move the one folder of an archive to its place; enclosing places were filled before. Raises IntegrityError."""
    tops = list(wrapped.iterdir()) if wrapped.is_dir() else []
    if len(tops) != 1 or tops[0].is_symlink() or not tops[0].is_dir():
        names = ", ".join(sorted(path.name for path in tops)[:5]) or "nothing"
        raise IntegrityError("WB513", f"{pin.name} {pin.version}: the archive should hold one folder, and holds {names}")
    target = tree / place
    around = [folder for folder in target.parents if folder.is_relative_to(tree) and folder != tree]
    taken = [folder for folder in around if folder.is_symlink() or (folder.exists() and not folder.is_dir())]
    if taken or target.is_symlink() or target.exists():
        name = (taken or [target])[0].relative_to(tree).as_posix()
        raise IntegrityError("WB512", f"{pin.name} {pin.version} brings {name}, where another of its packages belongs")
    doors.files.move(tops[0], target)
