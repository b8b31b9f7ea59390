"""Files of which wbuild must know that it left them itself, in this place, for this user: a line that only the user's key can make, then
what they say. A repository or an archive can bring such a file along; it cannot make one that is believed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from wbuild.doors import owned
from wbuild.doors.userkey import mac


def sealed(key: bytes, path: Path, content: bytes, inode: int = 0) -> bytes:
    """What a file at `path` holds so that `unsealed` believes it. `inode`: of the folder that it is about, 0 for none."""
    return _line(key, path, content, inode) + content


def unsealed(key: bytes, path: Path, data: bytes, inode: int = 0) -> bytes | None:
    """The content of such a file; None for one that this user has not left here."""
    head, line, content = data.partition(b"\n")
    return content if head + line == _line(key, path, content, inode) else None


def inode_of(folder: Path) -> int:
    """What tells a folder from another one in its place; 0 where none is. Raises UsageError for a link on the way."""
    try:
        with owned.spot(folder) as spot:
            info = os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
    except OSError:
        return 0
    return info.st_ino if stat.S_ISDIR(info.st_mode) else 0


def _line(key: bytes, path: Path, content: bytes, inode: int) -> bytes:
    return mac(key, "seal", os.fsencode(path), str(inode).encode(), content).hex().encode() + b"\n"
