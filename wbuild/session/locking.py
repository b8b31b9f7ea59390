"""wbuild.lock of a project: read, made where there is none, brought up to date, or refused under `--locked`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild import lock as locks
from wbuild.doors.files import asides
from wbuild.errors import ProvisionError, UsageError
from wbuild.lock.trust import CODE
from wbuild.model.locked import Lock, Pin
from wbuild.model.tool_recipe import SHIPPED
from wbuild.session.progress import Progress
from wbuild.session.project import Project, content_of, shown
from wbuild.session.record import Watch
from wbuild.session.world import World
from wbuild.terminal.console import Console
from wbuild.text.project_names import LOCK
from wbuild.toml.decode import LARGEST

_STRAY: Final = 3600.0
"""Seconds after which a file that is not whole was left by a process that was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """A project's lock and how far this command line may change it."""

    world: World
    project: Project
    console: Console
    locked: bool
    """Whether a lock that is missing or does not fit is refused instead of being made."""
    write: bool = True
    """Whether the lock may be written; False for `wbuild plan`, which resolves in memory only."""

    @property
    def path(self) -> Path:
        """The path of wbuild.lock, beside wbuild.toml."""
        return self.project.folder / LOCK

    def read(self) -> Lock | None:
        """The lock as it is. Raises UsageError or IntegrityError for one that cannot be used."""
        if not os.path.lexists(self.path):
            return None
        text = content_of(self.path, LARGEST)
        return locks.decode(text.decode("utf-8", "replace"), self.project.catalog, shown(self.path))

    def fitting(self, watch: Watch | None = None) -> Lock:
        """The lock, in step with the manifest. Raises UsageError under `--locked` when it is not."""
        if watch is not None:
            watch.file(self.path)
        found = self.read()
        differences = locks.stale(self.project.manifest, self.project.catalog, found) if found else ()
        if found and not differences:
            return found
        if self.locked:
            raise self.refusal(found, differences)
        made = self.resolve(found)
        if not self.write:
            why = "does not fit wbuild.toml" if found else "does not exist"
            self.console.note(f"{LOCK} {why}: resolved in memory, nothing was written")
            return made
        self.save(made)
        self.console.note(f"{'updated' if found else 'wrote'} {shown(self.path)}: {self.changes(found, made)}")
        if watch is not None:
            watch.wrote(self.path)
        return self.read() or made

    def refusal(self, found: Lock | None, differences: Sequence[str]) -> UsageError:
        """What `--locked` and `lock --check` say about a lock that does not fit."""
        if found is None:
            return UsageError("WB271", f"there is no {shown(self.path)}", hint="run `wbuild lock` and commit the file")
        detail = "\n".join(f"  {line}" for line in differences)
        hint = "run `wbuild lock` and commit the file"
        return UsageError("WB272", f"{shown(self.path)} does not fit wbuild.toml", hint=hint, detail=detail)

    def resolve(self, previous: Lock | None, update: frozenset[str] = frozenset()) -> Lock:
        """A lock that fits. Raises ProvisionError when versions cannot be found out."""
        progress = Progress(console=self.console, root=self.project.root)
        request = locks.LockRequest(
            doors=self.world.doors,
            say=self.console.note,
            install=lambda pin, program: self._install(pin, program, progress),
            update=update,
            sources=self.world.origins,
            allowed=self.world.sources,
        )
        return locks.resolve(self.project.manifest, self.project.catalog, previous, request)

    def _install(self, pin: Pin, program: str, progress: Progress) -> tuple[str, ...]:
        """The command line of a package client. Raises ProvisionError for one that the project brings while it is only looked at."""
        recipe = self.project.catalog.tools.get(pin.name)
        if self.world.doors.looking is not None and recipe is not None and recipe.origin != SHIPPED:
            message = f"{pin.name}: nothing that a recipe of the project brings is started while the project is looked at"
            raise ProvisionError(CODE, message, hint="run `wbuild lock` first")
        return self.world.open_store().command(pin, program, progress)

    def save(self, lock: Lock) -> None:
        """Write the lock. What killed processes have left of one goes. Raises MachineError."""
        files = self.world.doors.files
        files.write(self.path, locks.encode(lock))
        for path in asides(self.path.parent, older=_STRAY):
            files.remove(path)

    def changes(self, before: Lock | None, after: Lock) -> str:
        """Tools that came, went or changed, in words."""
        old = before.tools if before else {}
        words = []
        for name in sorted({*old, *after.tools}):
            was, now = old.get(name), after.tools.get(name)
            if was is None and now is not None:
                words.append(f"{name} {now.version}" if now.version else f"{name} unavailable")
            elif now is None:
                words.append(f"without {name}")
            elif was is not None and was.version != now.version:
                words.append(f"{name} {was.version or 'unavailable'} → {now.version or 'unavailable'}")
        return ", ".join(words) or "same versions"
