"""wbuild.lock: what was chosen for a project, for every platform, made once and kept until someone asks for an update."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from wbuild.doors.interfaces import Doors
from wbuild.errors import IntegrityError, Problem
from wbuild.lock import text
from wbuild.lock.attach import Equipment, route_of
from wbuild.lock.binding import strays
from wbuild.lock.needed import Required, choose_toolchains, required
from wbuild.lock.resolve import LockRequest, resolve, vendor_fits
from wbuild.lock.trust import refused, untrusted
from wbuild.model.locked import SYSTEM, Lock, LockedTool, Pin, Platform, Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import Route, SourceName
from wbuild.model.written import Manifest
from wbuild.sources import system
from wbuild.steps.kit import Kit
from wbuild.text.versions import same

__all__ = [
    "LockRequest",
    "Required",
    "choose_toolchains",
    "decode",
    "encode",
    "kit",
    "kit_here",
    "on_machine",
    "required",
    "resolve",
    "stale",
]


def encode(lock: Lock) -> str:
    """The text of wbuild.lock; equal locks give equal bytes."""
    return text.encode(lock)


def decode(content: str, catalog: Catalog, file: str) -> Lock:
    """The lock in a text, its pins equipped with programs, needs and probes from the recipes.

    Raises UsageError with every problem and its place, IntegrityError for files that belong to another version, or cannot come from
    the routes of their recipes.
    """
    lock = text.decode(content, file)
    _refuse_strays(lock, catalog, file)
    return replace(lock, tools=Equipment(tools=lock.tools, catalog=catalog).all())


def _refuse_strays(lock: Lock, catalog: Catalog, file: str) -> None:
    """Raise IntegrityError for files that no route gives. A block whose route is gone is stale, which is another matter."""
    found: dict[str, None] = {}
    for name, tool in lock.tools.items():
        for pin in (entry for entry in tool.platforms.values() if isinstance(entry, Pin) and entry.source != SYSTEM):
            bare = Route(source=cast("SourceName", pin.source), package=pin.package)
            route = bare if name.startswith("vendor.") else route_of(catalog.tools.get(name), pin)
            found |= dict.fromkeys(f"{name}: {what}" for what in (strays(pin, route) if route is not None else ()))
    if found:
        hint = "take the file from version control again, or remove it and run `wbuild lock`"
        raise IntegrityError.of(tuple(Problem(code="WB519", message=f"{file}: {what}", hint=hint) for what in found))


def kit(lock: Lock, platform: Platform) -> Kit:
    """The pins of one platform. What it cannot have is an error only when asked for."""
    missing = Unavailable(reason="wbuild.lock has no entry for this platform; run `wbuild lock --update`")
    return Kit(platform=platform, pins={name: tool.platforms.get(platform, missing) for name, tool in lock.tools.items()})


def on_machine(lock: Lock, catalog: Catalog, doors: Doors) -> Lock:
    """A lock with the tools that it leaves to this machine found: their pins have files and a folder, or say what is lacking.

    It is never written. Raises ProvisionError, MachineError.
    """
    found = {} if doors.looking is not None else _untrusted(lock, catalog, doors)
    for name, tool in lock.tools.items():
        if name in found:
            continue
        entry = tool.platforms.get(doors.platform)
        route = route_of(catalog.tools.get(name), entry) if isinstance(entry, Pin) and entry.source == SYSTEM else None
        if isinstance(entry, Pin) and route is not None:
            here = system.find(entry, catalog.tools[name], route, doors)
            found[name] = replace(tool, platforms={**tool.platforms, doors.platform: here})
    return replace(lock, tools=Equipment(tools={**lock.tools, **found}, catalog=catalog).all()) if found else lock


def _untrusted(lock: Lock, catalog: Catalog, doors: Doors) -> dict[str, LockedTool]:
    """Blocks of tools that recipes of the project would bring, before the user has said that they are meant: nobody has them."""
    return {
        name: replace(tool, platforms=dict.fromkeys(tool.platforms, untrusted(recipe)))
        for name, tool in lock.tools.items()
        if (recipe := catalog.tools.get(name)) is not None and refused(recipe, catalog, doors)
    }


def kit_here(lock: Lock, catalog: Catalog, doors: Doors) -> Kit:
    """The pins of this machine, with the tools that the lock leaves to it. Raises ProvisionError, MachineError."""
    return kit(on_machine(lock, catalog, doors), doors.platform)


def stale(manifest: Manifest, catalog: Catalog, lock: Lock) -> tuple[str, ...]:
    """How a lock differs from what the manifest wants, in words; () when it fits. Raises UsageError for unknown names."""
    needed = required(manifest, catalog, lock)
    wanted = {*needed.tools, *needed.vendors}
    found = [f"{name} is needed and not locked" for name in sorted(wanted - set(lock.tools))]
    found += [f"{name} is locked and not needed" for name in sorted(set(lock.tools) - wanted)]
    for name in sorted(wanted & set(lock.tools)):
        found += _differences(name, lock.tools[name], manifest, catalog)
    for language in sorted({*needed.toolchains, *lock.toolchains}):
        one, other = needed.toolchains.get(language), lock.toolchains.get(language)
        if one != other:
            found.append(f"toolchain of {language}: {other or 'none'} is locked, wbuild.toml wants {one or 'none'}")
    if lock.recipes != catalog.digest:
        found.append("the project's own recipes changed")
    return tuple(found)


def _differences(name: str, tool: LockedTool, manifest: Manifest, catalog: Catalog) -> list[str]:
    if name.startswith("vendor."):
        vendor = manifest.vendor[name.removeprefix("vendor.")]
        return [] if vendor_fits(tool, vendor) else [f"{name}: {tool.version} is locked, wbuild.toml wants {vendor.from_} {vendor.version}"]
    version = manifest.tools.get(name, "")
    if version and not same(version, tool.version):
        return [f"{name}: {tool.version} is locked, wbuild.toml wants {version}"]
    pins = [entry for entry in tool.platforms.values() if isinstance(entry, Pin)]
    lost = {f"{pin.source}:{pin.package}" for pin in pins if route_of(catalog.tools.get(name), pin) is None}
    return [f"{name}: its recipe has no route {', '.join(sorted(lost))} any more"] if lost else []
