"""Compressed streams as chunks of bounded size. One stream, complete, with nothing behind it; anything else is refused."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from wbuild.doors.archive.rules import broken

_INPUT: Final = 1 << 18
_OUTPUT: Final = 1 << 20
_ZSTD_INPUT: Final = 1 << 10
"""zstd has no output limit, and one block of four bytes can stand for 128 KiB: small inputs keep memory bounded."""
_XZ_MEMORY: Final = 256 << 20
_ZSTD_WINDOW: Final = 128 << 20


class Readable(Protocol):
    """The part of a file that a stream needs."""

    def read(self, size: int = ..., /) -> bytes: ...


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def plain(file: Readable) -> Iterator[bytes]:
    """A file that is not compressed."""
    while chunk := file.read(_OUTPUT):
        yield chunk


def gzip(file: Readable) -> Iterator[bytes]:
    """RFC 1952, one member. Raises BadArchive."""
    stream = zlib.decompressobj(31)
    try:
        while not stream.eof:
            chunk = stream.unconsumed_tail or file.read(_INPUT)
            output = stream.decompress(chunk, _OUTPUT)
            if not chunk and not output:
                raise broken("the gzip stream is cut off")
            yield output
    except zlib.error as error:
        raise broken(f"the gzip stream is damaged: {error}") from None
    _nothing_behind(stream, file)


def xz(file: Readable) -> Iterator[bytes]:
    """One .xz stream. Raises BadArchive."""
    stream = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)
    try:
        while not stream.eof:
            yield stream.decompress(_more(file, "xz") if stream.needs_input else b"", _OUTPUT)
    except lzma.LZMAError as error:
        raise broken(f"the xz stream is damaged: {error}") from None
    _nothing_behind(stream, file)


def bzip2(file: Readable) -> Iterator[bytes]:
    """One bzip2 stream. Raises BadArchive."""
    stream = bz2.BZ2Decompressor()
    try:
        while not stream.eof:
            yield stream.decompress(_more(file, "bzip2") if stream.needs_input else b"", _OUTPUT)
    except OSError as error:  # what the module raises for bad data
        raise broken(f"the bzip2 stream is damaged: {error}") from None
    _nothing_behind(stream, file)


def zstd(file: Readable) -> Iterator[bytes]:
    """One zstd frame (RFC 8878). Raises BadArchive."""
    import zstandard  # noqa: PLC0415 - heavy, and rarely needed

    stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
    try:
        while not stream.eof:
            yield stream.decompress(_more(file, "zstd", _ZSTD_INPUT))
    except zstandard.ZstdError as error:
        raise broken(f"the zstd stream is damaged: {error}") from None
    _nothing_behind(stream, file)


def _more(file: Readable, kind: str, size: int = _INPUT) -> bytes:
    chunk = file.read(size)
    if not chunk:
        raise broken(f"the {kind} stream is cut off")
    return chunk


def _nothing_behind(stream: _Decompressor, file: Readable) -> None:
    if stream.unused_data or file.read(1):
        raise broken("there is something behind the end of the compressed stream")


STREAMS: Final[tuple[tuple[bytes, Callable[[Readable], Iterator[bytes]]], ...]] = (
    (b"\x1f\x8b", gzip),
    (b"\xfd7zXZ\x00", xz),
    (b"BZh", bzip2),
    (b"\x28\xb5\x2f\xfd", zstd),
)
"""First bytes → how such a stream is read."""
