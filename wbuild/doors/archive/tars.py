"""Tar archives (POSIX ustar and pax, GNU long names), read as a stream.

Owner, times and extended attributes are not even read. Where formats or readers disagree about a field, the archive is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wbuild.doors.archive.rules import Parts, broken, hostile, parts_of, shown, text_of, too_large
from wbuild.doors.archive.tree import Receiver

_BLOCK: Final = 512
_MAX_PAX: Final = 1 << 20
_MAX_LONG_NAME: Final = 1 << 16
_MAX_HEADERS_BETWEEN: Final = 8
"""Extension headers in front of one member."""
_OCTAL = re.compile(rb" *([0-7]*)[ \0]*")
_RECORD = re.compile(rb"([1-9][0-9]{0,9}) ")
_ZERO: Final = bytes(_BLOCK)
_REGULAR: Final = (b"0", b"\0", b"7")


class _Stream:
    """Exact reads from chunks; `limit` bounds everything that comes out of the decompressor."""

    def __init__(self, chunks: Iterator[bytes], limit: int) -> None:
        self._chunks = chunks
        self._left = limit
        self._limit = limit
        self._chunk = memoryview(b"")

    def upto(self, size: int) -> memoryview:
        """Between 1 and `size` bytes; none only at the end of the stream."""
        while not self._chunk:
            chunk = next(self._chunks, None)
            if chunk is None:
                return memoryview(b"")
            self._left -= len(chunk)
            if self._left < 0:
                raise too_large(f"unpacks to more than {self._limit:,} bytes")
            self._chunk = memoryview(chunk)
        taken, self._chunk = self._chunk[:size], self._chunk[size:]
        return taken

    def pieces(self, size: int, what: str) -> Iterator[bytes]:
        """`size` bytes and the padding behind them. Raises BadArchive when the stream ends before."""
        padding = -size % _BLOCK
        while size:
            piece = self.upto(size)
            if not piece:
                raise broken(f"the archive ends inside {what}")
            size -= len(piece)
            yield bytes(piece)
        while padding:
            piece = self.upto(padding)
            if not piece:
                raise broken(f"the archive ends inside {what}")
            padding -= len(piece)

    def block(self) -> bytes:
        """One block; b"" at the end of the stream."""
        first = bytes(self.upto(_BLOCK))
        while first and len(first) < _BLOCK:
            more = self.upto(_BLOCK - len(first))
            if not more:
                raise broken("the archive ends inside a header")
            first += bytes(more)
        return first


@dataclass(slots=True)
class _Pending:
    """Fields of the next member that extension headers have set."""

    name: bytes | None = None
    target: bytes | None = None
    size: int | None = None
    headers: int = 0

    def set_name(self, value: bytes) -> None:
        if self.name is not None:
            raise hostile(f"two long names for one member: {self.name[:60]!r} and {value[:60]!r}")
        self.name = value

    def set_target(self, value: bytes) -> None:
        if self.target is not None:
            raise hostile(f"two link targets for one member: {self.target[:60]!r} and {value[:60]!r}")
        self.target = value


def unpack_tar(chunks: Iterator[bytes], tree: Receiver, limit: int) -> None:
    """Give every member to `tree`. `limit`: bytes that the whole stream may have. Raises BadArchive."""
    stream = _Stream(chunks, limit)
    pending = _Pending()
    while True:
        block = stream.block()
        if block == _ZERO:
            break
        if not block:
            raise broken("the archive has no end: it is cut off")
        _check_sum(block)
        if block[156:157] in b"xgLK":
            _extension(block, stream, pending)
        else:
            _member(block, stream, pending, tree)
            pending = _Pending()
    if pending.headers:
        raise broken("the archive ends behind an extension header")
    while padding := stream.upto(1 << 20):
        if any(bytes(padding).strip(b"\0")):
            raise hostile("there is something behind the end of the archive")


def _check_sum(block: bytes) -> None:
    claimed = _number(block[148:156], "checksum")
    blank = block[:148] + b" " * 8 + block[156:]
    if claimed not in (sum(blank), sum(byte - 256 if byte > 127 else byte for byte in blank)):
        raise broken("a header's checksum is wrong")


def _number(field: bytes, what: str) -> int:
    """An octal field, or GNU's binary form. Raises BadArchive for anything else, negative or huge."""
    if field[0] == 0x80:
        value = int.from_bytes(field[1:], "big")
    else:
        match = _OCTAL.fullmatch(field)
        if match is None:
            raise hostile(f"a header's {what} is not a number: {field!r}")
        value = int(match[1] or b"0", 8)
    if value >= 1 << 43:
        raise hostile(f"a header's {what} is {value:,}")
    return value


def _extension(block: bytes, stream: _Stream, pending: _Pending) -> None:
    kind = block[156:157]
    size = _number(block[124:136], "size")
    pending.headers += 1
    if pending.headers > _MAX_HEADERS_BETWEEN:
        raise hostile("an endless row of extension headers")
    if size > (_MAX_PAX if kind in b"xg" else _MAX_LONG_NAME):
        raise hostile(f"an extension header of {size:,} bytes")
    content = b"".join(stream.pieces(size, "an extension header"))
    if kind == b"L":
        pending.set_name(content.rstrip(b"\0"))
    elif kind == b"K":
        pending.set_target(content.rstrip(b"\0"))
    else:
        for key, value in _records(content):
            _record(key, value, pending, everywhere=kind == b"g")
    if kind == b"g":
        pending.headers -= 1


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(content):
        match = _RECORD.match(content, at)
        end = at + int(match[1]) if match else 0
        if match is None or end <= match.end() or end > len(content) or content[end - 1 : end] != b"\n":
            raise hostile("a malformed pax record")
        key, equals, value = content[match.end() : end - 1].partition(b"=")
        if not equals or not key:
            raise hostile("a pax record without a key")
        yield key, value
        at = end


def _record(key: bytes, value: bytes, pending: _Pending, *, everywhere: bool) -> None:
    if key.startswith(b"GNU.sparse"):
        raise hostile("a sparse file")
    if key not in (b"path", b"linkpath", b"size"):
        return
    if everywhere:
        raise hostile(f"a global pax header sets {key.decode()}")
    if key == b"path":
        pending.set_name(value)
    elif key == b"linkpath":
        pending.set_target(value)
    elif not re.fullmatch(rb"[0-9]{1,13}", value) or pending.size is not None:
        raise hostile(f"a pax header says size = {value[:40]!r}")
    else:
        pending.size = int(value)


def _member(block: bytes, stream: _Stream, pending: _Pending, tree: Receiver) -> None:
    kind = block[156:157]
    name = text_of(pending.name if pending.name is not None else _name(block))
    size = _number(block[124:136], "size")
    if pending.size not in (None, size):
        raise hostile(f"{shown(name)} has two sizes, {size:,} and {pending.size:,}")
    executable = bool(_number(block[100:108], "mode") & 0o111)
    folder = kind == b"5" or (kind == b"\0" and name.endswith("/"))
    parts = parts_of(name, folder=folder)
    if kind in _REGULAR and not folder:
        tree.file(parts, stream.pieces(size, shown(name)), executable=executable)
        return
    if size:
        raise hostile(f"{shown(name)} is not a regular file, but has {size:,} bytes")
    if folder:
        tree.folder(parts)
    elif kind in b"12":
        _link(kind, parts, text_of(pending.target if pending.target is not None else _text(block[157:257]), "link target"), tree)
    else:
        raise hostile(f"{shown(name)} is a {_KINDS.get(kind, f'member of unknown kind {kind!r}')}")


_KINDS: Final = {b"3": "character device", b"4": "block device", b"6": "FIFO", b"S": "sparse file"}


def _link(kind: bytes, parts: Parts, target: str, tree: Receiver) -> None:
    if kind == b"2":
        tree.link(parts, target)
    else:
        tree.hard_link(parts, parts_of(target, folder=False))


def _name(block: bytes) -> bytes:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]
