"""What the engine says while it works. Events of the store (downloads) pass through as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from wbuild.model.happened import Result
from wbuild.model.planned import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step was not in the cache, and begins."""

    step: Step
    reasons: tuple[str, ...]
    """Which part of which key changed, in words."""
    provisioning: float = 0.0
    """Seconds that it waited for its tools."""
    queued: float = 0.0
    """Seconds that it then waited until as few steps ran as may run at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    """What became of a step; also of one that was cached or skipped."""

    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that its reader should know, and nothing failed."""

    message: str


Say: TypeAlias = "Callable[[object], None]"
"""Takes StepStarted, StepFinished, Note, and events of the store."""


class Interrupted(KeyboardInterrupt):
    """The user ended the run; every process is gone."""

    def __init__(self, results: tuple[Result, ...]) -> None:
        super().__init__("interrupted")
        self.results = results
        """The results of the steps that had ended by then."""
