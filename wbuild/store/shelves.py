"""Where trees are: in the store itself if only this user and root can write there, else in a store of this user's own.

A tree is a program that is started. In a folder that others can write somebody else may have put it there, with a receipt to match, so
such a folder is never taken from. What is wanted is then unpacked anew, once, into a folder that is this user's: beside it where that
can be, else in the user's cache folder. The same serves where the store cannot be written, or has no room.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.doors.ownership import can_be_private, closed, owners, private, writable
from wbuild.store.contents import RECEIPT
from wbuild.store.older import OLDER

LAYOUT: Final = "store-v2"
_BELIEVED: Final = 0.2
"""Seconds for which a tree that was there still is; whoever starts a program of one that has gone is told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Who uses a store."""

    data: Path | None = None
    """The user's data folder for wbuild; None where there is none."""
    home: str = ""
    """The user's home folder, whose owner is believed."""
    own: Path | None = None
    """Where this user's own store is, for when nothing can be made in the one that is shared."""
    lone: bool = False
    """Nobody else is on this machine; see `private`."""
    watch: bool = False
    """Say how far downloads are."""


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """The folders of trees of one store, the first that can serve first."""

    root: Path
    files: Files
    user: User
    _known: dict[Path, bool] = field(default_factory=dict)
    _found: dict[str, tuple[Path, float]] = field(default_factory=dict)
    """Tree → its folder, and until when (seconds) that is believed without a look."""

    @property
    def first(self) -> Path:
        """The folder of trees that the setting `store` names."""
        return self.root / LAYOUT

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders that may hold trees, in the order in which they are looked into, whether they are there or not."""
        own = f"{LAYOUT}-{os.geteuid()}" if hasattr(os, "geteuid") else LAYOUT
        homes = (self.user.own / LAYOUT,) if self.user.own is not None else ()
        return tuple(dict.fromkeys((self.first, self.root / own, *homes)))

    def believed(self) -> Iterator[Path]:
        """The folders that are there, and hold what this user or root has put there."""
        for folder in self.folders:
            if folder not in self._known and folder.is_dir():
                self._known[folder] = private(folder, self._owners, lone=self.user.lone)
            if self._known.get(folder):
                yield folder

    def find(self, identity: str) -> Path | None:
        """The folder that holds a tree, or None."""
        now = time.monotonic()
        known, until = self._found.get(identity, (None, 0.0))
        if known is not None and now < until:  # every step asks for each of its tools, several times
            return known
        if known is None or not (known / identity / RECEIPT).is_file():
            known = next((folder for folder in self.believed() if self._holds(folder / identity)), None)
        if known is not None:
            self._found[identity] = known, now + _BELIEVED
        return known

    def _holds(self, tree: Path) -> bool:
        return (tree / RECEIPT).is_file() and not tree.is_symlink() and (self.user.lone or closed(tree))

    def free(self, needed: int = 0) -> Path:
        """The folder for a new tree: the first that can be written and has room; the store itself when there is none."""
        for folder in self.folders:
            if not writable(folder) or not self._serves(folder):
                continue
            if self.files.free(folder) >= needed:
                return folder
        return self.first

    def _serves(self, folder: Path) -> bool:
        """Whether a folder is believed, or will be once it is there."""
        if os.path.lexists(folder):
            return folder in self.believed()
        return can_be_private(folder, self._owners, lone=self.user.lone)

    def older(self) -> tuple[Path, ...]:
        """Folders of the layout before, if what is in them can be believed."""
        found = (self.root / OLDER,)
        return tuple(folder for folder in found if folder.is_dir() and private(folder, self._owners, lone=self.user.lone))

    def make(self, folder: Path) -> None:
        """Make a folder of trees that nobody else can write, whatever the umask. Raises MachineError."""
        missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        with machine_errors(folder, "make"):
            for place in reversed(missing):
                with suppress(FileExistsError):
                    place.mkdir(mode=0o755)
                    if place.stat().st_mode & 0o777 != 0o755:  # the umask took something away
                        place.chmod(0o755)

    @property
    def why(self) -> str:
        """Why the store itself does not serve, in words; "" when it does."""
        if not self._serves(self.first):
            return "others can change what is in it"
        return "" if writable(self.first) else "it cannot be written"

    @cached_property
    def _owners(self) -> frozenset[int]:
        return owners(self.user.home)
