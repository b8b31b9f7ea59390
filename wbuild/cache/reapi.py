"""Messages of the Remote Execution API v2 in canonical form (package build.bazel.remote.execution.v2).

An action is named by the digest of its `Action` message, so all clients and servers must write equal messages as equal bytes:
fields in the order of their numbers, nothing that has its default value, no field twice, lists sorted by name where the
definitions ask for it (by code point, which is the order of UTF-8 bytes too). Here is the part that describes an action:
`BlobDigest`, `Platform`, `Command`, `Directory` and `Action`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

_SHORT: Final = 128
"""Lengths below it are written in one byte."""


class BlobDigest(NamedTuple):
    """Names a content: its SHA-256 (hex) and its size in bytes."""

    hash: str
    size: int


class FileNode(NamedTuple):
    """A file of an input tree."""

    digest: BlobDigest
    executable: bool = False


Folder: TypeAlias = "dict[str, FileNode | Folder]"
"""A folder of an input tree: name → what is there."""


def digest_of(message: bytes) -> BlobDigest:
    """The digest of a message in canonical form."""
    return BlobDigest(hashlib.sha256(message).hexdigest(), len(message))


def platform(properties: Mapping[str, str]) -> bytes:
    """`Platform`: what a worker must have."""
    return b"".join([_bytes(1, _pair(*item)) for item in sorted(properties.items())])


def command(arguments: Sequence[str], environment: Mapping[str, str], outputs: Iterable[str], platform: bytes = b"") -> bytes:
    """`Command`: the command line, its whole environment and the paths that it makes. `platform` is a message; b"" for none."""
    return b"".join(
        (
            *map(_argument, arguments),
            *[_bytes(2, _pair(*item)) for item in sorted(environment.items())],
            _bytes(5, platform) if platform else b"",
            *[_bytes(7, _utf8(path)) for path in sorted(set(outputs))],
        )
    )


def folder(files: Mapping[str, FileNode]) -> Folder:
    """The tree of files given by path (POSIX, relative). Raises ValueError when one path is a file and a folder."""
    root: Folder = {}
    for path, file in files.items():
        *above, name = path.split("/")
        inner: FileNode | Folder = root
        for part in above:
            if isinstance(inner, dict):
                inner = inner.setdefault(part, {})
        if not isinstance(inner, dict) or inner.setdefault(name, file) is not file:
            raise ValueError(f"{path} is a file and a folder")
    return root


def directory(tree: Folder, blobs: list[bytes] | None = None) -> bytes:
    """`Directory`: the Merkle tree of a folder. The messages of the folders below are added to `blobs`."""
    files, folders = [], []
    for name in sorted(tree):
        node = tree[name]
        if isinstance(node, dict):
            below = directory(node, blobs)
            if blobs is not None:
                blobs.append(below)
            folders.append(_bytes(2, _string(1, name) + _bytes(2, _digest(digest_of(below)))))
        else:
            files.append(_bytes(1, _string(1, name) + _bytes(2, _digest(node.digest)) + (b"\x20\x01" if node.executable else b"")))
    return b"".join((*files, *folders))


def action(command: bytes, root: bytes, *, salt: bytes = b"", platform: bytes = b"") -> bytes:
    """`Action` of a `Command` over the `Directory` of its inputs; no time-out, and its result may be cached."""
    return b"".join(
        (
            _bytes(1, _digest(digest_of(command))),
            _bytes(2, _digest(digest_of(root))),
            _bytes(9, salt) if salt else b"",
            _bytes(10, platform) if platform else b"",
        )
    )


@lru_cache(maxsize=4096)
def _argument(word: str) -> bytes:
    """One of `Command.arguments`: most words come again in the next command."""
    return _bytes(1, _utf8(word))


@lru_cache(maxsize=4096)
def _pair(name: str, value: str) -> bytes:
    """The encoding of a message with a name and a value: `EnvironmentVariable` or `Property`."""
    return _string(1, name) + _string(2, value)


def _digest(digest: BlobDigest) -> bytes:
    return _string(1, digest.hash) + (b"\x10" + _varint(digest.size) if digest.size else b"")


def _string(number: int, text: str) -> bytes:
    return _bytes(number, _utf8(text)) if text else b""


def _utf8(text: str) -> bytes:
    """File names that are not text keep a spelling of their own, in the order of code points."""
    return text.encode("utf-8", "surrogatepass")


def _bytes(number: int, data: bytes) -> bytes:
    """A field with a length: text, bytes or a message."""
    size = len(data)
    return b"%c%c%b" % (number << 3 | 2, size, data) if size < _SHORT else b"%c%b%b" % (number << 3 | 2, _varint(size), data)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    found = bytearray()
    while value >= _SHORT:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
