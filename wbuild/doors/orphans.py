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


def end_orphans(variable: str, below: str) -> int:
    """Kill every process of this user whose `variable` names a folder below `below`, and wait until they are gone; how many there were.

    Only where the system shows environments as files (Linux); elsewhere there are none.
    """
    mark = os.fsencode(f"{variable}={below}{os.sep}")
    ended = set[int]()
    end = time.monotonic() + _WAIT
    while (found := [*_with(mark)]) and time.monotonic() < end:  # one that is killed may have started another before
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended.update(found)
        time.sleep(_POLL)
    return len(ended)


def _with(mark: bytes) -> Iterator[int]:
    """Living processes other than this one with an entry of their environment that begins so; one that has ended shows none."""
    if not _PROC.is_dir():
        return
    for path in _PROC.iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with suppress(OSError):  # another user's, or gone
                if any(entry.startswith(mark) for entry in (path / "environ").read_bytes().split(b"\0")):
                    yield int(path.name)
