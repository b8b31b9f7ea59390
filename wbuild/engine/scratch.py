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

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import MachineError
from wbuild.words import OUT_FOLDER

HOME: Final = "home"
TMP: Final = "tmp"
_PARTS: Final = frozenset((HOME, TMP, OUT_FOLDER))


class Scratches:
    """The private folders of one run. Methods may be called from several threads."""

    def __init__(self, tmp: Path, files: Files) -> None:
        self._tmp = str(tmp)
        self._files = files
        self._spares: list[str] = []
        self._numbers = itertools.count()

    def make(self, folder: Path) -> None:
        """An empty folder with HOME, TMP and the one for outputs in it, whatever is there. Raises MachineError."""
        if self._reuse(folder):
            return
        with machine_errors(folder, "make"):
            try:
                folder.mkdir()
            except FileNotFoundError:
                folder.mkdir(parents=True)
            except FileExistsError:
                self._files.remove(folder)
                folder.mkdir()
            for name in _PARTS:
                os.mkdir(f"{folder}/{name}")  # noqa: PTH102 - called for every step

    def clear(self, folder: Path, files: Iterable[str]) -> None:
        """Take a folder away with what is in it. `files`: names of those that are likely to be there. Raises MachineError."""
        place = str(folder)
        try:
            for name in files:
                with suppress(FileNotFoundError):
                    os.unlink(f"{place}/{name}")  # noqa: PTH108 - see above
            if _is_empty(place):
                spare = f"{self._tmp}/spare-{next(self._numbers)}"
                os.rename(place, spare)  # noqa: PTH104 - see above
                self._spares.append(spare)
                return
        except OSError:
            pass
        self._files.remove(folder)

    def close(self) -> None:
        """Remove what is kept for steps that do not come."""
        for spare in self._spares:
            with suppress(MachineError):  # the next run removes it
                self._files.remove(Path(spare))
        self._spares.clear()

    def _reuse(self, folder: Path) -> bool:
        try:
            os.rename(self._spares.pop(), folder)  # noqa: PTH104 - see above
        except (IndexError, OSError):
            return False
        return True


def _is_empty(place: str) -> bool:
    """Whether nothing but empty folders is left."""
    return {*os.listdir(place)} == _PARTS and not any(os.listdir(f"{place}/{name}") for name in _PARTS)  # noqa: PTH208 - see above
