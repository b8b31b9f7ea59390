"""Where the caches of tools are: in the shared folder where this user can write there, else in a folder of this user's own.

A tool writes such a cache itself, with permissions of its own liking, so it can only be shared among builds of one user: in a folder of
somebody else's every step of the tool would fail. A folder that is read-only, full or behind a link serves nobody.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from wbuild.doors.ownership import writable
from wbuild.doors.regular import append
from wbuild.nothing_to_do import ASIDE

_ROOMY = 1.0
"""Seconds for which a folder that could be written is not tried again."""
_PROBE = b"\0" * 4096
"""As much as a file system gives at once: one that is full has no room for it."""


class Folders:
    """The folders in which tools keep their caches, the first that can serve first. Safe to use from several threads."""

    def __init__(self, roots: tuple[Path, ...], user: int | None) -> None:
        """`user`: whose folders serve besides root's own; None where systems do not know users by numbers."""
        self.roots = tuple(dict.fromkeys(roots))
        self._user = user
        self._refused: dict[Path, str] = {}
        self._found: dict[str, Path] = {}
        self._probed: dict[Path, float] = {}
        """Folder → until when (seconds) it counts as one that can be written."""
        self._guard = threading.RLock()

    def add(self, root: Path) -> None:
        """One more folder, for when none of the others can serve."""
        with self._guard:
            if root not in self.roots:
                self.roots = (*self.roots, root)

    def folder(self, name: str) -> Path:
        """The folder of a cache, whether it is there or not."""
        with self._guard:
            found = self._found.get(name)
            if found is None:
                found = self._found[name] = next((root for root in self.roots if self._serves(root, name)), self.roots[0]) / name
            return found

    def ready(self, name: str, say: Callable[[str], None]) -> Path:
        """The folder of a cache, made. `say` is told when it is not the first choice. Raises OSError when none can be made."""
        with self._guard:
            while True:
                folder = self.folder(name)
                root = folder.parent
                try:
                    if not folder.is_dir() or (root not in self._refused and time.monotonic() > self._probed.get(folder, 0.0)):
                        _probe(folder, root)
                        self._probed[folder] = time.monotonic() + _ROOMY
                except OSError as error:
                    if self._refuse(root, error):
                        continue
                    raise
                if root != self.roots[0]:
                    why = self._refused.get(self.roots[0]) or "it is another user's, or cannot be written"
                    say(f"caches of tools in {self.roots[0]} are not used: {why}; this user's are in {root}")
                return folder

    def _refuse(self, root: Path, error: OSError) -> bool:
        """Look no more at a folder; whether there is another."""
        if root in self._refused or root == self.roots[-1]:
            return False
        self._refused[root] = error.strerror or str(error)
        self._found = {name: folder for name, folder in self._found.items() if folder.parent != root}
        return True

    def _serves(self, root: Path, name: str) -> bool:
        return root not in self._refused and all(map(self._own, (root, root / name))) and writable(root / name)

    def _own(self, folder: Path) -> bool:
        """Whether a folder is this user's, or not there."""
        try:
            info = folder.lstat()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return not folder.is_symlink() and (self._user in (None, 0) or info.st_uid == self._user)


def _probe(folder: Path, root: Path) -> None:
    """Make a folder, and see that something can be written beside it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = root / f"{ASIDE}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        append(path, _PROBE)
    finally:
        with suppress(OSError):
            path.unlink()


def roots_of(cache: Path, shared: str, user: int | None, more: tuple[Path, ...]) -> tuple[Path, ...]:
    """Where the caches of tools may be, in order: beside the results, there for one user alone, and in `more`."""
    own = (cache / f"{shared}-{user}",) if user is not None else ()
    return (cache / shared, *own, *more)
