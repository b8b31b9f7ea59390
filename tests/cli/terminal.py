"""A real pseudo-terminal with a wbuild in it, and what a person would see there."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pyte

from tests.cli.toys import Shell

COLUMNS, LINES = 100, 24
OWN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
"""Makes standard input the terminal of a session, so that its end is told; then becomes another program."""
STARTED: list[subprocess.Popen[bytes]] = []


@dataclass(slots=True, kw_only=True)
class Terminal:
    """Standard error (and input) of a process; standard output too unless it goes elsewhere."""

    process: subprocess.Popen[bytes]
    master: int
    screen: pyte.HistoryScreen
    stream: pyte.ByteStream
    raw: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def cursor_shown(self) -> bool:
        """Whether the cursor is visible."""
        return not self.screen.cursor.hidden

    def read(self, seconds: float) -> bool:
        """Take what comes within a time; False once the process has gone."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux says so when nobody has the terminal open any more
            return False
        self.raw += data
        self.stream.feed(data)
        return bool(data)

    def until(self, seen: Callable[[str], bool], *, seconds: float = 30.0) -> str:
        """The screen when it first shows something (columns are one space apart); fails when it never does.

        The last line of a picture is written last and erased first, so whoever waits for it sees a whole picture.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            alive = self.read(0.05)
            if seen(re.sub(r" +", " ", self.text)):
                return self.text
            if not alive:
                break
        kill(self.process)
        raise AssertionError(f"never seen; the screen shows\n{self.text}\nand what came last was {bytes(self.raw[-2000:])!r}")

    def type(self, text: str) -> None:
        """What a person types."""
        os.write(self.master, text.encode())

    def end(self, *, seconds: float = 60.0) -> int:
        """Wait for its end; the exit code."""
        end = time.monotonic() + seconds
        while self.read(0.05) and time.monotonic() < end:
            pass
        code = self.process.wait(timeout=10)
        os.close(self.master)
        return code


def start(place: Shell, *args: str, term: str = "xterm-256color", **env: str) -> Terminal:
    """`wbuild ARGS` in a terminal of its own."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    place.trust(env)
    process = subprocess.Popen(
        [sys.executable, "-c", OWN, "-m", "wbuild", *args],
        cwd=place.folder,
        env={**place.env, "TERM": term, **env},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    STARTED.append(process)
    os.close(slave)
    screen = pyte.HistoryScreen(COLUMNS, LINES, history=1000)
    return Terminal(process=process, master=master, screen=screen, stream=pyte.ByteStream(screen))


def end_all() -> None:
    """Kill what was started and still runs."""
    while STARTED:
        kill(STARTED.pop())


def kill(process: subprocess.Popen[bytes]) -> None:
    """End it, and the shell that it may have opened."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
