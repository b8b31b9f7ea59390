"""Unpacking of downloads that nobody trusts yet. An archive is unpacked as a whole or refused; the standard library's
extractors are not used because they follow what an archive says."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from wbuild.doors.archive.debs import MAGIC, unpack_deb
from wbuild.doors.archive.rules import BadArchive, broken, limit_for
from wbuild.doors.archive.streams import STREAMS, plain
from wbuild.doors.archive.tars import unpack_tar
from wbuild.doors.archive.tree import NewTree
from wbuild.doors.archive.zips import unpack_zip
from wbuild.doors.machine import machine_errors
from wbuild.errors import IntegrityError

__all__ = ["SafeArchives"]


class SafeArchives:
    """The real door."""

    def unpack(self, archive: Path, into: Path, *, executables: Sequence[str] = ()) -> int:
        """Unpack .whl, .zip, .deb, .tar and compressed .tar into a folder; the number of files and links.

        The kind is told by content. Files become 0644 or 0755 (the archive's executable bit, or a match of `executables`,
        globs in which `*` crosses folders), owned by the user, with a fixed modification time. On an error the folder is
        left half-filled for the caller to remove, and nothing outside it was touched. Nothing is synced to disk.
        Raises IntegrityError for a hostile, broken or oversized archive, MachineError for what the system refuses.
        """
        with machine_errors(archive, "unpack"):
            size = archive.stat().st_size
        limit = limit_for(size)
        try:
            with (
                machine_errors(into, "unpack into"),
                archive.open("rb") as file,
                NewTree(into, limit=limit, executables=executables) as tree,
            ):
                _dispatch(file, tree, limit)
                return tree.finish()
        except BadArchive as error:
            raise IntegrityError(
                error.code,
                f"{archive.name}: {error}",
                hint="the archive is damaged or hostile; nothing of it was installed",
            ) from None


def _dispatch(file: IO[bytes], tree: NewTree, limit: int) -> None:
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
