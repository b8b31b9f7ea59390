"""Programs that stay and answer questions."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

from wbuild.errors import StepError

_LONGEST = 1 << 20
"""Bytes of an answer; what says more has gone wrong."""


class Dialogue:
    """See `Conversation`."""

    def __init__(
        self, process: subprocess.Popen[bytes], *, end: Callable[[subprocess.Popen[bytes]], None], cancelled: Callable[[], bool]
    ) -> None:
        """`end` ends the program with all that it started, and reaps it; `cancelled`: the user has ended everything."""
        self._process = process
        self._end = end
        self._cancelled = cancelled
        self._turn = threading.Lock()
        self._over = False

    def ask(self, question: bytes, timeout: float) -> bytes | None:
        """See `Conversation.ask`."""
        with self._turn:
            answer = b"" if self._over else self._within(question, timeout)
            if self._over and self._cancelled():
                raise StepError("WB108", "the build was interrupted")
            return None if self._over else answer.removesuffix(b"\n")

    def stop(self) -> None:
        """See `Conversation.stop`."""
        with self._turn:
            self._finish()

    def _within(self, question: bytes, timeout: float) -> bytes:
        timer = threading.Timer(timeout, self._kill)
        timer.daemon = True
        timer.start()
        answer = b""
        try:
            answer = self._exchange(question)
        finally:
            timer.cancel()
            if not answer.endswith(b"\n"):
                self._finish()
        return answer

    def _exchange(self, question: bytes) -> bytes:
        """A whole line, or what came before the program ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.write(b"%d\n" % len(question))
            self._process.stdin.write(question)
            self._process.stdin.flush()
            return self._process.stdout.readline(_LONGEST)
        return b""

    def _kill(self) -> None:
        """Not reaped here: the thread that waits for its answer does that, once the pipe is closed."""
        with suppress(OSError):
            self._process.kill()

    def _finish(self) -> None:
        if not self._over:
            self._over = True
            self._end(self._process)
