"""Debian packages: an `ar` archive with a tar of the files, which become a prefix that works anywhere.

Paths are given as on a merged-/usr system (`bin`, `sbin`, `lib…` are below `usr`), absolute links become relative ones, and
documentation is left out but for copyright notices. Maintainer scripts are not even read.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import IO, Final

from wbuild.doors.archive.rules import BadArchive, Parts, broken, shown
from wbuild.doors.archive.streams import STREAMS, plain
from wbuild.doors.archive.tars import unpack_tar
from wbuild.doors.archive.tree import NewTree

MAGIC: Final = b"!<arch>\ndebian-binary"
_GLOBAL: Final = 8
_HEADER: Final = 60
_MERGED: Final = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libx32"})
_UNREAD: Final = frozenset({"doc", "doc-base", "man", "info", "locale", "lintian", "bug"})
"""Folders of usr/share that no program reads."""
_MAX_MEMBERS: Final = 16


class _Slice:
    """One member of the `ar` archive as a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(chunk)
        return chunk


def unpack_deb(file: IO[bytes], tree: NewTree, limit: int) -> None:
    """Give the files of a package to `tree`. Raises BadArchive."""
    name, start, size = _data(file)
    file.seek(start)
    head = file.read(min(8, size))
    file.seek(start)
    stream = next((stream for magic, stream in STREAMS if head.startswith(magic)), plain)
    if stream is plain and name != b"data.tar":
        raise broken(f"the files are in {name.decode('ascii', 'replace')}, which is no known kind of archive")
    unpack_tar(stream(_Slice(file, size)), _Prefix(tree), limit)


def _data(file: IO[bytes]) -> tuple[bytes, int, int]:
    """Name, place and size of the tar with the files."""
    end = file.seek(0, 2)
    at = _GLOBAL
    for _ in range(_MAX_MEMBERS):
        file.seek(at)
        header = file.read(_HEADER)
        digits = header[48:58].strip()
        if len(header) < _HEADER or header[58:] != b"`\n" or not re.fullmatch(rb"[0-9]{1,10}", digits):
            break
        size = int(digits)
        if at + _HEADER + size > end:
            break
        name = header[:16].rstrip().rstrip(b"/")
        if name.startswith(b"data.tar"):
            return name, at + _HEADER, size
        at += _HEADER + size + size % 2
    raise broken("the Debian package is cut off, or has no files in it")


class _Prefix:
    """Receives members of a package as the package names them, and gives them to a tree as they are named in a prefix."""

    def __init__(self, tree: NewTree) -> None:
        self._tree = tree

    def folder(self, parts: Parts) -> None:
        if not _unread(moved(parts)):
            self._tree.folder(moved(parts))

    def file(self, parts: Parts, chunks: Iterable[bytes], *, executable: bool) -> None:
        if _unread(moved(parts)):
            for _ in chunks:
                pass
        else:
            self._tree.file(moved(parts), chunks, executable=executable)

    def hard_link(self, parts: Parts, source: Parts) -> None:
        if not _unread(moved(parts)):
            self._tree.hard_link(moved(parts), moved(source))

    def link(self, parts: Parts, target: str) -> None:
        here = moved(parts)
        there = moved(_destination(parts, target))
        if here != there and not _unread(here):
            self._tree.link(here, posixpath.relpath("/".join(there), "/".join(here[:-1]) or "."))


def moved(parts: Parts) -> Parts:
    """Where a path of a package is in the prefix."""
    return ("usr", *parts) if parts and parts[0] in _MERGED else parts


def _unread(parts: Parts) -> bool:
    return parts[:2] == ("usr", "share") and len(parts) > 2 and parts[2] in _UNREAD and parts[-1] != "copyright"


def _destination(parts: Parts, target: str) -> Parts:
    """The path in the package that a link names. Raises BadArchive for one outside."""
    if not target or "\0" in target:
        raise _bad_link(parts, target)
    here = [] if target.startswith("/") else list(parts[:-1])
    for part in target.split("/"):
        if part == "..":
            if not here:
                raise _bad_link(parts, target)
            here.pop()
        elif part not in ("", "."):
            here.append(part)
    return tuple(here)


def _bad_link(parts: Parts, target: str) -> BadArchive:
    return broken(f"the link {shown('/'.join(parts))} points to {shown(target)}, outside the package")
