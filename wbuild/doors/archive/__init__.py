"""Unpacking of downloads that nobody trusts yet. An archive is unpacked as a whole or refused; the standard library's
extractors are not used because they follow what an archive says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wbuild.doors.machine import machine_errors
from wbuild.errors import IntegrityError

__all__ = ["SafeArchives"]


class SafeArchives:
    """Unpacks archives of every kind by the rules of `rules`; see `Archives`."""

    def unpack(self, archive: Path, into: Path, *, executables: Sequence[str] = ()) -> int:
        """Unpack .whl, .zip, .deb, .tar and compressed .tar into a folder; the number of files and links.

        The kind is told by content. Files become 0644 or 0755 (the archive's executable bit, or a match of `executables`,
        globs in which `*` crosses folders), owned by the user, with a fixed modification time. On an error the folder is
        left half-filled for the caller to remove, and nothing outside it was touched. Nothing is synced to disk.
        Raises IntegrityError for a hostile, broken or oversized archive, MachineError for what the system refuses.
        """
        from wbuild.doors.archive import kinds  # noqa: PLC0415 - most runs unpack nothing
        from wbuild.doors.archive.rules import BadArchive, limit_for  # noqa: PLC0415
        from wbuild.doors.archive.tree import NewTree  # noqa: PLC0415

        with machine_errors(archive, "unpack"):
            size = archive.stat().st_size
        limit = limit_for(size)
        try:
            with (
                machine_errors(into, "unpack into"),
                archive.open("rb") as file,
                NewTree(into, limit=limit, executables=executables) as tree,
            ):
                kinds.unpack(file, tree, limit)
                return tree.finish()
        except BadArchive as error:
            raise IntegrityError(
                error.code,
                f"{archive.name}: {error}",
                hint="the archive is damaged or hostile; nothing of it was installed",
            ) from None
