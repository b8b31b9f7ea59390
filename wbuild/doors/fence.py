"""Fences: a program that may not write into a folder tree, but for a few places in it. Only Linux (5.19 and newer) can do it.

Landlock takes rights away from a thread and from all that it starts. What may be written is listed, never what may not, so the rules
name everything beside the way from `/` down to the protected folder. A file made right in a folder on that way is refused too.

One thing is not refused: truncate(2), which cuts a file without opening it. To forbid it (since 6.2) makes the system look at the
rules of every file that is opened, for reading too: an eighth of the time of a compiler that opens thousands.
"""

from __future__ import annotations

import os
import stat
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from wbuild.doors.interfaces import Fence

if TYPE_CHECKING:  # loaded when the first fence is made: a build with nothing to do makes none
    import ctypes

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""Numbers of Landlock's system calls, the same for all processors."""
_NO_NEW_PRIVILEGES: Final = 38
_VERSION: Final = 2
"""Of Landlock: the first that lets files be renamed from folder to folder."""
_FILE: Final = 1 << 1
"""Write to a file."""
_TREE: Final = _FILE | sum(1 << bit for bit in range(4, 14))
"""Make, remove, link and rename, too."""
_ALWAYS: Final = ("/dev", "/proc")

T = TypeVar("T")


@cache
def can_fence() -> bool:
    """Whether this system has fences."""
    return sys.platform == "linux" and int(_system().syscall(_CREATE, None, 0, 1)) >= _VERSION


class Fences:
    """Makes fences, each once as long as nothing in it changes."""

    def __init__(self) -> None:
        self._made: dict[Fence, tuple[list[int], int]] = {}
        self._guard = threading.Lock()

    def inside(self, fence: Fence, start: Callable[[], T]) -> T:
        """What `start` gives or raises; what it starts stays in the fence. Without fences in this system it is just called."""
        rules = self._rules(fence) if can_fence() else -1
        if rules < 0:
            return start()
        try:
            return _in_thread(rules, start)
        finally:
            os.close(rules)

    def _rules(self, fence: Fence) -> int:
        """The caller's own descriptor of rules, -1 for none. They hold for folders that were there: one made anew needs new ones."""
        folders = [path.stat().st_ino if path.is_dir() else 0 for path in fence.open]
        with self._guard:
            known, rules = self._made.get(fence, (None, -1))
            if known != folders:
                if rules >= 0:
                    os.close(rules)
                rules = _make(fence)
                self._made[fence] = (folders, rules)
            return os.dup(rules) if rules >= 0 else rules


def _in_thread(rules: int, start: Callable[[], T]) -> T:
    """Call in a thread of its own, for a thread never leaves its fence."""
    result: list[T] = []
    failure: list[BaseException] = []

    def call() -> None:
        try:
            if _system().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0:
                _system().syscall(_RESTRICT, rules, 0)
            result.append(start())
        except BaseException as error:  # raised again in the thread that asked
            failure.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _make(fence: Fence) -> int:
    """A set of rules as a file descriptor; -1 when the system refuses."""
    system = _system()
    rules = int(system.syscall(_CREATE, struct.pack("=Q", _TREE), 8, 0))
    for path in _writable(fence) if rules >= 0 else ():
        with suppress(OSError):  # gone meanwhile
            found = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                rights = _TREE if stat.S_ISDIR(os.fstat(found).st_mode) else _FILE
                system.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, found), 0)
            finally:
                os.close(found)
    return rules


def _writable(fence: Fence) -> Iterator[str]:
    yield from _ALWAYS
    yield from (os.path.realpath(path) for path in fence.open)
    way = Path(os.path.realpath(fence.protected))
    for folder, step in zip(way.parents, (way, *way.parents), strict=False):
        with suppress(OSError), os.scandir(folder) as entries:
            yield from (entry.path for entry in entries if entry.name != step.name and not entry.is_symlink())


@cache
def _system() -> ctypes.CDLL:
    import ctypes  # noqa: PLC0415 - see above

    return ctypes.CDLL(None)
