"""A `wbuild build --watch` that runs beside a test: what it says, line by line, as it says it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.toys import Shell

TURN = re.compile(r"(rebuilt|failed|nothing to do|not built).*")
_LONG = 120.0
"""Seconds after which something that should happen counts as never happening."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """A process whose standard output and error are read by a thread."""

    process: subprocess.Popen[str]
    lines: queue.SimpleQueue[str | None] = field(default_factory=queue.SimpleQueue)
    said: list[str] = field(default_factory=list)

    def until(self, pattern: str) -> str:
        """Take lines until one matches as a whole, with any number for a time; it."""
        end = time.monotonic() + _LONG
        while True:
            try:
                line = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                line = None
            assert line is not None, f"never said {pattern}, but\n{''.join(self.said)}"
            self.said.append(line)
            if re.fullmatch(pattern, line.rstrip("\n")):
                return line.rstrip("\n")

    def turn(self) -> str:
        """The line of the next turn, without its time."""
        return re.sub(r" in \d+\.\d\d s", "", self.until(TURN.pattern))

    def read(self) -> None:
        """Read to the end."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=_LONG)

    def rest(self) -> list[str]:
        """What it said besides, once it has ended."""
        found = []
        while (line := self.lines.get(timeout=_LONG)) is not None:
            found.append(line.rstrip("\n"))
        return found


def change(place: Shell, name: str, text: str) -> None:
    """Write a file of the project at one stroke: no look can see it half written."""
    aside = place.folder.parent / "aside"
    aside.write_text(text, encoding="utf-8")
    aside.replace(place.folder / name)


def made(path: Path) -> str:
    """The text of a file, once somebody has made it."""
    end = time.monotonic() + _LONG
    while not path.exists():
        assert time.monotonic() < end, f"nobody made {path}"
        time.sleep(0.01)
    return path.read_text()


def alive(pid: int) -> bool:
    """Whether a process goes on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid: int) -> None:
    """Wait until a process has ended."""
    end = time.monotonic() + _LONG
    while alive(pid):
        assert time.monotonic() < end, f"{pid} goes on"
        time.sleep(0.01)


@contextmanager
def watched(place: Shell, *args: str, **env: str) -> Iterator[Watched]:
    """`wbuild build --watch ARGS`; nothing of it is left at the end."""
    place.trust(env)
    process = subprocess.Popen(
        [sys.executable, "-m", "wbuild", "build", "--watch", *args],
        cwd=place.folder,
        env={**place.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        start_new_session=True,
    )
    found = Watched(process=process)
    reader = threading.Thread(target=found.read)
    reader.start()
    try:
        yield found
    finally:
        if process.poll() is None:
            process.terminate()  # in order, so that the program that it runs ends too
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        reader.join(20)
        assert process.stdout is not None
        process.stdout.close()
