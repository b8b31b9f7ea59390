"""Rules of Landlock (Linux): a thread that obeys them, with all that it starts, touches what they name and nothing else.

What a kernel does not know yet is left out, so it refuses less; nothing here ever refuses to start a program for that.
"""

from __future__ import annotations

import os
import stat
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Final

from wbuild.doors.descriptor import Descriptor
from wbuild.doors.interfaces import Fence

if TYPE_CHECKING:  # loaded when the first fence is made: a build with nothing to do makes none
    import ctypes

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of the system calls, the same for all processors."""
OLDEST: Final = 2
"""The first version that lets files be renamed from folder to folder (Linux 5.19)."""
_RUN, _WRITE, _READ, _LIST, _TRUNCATE, _CONTROL = (1 << bit for bit in (0, 1, 2, 3, 14, 15))
_MAKE: Final = sum(1 << bit for bit in (4, 5, 7, 8, 9, 10, 12, 13))
"""Remove; make folders, files, sockets, pipes and links; link and rename from folder to folder."""
_DEVICES: Final = 1 << 6 | 1 << 11
"""Make device files: refused everywhere."""
_ADDED: Final = ((3, _TRUNCATE), (5, _CONTROL))
_TCP: Final = 0b11
"""The rights to listen and to connect."""
_BEYOND: Final = 0b11
"""The scopes that keep a program from abstract sockets of others and from signals to others."""
_OF_FILES: Final = _RUN | _WRITE | _READ | _TRUNCATE | _CONTROL
_PATH_BENEATH: Final = 1
_LASTING: Final = ("/usr/", "/lib", "/bin", "/sbin", "/opt", "/etc/", "/proc/", "/sys/", "/dev/", "/nix/", "/gnu/")
"""How paths of the system begin, which projects and their steps do not replace."""
_LASTS: Final = 5.0
"""Seconds for which they stay open: a package may be installed while `--watch` runs."""


@cache
def version() -> int:
    """The version of Landlock in this kernel; 0 where there is none."""
    return max(0, int(system().syscall(_CREATE, None, 0, 1)))


def rules(fence: Fence) -> int:
    """A set of rules as a file descriptor; -1 when the system refuses to make one."""
    known = version()
    handled = _RUN | _WRITE | _READ | _LIST | _MAKE | _DEVICES
    handled |= sum(right for since, right in _ADDED if known >= since)
    if fence.readable is None:
        handled &= ~(_RUN | _READ | _LIST)
    tcp = _TCP if known >= 4 and not fence.network else 0
    beyond = _BEYOND if known >= 6 and not fence.network else 0
    attributes = struct.pack("=QQQ", handled, tcp, beyond)[: 24 if known >= 6 else 16 if known >= 4 else 8]
    made = int(system().syscall(_CREATE, attributes, len(attributes), 0))
    if made >= 0:
        write = (_WRITE | _MAKE | _TRUNCATE | _READ | _LIST | _RUN) & handled
        _allow(made, fence.writable, write)
        _allow(made, fence.devices, (_WRITE | _TRUNCATE | _READ | _LIST | _CONTROL) & handled)
        if fence.readable is not None:
            _allow(made, fence.readable, _READ | _LIST | _RUN)
            _allow(made, fence.listable, _LIST)
    return made


def obey(made: int) -> bool:
    """Take the rules on, for this thread and all that it starts; they never end. Whether the system did it."""
    return int(system().syscall(_RESTRICT, made, 0)) == 0


def _allow(made: int, paths: Iterable[str], rights: int) -> None:
    call = system().syscall
    for path in paths:
        place = _PLACES.at(path)
        if place is not None:
            call(_ADD, made, _PATH_BENEATH, struct.pack("=Qi", rights if place.is_folder else rights & _OF_FILES, place.number), 0)


class _Place(Descriptor):
    """Something of the file system, open for rules alone."""

    __slots__ = ("is_folder",)

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.is_folder = stat.S_ISDIR(os.fstat(number).st_mode)


class _Places:
    """What the rules of programs that start one after the other name again and again: half of a start's time went into opening it.

    Methods may be called from several threads.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Place] = {}
        self._until = 0.0

    def at(self, path: str) -> _Place | None:
        """The descriptor of a path with its kind; None where nothing is, for that cannot be touched either."""
        if not path.startswith(_LASTING):
            return _place(path)
        now = time.monotonic()
        if now > self._until:
            self._kept, self._until = {}, now + _LASTS
        place = self._kept.get(path) or _place(path)
        if place is not None:
            self._kept[path] = place
        return place


_PLACES: Final = _Places()


def _place(path: str) -> _Place | None:
    with suppress(OSError):
        return _Place(os.open(path, os.O_PATH | os.O_CLOEXEC))
    return None


@cache
def system() -> ctypes.CDLL:
    """The C library, for calls that Python does not have."""
    import ctypes  # noqa: PLC0415 - see above

    return ctypes.CDLL(None)
