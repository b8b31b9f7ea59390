"""Zip archives (wheels among them). The central directory and every local header must tell the same story, without gaps
or overlaps, so that all readers see one archive."""

from __future__ import annotations

import io
import mmap
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from wbuild.doors.archive.rules import MAX_MEMBERS, MAX_TARGET, Parts, broken, hostile, parts_of, shown, text_of, too_large
from wbuild.doors.archive.streams import zstd
from wbuild.doors.archive.tree import NewTree

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATE, _ZSTD = 0, 8, 93
_ENCRYPTED, _DESCRIPTOR = 0x1, 0x8
_MASKED = 0x2000
_MEANINGFUL: Final = 0x0001 | 0x0008 | 0x0040 | 0x0800 | _MASKED
"""Flags that change how an entry is read: encryption, data descriptor, strong encryption, UTF-8, masked headers."""
_FULL: Final = 0xFFFFFFFF
_MAX_DIRECTORY: Final = 128 << 20
_CHUNK: Final = 1 << 20
_ONE_SHOT: Final = 8 << 20
"""Entries up to this size are inflated in one call."""

Data = mmap.mmap
"""A slice of it is a copy, so nothing keeps the file mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipEntry:
    """One entry of the central directory."""

    name: str
    raw: bytes
    flags: int
    method: int
    crc: int
    packed: int
    """Bytes that the member takes in the archive."""
    size: int
    """Bytes of the member once it is unpacked."""
    at: int
    """Offset of the local header."""
    mode: int
    """Unix mode, 0 when the archive has none."""


def unpack_zip(data: Data, tree: NewTree, limit: int) -> None:
    """Give every entry to `tree`. `limit`: bytes that all entries may unpack to. Raises BadArchive."""
    entries, directory_at = _directory(data)
    total = sum(entry.size for entry in entries)
    if total > limit:
        raise too_large(f"unpacks to {total:,} bytes from {len(data):,}; {limit:,} are allowed")
    starts: dict[int, int] = {}
    expected = 0
    for index, entry in sorted(enumerate(entries), key=lambda pair: pair[1].at):
        if entry.at != expected:
            raise hostile(f"the entry {shown(entry.name)} overlaps another one or leaves a gap")
        starts[index], expected = _check_local(data, entry, directory_at)
    if expected != directory_at:
        raise hostile("there is something between the entries and the directory")
    for index, entry in enumerate(entries):
        _unpack_entry(data, entry, starts[index], tree)


def _directory(data: Data) -> tuple[list[ZipEntry], int]:
    """The entries, and the offset of the central directory."""
    end = _find_end(data)
    _, disk, start_disk, here, count, size, at, _comment = _END.unpack_from(data, end)
    locator = end - _END64_LOCATOR.size
    if locator >= 0 and data[locator : locator + 4] == b"PK\x06\x07":
        _, _, end, disks = _END64_LOCATOR.unpack_from(data, locator)
        if disks > 1 or end + _END64.size != locator or data[end : end + 4] != b"PK\x06\x06":
            raise broken("the zip64 end record is not where it should be")
        _, _, _, _, disk, start_disk, here, count, size, at = _END64.unpack_from(data, end)
    if disk or start_disk or here != count:
        raise broken("a zip archive in several parts")
    if count > MAX_MEMBERS or size > _MAX_DIRECTORY:
        raise too_large(f"{count:,} entries; {MAX_MEMBERS:,} are allowed")
    if at + size != end:
        raise broken("the central directory is not where the end record says")
    entries = []
    offset = at
    for _ in range(count):
        entry, offset = _central(data, offset, end)
        entries.append(entry)
    if offset != end:
        raise broken("the central directory has more or fewer entries than the end record says")
    return entries, at


def _find_end(data: Data) -> int:
    """Offset of the end record; exactly one place may be read as one."""
    first = max(0, len(data) - _END.size - 0xFFFF)
    tail = data[first:]
    found = []
    at = tail.find(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= len(tail) and at + _END.size + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            found.append(first + at)
        at = tail.find(b"PK\x05\x06", at + 1)
    if not found:
        raise broken("the zip archive has no end record: it is cut off, or something follows it")
    if len(found) > 1:
        raise hostile("two places can be read as the end of the zip archive")
    return found[0]


def _central(data: Data, at: int, end: int) -> tuple[ZipEntry, int]:
    if at + _CENTRAL.size > end or data[at : at + 4] != b"PK\x01\x02":
        raise broken("the central directory is damaged")
    fields = _CENTRAL.unpack_from(data, at)
    made_by, flags, method, crc, packed, size = fields[1], fields[3], fields[4], fields[7], fields[8], fields[9]
    name_size, extra_size, comment_size, disk, attributes, offset = *fields[10:14], *fields[15:17]
    name_at = at + _CENTRAL.size
    following = name_at + name_size + extra_size + comment_size
    if following > end or disk:
        raise broken("the central directory is damaged")
    raw = data[name_at : name_at + name_size]
    size, packed, offset = _zip64(data[name_at + name_size : name_at + name_size + extra_size], (size, packed, offset))
    name = text_of(raw)
    if flags & _ENCRYPTED or flags & _MASKED:
        raise hostile(f"the entry {shown(name)} is encrypted")
    if method not in (_STORED, _DEFLATE, _ZSTD):
        raise broken(f"the entry {shown(name)} uses compression method {method}; stored, deflate and zstd are known")
    if method == _STORED and size != packed:
        raise hostile(f"the stored entry {shown(name)} has two sizes")
    mode = attributes >> 16 if made_by >> 8 in (3, 19) else 0
    return ZipEntry(name=name, raw=raw, flags=flags, method=method, crc=crc, packed=packed, size=size, at=offset, mode=mode), following


def _zip64(extra: bytes, values: tuple[int, ...]) -> tuple[int, ...]:
    """`values` (unpacked size, packed size, perhaps offset), with those that did not fit taken from the extra field."""
    at = 0
    result = list(values)
    while at < len(extra):
        if at + 4 > len(extra):
            raise broken("a damaged extra field")
        kind, size = struct.unpack_from("<HH", extra, at)
        at += 4
        if at + size > len(extra):
            raise broken("a damaged extra field")
        if kind == 0x7075:
            raise hostile("an entry with a second name")
        if kind == 0x0001:
            wide = iter(struct.unpack_from(f"<{size // 8}Q", extra, at))
            for index, value in enumerate(result):
                if value == _FULL:
                    result[index] = next(wide, value)
        at += size
    return tuple(result)


def _check_local(data: Data, entry: ZipEntry, end: int) -> tuple[int, int]:
    """Offset of the entry's bytes and of what follows it. Raises BadArchive when its local header says something else."""
    at = entry.at
    if at + _LOCAL.size > end or data[at : at + 4] != b"PK\x03\x04":
        raise broken(f"the entry {shown(entry.name)} has no local header")
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(data, at)
    name_at = at + _LOCAL.size
    start = name_at + name_size + extra_size
    following = start + entry.packed
    if following > end:
        raise broken(f"the entry {shown(entry.name)} is cut off")
    extra = data[name_at + name_size : start]
    size, packed = _zip64(extra, (size, packed)) if _FULL in (size, packed) else (size, packed)
    late = bool(flags & _DESCRIPTOR)
    agrees = (crc, packed, size) == (entry.crc, entry.packed, entry.size) or (late and not (crc or packed or size))
    named = data[name_at : name_at + name_size] == entry.raw
    if not agrees or not named or method != entry.method or (flags ^ entry.flags) & _MEANINGFUL:
        raise hostile(f"the local header of {shown(entry.name)} says something else than the directory")
    return start, following + (_descriptor(data, entry, following) if late else 0)


def _descriptor(data: Data, entry: ZipEntry, at: int) -> int:
    """Bytes of the data descriptor behind an entry. Raises BadArchive when it disagrees."""
    for form in ("<4sLLL", "<4sLQQ"):
        layout = struct.Struct(form)
        try:
            wanted = layout.pack(b"PK\x07\x08", entry.crc, entry.packed, entry.size)
        except struct.error:
            continue
        if data[at : at + len(wanted)] == wanted:
            return len(wanted)
        if data[at : at + len(wanted) - 4] == wanted[4:]:
            return len(wanted) - 4
    raise hostile(f"the data descriptor of {shown(entry.name)} says something else than the directory")


def _unpack_entry(data: Data, entry: ZipEntry, start: int, tree: NewTree) -> None:
    kind = stat.S_IFMT(entry.mode)
    folder = entry.name.endswith("/")
    parts = parts_of(entry.name, folder=folder)
    if folder or kind == stat.S_IFDIR:
        if not folder or entry.size or kind not in (0, stat.S_IFDIR):
            raise hostile(f"{shown(entry.name)} is not clearly a folder or a file")
        tree.folder(parts)
    elif kind == stat.S_IFLNK:
        _link(data, entry, start, parts, tree)
    elif kind in (0, stat.S_IFREG):
        tree.file(parts, _content(data, entry, start), executable=bool(entry.mode & 0o111))
    else:
        raise hostile(f"{shown(entry.name)} is a device, FIFO or socket")


def _link(data: Data, entry: ZipEntry, start: int, parts: Parts, tree: NewTree) -> None:
    if entry.size > MAX_TARGET:
        raise hostile(f"the link {shown(entry.name)} has a target of {entry.size:,} bytes")
    tree.link(parts, text_of(b"".join(_content(data, entry, start)), "link target"))


def _content(data: Data, entry: ZipEntry, start: int) -> Iterator[bytes]:
    """The unpacked bytes, never more than declared. Raises BadArchive at the end when size or CRC are wrong."""
    crc = size = 0
    for chunk in _inflate(data[start : start + entry.packed], entry):
        crc = zlib.crc32(chunk, crc)
        size += len(chunk)
        if size > entry.size:
            break
        yield chunk
    if size != entry.size or crc != entry.crc:
        raise broken(f"the entry {shown(entry.name)} is damaged: {'size' if size != entry.size else 'CRC'} differs")


def _inflate(packed: bytes, entry: ZipEntry) -> Iterator[bytes]:
    if entry.method == _STORED:
        for at in range(0, len(packed), _CHUNK):
            yield packed[at : at + _CHUNK]
    elif entry.method == _DEFLATE:
        yield from _deflate(packed, entry)
    else:
        yield from _zstd(packed)


def _deflate(packed: bytes, entry: ZipEntry) -> Iterator[bytes]:
    stream = zlib.decompressobj(-15)
    step = entry.size + 1 if entry.size <= _ONE_SHOT else _CHUNK
    rest = packed
    try:
        while not stream.eof:
            chunk = stream.decompress(rest, step)
            rest = stream.unconsumed_tail
            if not chunk and not rest and not stream.eof:
                raise broken(f"the entry {shown(entry.name)} is cut off")
            yield chunk
    except zlib.error as error:
        raise broken(f"the entry {shown(entry.name)} is damaged: {error}") from None
    if stream.unused_data or rest:
        raise hostile(f"the entry {shown(entry.name)} has something behind its end")


def _zstd(packed: bytes) -> Iterator[bytes]:
    yield from zstd(io.BytesIO(packed))
