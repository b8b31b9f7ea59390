"""When tools were last used, and the removal of those that were not for long.

`.used/<identity>` carries the time, at most `STEADY` seconds late: a tree itself never changes. Whoever wants a tree first says
that it uses it and then looks whether it is there; whoever removes one first takes it out of sight and then looks whether it was
used meanwhile. So nothing goes that somebody has found, whatever the order.
"""

from __future__ import annotations

import math
import os
import secrets
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors import owned
from wbuild.doors.interfaces import Files
from wbuild.errors import MachineError
from wbuild.model.locked import Pin
from wbuild.store import receipt
from wbuild.store.contents import RECEIPT
from wbuild.store.glance import LOOKED

RUNS: Final = ".runs"
"""Folder of builds that go on."""
STEADY: Final = 3600.0
"""Seconds for which a time of use is good enough; what was used within them stays."""
UNUSED: Final = 90 * 86_400.0
"""Seconds after which a tool is taken for unused, unless told otherwise."""
_USED: Final = ".used"
_LOCKS: Final = ".locks"
OWN: Final = frozenset({RUNS, _USED, _LOCKS})
"""Folders beside the trees that nobody but wbuild writes into."""
_STRAY: Final = 86_400.0
_TOKEN: Final = 4
"""Random bytes in the name of a tree that is made or removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """A tree that goes, or would."""

    identity: str
    size: int
    """Bytes; 0 for one without a receipt."""
    idle: float
    """Seconds since it was last used."""


def mark(trees: Path, pins: Iterable[Pin]) -> None:
    """Say that pins are used now, those that are there. A store that cannot be written cannot be tidied up either."""
    now = time.time()
    for pin in pins:
        path = trees / _USED / pin.identity
        with suppress(OSError):
            if _time(path) < now - STEADY and (trees / pin.identity).is_dir():
                owned.make_folder(path.parent)
                with owned.spot(path) as spot:
                    os.close(os.open(spot.name, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644, dir_fd=spot.folder))
                    os.utime(spot.name, dir_fd=spot.folder, follow_symlinks=False)


def aside(trees: Path, identity: str) -> Path:
    """A new name for a tree that is made or removed."""
    return trees / f".tmp-{identity}-{secrets.token_hex(_TOKEN)}"


def lock_of(trees: Path, identity: str) -> Path:
    """The lock of a tree."""
    return trees / _LOCKS / f"{identity}.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Removes unused trees."""

    trees: Path
    files: Files
    keep: Collection[str] = ()
    """Identities that stay, whenever they were used."""
    age: float = UNUSED
    """Seconds without use after which a tree goes."""

    def run(self, *, dry: bool = False) -> tuple[Unused, ...]:
        """Remove trees; those that went, or with `dry` would go, the longest unused first. Raises MachineError."""
        began = self.files.oldest(self.trees / RUNS)
        now = time.time()
        newest = min(now - max(self.age, STEADY), math.inf if began is None else began - STEADY)
        found = sorted((used, name) for name in self._names() if (used := self._used(name)) < newest and name not in self.keep)
        gone = []
        for used, name in found:
            known = receipt.decode(receipt.text(self.trees / name / RECEIPT))
            if dry or self._remove(name, used):
                gone.append(Unused(identity=name, size=known.size if known else 0, idle=now - used))
        if not dry:
            self._strays(now - _STRAY)
        return tuple(gone)

    def _names(self) -> Iterator[str]:
        with suppress(FileNotFoundError):
            yield from (path.name for path in self.trees.iterdir() if not path.name.startswith("."))

    def _used(self, name: str) -> float:
        return max(_time(self.trees / _USED / name), _time(self.trees / name / RECEIPT) or _time(self.trees / name))

    def _remove(self, name: str, used: float) -> bool:
        """Whether a tree went; not one that somebody installs or uses by now."""
        away = aside(self.trees, name)
        with suppress(MachineError), self._locked(name):
            if self._used(name) != used:
                return False
            self.files.move(self.trees / name, away)
            if _time(self.trees / _USED / name) > used:
                self.files.move(away, self.trees / name)
                return False
            self.files.remove(away)
            self.files.remove(self.trees / _USED / name)
            self.files.remove(self.trees / LOOKED / name)
            return True
        return False

    def _strays(self, before: float) -> None:
        """Remove what killed installations left."""
        for path in self.trees.glob(".tmp-*"):
            identity = path.name.removeprefix(".tmp-")[: -2 * _TOKEN - 1]
            if _time(path) < before:
                with suppress(MachineError), self._locked(identity):
                    self.files.remove(path)

    def _locked(self, identity: str) -> AbstractContextManager[None]:
        return self.files.lock(lock_of(self.trees, identity), what=f"remove {identity}", timeout=0, say=lambda _: None)


def _time(path: Path) -> float:
    """Modification time, 0 for what is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
