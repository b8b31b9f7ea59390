"""Which kind of archive a file is, told by its first bytes."""

from __future__ import annotations

import mmap
from typing import IO

from wbuild.doors.archive.debs import MAGIC, unpack_deb
from wbuild.doors.archive.rules import broken
from wbuild.doors.archive.streams import STREAMS, plain
from wbuild.doors.archive.tars import unpack_tar
from wbuild.doors.archive.tree import NewTree
from wbuild.doors.archive.zips import unpack_zip


def unpack(file: IO[bytes], tree: NewTree, limit: int) -> None:
    """Unpack an open file. Raises BadArchive."""
    head = file.read(512)
    file.seek(0)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            unpack_zip(data, tree, limit)
        return
    if head.startswith(MAGIC):
        unpack_deb(file, tree, limit)
        return
    for magic, stream in STREAMS:
        if head.startswith(magic):
            unpack_tar(stream(file), tree, limit)
            return
    if head[257:262] != b"ustar":
        looks = "; it looks like a web page" if head.lstrip().lower().startswith((b"<!doctype", b"<html")) else ""
        raise broken(f"not an archive of a known kind{looks}")
    unpack_tar(plain(file), tree, limit)
