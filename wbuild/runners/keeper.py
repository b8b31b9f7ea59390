"""Ends what a wbuild has started when that wbuild is killed: it runs beside it, is told of every program, and goes with it.

usage: python -I -S keeper.py    records on standard input, each ended by a NUL:
    ?FOLDER   a program is about to be started; FOLDER is its own folder for temporary files, or empty
    !         it was not
    +PID      it was: the first process of a group of its own
    -PID      it has ended, and all of its group

At the end of its input nobody is left who waits for these programs. What runs in their groups is killed, and what they started elsewhere:
processes of this user, younger than this one, whose TMPDIR is in such a folder.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
WAIT = 5.0
"""Seconds that the system may take to end them."""


def main() -> None:
    groups: dict[int, int] = {}
    folders: set[bytes] = set()
    pending = 0
    rest = b""
    while data := os.read(0, 1 << 16):
        *records, rest = (rest + data).split(b"\0")
        for record in records:
            word = record[1:]
            if record[:1] == b"?":
                pending += 1
                folders |= {word.rstrip(b"/") + b"/"} if word else set()
            elif record[:1] == b"!":
                pending -= 1
            elif record[:1] == b"+":
                pending -= 1
                groups[int(word)] = begun(int(word))
            elif record[:1] == b"-":
                groups.pop(int(word), None)
    if groups or pending:
        end(groups, folders)


def end(groups: dict[int, int], folders: set[bytes]) -> None:
    """Kill the groups, and what has left them."""
    for pid, start in groups.items():
        if begun(pid) in (0, start):  # else the number belongs to another process by now
            with suppress(OSError):
                os.killpg(pid, signal.SIGKILL)
    mine, limit = begun(os.getpid()), time.monotonic() + WAIT
    while time.monotonic() < limit and (found := [pid for pid in strays(folders) if begun(pid) >= mine]):
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)  # one may have started another before it died


def strays(folders: set[bytes]) -> list[int]:
    """Other processes whose TMPDIR is in one of the folders; only where the system shows environments as files (Linux)."""
    found = []
    for path in PROC.iterdir() if PROC.is_dir() else ():
        if path.name.isdigit() and int(path.name) != os.getpid():
            with suppress(OSError):  # another user's, or gone
                words = (path / "environ").read_bytes().split(b"\0")
                named = next((word[7:] for word in words if word.startswith(b"TMPDIR=")), b"")
                if any((named + b"/").startswith(folder) for folder in folders):
                    found.append(int(path.name))
    return found


def begun(pid: int) -> int:
    """When a process began, in ticks since the system did; 0 where that cannot be told."""
    try:
        return int((PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


if __name__ == "__main__":
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    main()
