"""Zig's own record of what each of its compilations has read: the manifests in the folder `h` of its local cache.

They serve twice. What they name is evidence: files of the project that were read besides those that are known, and files outside of it.
And they decide by size, time and inode whether a file is as it was: what they say of files whose content differs is taken away
before zig starts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CWD: Final = 0
"""Prefix of what is absolute, or relative to the folder in which zig was started."""
LIBRARY: Final = 1
LOCAL: Final = 2
GLOBAL: Final = 3
BUILD_ROOT: Final = 4
"""Prefix of what is relative to the folder of build.zig."""

_TEXT: Final = b"0\n"
"""How manifests of zig 0.16 and older begin."""
_HEAD: Final = struct.Struct("<QQq16sB")
"""Size, inode, time, digest, flags: what is before a name in those of zig 0.17."""
_KEYS: Final = tuple(map(bytes.fromhex, ("3352a284cf17565701bbcde477d6f060", "02e9fafee0958155f55a15cb4af40009")))
"""The keys with which zig 0.16 and 0.17 hash: fixed, for nothing is kept secret by it."""
_STANDARD: Final = "std/std.zig"
_CONFIGURER: Final = "compiler/configurer.zig"
_C_SOURCES: Final = (".c", ".cc", ".cpp", ".cxx", ".c++", ".C", ".m", ".mm", ".s", ".S")
_MASK: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file or folder that was read."""

    prefix: int
    path: str
    digest: bytes
    is_folder: bool = False


def parse(data: bytes) -> tuple[ManifestEntry, ...] | None:
    """What a manifest names; None for one that is unfinished, or in a form that is not known."""
    try:
        return tuple(_of_text(data) if data.startswith(_TEXT) else _of_bytes(data))
    except (ValueError, struct.error):
        return None


def _of_text(data: bytes) -> Iterator[ManifestEntry]:
    *lines, end = data.split(b"\n")
    if end:
        raise ValueError("cut off")
    for line in lines[1:]:
        _size, _inode, _time, digest, prefix, path = line.split(b" ", 5)
        yield ManifestEntry(int(prefix), _name(path), bytes.fromhex(digest.decode("ascii")))


def _of_bytes(data: bytes) -> Iterator[ManifestEntry]:
    position = 0
    while position + 1 < len(data):
        *_stat, digest, flags = _HEAD.unpack_from(data, position)
        start = position + _HEAD.size
        end = data.index(0, start)
        yield ManifestEntry(flags >> 2, _name(data[start:end]), digest, is_folder=bool(flags & 1))
        position = end + 1
    if position + 1 != len(data) or data[position]:
        raise ValueError("cut off")


def _name(path: bytes) -> str:
    if not path:
        raise ValueError("no name")
    return path.decode("utf-8", "surrogateescape")


def results(name: str, entries: Sequence[ManifestEntry]) -> tuple[str, ...]:
    """Names that the folder of the result may have, below `o` or `c`, for a manifest of this name: one for each zig that is known."""
    try:
        message = bytes.fromhex(name.removesuffix(".txt")) + b"".join(entry.digest for entry in entries)
    except ValueError:
        return ()
    return tuple(_siphash(key, message).hex() for key in _KEYS)


def is_of_compiler(entries: Sequence[ManifestEntry]) -> bool:
    """Whether a manifest is of zig's own compiler or of clang, not of a program that a build.zig runs: those do not tell what they read."""
    made = any(entry.prefix == LOCAL and "." not in entry.path.rpartition("/")[2] for entry in entries)
    return _is_zig(entries) or (bool(entries) and entries[0].path.endswith(_C_SOURCES) and not made)


def is_exact(entries: Sequence[ManifestEntry]) -> bool:
    """Whether a manifest names all that was read. That of a Zig program with C sources lacks headers when zig had their objects."""
    with_c = any(entry.path.endswith(_C_SOURCES) and entry.prefix != LIBRARY for entry in entries)
    return is_of_compiler(entries) and not (with_c and _is_zig(entries))


def _is_zig(entries: Sequence[ManifestEntry]) -> bool:
    return any(entry.prefix == LIBRARY and entry.path == _STANDARD for entry in entries)


def configures(entries: Sequence[ManifestEntry]) -> bool:
    """Whether a manifest is about a build.zig: of its compilation, which leaves a program below `o`, or of a run of that program."""
    return any(entry.prefix == LIBRARY and entry.path == _CONFIGURER for entry in entries)


def _siphash(key: bytes, data: bytes) -> bytes:
    """SipHash with one round a block, three at the end, and 128 bits."""
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1, v2, v3 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D ^ 0xEE, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(count: int) -> None:
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0 = (v0 + v1) & _MASK
            v1 = (v1 << 13 | v1 >> 51) & _MASK ^ v0
            v0 = (v0 << 32 | v0 >> 32) & _MASK
            v2 = (v2 + v3) & _MASK
            v3 = (v3 << 16 | v3 >> 48) & _MASK ^ v2
            v0 = (v0 + v3) & _MASK
            v3 = (v3 << 21 | v3 >> 43) & _MASK ^ v0
            v2 = (v2 + v1) & _MASK
            v1 = (v1 << 17 | v1 >> 47) & _MASK ^ v2
            v2 = (v2 << 32 | v2 >> 32) & _MASK

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (block,) in struct.iter_unpack("<Q", padded):
        v3 ^= block
        rounds(1)
        v0 ^= block
    v2 ^= 0xEE
    rounds(3)
    low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xDD
    rounds(3)
    return struct.pack("<QQ", low, v0 ^ v1 ^ v2 ^ v3)
