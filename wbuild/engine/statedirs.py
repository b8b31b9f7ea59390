"""State directories of tools: kept between runs, and emptied before use unless this user's wbuild made what is there.

A cargo target folder that a repository brings along says "Fresh" about sources that it was never made from.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.doors.seal import inode_of, sealed, unsealed
from wbuild.engine.layout import slug

_LARGEST = 1 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StateDirs:
    """The state directories of one run. Methods may be called from several threads."""

    marks: Path
    """Folder of one mark for each: steps can write into the directories, and not here."""
    files: Files
    key: bytes
    """The user's key, which what is written here is bound to."""
    ready: dict[Path, int] = field(default_factory=dict)
    """The folder of each that this run has looked at → its inode."""
    guard: threading.Lock = field(default_factory=threading.Lock)

    def known(self, folder: Path) -> bool:
        """Whether what is there was left by this user's wbuild, here."""
        inode = inode_of(folder)
        if not inode:
            return False
        mark = self._mark(folder)
        with suppress(OSError):
            return unsealed(self.key, mark, read(mark, _LARGEST), inode) == bytes(folder)
        return False

    def prepare(self, folder: Path) -> None:
        """Make a directory ready for a step, empty unless its content is known. Raises MachineError, UsageError."""
        with self.guard:
            if self.ready.get(folder, 0) == inode_of(folder) != 0:
                return
            if folder not in self.ready and not self.known(folder):
                self.files.remove(folder)
            self.files.make_folder(folder)
            inode = inode_of(folder)
            if self.ready.get(folder) != inode:
                self.files.write(self._mark(folder), sealed(self.key, self._mark(folder), bytes(folder), inode), durable=False)
                self.ready[folder] = inode

    def _mark(self, folder: Path) -> Path:
        return self.marks / slug(str(folder))
