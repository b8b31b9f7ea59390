"""What a command line asks of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wbuild.model.written import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks of a project: which artifacts, in which profile, and what may be written meanwhile."""

    words: tuple[str, ...] = ()
    changed_since: str = ""
    """A git revision: of the chosen artifacts only those that differ from it are built; "" builds all of them."""
    profile: str = "dev"
    level: Level | None = None
    targets: tuple[str, ...] = ()
    locked: bool | None = None
    """Whether locks may not change; None leaves it to CI, where they may not."""
    keep_going: bool | None = None
    checks: bool = True
    check_always: bool = False
    runtimes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Hosts to judge by besides the declared ones."""
    flags: Mapping[str, object] = field(default_factory=dict)
    """Settings of the machine given as flags, by their names with underscores; None for a flag that was not given."""
    write: bool = True
    """Whether anything on disk may change; False for commands that only look."""
    timed: bool = False
    """Whether the time of every event is noted, for a table or a trace."""

    def keeps_locks(self, *, ci: bool) -> bool:
        """Whether locks may not change."""
        return ci if self.locked is None else self.locked
