"""The tools that a command shows: those of the catalogue, the lock's versions of them, and what is in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wbuild.errors import UsageError
from wbuild.session.call import Common
from wbuild.text.names import quoted
from wbuild.text.nearest import nearest

if TYPE_CHECKING:
    from wbuild.model.locked import Lock, Pin, Platform
    from wbuild.model.shipped import Catalog
    from wbuild.model.tool_recipe import ToolRecipe
    from wbuild.store import Store
    from wbuild.terminal.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Catalogue, lock and store together."""

    catalog: Catalog
    lock: Lock | None
    """The project's lock; None where no project, or no lock, is around."""
    store: Store
    platform: Platform
    console: Console
    common: Common

    def pin(self, name: str) -> Pin | None:
        """The pin of a tool for this machine; None where there is no lock, or where it has none for this machine."""
        from wbuild.model.locked import Pin

        tool = self.lock.tools.get(name) if self.lock else None
        pin = tool.platforms.get(self.platform) if tool else None
        return pin if isinstance(pin, Pin) else None

    def pins(self, names: tuple[str, ...]) -> tuple[Pin, ...]:
        """Pins of `names` (all of the lock without any), with what they need. Raises UsageError, ProvisionError."""
        from wbuild import lock as locks

        if self.lock is None:
            raise UsageError("WB284", "there is no wbuild.lock here", hint="run `wbuild lock` in a project; tools are installed as locked")
        kit = locks.kit(self.lock, self.platform)
        for name in names:
            self.recipe(name)
        return kit.closure(names or [name for name in self.lock.tools if self.pin(name)])

    def recipe(self, name: str) -> ToolRecipe | None:
        """The recipe of a tool; None for a vendored source. Raises UsageError for an unknown name."""
        found = self.catalog.tools.get(name)
        if found is None and not (name.startswith("vendor.") and self.lock and name in self.lock.tools):
            near = nearest(name, self.catalog.tools)
            hint = f"did you mean {near}?" if near else f"there is: {', '.join(self.catalog.tools)}"
            raise UsageError("WB279", f"unknown tool {quoted(name)}", hint=hint)
        return found


def shelf(common: Common, *, looking: bool = True, **flags: object) -> Shelf:
    """Catalogue, lock and store as a command sees them here. `looking`: whether nothing of the project may be started."""
    from wbuild import lock as locks
    from wbuild.nothing_to_do import project_folder
    from wbuild.session.locking import Locking
    from wbuild.session.project import catalog_of, open_project

    world = common.world(**flags)
    lock = None
    if project_folder(str(common.start)):
        project = open_project(common.start)
        world = world.looking(project.root) if looking else world
        lock = Locking(world=world, project=project, console=common.console, locked=True).read()
    store = world.open_store()
    catalog = catalog_of(common.start)
    if lock is not None:
        lock = locks.on_machine(lock, catalog, world.doors)
    return Shelf(catalog=catalog, lock=lock, store=store, platform=world.doors.platform, console=common.console, common=common)
