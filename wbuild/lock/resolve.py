"""Manifest + catalogue → lock: versions and files of everything that is needed and not locked yet, for every platform."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError, UsageError
from wbuild.lock.attach import Equipment, needs_of
from wbuild.lock.needed import closure, required, vendor_recipe
from wbuild.lock.trust import refusal, refused
from wbuild.model.locked import PLATFORMS, SYSTEM, Lock, LockedTool, Pin, Platform, Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.model.written import Manifest, Vendor
from wbuild.sources import SOURCES, Source
from wbuild.text.nearest import suggestion
from wbuild.text.versions import matches, same


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRequest:
    """What to resolve, and with what."""

    doors: Doors
    say: Callable[[str], None]
    install: Callable[[Pin, str], tuple[str, ...]]
    """Command line of a program of a pin, installing the pin first: package clients (npm) come from the lock too."""
    update: frozenset[str] = frozenset()
    """Blocks to resolve again; {"*"}: all."""
    sources: Mapping[str, Source] = field(default_factory=lambda: SOURCES)
    allowed: tuple[str, ...] = ()
    """Names of the sources that tools may come from, the preferred first; () is every recipe's own order."""


def resolve(manifest: Manifest, catalog: Catalog, previous: Lock | None, request: LockRequest) -> Lock:
    """A lock that fits the manifest. Blocks of `previous` that still fit are kept as they are.

    Raises UsageError for unknown names, ProvisionError when something cannot be found out (offline: with all that is missing).
    """
    needed = required(manifest, catalog, previous)
    recipes = {name: catalog.tools[name] for name in needed.tools}
    versions = {name: manifest.tools.get(name, "") for name in needed.tools}
    for name in needed.vendors:
        vendor = manifest.vendor[name.removeprefix("vendor.")]
        recipes[name], versions[name] = vendor_recipe(name, vendor), vendor.version
    unknown = sorted(request.update - {"*"} - set(recipes))
    if unknown:
        raise UsageError("WB244", f"nothing here needs {', '.join(unknown)}", hint=suggestion(unknown[0], recipes))
    kept = {} if previous is None or "*" in request.update else _kept(previous, recipes, versions, request.update)
    tools = dict(kept)
    fresh = [name for name in recipes if name not in kept]
    if fresh:
        if request.doors.offline:
            listed = ", ".join(f"{name} {versions[name]}".strip() for name in fresh)
            raise ProvisionError("WB412", f"offline, and not in wbuild.lock: {listed}", hint="run `wbuild lock` while online")
        request.say(f"looking up {', '.join(fresh)} for all platforms")
        tools.update(_search(fresh, recipes, versions, kept, catalog=catalog, request=request))
        _refuse_loss(previous, tools)
    ordered = {name: tools[name] for name in sorted(tools)}
    return Lock(tools=Equipment(tools=ordered, catalog=catalog).all(), toolchains=needed.toolchains, recipes=catalog.digest)


def _refuse_loss(previous: Lock | None, tools: Mapping[str, LockedTool]) -> None:
    """Raise ProvisionError for a block that had pins and would lose all of them because this machine cannot ask."""
    for name, before in (previous.tools if previous else {}).items():
        if name in tools and _pins(before) and not _pins(tools[name]):
            hint = "update it on a machine that can have it, and here name the tools to update: `wbuild lock --update TOOL`"
            raise ProvisionError("WB439", f"{name} {before.version} is locked and cannot be looked up again on this machine", hint=hint)


def _search(
    fresh: list[str],
    recipes: Mapping[str, ToolRecipe],
    versions: Mapping[str, str],
    kept: Mapping[str, LockedTool],
    *,
    catalog: Catalog,
    request: LockRequest,
) -> dict[str, LockedTool]:
    """The blocks of `fresh`, which names needed tools first; all are looked up at once. The first error in this order is raised."""
    at_once = min(len(fresh), 2 * (os.cpu_count() or 1))
    started: dict[str, Future[LockedTool]] = {}
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        for name in fresh:
            search = _VersionSearch(
                recipe=recipes[name], asked=versions[name], request=request, kept=kept, before=dict(started), catalog=catalog
            )
            started[name] = pool.submit(search.run)
        try:
            return {name: search.result() for name, search in started.items()}
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _kept(previous: Lock, recipes: Mapping[str, ToolRecipe], versions: Mapping[str, str], update: frozenset[str]) -> dict[str, LockedTool]:
    """Blocks of the previous lock that are needed, have a pin and the wanted version and come from a route that still exists."""
    return {
        name: tool
        for name, tool in previous.tools.items()
        if name in recipes and name not in update and _pins(tool) and fits(tool, recipes[name], versions[name])
    }


def fits(tool: LockedTool, recipe: ToolRecipe, version: str) -> bool:
    """Whether a block still is what manifest and recipe want; `version` is the exact one, or ""."""
    routes = {(route.source, route.package) for route in recipe.routes}
    return (not version or same(version, tool.version)) and all((pin.source, pin.package) in routes for pin in _pins(tool))


def _pins(tool: LockedTool) -> list[Pin]:
    return [entry for entry in tool.platforms.values() if isinstance(entry, Pin)]


_UNSERVED: Final = Unavailable(reason="no route serves this platform")


@dataclass(slots=True, kw_only=True)
class _VersionSearch:
    """Asks the routes of one tool, in order, until every platform has an answer."""

    recipe: ToolRecipe
    asked: str
    """The version that the manifest wants, "" for any."""
    request: LockRequest
    kept: Mapping[str, LockedTool]
    before: Mapping[str, Future[LockedTool]]
    """Searches that were started earlier. Waiting for one of them never ends in a circle."""
    catalog: Catalog
    version: str = ""
    """The version of what was found, or the one asked for."""
    found: dict[Platform, Pin] = field(default_factory=dict)
    reasons: dict[Platform, list[Unavailable]] = field(default_factory=dict)
    error: ProvisionError | None = None
    stranded: bool = False
    """A tool that it needs was not found."""
    local: str = ""
    """Why this machine cannot ask, where another might."""

    def run(self) -> LockedTool:
        """The block; one without a pin when only this machine cannot ask. Raises ProvisionError when no route serves any platform."""
        if refused(self.recipe, self.catalog, self.request.doors):
            raise refusal(self.recipe, "it is not looked up")
        self.version = self.asked
        routes = self._routes()
        followers = () if self.version else tuple(route for route in routes if route.follows)
        for route in (route for route in routes if route not in followers):
            self._ask(route, tuple(p for p in route.platforms if p not in self.found))
        if self.version:
            for route in followers:
                self._ask(route, route.platforms)
        if not self.found and (self.error or not self.local):
            raise self.error or self._nothing()
        return self._block() if self.found else self._unlocked()

    def _routes(self) -> tuple[Route, ...]:
        """The routes that may serve, in order. Vendored sources name their origin themselves."""
        allowed = self.request.allowed
        if not allowed or self.recipe.name.startswith("vendor."):
            return self.recipe.routes
        return tuple(sorted((r for r in self.recipe.routes if r.source in allowed), key=lambda route: allowed.index(route.source)))

    def _ask(self, route: Route, platforms: tuple[Platform, ...]) -> None:
        """What one route has for these platforms, at the version that was chosen before or that it chooses now."""
        if not platforms or (route.follows and not matches(self.version, route.follows)):
            return
        try:
            version = self.asked if route.source == SYSTEM else self.version
            answer = self.request.sources[route.source].resolve(self.recipe, route, version, platforms, self._doors(route))
        except ProvisionError as error:
            if self.stranded:  # the needed tool's own search says why
                raise
            self.error = error
            if len(self.recipe.routes) > 1:
                self.request.say(f"{self.recipe.name}: route {route.source}:{route.package} passed over: {error.problems[0].message}")
            return
        for platform, entry in answer.items():
            if isinstance(entry, Pin):
                self.found[platform] = entry
                self.version = entry.version if entry.source != SYSTEM else self.version
            else:
                self.reasons.setdefault(platform, []).append(entry)
                self.local = entry.reason if entry.local else self.local

    def _block(self) -> LockedTool:
        reasons = {p: "; ".join(one.reason for one in self.reasons.get(p, [_UNSERVED])) for p in PLATFORMS}
        missing = {p: Unavailable(reason=reasons[p]) for p in PLATFORMS if p not in self.found}
        own = {pin.version for pin in self.found.values() if pin.source == SYSTEM}
        versions = [pin.version for pin in self.found.values() if pin.source != SYSTEM] or [self.version or own.pop()]
        version = max(versions, key=len)  # routes write one version as 120 and 120.0.0
        pins = {p: pin if pin.source == SYSTEM else replace(pin, version=version) for p, pin in self.found.items()}
        return LockedTool(name=self.recipe.name, version=version, platforms={p: pins.get(p) or missing[p] for p in PLATFORMS})

    def _unlocked(self) -> LockedTool:
        """A block that only says why there is none: what needs the tool cannot be built, all else can."""
        self.request.say(f"{self.recipe.name} is not locked: {self.local}; run `wbuild lock` again on a machine that can have it")
        reasons = {p: "; ".join(one.elsewhere for one in self.reasons.get(p, [_UNSERVED])) for p in PLATFORMS}
        missing = {platform: Unavailable(reason=reasons[platform]) for platform in PLATFORMS}
        return LockedTool(name=self.recipe.name, version=self.version, platforms=missing)

    def _nothing(self) -> ProvisionError:
        reasons = list(dict.fromkeys("; ".join(one.reason for one in found) for found in self.reasons.values()))
        about = f"{self.recipe.name} {self.version or self.recipe.versions}".strip()
        why = f": {reasons[0]}" if reasons else ""
        if not self._routes():
            known = ", ".join(dict.fromkeys(route.source for route in self.recipe.routes))
            message = f"{self.recipe.name} comes from none of the sources that are allowed: {', '.join(self.request.allowed)}"
            return ProvisionError("WB420", message, hint=f"allow one of its own: {known}")
        where = "[vendor]" if self.recipe.name.startswith("vendor.") else "[tools]"
        return ProvisionError("WB413", f"no route serves {about}{why}", hint=f"choose another version in {where}")

    def _doors(self, route: Route) -> Doors:
        """Doors whose `program` is found among the blocks that the route needs; it waits for those that are looked up now."""

        def program(name: str) -> tuple[str, ...]:
            needs = closure(needs_of(route, route.source, self.recipe.name), self.catalog)
            self.stranded = True
            known = {need: self.kept[need] if need in self.kept else self.before[need].result() for need in needs}
            self.stranded = False
            for tool in Equipment(tools=known, catalog=self.catalog).all().values():
                entry = tool.platforms.get(self.request.doors.platform)
                if isinstance(entry, Pin) and name in entry.bin:
                    return self.request.install(entry, name)
            raise ProvisionError(
                "WB416", f"{self.recipe.name} needs {name}, which no tool of this lock brings to {self.request.doors.platform}"
            )

        return replace(self.request.doors, program=program)


def vendor_fits(tool: LockedTool, vendor: Vendor) -> bool:
    """Whether a block still is what `[vendor.NAME]` wants."""
    return fits(tool, vendor_recipe(tool.name, vendor), vendor.version)
