"""One start of wbuild: what every command line says, and what is made from that once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wbuild.session.world import World
    from wbuild.terminal.console import Console


@dataclass(slots=True, kw_only=True)
class Common:
    """The one object of a command line: its common options, and what is made from them when a command first asks."""

    environ: Mapping[str, str]
    argv: tuple[str, ...] = ()
    """The words of the command line as typed, by which the nothing-to-do path finds its record."""
    directory: Path | None = None
    verbosity: int = 0
    quiet: bool = False
    color: str = "auto"
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        """The only printer, made when it is first asked for, and again when colour, quiet or verbosity have changed."""
        from wbuild.terminal.console import Console

        wanted = (self.color, self.quiet, self.verbosity)
        if self._made.get("wanted") != wanted:
            self._made["wanted"] = wanted
            self._made["console"] = Console.standard(self.environ, color=self.color, quiet=self.quiet, verbosity=self.verbosity)
        console: Console = self._made["console"]
        return console

    def calm(self) -> None:
        """Leave the terminal as it was, if anything was shown on it."""
        if "console" in self._made:
            self._made["console"].calm()

    def world(self, **flags: object) -> World:
        """Every door, built once. `flags` are settings given on the command line (None: not given)."""
        from wbuild.session.world import World

        if "world" not in self._made:
            self._made["world"] = World.build(self.environ, self.console, self.start, flags)
        world: World = self._made["world"]
        return world

    def renew(self) -> None:
        """Read the configuration again when the world is next asked for."""
        self._made.pop("world", None)

    @property
    def start(self) -> Path:
        """Where the search for a project begins. Raises MachineError when the current folder has gone, and no whole path is named."""
        from wbuild.doors.places import current_folder

        named = self.directory
        return named if named is not None and named.is_absolute() else current_folder() / (named or "")
