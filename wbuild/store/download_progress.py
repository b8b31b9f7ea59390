"""How much of a download is there: package clients write it below the installation's own folder, where it can be watched growing."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from wbuild.model.locked import Pin

PERIOD: Final = 0.25
"""Seconds between two looks."""
_OWN: Final = (".txt", ".json", ".conf")
"""Endings of what clients are given and say."""


@contextmanager
def watched(pin: Pin, work: Path, tell: Callable[[int], None]) -> Iterator[None]:
    """Tell in a thread of its own how many bytes of a pin have arrived below `work`, whenever that has changed."""
    end = threading.Event()

    def look() -> None:
        before = 0
        while not end.wait(PERIOD):
            now = arrived(pin, work)
            if now != before:
                before = now
                tell(now)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        end.set()
        watcher.join()


def arrived(pin: Pin, work: Path) -> int:
    """Bytes of a pin's files that are below a folder, at most the pin's size; 0 while a client keeps them elsewhere (npm does).

    A single file may have any name meanwhile. A file that is there twice (a client's own copy) counts once.
    """
    sizes: dict[str, int] = {}
    single = len(pin.files) == 1
    names = {file.name for file in pin.files}
    for folder, _, files in os.walk(work):
        for name in files:
            if name in names or (single and not name.endswith(_OWN)):
                key = "" if single else name
                sizes[key] = max(sizes.get(key, 0), _size(os.path.join(folder, name)))  # noqa: PTH118
    return min(sum(sizes.values()), pin.size)


def _size(path: str) -> int:
    with suppress(OSError):  # clients move their files about
        info = os.lstat(path)
        return info.st_size if stat.S_ISREG(info.st_mode) else 0
    return 0
