"""Reading the output of a running program: everything is read, so that it never blocks; only so much is kept."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO, Final, Protocol

from wbuild.doors import owned
from wbuild.doors.machine import machine_errors

_BLOCK: Final = 1 << 16
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY", "O_NOFOLLOW"))
_REST: Final = 1.0
"""Seconds to read what is left in the pipes of an ended program; a daemon that it started may hold them open for ever."""
_POLL: Final = 0.02
"""Seconds between looks at a program whose end the system does not announce."""

Pipes = Sequence[tuple[IO[bytes], Callable[[bytes], None]]]


class Sink:
    """A file that takes output up to a limit of bytes and counts the rest."""

    def __init__(self, path: Path, *, limit: int) -> None:
        self.path = path
        self.limit = limit
        self.kept = 0
        self.dropped = 0
        self._file: BinaryIO | None = None

    def write(self, data: bytes) -> None:
        """Take output. Raises MachineError when the disk is full."""
        room = data[: self.limit - self.kept]
        self.dropped += len(data) - len(room)
        if room:
            self.kept += len(room)
            self._put(room)

    def note(self, text: str) -> None:
        """A remark of wbuild at the end, beyond the limit."""
        self._put(f"\n[wbuild: {text}]\n".encode())

    def _put(self, data: bytes) -> None:
        with machine_errors(self.path, "write", needed=len(data)):
            (self._file or self.open()).write(data)

    def close(self) -> None:
        """Close the file. Raises MachineError when the disk is full."""
        if self._file is not None:
            with machine_errors(self.path, "write"):
                self._file.close()

    def open(self) -> BinaryIO:
        """Make the file, which is there only once there is output."""
        owned.make_folder(self.path.parent)
        with owned.spot(self.path) as spot:
            self._file = os.fdopen(os.open(spot.name, _NEW, 0o666, dir_fd=spot.folder), "wb")
        return self._file


@contextmanager
def sink(path: Path, *, limit: int, empty: bool = False) -> Iterator[Sink]:
    """A sink in the place of what was at `path`. Without output there is no file, unless `empty`."""
    made = Sink(path, limit=limit)
    with machine_errors(path, "write"):
        with suppress(FileNotFoundError), owned.spot(path) as spot:
            os.unlink(spot.name, dir_fd=spot.folder)
        if empty:
            made.open()
    try:
        yield made
    finally:
        made.close()


class Drain(Protocol):
    """Reads pipes of one program."""

    def step(self, timeout: float) -> bool:
        """Read for at most `timeout` seconds; True once the program has ended. It is not reaped where groups exist."""
        ...

    def rest(self) -> None:
        """Read what an ended program has left."""
        ...

    def close(self) -> None:
        """Give back what the reading needed; the pipes stay open."""
        ...


def drain(process: subprocess.Popen[bytes], pipes: Pipes) -> Drain:
    """The reader of a program's pipes that fits this system."""
    return ThreadDrain(process, pipes) if sys.platform == "win32" else SelectDrain(process, pipes)


class SelectDrain:
    """Reads pipes on systems that can wait for several at once."""

    def __init__(self, process: subprocess.Popen[bytes], pipes: Pipes) -> None:
        self._process = process
        self._selector = selectors.DefaultSelector()
        self._open = len(pipes)
        for pipe, take in pipes:
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, selectors.EVENT_READ, take)
        self._pidfd = -1
        with suppress(OSError, AttributeError):
            self._pidfd = os.pidfd_open(process.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ, None)

    def step(self, timeout: float) -> bool:
        """See `Drain.step`."""
        if self._pidfd < 0 and not self._open:
            time.sleep(min(timeout, _POLL))
            return self._ended()
        ended = False
        for key, _ in self._selector.select(timeout):
            if key.data is None:
                ended = True
            else:
                self._read(key)
        return ended or (self._pidfd < 0 and self._ended())

    def rest(self) -> None:
        """See `Drain.rest`."""
        end = time.monotonic() + _REST
        while self._open and time.monotonic() < end:
            ready = [key for key, _ in self._selector.select(0) if key.data is not None]
            if not ready:
                return
            for key in ready:
                self._read(key)

    def close(self) -> None:
        """See `Drain.close`."""
        self._selector.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)

    def _read(self, key: selectors.SelectorKey) -> None:
        with suppress(BlockingIOError):
            data = os.read(key.fd, _BLOCK)
            if data:
                key.data(data)
            else:
                self._selector.unregister(key.fileobj)
                self._open -= 1

    def _ended(self) -> bool:
        try:
            return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except AttributeError:  # no waitid on this system
            return self._process.poll() is not None
        except ChildProcessError:
            return True


class ThreadDrain:
    """Reads pipes on systems where only a blocking read is possible: with a thread for each pipe."""

    def __init__(self, process: subprocess.Popen[bytes], pipes: Pipes) -> None:
        self._process = process
        self._failure: list[BaseException] = []
        self._threads = [threading.Thread(target=self._pump, args=pair, daemon=True) for pair in pipes]
        for thread in self._threads:
            thread.start()

    def step(self, timeout: float) -> bool:
        """See `Drain.step`."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return bool(self._failure)
        return True

    def rest(self) -> None:
        """See `Drain.rest`."""
        end = time.monotonic() + _REST
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        if self._failure:
            raise self._failure[0]

    def close(self) -> None:
        """See `Drain.close`."""

    def _pump(self, pipe: IO[bytes], take: Callable[[bytes], None]) -> None:
        try:
            while data := pipe.read(_BLOCK):
                take(data)
        except (OSError, ValueError):  # closed because a daemon held it open
            pass
        except BaseException as error:  # raised again by rest
            self._failure.append(error)
