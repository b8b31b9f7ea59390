"""What is known of files: digests that need not be computed again. A hint for speed, never the truth.

Racy-clean rule: a digest is trusted only if the file had aged when it was taken, because a file that is changed twice within
one tick of the file system's clock looks unchanged.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Final, NamedTuple

from wbuild.doors.interfaces import Clock, Files
from wbuild.keys import canonical, digest

_TICK_NS: Final = 50_000_000
"""File systems with fine time stamps: the kernel's clock tick, generously."""
_COARSE_NS: Final = 2_000_000_000
"""Those that write whole seconds (FAT: two)."""


class Stamp(NamedTuple):
    """What the system says about a regular file."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int


class Index:
    """Digests of a project's files. Methods may be called from several threads."""

    def __init__(self, root: Path, files: Files, clock: Clock) -> None:
        self._root = str(root)
        self._files = files
        self._clock = clock
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._saved = ""
        self.actions: dict[str, str] = {}
        """Step → digest of the action whose key is remembered on disk."""

    def stamp(self, path: str) -> Stamp | None:
        """The state of a file, relative to the root; None when it is not a regular file."""
        try:
            info = os.stat(f"{self._root}/{path}")  # noqa: PTH116 - called for every file of a project
        except (OSError, ValueError):
            return None
        return Stamp(info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns) if stat.S_ISREG(info.st_mode) else None

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file, relative to the root; None when it is not a regular file."""
        stamp = self.stamp(path)
        if stamp is None:
            return None
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        found = self._files.sha256(Path(self._root, path))
        self._note(path, stamp, found)
        return found

    def record(self, path: str, content: str) -> None:
        """Note a file that wbuild itself has written."""
        stamp = self.stamp(path)
        if stamp is not None:
            self._note(path, stamp, content)

    def _note(self, path: str, stamp: Stamp, content: str) -> None:
        tick = _TICK_NS if stamp.mtime_ns % 1_000_000_000 else _COARSE_NS
        if max(stamp.mtime_ns, stamp.ctime_ns) + tick < self._clock.now() * 1e9 and self.stamp(path) == stamp:
            self._known[path] = (stamp, content)
        else:
            self._known.pop(path, None)

    def load(self, path: Path) -> bool:
        """Take over what an earlier run knew; False for a damaged file, which is as good as none."""
        try:
            head, _, body = path.read_bytes().partition(b"\n")
            if hashlib.sha256(body).hexdigest().encode() != head:
                return False
            self._saved = head.decode()
            saved = json.loads(body)
            self._known = {name: (Stamp(*entry[:4]), entry[4]) for name, entry in saved["files"].items()}
            self.actions = saved["steps"]
        except FileNotFoundError:
            return True
        except (OSError, ValueError, TypeError, KeyError):
            self._known, self.actions = {}, {}
            return False
        return True

    def save(self, path: Path) -> None:
        """Keep it for the next run, if that knows less. Raises MachineError."""
        body = canonical({"files": {name: [*stamp, content] for name, (stamp, content) in self._known.items()}, "steps": self.actions})
        if digest(body) != self._saved:
            self._files.write(path, digest(body).encode() + b"\n" + body, durable=False)
