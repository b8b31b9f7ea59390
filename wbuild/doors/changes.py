"""Waiting until something may have changed in some folders.

What the system tells about files is a hint for speed, never the truth: it says nothing on network drives, too much for editors that
write by renaming, and too little for folders that are made and filled at once. So a wait ends at a change *or* after a pulse, and
whoever waits looks at the files.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Final, Protocol

PULSE: Final = 2.0
"""Seconds after which a wait ends in any case."""
_QUIET: Final = 50
"""Milliseconds without a change after which a burst of changes is over."""
_BURST: Final = 1600
"""Milliseconds after which a burst is told even if it goes on."""


class ChangeSignal(Protocol):
    """Tells whoever waits when to look again."""

    def wait(self) -> None:
        """Return when something may have changed since the last call."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class FolderChanges:
    """Listens to folders, not to those inside them, until it is closed."""

    def __init__(self, folders: Iterable[str], *, pulse: float = PULSE) -> None:
        self._folders = sorted(folders)
        self._pulse = pulse
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when something may have changed since the last call, at the latest after a pulse."""
        self._woken.wait()
        self._woken.clear()

    def close(self) -> None:
        """Stop listening, and end the thread."""
        self._closed.set()
        self._thread.join()

    def _listen(self) -> None:
        from watchfiles import watch  # noqa: PLC0415 - only a build that watches needs it

        listening = watch(
            *self._folders,
            watch_filter=None,
            debounce=_BURST,
            step=_QUIET,
            stop_event=self._closed,
            rust_timeout=int(self._pulse * 1000),
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        )
        try:
            for _ in listening:
                self._woken.set()
        except (OSError, RuntimeError):  # a folder has gone, or the system listens to no more folders
            while not self._closed.wait(self._pulse):
                self._woken.set()
