"""Programs that go on although the wbuild that started them was killed: found by their environment, and waited for.

Their own run's keeper ends them; nobody else does (`wbuild.doors.keeper`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_WAIT: Final = 5.0
"""Seconds that they may take to end."""
_POLL: Final = 0.01


def await_orphans(variable: str, below: Path, patience: float = _WAIT) -> bool:
    """Wait until no process of this user is left whose `variable` names a folder below `below`; False when some do not end.

    Only where the system shows environments as files (Linux); elsewhere there are none.
    """
    begin, folder = os.fsencode(f"{variable}="), os.fsencode(f"{below}{os.sep}")
    end = time.monotonic() + patience
    while any(_living(begin + folder)):
        if time.monotonic() >= end:
            return False
        time.sleep(_POLL)
    return True


def _living(begin: bytes) -> Iterator[int]:
    """Processes other than this one with such a word in their environment; one that has ended shows none."""
    for path in _PROC.iterdir() if _PROC.is_dir() else ():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with suppress(OSError):  # another user's, or gone
                if any(word.startswith(begin) for word in (path / "environ").read_bytes().split(b"\0")):
                    yield int(path.name)
