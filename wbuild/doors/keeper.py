"""The process beside a run that ends its programs when it is killed: see `wbuild/runners/keeper.py`.

So a wbuild process ends only what it has started itself: nothing that lies in a project says what may be ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_PROGRAM: Final = Path(__file__).resolve().parent.parent / "runners" / "keeper.py"


class Keeper:
    """Started with the first program. Methods may be called from several threads.

    There is one of a process (`KEEPER`), which ends when the process does. None is let go earlier: that would be done in a finalizer, and a
    Ctrl-C that is raised there is lost.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pipe = -1
        self._given_up = os.name != "posix"  # pragma: no cover - elsewhere what was started goes on

    def started(self, folder: Path | None, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """What `start` gives or raises, known to the keeper; `folder`: of its own, for temporary files."""
        self._tell(b"?" + (bytes(folder) if folder else b""))
        try:
            process = start()
        except BaseException:
            self._tell(b"!")
            raise
        self._tell(b"+%d" % process.pid)
        return process

    def ended(self, pid: int) -> None:
        """A program has ended, and all of its group."""
        self._tell(b"-%d" % pid)

    def _tell(self, record: bytes) -> None:
        with self._guard:
            if self._given_up:
                return
            try:
                if self._pipe < 0:
                    self._pipe = _start()
                os.write(self._pipe, record + b"\0")
            except OSError:  # it was killed itself, or there is no room for it: programs run all the same
                self._given_up = True


def _start() -> int:
    """The end of its pipe that it is told by. Raises OSError."""
    theirs, ours = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", _PROGRAM],
            cwd="/",
            env={},
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    process.returncode = 0  # nobody waits for it
    return ours


KEEPER: Final = Keeper()
"""The keeper of this process."""
