"""Archive factory: tar and zip archives byte by byte, so that tests can say what no honest tool writes."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["file", "folder", "symlink", "hardlink", "fifo", "char", "block", "socket", "sparse"]
_TAR_TYPES: dict[str, bytes] = {
    "file": b"0",
    "hardlink": b"1",
    "symlink": b"2",
    "char": b"3",
    "block": b"4",
    "folder": b"5",
    "fifo": b"6",
    "socket": b"s",
    "sparse": b"S",
}
_UNIX_TYPES: dict[str, int] = {
    "file": 0o100000,
    "folder": 0o040000,
    "symlink": 0o120000,
    "fifo": 0o010000,
    "char": 0o020000,
    "block": 0o060000,
    "socket": 0o140000,
}


@dataclass(frozen=True, slots=True)
class Member:
    """One entry; `raw` name and target are written as they are."""

    name: bytes
    content: bytes = b""
    kind: Kind = "file"
    target: bytes = b""
    mode: int = 0o644


def header(  # every field can be wrong on purpose
    name: bytes,
    *,
    size: int | bytes = 0,
    kind: bytes = b"0",
    target: bytes = b"",
    mode: int | bytes = 0o644,
    prefix: bytes = b"",
    magic: bytes = b"ustar\x0000",
    checksum: bytes | None = None,
) -> bytes:
    """One tar header block."""
    size_field = size if isinstance(size, bytes) else b"%011o\0" % size
    mode_field = mode if isinstance(mode, bytes) else b"%07o\0" % mode
    block = b"".join(
        (
            name.ljust(100, b"\0")[:100],
            mode_field.ljust(8, b"\0"),
            b"0001750\0" * 2,
            size_field.ljust(12, b"\0"),
            b"00000000000\0",
            b" " * 8,
            kind,
            target.ljust(100, b"\0")[:100],
            magic,
            b"user".ljust(32, b"\0") * 2,
            b"0000000\0" * 2,
            prefix.ljust(155, b"\0")[:155],
        )
    ).ljust(512, b"\0")
    total = checksum if checksum is not None else b"%06o\0 " % sum(block)
    return block[:148] + total + block[156:]


def padded(content: bytes) -> bytes:
    """Content filled up to whole blocks."""
    return content + bytes(-len(content) % 512)


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """An extension header with these bytes as records."""
    return header(b"pax", size=len(records), kind=kind) + padded(records)


def record(key: bytes, value: bytes) -> bytes:
    """One pax record."""
    rest = len(key) + len(value) + 3
    size = rest
    while size != rest + len(str(size)):
        size = rest + len(str(size))
    return b"%d %s=%s\n" % (size, key, value)


def tar(members: Sequence[Member | bytes], *, end: bytes = bytes(1024)) -> bytes:
    """A plain tar archive; bytes among the members are put in as they are."""
    parts: list[bytes] = []
    for member in members:
        if isinstance(member, bytes):
            parts.append(member)
            continue
        if len(member.name) > 100:
            parts.append(pax(record(b"path", member.name)))
        if len(member.target) > 100:
            parts.append(pax(record(b"linkpath", member.target)))
        size = len(member.content)
        parts.append(header(member.name, size=size, kind=_TAR_TYPES[member.kind], target=member.target, mode=member.mode))
        parts.append(padded(member.content))
    return b"".join(parts) + end


def _zstd(data: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=3).compress(data)


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "tar.gz": lambda data: gzip.compress(data, mtime=0),
    "tar.xz": lzma.compress,
    "tar.bz2": bz2.compress,
    "tar.zst": _zstd,
}


@dataclass(slots=True)
class ZipEntry:
    """A zip entry whose two descriptions can differ: `local_…` overrides the local header."""

    name: bytes
    content: bytes = b""
    mode: int = 0o100644
    method: int = 8
    flags: int = 0
    system: int = 3
    local_name: bytes | None = None
    local_size: int | None = None
    local_crc: int | None = None
    crc: int | None = None
    size: int | None = None
    packed: bytes | None = None
    offset: int | None = None
    extra: bytes = b""
    descriptor: bytes = b""

    def pack(self) -> bytes:
        if self.packed is not None:
            return self.packed
        if self.method == 0:
            return self.content
        if self.method == 93:
            return _zstd(self.content)
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        return stream.compress(self.content) + stream.flush()


def entry(member: Member) -> ZipEntry:
    """A member as an honest zip tool writes it."""
    folder = member.kind == "folder"
    name = member.name + (b"/" if folder and not member.name.endswith(b"/") else b"")
    content = member.target if member.kind == "symlink" else member.content
    return ZipEntry(name, content, mode=_UNIX_TYPES[member.kind] | member.mode, method=0 if folder else 8)


def zipped(entries: Sequence[ZipEntry], *, comment: bytes = b"", between: bytes = b"", front: bytes = b"") -> bytes:
    """A zip archive; `between` stands before the directory, `front` before everything."""
    body, directory = bytearray(front), bytearray()
    for item in entries:
        packed = item.pack()
        crc = zlib.crc32(item.content) if item.crc is None else item.crc
        size = len(item.content) if item.size is None else item.size
        at = len(body) if item.offset is None else item.offset
        local_name = item.name if item.local_name is None else item.local_name
        local = (
            crc if item.local_crc is None else item.local_crc,
            len(packed) if not item.descriptor else 0,
            size if item.local_size is None else item.local_size,
        )
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, item.flags, item.method, 0, 33, *local, len(local_name), 0) + local_name
        body += packed + item.descriptor
        head = (b"PK\1\2", item.system << 8 | 20, 20, item.flags, item.method, 0, 33, crc, len(packed), size)
        tail = (len(item.name), len(item.extra), 0, 0, 0, item.mode << 16, at)
        directory += struct.pack("<4s6H3L5H2L", *head, *tail) + item.name + item.extra
    body += between
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(body), len(comment))
    return bytes(body) + bytes(directory) + end + comment


def ar(members: Sequence[tuple[bytes, bytes]]) -> bytes:
    """An `ar` archive."""
    parts = [b"!<arch>\n"]
    for name, content in members:
        parts.append(b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, 0, 0, 0, b"100644", len(content)))
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def deb(members: Sequence[Member | bytes], form: str = "tar.xz") -> bytes:
    """A Debian package with these files."""
    control = COMPRESSIONS["tar.gz"](tar([Member(b"./control", b"Package: x\n")]))
    data = COMPRESSIONS[form](tar(members))
    return ar([(b"debian-binary", b"2.0\n"), (b"control.tar.gz", control), (b"data.%s" % form.encode(), data)])
