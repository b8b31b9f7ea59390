"""Who is at work in a folder that others may tidy up: one locked file a process, whose lock goes with the process.

The time of the file is when the work began. A file that nobody holds was left by a process that was killed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wbuild.doors import locks, owned
from wbuild.doors.machine import machine_errors
from wbuild.errors import MachineError

_NAME: Final = re.compile(r"\d+-[0-9a-f]{8}")


@contextmanager
def present(folder: Path) -> Iterator[None]:
    """Be one of those at work. Where nothing can be written nobody can tidy up either, so that it cannot be said is no error."""
    held = None
    with suppress(MachineError):
        held = _enter(folder)
    try:
        yield
    finally:
        if held is not None:
            path, handle = held
            os.close(handle)
            _remove(path)


def oldest(folder: Path) -> float | None:
    """When the oldest work that still goes on began (seconds since 1970); None when nobody is there.

    Raises MachineError WB609 where the file system has no locks.
    """
    found: list[float] = []
    for path in _entries(folder):
        with suppress(FileNotFoundError):  # it ends right now
            info = path.lstat()
            if not stat.S_ISREG(info.st_mode):
                continue
            begun = info.st_mtime
            handle = locks.attempt(path)
            if handle is None:
                found.append(begun)
            else:  # removed before it is given back: whoever has opened it, but not locked it yet, then finds it gone
                _remove(path)
                os.close(handle)
    return min(found, default=None)


def _enter(folder: Path) -> tuple[Path, int]:
    with machine_errors(folder, "make"):
        owned.make_folder(folder)
        if folder.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}"
        handle = locks.attempt(path)
        if handle is None:  # someone looks at it right now, and takes it for left behind
            continue
        if _is_at(path, handle):
            return path, handle
        os.close(handle)


def _is_at(path: Path, handle: int) -> bool:
    """Whether a name still leads to an open file: it may have been removed before it was locked."""
    try:
        with owned.spot(path) as spot:
            return os.path.samestat(os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False), os.fstat(handle))
    except OSError:
        return False


def _remove(path: Path) -> None:
    with suppress(OSError), owned.spot(path) as spot:
        os.unlink(spot.name, dir_fd=spot.folder)


def _entries(folder: Path) -> list[Path]:
    """Files of processes. Nothing else is looked at, because those that nobody holds are removed; nor is anything behind a link."""
    try:
        return [] if folder.is_symlink() else [folder / name for name in owned.names(folder) if _NAME.fullmatch(name)]
    except OSError:
        return []
