"""What a command line asks of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wbuild.model.written import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for."""

    words: tuple[str, ...] = ()
    changed_since: str = ""
    """Of the chosen artifacts only those that differ from this git revision."""
    profile: str = "dev"
    level: Level | None = None
    targets: tuple[str, ...] = ()
    locked: bool | None = None
    """None: as CI decides."""
    keep_going: bool | None = None
    checks: bool = True
    check_always: bool = False
    runtimes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Hosts to judge by besides the declared ones."""
    flags: Mapping[str, object] = field(default_factory=dict)
    """Settings of the machine given as flags."""
    write: bool = True
    """False: change nothing on disk."""
    timed: bool = False
    """Remember what happened when."""

    def keeps_locks(self, *, ci: bool) -> bool:
        """Whether locks may not change."""
        return ci if self.locked is None else self.locked
