"""The folder that an archive is unpacked into: every path is claimed before it is made, and nothing existing is followed.

Folders are entered through descriptors (openat with O_NOFOLLOW) where the system has them; files are made with O_EXCL.
Symbolic links are made last, so no write can go through one. No fsync happens here: whoever renames the tree into place
makes it durable first, once for all files.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Protocol

from wbuild.doors.archive.rules import MAX_MEMBERS, Parts, folded, hostile, link_steps, shown, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

MTIME: Final = 946_684_800
"""Modification time of every file, in seconds since the epoch (2000-01-01): trees of one archive are equal on all machines."""

_AT: Final = os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_READ: Final = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_ENTER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_IN_THE_WAY: Final = frozenset({errno.EEXIST, errno.ELOOP, errno.ENOTDIR, errno.EISDIR})
_BLOCK: Final = 1 << 20

Kind = Literal["folder", "file", "link"]


@contextmanager
def _refuse_what_is_in_the_way(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _IN_THE_WAY:
            raise hostile(f"something is in the way of {shown(name)}: {error.strerror}") from None
        raise


class Receiver(Protocol):
    """What takes the members of an archive; see `NewTree`."""

    def folder(self, parts: Parts) -> None: ...
    def file(self, parts: Parts, chunks: Iterable[bytes], *, executable: bool) -> None: ...
    def hard_link(self, parts: Parts, source: Parts) -> None: ...
    def link(self, parts: Parts, target: str) -> None: ...


class NewTree:
    """Receives the members of one archive. Raises BadArchive for what must not be made, OSError for what cannot be."""

    def __init__(self, root: Path, *, limit: int, executables: Sequence[str] = ()) -> None:
        self.files = 0
        self._root = root
        self._limit = limit
        self._written = 0
        self._members = 0
        self._executables = [re.compile(translate(pattern)) for pattern in executables]
        self._kinds: dict[str, tuple[str, Kind]] = {}
        self._links: list[tuple[Parts, str]] = []
        self._here: Parts = ()
        self._fds: list[int] = []

    def __enter__(self) -> NewTree:  # noqa: PYI034 - Self is not in Python 3.10
        self._root.mkdir(parents=True, exist_ok=True)
        if _AT:
            self._fds.append(os.open(self._root, os.O_RDONLY | os.O_DIRECTORY))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def folder(self, parts: Parts) -> None:
        """A folder; saying so twice is fine."""
        self._count()
        if parts:
            self._claim(parts, "folder")
            self._enter(parts)

    def file(self, parts: Parts, chunks: Iterable[bytes], *, executable: bool) -> None:
        """A regular file with the content of `chunks`."""
        self._count()
        name = "/".join(parts)
        self._claim(parts, "file")
        executable = executable or any(pattern.match(name) for pattern in self._executables)
        with _refuse_what_is_in_the_way(name):
            self._enter(parts[:-1])
            fd = os.open(self._path(parts[-1]), _CREATE, 0o600, dir_fd=self._fd())
        try:
            for chunk in chunks:
                self._write(fd, chunk)
            if os.chmod in os.supports_fd:
                os.fchmod(fd, 0o755 if executable else 0o644)
            if os.utime in os.supports_fd:
                os.utime(fd, (MTIME, MTIME))
        finally:
            os.close(fd)
        if os.utime not in os.supports_fd:
            os.utime(self._path(parts[-1]), (MTIME, MTIME))
        self.files += 1

    def hard_link(self, parts: Parts, source: Parts) -> None:
        """A copy of an earlier regular file of the same archive: trees share no inodes."""
        key = folded("/".join(source))
        if self._kinds.get(key) != ("/".join(source), "file"):
            raise hostile(f"the hard link {shown('/'.join(parts))} points to {shown('/'.join(source))}, not an earlier regular file")
        self._enter(source[:-1])
        fd = os.open(self._path(source[-1]), _READ, dir_fd=self._fd())
        with os.fdopen(fd, "rb") as content:
            executable = bool(os.fstat(fd).st_mode & 0o100)
            self.file(parts, iter(lambda: content.read(_BLOCK), b""), executable=executable)

    def link(self, parts: Parts, target: str) -> None:
        """A symbolic link, made by `finish`."""
        self._count()
        self._claim(parts, "link")
        self._links.append((parts, target))

    def finish(self) -> int:
        """Make the symbolic links; the number of files, links among them."""
        for parts, target in self._links:
            name = "/".join(parts)
            for step in link_steps(parts[:-1], target, name)[:-1]:
                known = self._kinds.get(folded("/".join(step)))
                if known is not None and known[1] == "link":
                    raise hostile(f"the link {shown(name)} points through another link, {shown('/'.join(step))}")
        for parts, target in self._links:
            with _refuse_what_is_in_the_way("/".join(parts)):
                self._enter(parts[:-1])
                os.symlink(target, self._path(parts[-1]), dir_fd=self._fd())
        return self.files + len(self._links)

    def _count(self) -> None:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise too_large(f"more than {MAX_MEMBERS:,} members")

    def _claim(self, parts: Parts, kind: Kind) -> None:
        name = "/".join(parts)
        key = folded(name)
        known = self._kinds.get(key)
        if known is not None:
            if known == (name, "folder") == (name, kind):
                return
            raise hostile(self._conflict(name, kind, known))
        if len(parts) > 1:
            self._claim(parts[:-1], "folder")
        self._kinds[key] = (name, kind)

    @staticmethod
    def _conflict(name: str, kind: Kind, known: tuple[str, str]) -> str:
        if known[0] != name:
            return f"{shown(name)} and {shown(known[0])} are one name on some file systems"
        if known[1] == "link":
            return f"{shown(name)} is a symbolic link and would be written through or twice"
        return f"{shown(name)} is there twice" if known[1] == kind else f"{shown(name)} is both a {known[1]} and a {kind}"

    def _write(self, fd: int, chunk: bytes) -> None:
        self._written += len(chunk)
        if self._written > self._limit:
            raise too_large(f"unpacks to more than {self._limit:,} bytes")
        view = memoryview(chunk)
        while view:
            view = view[os.write(fd, view) :]

    def _fd(self) -> int | None:
        return self._fds[-1] if _AT else None

    def _path(self, name: str) -> str:
        return name if _AT else str(self._root.joinpath(*self._here, name))

    def _enter(self, parts: Parts) -> None:
        """Make `parts` the current folder, and the folders on the way."""
        if parts == self._here:
            return
        common = 0
        for ours, theirs in zip(self._here, parts, strict=False):
            if ours != theirs:
                break
            common += 1
        while len(self._fds) > common + 1:
            os.close(self._fds.pop())
        self._here = parts[:common]
        for part in parts[common:]:
            with _refuse_what_is_in_the_way("/".join((*self._here, part))):
                self._descend(part)

    def _descend(self, part: str) -> None:
        path, fd = self._path(part), self._fd()
        try:
            os.mkdir(path, 0o755, dir_fd=fd)
        except FileExistsError:
            if not _AT and (os.path.islink(path) or not os.path.isdir(path)):  # noqa: PTH112, PTH114
                raise
        if _AT:
            self._fds.append(os.open(path, _ENTER, dir_fd=fd))
            os.fchmod(self._fds[-1], 0o755)
        self._here = (*self._here, part)
