"""Private folders of steps: made anew for each, but folders that a step left empty serve the next one.

To make and remove the folders of a small step takes a file system longer than anything else that wbuild does for it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from wbuild.doors import owned
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import MachineError
from wbuild.steps.words import OUT_FOLDER

HOME: Final = "home"
TMP: Final = "tmp"
_PARTS: Final = frozenset((HOME, TMP, OUT_FOLDER))


class Scratches:
    """The private folders of one run. Methods may be called from several threads."""

    def __init__(self, tmp: Path, files: Files) -> None:
        self._tmp = tmp
        self._files = files
        self._spares: list[Path] = []
        self._numbers = itertools.count()

    def make(self, folder: Path) -> None:
        """An empty folder with HOME, TMP and the one for outputs in it, whatever is there. Raises MachineError."""
        if self._reuse(folder):
            return
        with machine_errors(folder, "make"):
            try:
                self._mkdir(folder)
            except FileExistsError:
                self._files.remove(folder)
                self._mkdir(folder)

    def clear(self, folder: Path, files: Iterable[str]) -> None:
        """Take a folder away with what is in it. `files`: names of those that are likely to be there. Raises MachineError."""
        for name in files:
            self._files.remove(folder / name)
        spare = self._tmp / f"spare-{next(self._numbers)}"
        with suppress(MachineError):
            self._files.move(folder, spare)
            self._spares.append(spare)
            return
        self._files.remove(folder)

    def close(self) -> None:
        """Remove what is kept for steps that do not come."""
        for spare in self._spares:
            with suppress(MachineError):  # the next run removes it
                self._files.remove(spare)
        self._spares.clear()

    def _reuse(self, folder: Path) -> bool:
        """Take one that a step left; what a program has left in it, or in its place, goes."""
        try:
            spare = self._spares.pop()
        except IndexError:
            return False
        with suppress(MachineError):
            if self._is_empty(spare):
                self._files.move(spare, folder)
                return True
            self._files.remove(spare)
        return False

    def _mkdir(self, folder: Path) -> None:
        """Make the folders of a step, of which there are none. Raises OSError."""
        with owned.spot(folder, make=True) as spot:
            if spot.ground is None:
                folder.parent.mkdir(parents=True, exist_ok=True)
            os.mkdir(spot.name, dir_fd=spot.folder)
        for name in _PARTS:
            with owned.spot(folder / name) as spot:
                os.mkdir(spot.name, dir_fd=spot.folder)

    def _is_empty(self, folder: Path) -> bool:
        """Whether nothing but empty folders is left."""
        names = self._files.names
        return {*names(folder)} == _PARTS and not any(names(folder / name) for name in _PARTS)
