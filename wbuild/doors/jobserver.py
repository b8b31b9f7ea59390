"""A pool of tokens that programs share (GNU make's jobserver over a named pipe): one token, one more process."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from wbuild.doors import owned

_TOKEN: Final = b"+"
_BLOCK: Final = 4096


class JobServer:
    """The pool behind one named pipe. What a killed program has not given back is lost until the pool is filled again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pipe = -1

    @property
    def flags(self) -> str:
        """What MAKEFLAGS says; "" where there are no named pipes, or the path cannot be said in it."""
        return f"--jobserver-auth=fifo:{self._path}" if self._pipe >= 0 else ""

    def fill(self, tokens: int) -> None:
        """Have exactly so many tokens in the pool."""
        if self._pipe < 0 and not self._open():
            return
        with suppress(BlockingIOError):
            while os.read(self._pipe, _BLOCK):
                pass
        for _ in range(tokens):
            self.give()

    def take(self) -> bool:
        """Take a token if there is one; always true without a pool."""
        try:
            return self._pipe < 0 or bool(os.read(self._pipe, 1))
        except BlockingIOError:
            return False

    def give(self) -> None:
        """Put a token back into the pool."""
        with suppress(BlockingIOError):  # thousands of them
            if self._pipe >= 0:
                os.write(self._pipe, _TOKEN)

    def close(self) -> None:
        """Close the pool: whoever asks it gets a token at once."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _open(self) -> bool:
        make = getattr(os, "mkfifo", None)
        if make is None or any(c.isspace() for c in str(self._path)):
            return False
        with suppress(OSError):  # a file system without pipes
            owned.make_folder(self._path.parent)
            with owned.spot(self._path) as spot:
                with suppress(FileNotFoundError):
                    os.unlink(spot.name, dir_fd=spot.folder)
                make(spot.name, 0o600, dir_fd=spot.folder)
                self._pipe = os.open(spot.name, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=spot.folder)
        return self._pipe >= 0
