"""The second stage of a session: the project with a lock that fits it."""

from __future__ import annotations

from dataclasses import dataclass

from wbuild import lock as locks
from wbuild.model.locked import Lock
from wbuild.session.locking import Locking
from wbuild.session.opened import Opened
from wbuild.steps.kit import Kit
from wbuild.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A project whose tools are chosen, for this machine."""

    opened: Opened
    lock: Lock
    kit: Kit
    store: Store


def locked(opened: Opened) -> Locked:
    """Bring the lock in step with the manifest. Raises WbuildError, UsageError for one that does not fit and must not change."""
    world, project = opened.world, opened.project
    locking = Locking(world=world, project=project, console=opened.console, locked=not opened.may_lock, write=opened.asked.write)
    lock = locking.fitting(opened.watch)
    store = world.open_store()
    return Locked(opened=opened, lock=lock, kit=locks.kit_here(lock, project.catalog, world.doors), store=store)
