"""What all steps of one run share."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wbuild.builtins.table import Asking, Function
from wbuild.cache import Cache
from wbuild.cache.copies import own_name
from wbuild.cache.keys import StepKey
from wbuild.doors.grounds import Grounds
from wbuild.doors.interfaces import Doors
from wbuild.engine.events import Note, Say
from wbuild.engine.index import Index, Stamp
from wbuild.engine.late import late_value
from wbuild.engine.layout import Layout, Surroundings
from wbuild.engine.pool import Pool
from wbuild.engine.scratch import Scratches
from wbuild.engine.slots import Slots
from wbuild.engine.statedirs import StateDirs
from wbuild.engine.tools import Provisioner, Tools
from wbuild.engine.undeclared_writes import Strays
from wbuild.engine.workers import Workers
from wbuild.model.planned import Late, Step
from wbuild.steps.words import Places, common_base

RUNNERS = Path(__file__).resolve().parent.parent / "runners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run. Steps run in threads; what is mutable here is only added to."""

    root: Path
    doors: Doors
    cache: Cache
    grounds: Grounds
    """The project's folder and what lies around it, as far as fences need to know."""
    layout: Layout
    states: StateDirs
    scratches: Scratches
    index: Index
    strays: Strays
    outputs: frozenset[str]
    """The paths of the outputs of all steps, with the folders around them."""
    store: Tools
    tools: Provisioner
    pool: Pool
    workers: Workers
    slots: Slots
    say: Say
    builtins: Mapping[str, Function]
    asking: Mapping[str, Asking]
    epoch: int
    system_env: Mapping[str, str]
    surroundings: Surroundings
    patience: float
    """Seconds that a first use may take before it is explained."""
    absent: set[str] = field(default_factory=set)
    """Outputs that optional steps did not make."""
    degraded: set[str] = field(default_factory=set)
    """Outputs that a time-out, a signal or a limit of time prevented or shaped: another run may make others."""
    seen: dict[str, Stamp | None] = field(default_factory=dict)
    """Inputs and candidates as they were when a step that may read them first began."""
    runners: dict[str, str] = field(default_factory=dict)
    """Digests of our own programs."""
    said: set[str] = field(default_factory=set)
    used: set[tuple[str, str, tuple[str, ...]]] = field(default_factory=set)
    """First uses that are past: cache, key, and the tools that were used."""
    named: set[str] = field(default_factory=set)
    """Digests of names that are in the cache."""

    def note(self, message: str, about: str = "") -> None:
        """Say something, once a run; of all that is `about` one thing only the first."""
        if (about or message) not in self.said:
            self.said.add(about or message)
            self.say(Note(message=message))

    def keep_names(self, key: StepKey) -> None:
        """Have the names in the cache that a step might have read, if it tells which it has; many steps share them. Raises MachineError."""
        names = key.names
        if names and names not in self.named:
            self.cache.store_bytes(key.names_text(), names)
            self.named.add(names)

    def plain(self, name: str) -> str:
        """A file of the project by its name without links; as it is when it leads out of the project."""
        if "\0" in name:
            return name
        root, path = self.grounds.root, os.path.realpath(self.root / name)
        return path[len(root) + 1 :].replace(os.sep, "/") if path.startswith(f"{root}{os.sep}") else name

    def late(self, part: Late) -> str | list[str]:
        """The value of a late word."""
        return late_value(self.root, part)

    def shared(self, step: Step, name: str) -> Path:
        """Folder of a shared cache; of the project's own copy for a step that runs code of the project."""
        return self.cache.shared(own_name(name, self.root) if step.runs_project_code else name)

    def places(self, step: Step) -> Places:
        """The places on this machine that the words of a step stand for."""
        pins = {pin.name: pin for pin in step.pins}
        return Places(
            scratch=self.layout.scratch(step.name),
            root=self.root,
            base=common_base(step.outputs),
            tool=lambda name: self.store.path(pins[name]),
            shared=lambda name: self.shared(step, name),
            state=f"{self.layout.states}/{step.state}" if step.state else "",
            late=self.late,
            runner=lambda file: RUNNERS / file,
            python=sys.executable,
        )
