"""Programs that go on although the wbuild that started them was killed: found by their environment, and ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_WAIT: Final = 5.0
"""Seconds that the system may take to end them."""
_POLL: Final = 0.01


def end_orphans(variable: str, below: Path) -> int:
    """Kill every process of this user whose `variable` names a folder below `below`, and wait until they are gone; how many there were.

    Links are followed. Only where the system shows environments as files (Linux); elsewhere there are none.
    """
    begin, folder = os.fsencode(f"{variable}="), os.path.realpath(below)
    ended = set[int]()
    end = time.monotonic() + _WAIT
    found = [*_living(begin, folder)]
    while found and time.monotonic() < end:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended.update(found)
        time.sleep(_POLL)
        found = [*_living(begin, folder)]  # one may have started another before it died
    return len(ended)


def _living(begin: bytes, folder: str) -> Iterator[int]:
    """Processes other than this one with such a folder in their environment; one that has ended shows none."""
    for path in _PROC.iterdir() if _PROC.is_dir() else ():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with suppress(OSError):  # another user's, or gone
                words = (path / "environ").read_bytes().split(b"\0")
                named = next((os.fsdecode(word[len(begin) :]) for word in words if word.startswith(begin)), "")
                if named and os.path.realpath(named).startswith(f"{folder}{os.sep}"):
                    yield int(path.name)
