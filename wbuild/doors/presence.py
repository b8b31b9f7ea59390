"""Who is at work in a folder that others may tidy up: one locked file a process, whose lock goes with the process.

The time of the file is when the work began. A file that nobody holds was left by a process that was killed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wbuild.doors import locks
from wbuild.doors.machine import machine_errors
from wbuild.errors import MachineError


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
            begun = path.stat().st_mtime
            handle = locks.attempt(path)
            if handle is None:
                found.append(begun)
            else:  # removed before it is given back: whoever has opened it, but not locked it yet, then finds it gone
                _remove(path)
                os.close(handle)
    return min(found, default=None)


def _enter(folder: Path) -> tuple[Path, int]:
    with machine_errors(folder, "make"):
        folder.mkdir(parents=True, exist_ok=True)
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
        return os.path.samestat(path.stat(), os.fstat(handle))
    except OSError:
        return False


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
