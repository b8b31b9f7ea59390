"""What is known of files: digests that need not be computed again. A hint for speed, never the truth.

Racy-clean rule: a digest is trusted only if the file had aged when it was taken, because a file that is changed twice within
one tick of the file system's clock looks unchanged.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from wbuild.cache.keys import blob_name, canonical, digest
from wbuild.doors.interfaces import Clock, Files
from wbuild.doors.regular import read
from wbuild.doors.seal import sealed, unsealed
from wbuild.engine.folders import files_in, is_folder, is_plain, listing
from wbuild.text.project_names import CHANGING

_TICK_NS: Final = 50_000_000
"""File systems with fine time stamps: the kernel's clock tick, generously."""
_LARGEST: Final = 1 << 30
"""Bytes of an index: far more than any project has."""
_COARSE_NS: Final = 2_000_000_000
"""The tick of clocks of file systems that write whole seconds (FAT: two), in nanoseconds."""


NAMES: Final = "/{names}"
"""How a path ends that stands for the names of all files and folders below a folder."""


def names_below(folder: str) -> Iterator[str]:
    """Files below a folder, relative to it, and folders with a slash at the end."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted({*folders} - CHANGING)
        above = os.path.relpath(place, folder).replace(os.sep, "/")
        start = "" if above == "." else f"{above}/"
        yield from (f"{start}{name}/" for name in folders)
        yield from (f"{start}{name}" for name in files)


class Stamp(NamedTuple):
    """The numbers by which the system tells one state of a regular file from another."""

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int

    def may_follow(self, moment_ns: float) -> bool:
        """Whether the file may have changed at or after a moment (nanoseconds since 1970), as finely as its file system tells time."""
        tick = _TICK_NS if self.mtime_ns % 1_000_000_000 else _COARSE_NS
        return max(self.mtime_ns, self.ctime_ns) + tick >= moment_ns


class Index:
    """Digests of a project's files. Methods may be called from several threads."""

    def __init__(self, root: Path, files: Files, clock: Clock, key: bytes = b"") -> None:
        """`key` is the user's: an index that is bound to another one is not believed."""
        self._root = str(root)
        self._files = files
        self._clock = clock
        self._key = key
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._fresh: dict[str, tuple[Stamp, str]] = {}
        """Files that this run has written: too young to be known to a later one."""
        self._saved = ""
        self.actions: dict[str, str] = {}
        """Step → digest of the action whose result was used last."""
        self.seconds: dict[str, float] = {}
        """Step → how long it took when it last ran."""
        self.copies: dict[str, str] = {}
        """Files that steps have put among the user's own → SHA-256."""

    def stamp(self, path: str) -> Stamp | None:
        """The state of a file, relative to the root; None when it is not a regular file."""
        try:
            info = os.stat(f"{self._root}/{path}")  # noqa: PTH116 - called for every file of a project
        except (OSError, ValueError):
            return None
        return Stamp(info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns) if stat.S_ISREG(info.st_mode) else None

    def changed(self, path: str) -> bool:
        """Whether a file is not, as far as times tell, what it was when its digest was taken; also when nobody knows."""
        known = self._known.get(path)
        return known is None or known[0] != self.stamp(path)

    def digest(self, path: str) -> str | None:
        """SHA-256 of a file, relative to the root, or of the list of a folder (`engine.folders`); None when there is no such thing."""
        if is_folder(path):
            found = self._listing(path)
            return None if found is None else digest(found)
        looked = self._look(path)
        return looked and looked[1]

    def blob(self, path: str) -> str | None:
        """What keys call its content: digest and size; that of `FOLDER/{names}` is the names below a folder. None when it is not there."""
        if path.endswith(NAMES):
            return self._names(path.removesuffix(NAMES))
        if is_folder(path):
            found = self._listing(path)
            return None if found is None else blob_name(digest(found), len(found))
        looked = self._look(path)
        return looked and blob_name(looked[1], looked[0].size)

    def _listing(self, folder: str) -> bytes | None:
        """What a folder that a step has made is known by; None when it is not there as a step leaves it: without links."""
        place = Path(self._root, folder)
        if not place.is_dir() or place.is_symlink() or not is_plain(place):
            return None
        return listing({name: content for name in files_in(place) if (content := self.digest(f"{folder}{name}")) is not None})

    def _names(self, folder: str) -> str | None:
        place = f"{self._root}/{folder}"
        if not os.path.isdir(place):  # noqa: PTH112
            return None
        text = canonical(sorted(names_below(place)))
        return blob_name(digest(text), len(text))

    def _look(self, path: str) -> tuple[Stamp, str] | None:
        stamp = self.stamp(path)
        if stamp is None:
            return None
        for book in (self._known, self._fresh):
            known = book.get(path)
            if known is not None and known[0] == stamp:
                return known
        found = self._files.sha256(Path(self._root, path))
        self._note(path, stamp, found)
        return stamp, found

    def record(self, path: str, content: str) -> None:
        """Note a file that wbuild itself has written."""
        stamp = self.stamp(path)
        if stamp is not None:
            self._fresh[path] = stamp, content
            self._note(path, stamp, content)

    def _note(self, path: str, stamp: Stamp, content: str) -> None:
        if not stamp.may_follow(self._clock.now() * 1e9) and self.stamp(path) == stamp:
            self._known[path] = (stamp, content)
        else:
            self._known.pop(path, None)

    def load(self, path: Path) -> bool:
        """Take over what an earlier run knew; False for a file that is damaged, or that this user has not left here: as good as none."""
        try:
            body = unsealed(self._key, path, read(path, _LARGEST))
            if body is None:
                return False
            self._saved = digest(body)
            # By hand: it has five values for each file of a project. 10 000 files take 15 ms so, and 73 ms with `toml.from_json`.
            saved = json.loads(body)
            self._known = {name: (Stamp(*entry[:4]), str(entry[4])) for name, entry in saved["files"].items()}
            self.actions = {name: str(action) for name, action in saved["steps"].items()}
            self.seconds = {name: float(seconds) for name, seconds in saved.get("seconds", {}).items()}
            self.copies = {name: str(content) for name, content in saved.get("copies", {}).items()}
        except FileNotFoundError:
            return True
        except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, MemoryError):
            self._known, self.actions, self.seconds, self.copies = {}, {}, {}, {}
            return False
        return True

    def save(self, path: Path) -> None:
        """Keep it for the next run, if that knows less. Raises MachineError."""
        files = {name: [*stamp, content] for name, (stamp, content) in self._known.items()}
        body = canonical({"files": files, "steps": self.actions, "seconds": self.seconds, "copies": self.copies})
        if digest(body) != self._saved:
            self._files.write(path, sealed(self._key, path, body), durable=False)
