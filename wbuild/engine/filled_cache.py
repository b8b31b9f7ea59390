"""What a prepare step puts into a tool's shared cache: a libc, a standard library, a build system, which the tool then need not make.

The files lie in the action cache like those of any folder that a step makes. A mark in the shared cache says that they were put there,
and goes when the cache goes.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from wbuild.doors.regular import read
from wbuild.doors.seal import inode_of, sealed, unsealed
from wbuild.engine.folders import files_in
from wbuild.engine.lookup import Lookup
from wbuild.engine.session import Run
from wbuild.model.planned import SharedCache, Step
from wbuild.steps.words import expand, parts

__all__ = ["Filled"]

_MARKS: Final = ".wbuild-filled"
_LARGEST: Final = 1 << 10
"""Bytes of a mark."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The part of a shared cache that one step fills."""

    session: Run
    step: Step
    lookup: Lookup

    def known(self) -> bool:
        """Whether this user's wbuild has put there what the step makes, and nobody has taken the cache away since."""
        with suppress(OSError):
            mark = self._mark
            return unsealed(self.session.doors.key, mark, read(mark, _LARGEST), inode_of(mark.parent)) is not None
        return False

    def fill(self) -> None:
        """Put the files of the step's folder there, but for those that are there already. Raises MachineError."""
        session = self.session
        session.cache.ready(self._cache, session.note)
        target = Path("".join(expand([self.step.fills], session.places(self.step))))
        folder = session.root / self.step.outputs[0]
        for name in files_in(folder):
            if not (target / name).exists():
                session.doors.files.copy(folder / name, target / name, durable=False)
        session.doors.files.make_folder(self._mark.parent)
        session.doors.files.write(self._mark, sealed(session.doors.key, self._mark, b"", inode_of(self._mark.parent)), durable=False)

    @cached_property
    def _cache(self) -> str:
        return next(part.name for part in parts([self.step.fills]) if isinstance(part, SharedCache))

    @cached_property
    def _mark(self) -> Path:
        """One for each thing that is put there, by the step's key."""
        return self.session.cache.shared(self._cache) / _MARKS / self.lookup.action({})[1]
