"""The region at the bottom of a terminal in which a `Board` is shown; what is printed meanwhile goes above it.

rich draws it, and is imported only when something has lasted long enough to be shown.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TextIO

from wbuild.terminal.activity import Board

if TYPE_CHECKING:
    from rich.live import Live

PERIOD: Final = 0.125
"""Seconds between two pictures."""
_ANY: Final = 25
"""Any height, to ask whether there is something to show."""


class Screen:
    """Shows a board while anything is on it. Safe to use from several threads."""

    def __init__(self, err: TextIO, board: Board, *, color: bool) -> None:
        self._err = err
        self._board = board
        self._color = color
        self._plain = "utf" not in (err.encoding or "").lower()
        self._lock = threading.RLock()
        self._live: Live | None = None
        self._end = threading.Event()
        self._ticker: threading.Thread | None = None

    def wake(self) -> None:
        """There is something to show."""
        with self._lock:
            if self._ticker is None:
                self._end = threading.Event()
                self._ticker = threading.Thread(target=self._tick, args=(self._end,), daemon=True)
                self._ticker.start()

    def above(self, text: str) -> bool:
        """Print a block with its colours above the region. False when no region is up: then nothing was printed."""
        with self._lock:
            if self._live is None:
                return False
            from rich.text import Text

            self._live.console.print(Text.from_ansi(text), soft_wrap=True)
            return True

    def close(self) -> None:
        """Take the region away, and show the cursor. The next `wake` brings it back."""
        with self._lock:
            self._end.set()
            self._ticker = None
            self._erase()

    def _tick(self, end: threading.Event) -> None:
        while not end.wait(PERIOD):
            if self._live is None and self._lines(_ANY):
                import rich.live
                import rich.text  # noqa: F401 (not while the lock is held)
            try:
                with self._lock:
                    if not end.is_set():
                        self._draw()
            except OSError:
                return  # the terminal has gone

    def _draw(self) -> None:
        if not self._lines(_ANY):
            self._erase()
            return
        self._live = self._live or self._begin()
        from rich.text import Text

        text = Text("\n".join(self._lines(self._live.console.height)), no_wrap=True, overflow="crop")
        self._live.update(text, refresh=True)

    def _erase(self) -> None:
        live = self._live
        if live is not None:
            with suppress(OSError):  # the terminal has gone
                live.stop()
                live.console.show_cursor(True)  # a second Ctrl-C may have come during a first attempt
            self._live = None

    def _begin(self) -> Live:
        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=self._err,
            force_terminal=True,
            color_system="standard" if self._color else None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
        live.start()
        return live

    def _lines(self, height: int) -> list[str]:
        return self._board.lines(time.monotonic(), height=height, plain=self._plain)
