"""The action cache and the store of contents behind it.

Layout, below the user's cache directory:

    cache-v1/cas/ab/abcd…    bytes, named by their SHA-256
    cache-v1/ac/ab/abcd…     action digest → outputs, with the action's JSON as evidence
    cache-v1/sets/ab/abcd…   coarse digest → sets of files that were really read
    cache-v1/runs/           builds that go on
    cache-v1/growth          bytes after the last sweep, then what each build has added
    cache-v1/swept           written anew when a sweep has removed results
    shared/NAME/             caches that one tool fills for all projects (not versioned: the tool's own)

Everything is verified on read: an entry carries a digest of itself, a content is hashed again. What does not verify, what is no
regular file and what has a form that no wbuild writes is removed and counts as a miss; so nothing here is synced. Blobs are written
before the entry that names them, and removed after it. A folder in here that is a link leads to what is somebody else's: nothing is
read, written or removed through it.

The time of an entry's file is when it was last used, at most `STEADY` seconds late; that of a content, when it was last stored.
"""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wbuild.cache.folders import Folders, roots_of
from wbuild.cache.keys import Evidence, Remembered, action_digest, digest
from wbuild.cache.layout import GROWTH, RUNS, SHARED, STEADY, VERSION
from wbuild.cache.sealed_json import LARGEST, ResultEntry, decode, encode, entry_in, is_digest, names_in
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.doors.ownership import user_number
from wbuild.doors.regular import UnfitError, append, opened, read
from wbuild.errors import MachineError
from wbuild.text import json_text

__all__ = ["DEFAULT_LIMIT", "Cache", "ResultEntry"]

DEFAULT_LIMIT: Final = 5 << 30
"""Bytes that a cache may have where no setting says otherwise."""
_SLACK: Final = 10
"""A cache is swept when it is a tenth over its limit, down to a tenth below it: not after each build."""
_GROWTH_LARGEST: Final = 16 << 20
_DIGITS: Final = 18
"""How many digits a number of bytes may have to be believed."""
_SETS: Final = 8
"""Read sets remembered for one coarse digest, newest first."""


class Cache:
    """One user's cache. Methods may be called from several threads and processes at once."""

    def __init__(
        self, root: Path, files: Files, limit: int = DEFAULT_LIMIT, *, shared: Path | None = None, more: tuple[Path, ...] = ()
    ) -> None:
        """`shared`: where the caches of tools are; without it they are beside the results, or in `more` where that cannot serve."""
        self.root = root
        self.limit = limit
        """Bytes; the oldest results go at the end of a build that has grown it over this."""
        self.healed = 0
        """Damaged entries and contents that were found and removed."""
        self.restored = 0
        """Bytes put back from the cache."""
        self.stored = 0
        """Bytes that were not in the cache yet."""
        self._files = files
        self._base = root / VERSION
        user = user_number()
        self._tools = Folders((shared,) if shared else roots_of(root, SHARED, user, more), user)
        self._guard = threading.Lock()
        self._folders: set[Path] = set()
        """Folders that are none behind a link."""

    def shared(self, name: str) -> Path:
        """Folder of a shared cache (`SharedCache`), whether it is there or not."""
        return self._tools.folder(name)

    def ready(self, name: str, say: Callable[[str], None]) -> Path:
        """The folder of a shared cache, made; `say` is told when it is another than usual. Raises MachineError."""
        with machine_errors(self._tools.folder(name), "make"):
            return self._tools.ready(name, say)

    @property
    def shared_roots(self) -> tuple[Path, ...]:
        """Folders that may hold caches of tools, the first choice first."""
        return self._tools.roots

    def fall_back(self, folder: Path) -> None:
        """Another folder for shared caches, for when none of the others can serve."""
        self._tools.add(folder)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be a build: nothing that it uses or stores is swept before it ends. At its end the cache may be swept itself."""
        with self._files.present(self._base / RUNS):
            try:
                yield
            finally:
                self._note_growth()
            if self.stored and self.total() > self.limit + self.limit // _SLACK:
                self._sweep()

    def total(self) -> int:
        """Bytes, as far as builds have said what they added; 0 when unknown."""
        try:
            lines = read(self._base / GROWTH, _GROWTH_LARGEST).split()
        except OSError:
            return 0
        return sum(int(line) for line in lines if len(line) <= _DIGITS and line.isdigit())

    def find(self, action: str, asked: Evidence | None = None) -> ResultEntry | None:
        """The result of an action, or None. `asked`: the evidence that it was made from, if known."""
        path = self._path("ac", action)
        body = self._read(path) if is_digest(action) else None
        if body is None:
            return None
        entry = entry_in(body, action, asked)
        if entry is None:
            self._heal(path)
        return entry

    def keep(self, evidence: Evidence, entry: ResultEntry, action: str = "") -> None:
        """Remember a result. Every content that it names must be stored already. Raises MachineError.

        `action`: the digest of `evidence`, if known: saves making it again.
        """
        body = {"action": evidence, "outputs": dict(entry.outputs), "log": entry.log, "seconds": round(entry.seconds, 3)}
        self._write(self._path("ac", action or action_digest(evidence)), encode(body))

    def remembered(self, action: str) -> Remembered | None:
        """The key of an action whose result is there, or None."""
        body = self._read(self._path("ac", action)) if is_digest(action) else None
        entry = entry_in(body, action) if body is not None else None
        if body is None or entry is None:
            return None
        evidence = body["action"]
        assert isinstance(evidence, dict)
        return Remembered(evidence=evidence, candidates=self._names(entry.names))

    def forget(self, action: str) -> None:
        """Remove the entry of an action, whose contents turned out to be damaged or gone."""
        if is_digest(action):
            self._heal(self._path("ac", action))

    def lend(self, action: str, other: Cache) -> None:
        """Let another cache have the result of an action, if there is one. Raises MachineError."""
        entry = self.find(action)
        if entry is None:
            return
        for content in entry.contents:
            if self.size(content) is not None:
                self._files.copy(self._path("cas", content), other._path("cas", content), durable=False)
        self._files.copy(self._path("ac", action), other._path("ac", action), durable=False)

    def sets(self, coarse: str) -> tuple[tuple[str, ...], ...]:
        """Sets of files that were read under a coarse digest, newest first."""
        body = self._read(self._path("sets", coarse))
        found = body.get("sets") if body else None
        sets = map(names_in, found[:_SETS] if isinstance(found, list) else ())
        return tuple(names for names in sets if names is not None)

    def remember(self, coarse: str, names: Sequence[str]) -> None:
        """Add a read set. Raises MachineError."""
        known = self.sets(coarse)
        if known[:1] != (tuple(names),):
            kept = [tuple(names), *(other for other in known if other != tuple(names))][:_SETS]
            self._write(self._path("sets", coarse), encode({"sets": kept}))

    def size(self, content: str) -> int | None:
        """Bytes of a content, or None when it is not there."""
        if is_digest(content):
            with suppress(OSError), opened(self._path("cas", content)) as file:
                return os.fstat(file.fileno()).st_size
        return None

    def store(self, path: Path, content: str) -> None:
        """Take the file at `path` as the bytes with digest `content`. Raises MachineError."""
        blob, size = self._path("cas", content), path.stat().st_size
        if not self._holds(blob, size):
            self._ours(blob)
            self._files.copy(path, blob, durable=False)
            self._count(stored=size)

    def store_bytes(self, data: bytes, content: str = "") -> str:
        """Take bytes; their digest, which is `content` if that is known. Raises MachineError."""
        content = content or digest(data)
        blob = self._path("cas", content)
        if not self._holds(blob, len(data)):
            self._write(blob, data)
        return content

    def restore(self, content: str, target: Path) -> bool:
        """Put a content at `target` as a file of its own; False when it is not there or damaged. Raises MachineError."""
        blob = self._path("cas", content)
        copied = self._files.copy_verified(blob, target, content) if is_digest(content) and self._reached(blob) else None
        if copied is None:
            if is_digest(content) and os.path.lexists(blob):
                self._heal(blob)
            return False
        self._count(restored=copied)
        return True

    def _holds(self, blob: Path, size: int) -> bool:
        """Whether a content is there; then it is young from now on, so that no sweep removes it before its entry is written."""
        with suppress(OSError):
            found = blob.lstat()
            if stat.S_ISREG(found.st_mode) and found.st_size == size:
                _use(blob)
                return True
        return False

    def _path(self, kind: str, name: str) -> Path:
        return Path(f"{self._base}/{kind}/{name[:2]}/{name}")

    def _reached(self, path: Path) -> bool:
        """Whether no folder between the cache's own and a file is a link; looked at once for each."""
        for folder in (path.parent.parent, path.parent):
            if folder not in self._folders:
                if folder.is_symlink():
                    return False
                self._folders.add(folder)
        return True

    def _ours(self, path: Path) -> None:
        """Raise MachineError when a file would be written through a link."""
        if not self._reached(path):
            link = next(folder for folder in (path.parent.parent, path.parent) if folder.is_symlink())
            raise MachineError("WB613", f"cannot write {link}: it is a link", hint="`wbuild cache verify --repair` removes it")

    def _write(self, path: Path, data: bytes) -> None:
        self._ours(path)
        self._files.write(path, data, durable=False)
        self._count(stored=len(data))

    def _read(self, path: Path) -> dict[str, object] | None:
        if not self._reached(path):
            return None
        try:
            data = read(path, LARGEST)
        except UnfitError:
            self._heal(path)
            return None
        except OSError:
            return None
        body = decode(data)
        if body is None:
            self._heal(path)
        else:
            _use(path)
        return body

    def _names(self, content: str) -> tuple[str, ...] | None:
        """A content that is a list of names; None when it is not there or damaged."""
        if not is_digest(content):
            return None
        try:
            data = read(self._path("cas", content), LARGEST)
            return names_in(json_text.parse(data)) if digest(data) == content else None
        except (OSError, json_text.JsonError):
            return None

    def _heal(self, path: Path) -> None:
        if not self._reached(path):
            return
        self._count(healed=1)
        with suppress(MachineError):  # a cache that cannot be written is still read
            self._files.remove(path)

    def _count(self, *, healed: int = 0, restored: int = 0, stored: int = 0) -> None:
        with self._guard:
            self.healed += healed
            self.restored += restored
            self.stored += stored

    def _note_growth(self) -> None:
        """One short line, which the system appends whole, whoever else appends."""
        with suppress(OSError):
            if self.stored:
                append(self._base / GROWTH, f"{self.stored}\n".encode())

    def _sweep(self) -> None:
        from wbuild.cache.sweep import SweepLimits, sweep  # noqa: PLC0415 - hardly any build needs it

        with suppress(MachineError):  # somebody sweeps already, or may not: then another build will
            sweep(self.root, self._files, SweepLimits(size=self.limit - self.limit // _SLACK), patience=0)


def _use(path: Path) -> None:
    """Note that a file is used, unless it was used not long ago."""
    with suppress(OSError):
        if path.lstat().st_mtime < time.time() - STEADY:
            os.utime(path)
