"""Reading what anybody may have put there: only regular files, never through a link at the end, never more than was asked for.

A FIFO would be waited for, a device never ends or does something when it is opened, and a link leads to somebody else's file.
"""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path
from typing import Final

from wbuild.doors import owned

_OPEN: Final = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_APPEND: Final = os.O_WRONLY | os.O_APPEND | os.O_CREAT | (_OPEN & ~os.O_RDONLY) | _NO_LINK
_KINDS: Final = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISLNK, "a link"))
_LINKS: Final = frozenset({errno.ELOOP, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)})
"""What systems say about a link that is not followed."""


class UnfitError(OSError):
    """What is there is no file that can be read: it is something else, or too large. `strerror` says which."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(errno.EINVAL, what, str(path))


def opened(path: Path, *, follow: bool = False) -> FileIO:
    """A regular file, open for reading; the caller closes it. Raises OSError, which is an UnfitError for anything that is none.

    `follow`: a link at the end may be followed, for files that people keep themselves; never where wbuild alone writes (see `owned`).
    """
    try:
        with owned.spot(path) as spot:
            try:
                handle = os.open(spot.name, _OPEN if follow and spot.ground is None else _OPEN | _NO_LINK, dir_fd=spot.folder)
            except OSError:
                spot.refuse_link()
                raise
    except OSError as error:
        if error.errno in _LINKS and not follow and path.is_symlink():
            raise UnfitError(path, "it is a link") from None
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            raise UnfitError(path, "it is a socket or a device") from None
        raise
    except ValueError:  # a NUL in the name
        raise UnfitError(path, "no file has such a name") from None
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise UnfitError(path, f"it is {next((kind for is_kind, kind in _KINDS if is_kind(mode)), 'a device')}, not a file")
        return FileIO(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read(path: Path, limit: int, *, follow: bool = False) -> bytes:
    """All bytes of a regular file of at most `limit` bytes. Raises OSError, which is an UnfitError for anything else."""
    with opened(path, follow=follow) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise too_large(path, limit)
        parts: list[bytes] = []
        left = limit + 1
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            parts.append(part)
            left -= len(part)
    if left <= 0:
        raise too_large(path, limit)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def append(path: Path, data: bytes) -> None:
    """Append to a regular file, which is made if need be: one write, which the system does as a whole. Raises OSError."""
    handle = os.open(path, _APPEND, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnfitError(path, "it is no file")
        os.write(handle, data)
    finally:
        os.close(handle)


def too_large(path: Path, limit: int) -> UnfitError:
    """The error for a file that is larger than anything that is read here."""
    most = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit >> 10} KiB"
    return UnfitError(path, f"it has more than {most}")
