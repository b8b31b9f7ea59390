"""Fences: a program that reads, writes and reaches what is listed, and nothing else. Only Linux (5.19 and newer) can do it.

Landlock takes rights away from a thread and from all that it starts, and a filter of system calls takes sockets away. What is open is
listed, never what is closed; what a kernel cannot refuse yet it lets pass. `docs/explanation/security.md` says what that is.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Final, TypeVar

from wbuild.doors import landlock, seccomp
from wbuild.doors.interfaces import Fence
from wbuild.errors import MachineError

_NO_NEW_PRIVILEGES: Final = 38

T = TypeVar("T")


@cache
def can_fence() -> bool:
    """Whether this system has fences."""
    return sys.platform == "linux" and landlock.version() >= landlock.OLDEST


def mechanism() -> str:
    """The name of what makes fences on this machine; "" where nothing does."""
    if not can_fence():
        return ""
    return f"Landlock {landlock.version()}, " + ("seccomp" if seccomp.can_filter() else "no seccomp")


def inside(fence: Fence, start: Callable[[], T]) -> T:
    """What `start` gives or raises; what it starts stays in the fence. Without fences in this system it is just called.

    Raises MachineError when the system has fences and refuses this one.
    """
    if not can_fence():
        return start()
    rules = landlock.rules(fence)
    if rules < 0:
        raise _refused()
    try:
        return _in_thread(rules, fence, start)
    finally:
        os.close(rules)


def _in_thread(rules: int, fence: Fence, start: Callable[[], T]) -> T:
    """Call in a thread of its own, for a thread never leaves its fence."""
    result: list[T] = []
    failure: list[BaseException] = []

    def call() -> None:
        try:
            if landlock.system().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or not landlock.obey(rules):
                raise _refused()
            if seccomp.can_filter() and not seccomp.obey(network=fence.network):
                raise _refused()
            result.append(start())
        except BaseException as error:  # raised again in the thread that asked
            failure.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


def _refused() -> MachineError:
    hint = "wbuild may be inside too many sandboxes itself (Landlock takes 16)"
    return MachineError("WB661", "the system does not let wbuild confine what it starts", hint=hint)
