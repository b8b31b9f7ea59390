"""A folder to unpack into, with a secret beside it that must stay as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.archives import COMPRESSIONS, Member, entry, tar, zipped
from wbuild.doors.archive import SafeArchives
from wbuild.errors import IntegrityError

FORMATS = ["zip", *COMPRESSIONS]


def build(form: str, members: list[Member]) -> bytes:
    if form == "zip":
        return zipped([entry(member) for member in members])
    return COMPRESSIONS[form](tar(members))


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything in a folder, but for `dest` in it: inode, mode, time, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name != "dest" and "dest" not in path.relative_to(folder).parts:
            info = path.lstat()
            found[str(path)] = (info.st_ino, info.st_mode, info.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


class Place:
    """A folder with a secret beside the destination."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dest = root / "dest"
        (root / "outside").mkdir(parents=True)
        (root / "outside" / "secret").write_text("keep")

    def unpack(self, data: bytes, *, executables: tuple[str, ...] = ()) -> int:
        archive = self.root / "archive"
        archive.write_bytes(data)
        return SafeArchives().unpack(archive, self.dest, executables=executables)

    def refuses(self, data: bytes, *words: str, code: str = "") -> None:
        (self.root / "archive").write_bytes(data)
        before = snapshot(self.root)
        with pytest.raises(IntegrityError) as caught:
            self.unpack(data)
        message = str(caught.value)
        assert "archive: " in message
        assert not words or any(word in message for word in words), message
        assert not code or caught.value.problems[0].code == code, message
        after = snapshot(self.root)
        assert before.keys() == after.keys()
        assert all(before[path][0] == after[path][0] and before[path][3] == after[path][3] for path in before)
