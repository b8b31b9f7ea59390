"""Copies of tools' caches that belong to one project (`NAME-of-PROJECT`): whose each is, and which of them nobody needs any more.

Steps that run code of a project write into such a copy. Which project that is stands beside it, where no step can write.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.errors import MachineError

_NAME: Final = re.compile(r"(.+)-of-([0-9a-f]{16})(\.[0-9]+-[0-9]+)?")
"""The last part: of a copy that was being made."""
_MARK: Final = ".project-of-"
_LONGEST: Final = 1 << 14
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_UNKNOWN: Final = 30 * _DAY
"""How long a copy stays of which nothing says whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A project's own copy of a tool's shared cache."""

    path: Path
    cache: str
    """The name of the shared cache that it is a copy of."""
    project: str
    """The project's folder; "" when nothing says it."""
    used: float
    """When a build last used it, seconds since 1970."""
    whole: bool
    """Not one that was being made."""

    def idle(self, now: float) -> bool:
        """Whether it can go: its project is gone, or unknown, or it was never whole, and no build has used it for a while."""
        gone = bool(self.project) and not Path(self.project).is_dir()
        patience = _DAY if gone or not self.whole else math.inf if self.project else _UNKNOWN
        return self.used < now - patience


def own_name(name: str, root: Path) -> str:
    """What a project's own copy of a shared cache is called."""
    return f"{name}-of-{_digest(os.path.realpath(root))}"


def note_use(own: Path, root: Path, files: Files) -> None:
    """Say beside a copy whose it is, and that it is used. Raises MachineError."""
    mark = own.with_name(f"{_MARK}{own.name}")
    with suppress(OSError):
        if mark.lstat().st_mtime > time.time() - _HOUR:
            return
    files.write(mark, os.fsencode(os.path.realpath(root)), durable=False)


def copy_at(path: Path) -> Copy | None:
    """The copy that a folder is; None for any other folder."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    mark = path.with_name(f"{_MARK}{match[1]}-of-{match[2]}")
    project, used = "", 0.0
    with suppress(OSError):
        used = path.lstat().st_mtime
        said = os.fsdecode(read(mark, _LONGEST))
        if _digest(said) == match[2]:
            project, used = said, max(used, mark.lstat().st_mtime)
    return Copy(path=path, cache=match[1], project=project, used=used, whole=match[3] is None)


def idle_copies(roots: Sequence[Path]) -> Iterator[Copy]:
    """The copies below some folders that no build has used for long, so that they can go."""
    now = time.time()
    for root in roots:
        with suppress(OSError):
            folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.is_symlink())
            yield from (copy for path in folders if (copy := copy_at(path)) is not None and copy.idle(now))


def remove(copy: Copy, files: Files) -> bool:
    """Remove a copy and what stands beside it; whether it could be."""
    try:
        files.remove(copy.path)
        if copy.whole:
            files.remove(copy.path.with_name(f"{_MARK}{copy.path.name}"))
    except MachineError:  # another user's
        return False
    return True


def _digest(folder: str) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
