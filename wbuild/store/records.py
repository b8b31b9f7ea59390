"""What this user has seen installed: the digest of each tree's list, in the user's data folder, which no step can write.

So a tree whose files, list and receipt were all changed is found, by `tools verify` and before it is used.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.errors import MachineError

FOLDER: Final = "trees"
_LARGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Records:
    """One small file for each tree. Where nothing can be kept every tree is as good as its receipt."""

    data: Path | None
    """The user's data folder for wbuild."""
    files: Files

    def holds(self, tree: Path, digest: str) -> bool:
        """Whether a tree has the list that it had when it was noted, if it was."""
        known = self._known(tree)
        return known in ("", digest)

    def note(self, tree: Path, digest: str) -> None:
        """Remember the list of a tree."""
        path = self._path(tree)
        if path is not None and self._known(tree) != digest:
            with suppress(MachineError):
                self.files.write(path, digest, durable=False)

    def _known(self, tree: Path) -> str:
        path = self._path(tree)
        if path is None:
            return ""
        try:
            return read(path, _LARGEST).decode("ascii", "replace")
        except OSError:
            return ""

    def _path(self, tree: Path) -> Path | None:
        if self.data is None:
            return None
        return self.data / FOLDER / f"{hashlib.sha256(str(tree.parent).encode('utf-8', 'surrogateescape')).hexdigest()[:16]}-{tree.name}"
