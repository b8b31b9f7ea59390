"""The index of git (gitformat-index, versions 2, 3 and 4): which files does it track below some names? Total, over bytes from anybody.

A repository has a hundred thousand entries and more, and hardly one of them is asked for. In versions 2 and 3 paths stand as they are, so
the bytes are searched for the names first, and entries are read one by one only where that finds something. Version 4 has of each path
what differs from the one before, so its entries are read until the names are behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_HEADER: Final = 12
_STATS: Final = 40
"""Bytes in front of an entry's digest; four of them from 24 on are its mode."""
_DIGESTS: Final = (20, 32)
"""Bytes of SHA-1 and of SHA-256: the index does not say which its repository has."""
_EXTENDED: Final = 0x4000
_LENGTH: Final = 0x0FFF
"""The bits of the flags that hold the path's length, if it is shorter."""
_LONGEST: Final = 1 << 16
"""Bytes of a path."""
_SLASH: Final = ord("/")
_VERSIONS: Final = (2, 3, 4)
_COMPRESSED: Final = 4

LINK: Final = 0o120000
FOLDER: Final = 0o040000
"""A folder of a sparse checkout: all that is in it is tracked, and not there."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A file, a link or a submodule that git tracks."""

    path: bytes
    """The path, relative to the repository's folder."""
    mode: int

    @property
    def kind(self) -> int:
        """The mode without permissions."""
        return self.mode & 0o170000


def entries_below(index: bytes, names: Sequence[bytes], *, fold: bool = False) -> tuple[IndexEntry, ...]:
    """What the index has at or below these paths (b"" is all); nothing for bytes that are no index, or a damaged one.

    `fold`: the file system does not tell capital letters from small ones.
    """
    if index[:4] != b"DIRC" or len(index) < _HEADER or _number(index, 4) not in _VERSIONS:
        return ()
    version, wanted = _number(index, 4), [name.lower() if fold else name for name in names]
    if version != _COMPRESSED and b"" not in wanted and not _mentions(index, wanted, fold=fold):
        return ()
    starts = tuple(name and name + b"/" for name in wanted)
    last = b"\xff" if b"" in wanted else max(starts, default=b"") + b"\xff"
    for digest in _DIGESTS:
        found = []
        try:
            for path, at in _compressed(index, digest) if version == _COMPRESSED else _plain(index, digest):
                if not fold and path > last:  # entries are sorted
                    break
                compared = path.lower() if fold else path
                if compared in wanted or compared.startswith(starts):
                    found.append(IndexEntry(path, _number(index, at + 24)))
        except (ValueError, IndexError):
            continue
        return tuple(found)
    return ()


def _number(index: bytes, at: int) -> int:
    return int.from_bytes(index[at : at + 4], "big")


def _mentions(index: bytes, names: Sequence[bytes], *, fold: bool) -> bool:
    """Whether an entry with plain paths may be at or below one of these names: its length stands in front of it."""
    searched = index.lower() if fold else index
    for name in names:
        at = searched.find(name, _HEADER)
        while at >= 0:
            # Right in front of a path are its flags, in version 3 perhaps two more bytes of them; amid a path it is a slash.
            low, high = index[at - 1], index[at - 2]
            if low != _SLASH or not high & 0x40:
                length = (high << 8 | low) & _LENGTH
                whole = length == _LENGTH or low == 0 or index.find(b"\0", at, at + length + 1) == at + length
                if whole and searched[at + len(name) : at + len(name) + 1] in (b"/", b"\0"):
                    return True
            at = searched.find(name, at + 1)
    return False


def _plain(index: bytes, digest: int) -> Iterator[tuple[bytes, int]]:
    """Path of each entry and where it begins. Raises ValueError."""
    at, fixed = _HEADER, _STATS + digest + 2
    for _ in range(_number(index, 8)):
        flags = index[at + fixed - 2] << 8 | index[at + fixed - 1]
        start = at + fixed + (2 if flags & _EXTENDED else 0)
        end = index.index(b"\0", start, start + _LONGEST)
        if min(end - start, _LENGTH) != flags & _LENGTH:
            raise ValueError
        yield index[start:end], at
        at += (end - at + 8) & ~7


def _compressed(index: bytes, digest: int) -> Iterator[tuple[bytes, int]]:
    """Paths and modes of an index of version 4: of each path it says first how many bytes of the one before do not count. Raises
    ValueError, IndexError."""
    at, fixed, path = _HEADER, _STATS + digest + 2, b""
    for _ in range(_number(index, 8)):
        start = at + fixed
        flags = index[start - 2] << 8 | index[start - 1]
        if flags & _EXTENDED:
            start += 2
        byte = index[start]
        start += 1
        dropped = byte & 0x7F
        while byte & 0x80:
            byte = index[start]
            start += 1
            dropped = (dropped + 1) << 7 | byte & 0x7F
            if dropped > _LONGEST:
                raise ValueError
        end = index.index(b"\0", start, start + _LONGEST)
        path = path[: len(path) - dropped] + index[start:end]
        if dropped > _LONGEST or min(len(path), _LENGTH) != flags & _LENGTH:
            raise ValueError
        yield path, at
        at = end + 1
