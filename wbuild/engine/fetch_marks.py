"""What a fetch step has brought: remembered beside it, in the folders of this machine that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from wbuild.cache.keys import ABSENT, Remembered, StepKey, action_digest, canonical
from wbuild.doors.regular import read
from wbuild.doors.seal import inode_of, sealed, unsealed
from wbuild.engine.session import Run
from wbuild.engine.step_key import Settled, key_of, settled
from wbuild.model.planned import Step
from wbuild.text import json_text

_LARGEST: Final = 64 << 20
"""Bytes of a mark."""
_MARKS: Final = ".wbuild-fetched"


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """The mark of one fetch step. It goes when the folder goes, so nobody takes for fetched what was removed."""

    session: Run
    step: Step
    words: Settled
    key: StepKey

    @classmethod
    def of(cls, session: Run, step: Step) -> Fetched:
        """The mark of a step with the files as they are. Raises BugError."""
        words = settled(session, step)
        inputs = {path: session.index.blob(path) or ABSENT for path in step.inputs}
        return cls(session=session, step=step, words=words, key=key_of(session, step, words, inputs))

    @cached_property
    def action(self) -> str:
        """Digest of the step's key."""
        return action_digest(self.key.evidence({}))

    @property
    def stamp(self) -> bytes:
        """Content of the step's outputs: steps that need what was fetched have it in their keys."""
        return f"{self.action}\n".encode()

    def known(self) -> bool:
        """Whether every folder holds what this key asks for."""
        state = self.session.root / self.session.places(self.step).state if self.step.state else None
        if state is not None and not self.session.states.known(state):
            return False
        return all(self._content(mark) is not None for mark in self.marks())

    def remember(self) -> None:
        """Leave the marks, which say what was asked for. Raises MachineError."""
        asked = canonical(self.key.evidence({}))
        for mark in self.marks():
            self.session.doors.files.make_folder(mark.parent)
            self.session.doors.files.write(mark, sealed(self.session.doors.key, mark, asked, inode_of(mark.parent)))

    def remembered(self, action: str) -> Remembered | None:
        """What was asked for when the marks of an action were left, or None."""
        for mark in self._marks(action) if action else ():
            content = self._content(mark)
            if content is not None:
                return Remembered(evidence=json_text.table(content) or {}, candidates=None)
        return None

    def _content(self, mark: Path) -> bytes | None:
        """What a mark says; None for one that this user's wbuild has not left in this folder."""
        with suppress(OSError):
            return unsealed(self.session.doors.key, mark, read(mark, _LARGEST), inode_of(mark.parent))
        return None

    def marks(self) -> Sequence[Path]:
        """The files of the mark of this fetch; without one of them the step runs again."""
        return self._marks(self.action)

    def _marks(self, action: str) -> Sequence[Path]:
        session = self.session
        state = [session.root / session.places(self.step).state] if self.step.state else []
        return [
            folder / _MARKS / action
            for folder in {*(session.cache.shared(name) for name in self.words.shared), *state} or {session.root / session.layout.work}
        ]
