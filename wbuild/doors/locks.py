"""Advisory locks: flock on a file that only its holder may unlink; the file says who holds it."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wbuild.doors import owned
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import read
from wbuild.errors import MachineError

if sys.platform == "win32":  # pragma: no cover - designed, not verified
    import msvcrt
else:
    import fcntl

ANNOUNCE: Final = 2.0
"""Seconds of silent waiting."""
_POLL: Final = 0.05
_OPEN: Final = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Never through a link: what is locked is signed, and a link leads to somebody else's file."""
_LONGEST: Final = 1 << 10
_SIGNED: Final = re.compile(rb"(?:\d+ [^\0\n]*\n)?")
"""The form of what a lock file holds: who holds the lock, or nothing."""
_BUSY: Final = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})
_STALE: Final = getattr(errno, "ESTALE", -1)
_UNABLE: Final = frozenset({errno.ENOLCK, errno.ENOSYS, getattr(errno, "ENOTSUP", errno.ENOSYS), errno.EOPNOTSUPP})


@contextmanager
def lock(path: Path, *, what: str, timeout: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock at `path`; `what` completes "to …" in messages.

    After 2 s of waiting `say` is told who holds it. Raises MachineError WB603 after `timeout` seconds, WB609 where the file
    system has no locks.
    """
    handle = _acquire(path, what, timeout, say)
    try:
        _sign(handle)
        yield
    finally:
        os.close(handle)


def _sign(handle: int) -> None:
    with suppress(OSError):  # only for messages
        if os.fstat(handle).st_nlink > 1:  # it has another name, and may be anybody's
            return
        if not _SIGNED.fullmatch(os.read(handle, _LONGEST + 1)):
            return  # whatever this is, wbuild did not write it
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, f"{os.getpid()} {socket.gethostname()}\n".encode())


def _acquire(path: Path, what: str, timeout: float, say: Callable[[str], None]) -> int:
    start = time.monotonic()
    announced = False
    while True:
        handle = attempt(path)
        if handle is not None:
            return handle
        waited = time.monotonic() - start
        if waited >= timeout:
            raise MachineError(
                "WB603",
                f"waited {timeout:g} s for {_holder(path)} to {what}",
                hint="wait for it or end it; `lock-timeout` in the user's configuration sets how long to wait",
            )
        if waited >= ANNOUNCE and not announced:
            say(f"waiting for {_holder(path)} to {what}")
            announced = True
        time.sleep(min(_POLL, max(0.0, timeout - waited)))


def attempt(path: Path) -> int | None:
    """The descriptor of the locked file, made if need be; None when someone else holds it. Closing it gives the lock back.

    Raises MachineError WB609 where the file system has no locks.
    """
    with machine_errors(path, "lock"):
        try:
            owned.make_folder(path.parent)
            handle = _open(path)
        except (FileNotFoundError, FileExistsError):  # whoever held the lock has just removed the folder
            if os.path.lexists(path.parent) and not path.parent.is_dir():
                raise
            return None
    return _locked(path, handle)


def _open(path: Path) -> int:
    """The descriptor of a regular file, made if need be. Raises OSError, UsageError for a link among wbuild's own files."""
    with owned.spot(path) as spot:
        try:
            handle = os.open(spot.name, _OPEN, 0o644, dir_fd=spot.folder)
        except OSError:
            spot.refuse_link()
            raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file")
    return handle


def _locked(path: Path, handle: int) -> int | None:
    try:
        if sys.platform == "win32":  # pragma: no cover - designed, not verified
            os.lseek(handle, 1 << 30, os.SEEK_SET)  # beyond the text, so that waiters can read who holds it
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        if error.errno in _UNABLE:
            raise MachineError(
                "WB609", f"cannot lock {path}: the file system has no locks", hint="put it on a local disk (WBUILD_STORE, WBUILD_CACHE)"
            ) from None
        if error.errno in _BUSY or error.errno == _STALE:  # a stale NFS handle: open it again
            return None
        with machine_errors(path, "lock"):
            raise
    except BaseException:
        os.close(handle)
        raise
    if not _stands(handle, path):
        os.close(handle)
        return None
    return handle


def _stands(handle: int, path: Path) -> bool:
    """Whether the locked file is still the one at its path: its last holder may have removed it."""
    try:
        with owned.spot(path) as spot:
            return os.path.samestat(os.fstat(handle), os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        pid, _, host = read(path, _LONGEST).decode("utf-8").strip().partition(" ")
    except (OSError, UnicodeDecodeError):
        pid = host = ""
    return f"pid {pid} ({'this host' if host == socket.gethostname() else f'host {host}'})" if pid else "another process"
