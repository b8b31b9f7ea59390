"""The last look at a whole tree, so that the next one may be short: some tools have 20 000 files.

A short look sees what came, went or was renamed anywhere (folders carry the time of that), and programs that were written to.
Another file that was written in place is seen by the next whole look: that is due every `FRESH` seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.errors import MachineError
from wbuild.steps.tree import upward
from wbuild.store.contents import Item

LOOKED: Final = ".looked"
"""Folder beside the trees, with a file for each."""
_LARGEST: Final = 64 << 20
FRESH: Final = 600.0
"""Seconds for which a whole look counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What is remembered of the last whole look at one tree."""

    root: Path
    note: Path
    files: Files

    def holds(self) -> bool:
        """Whether the last look is young, and a short one finds nothing changed since."""
        try:
            age = time.time() - self.note.stat().st_mtime
            return 0 <= age < FRESH and all(map(self._same, read(self.note, _LARGEST).decode("utf-8").splitlines()))
        except (OSError, ValueError):
            return False

    def stamps(self, items: Sequence[Item]) -> str:
        """The state of a tree's folders and programs, to be taken before its whole look."""
        parents = {dirname(item.path) for item in items}
        folders = {folder for parent in parents for folder in upward(parent)}
        return "\n".join(self._lines([*sorted(folders), *(item.path for item in items if item.kind == "program")]))

    def remember(self, stamps: str) -> None:
        """Note that a whole look found nothing wrong. A store that cannot be written is looked at as a whole each time."""
        with suppress(MachineError):
            self.files.write(self.note, stamps, durable=False)

    def _lines(self, paths: Iterable[str]) -> Iterable[str]:
        for path in paths:
            with suppress(OSError):  # its absence is found by the look itself
                yield f"{_stamp(self.root, path)} {path}"

    def _same(self, line: str) -> bool:
        stamp, _, path = line.partition(" ")
        return _stamp(self.root, path) == stamp


def _stamp(root: Path, path: str) -> str:
    info = os.lstat(f"{root}/{path}")
    return f"{info.st_mtime_ns}:{info.st_size}:{info.st_mode:o}"
