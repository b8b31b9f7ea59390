"""What a run that was killed has left behind, for the next one to remove: files that are not whole.

Its programs are ended by the keeper that it had beside it (`wbuild.doors.keeper`), never by another run.

A mark says that a run goes on, and in which folders it writes. Whoever finds one, and has the project's lock, knows that its run was
killed or interrupted; after a run that ended in order there is nothing to look for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname
from typing import Final

from wbuild.doors import owned
from wbuild.doors.files import asides
from wbuild.doors.interfaces import Files
from wbuild.doors.orphans import await_orphans
from wbuild.doors.regular import read
from wbuild.doors.seal import sealed, unsealed
from wbuild.engine.layout import TEMPORARY, Layout

_LARGEST: Final = 64 << 20
"""Bytes of a mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What killed runs have left of one project, whose lock is held."""

    layout: Layout
    files: Files
    key: bytes
    """The user's key, which what is written here is bound to."""

    @contextmanager
    def marked(self, outputs: Iterable[str]) -> Iterator[None]:
        """Be a run that writes these outputs, relative to the root. The mark stays when it raises. Raises MachineError, UsageError."""
        layout = self.layout
        owned.refuse_links(layout.root / layout.work)  # nothing that bears a name of the engine's leads anywhere else
        self.clear()
        own = (f"{layout.work}/", f"{layout.work}/log", layout.marks)  # besides those of outputs
        folders = "\0".join(sorted({*own, *map(dirname, outputs)})).encode("utf-8", "surrogateescape")
        self.files.write(layout.mark, sealed(self.key, layout.mark, folders), durable=False)
        yield
        self.files.remove(layout.mark)

    def clear(self) -> None:
        """Remove what a killed run has left, once its programs have ended. Raises MachineError, UsageError."""
        layout = self.layout
        try:
            content = unsealed(self.key, layout.mark, read(layout.mark, _LARGEST))
        except OSError:
            return
        if content is None:  # no run of this user has left it here
            return
        root = layout.root
        folders = content.decode("utf-8", "surrogateescape").split("\0")
        folders += (f"{layout.states}/{name}" for name in owned.names(root / layout.states))  # records of what tools have seen
        await_orphans(TEMPORARY, root / layout.tmp)
        for folder in map(Path, folders):
            if not folder.is_absolute() and ".." not in folder.parts:  # else the mark is damaged
                for path in asides(root / folder):
                    self.files.remove(path)
