"""What all steps of one run share."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wbuild.builtin import Function
from wbuild.cache import Cache
from wbuild.doors.interfaces import Doors
from wbuild.engine.events import Note, Say
from wbuild.engine.index import Index, Stamp
from wbuild.engine.late import late_value
from wbuild.engine.layout import Layout
from wbuild.engine.pool import Pool
from wbuild.engine.slots import Slots
from wbuild.engine.strays import Strays
from wbuild.engine.tools import Provisioner, Tools
from wbuild.model.planned import Late, Step
from wbuild.words import Places

RUNNERS = Path(__file__).resolve().parent.parent / "runners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run. Steps run in threads; what is mutable here is only added to."""

    root: Path
    doors: Doors
    cache: Cache
    layout: Layout
    index: Index
    strays: Strays
    made: frozenset[str]
    """Outputs of all steps of this run, and the folders above them."""
    store: Tools
    tools: Provisioner
    pool: Pool
    slots: Slots
    say: Say
    builtins: Mapping[str, Function]
    epoch: int
    system_env: Mapping[str, str]
    patience: float
    """Seconds that a first use may take before it is explained."""
    absent: set[str] = field(default_factory=set)
    """Outputs that optional steps did not make."""
    degraded: set[str] = field(default_factory=set)
    """Outputs that a time-out, a signal or a limit of time prevented or shaped: another run may make others."""
    seen: dict[str, Stamp | None] = field(default_factory=dict)
    """Candidates as they were when a step that may read them first began."""
    runners: dict[str, str] = field(default_factory=dict)
    """Digests of our own programs."""
    said: set[str] = field(default_factory=set)

    def note(self, message: str) -> None:
        """Say something, once a run."""
        if message not in self.said:
            self.said.add(message)
            self.say(Note(message=message))

    def late(self, part: Late) -> str | list[str]:
        """The value of a late word."""
        return late_value(self.root, part)

    def places(self, step: Step) -> Places:
        """Where the step's words are on this machine."""
        pins = {pin.name: pin for pin in step.pins}
        return Places(
            scratch=self.layout.scratch(step.name),
            root=self.root,
            tool=lambda name: self.store.path(pins[name]),
            shared=self.cache.shared,
            state=f"{self.layout.states}/{step.state}" if step.state else "",
            late=self.late,
            runner=lambda file: RUNNERS / file,
            python=sys.executable,
        )
