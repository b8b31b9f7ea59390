"""What recipes say about locked files: programs, needs and probes. The lock holds only what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from wbuild.errors import UsageError
from wbuild.model.locked import LockedTool, Pin, Platform, Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import Probe, Route, ToolRecipe
from wbuild.sources import traits_of


def route_of(recipe: ToolRecipe | None, pin: Pin) -> Route | None:
    """The route of a recipe that a pin was taken from; None when the recipe changed."""
    routes = recipe.routes if recipe is not None else ()
    same = [route for route in routes if (route.source, route.package) == (pin.source, pin.package)]
    return next((route for route in same if pin.platform in route.platforms), None)


def needs_of(route: Route | None, source: str, name: str) -> tuple[str, ...]:
    """Tools that must be there first: those that the programs need, and the source's package client."""
    client = traits_of(source).client
    needed = (*(route.needs if route else ()), *((client,) if client else ()))
    return tuple(one for one in dict.fromkeys(needed) if one != name)


@dataclass(slots=True, kw_only=True)
class Equipment:
    """Gives bare pins of a lock their programs, needs and probes."""

    tools: Mapping[str, LockedTool]
    catalog: Catalog
    _done: dict[tuple[str, Platform], Pin | Unavailable] = field(default_factory=dict)

    def all(self) -> dict[str, LockedTool]:
        """Every block, equipped. Raises UsageError when tools need each other."""
        return {
            name: replace(tool, platforms={platform: self._entry(name, platform, ()) for platform in tool.platforms})
            for name, tool in self.tools.items()
        }

    def _entry(self, name: str, platform: Platform, trail: tuple[str, ...]) -> Pin | Unavailable:
        if name in trail:
            raise UsageError("WB245", f"tools need each other: {' → '.join((*trail, name))}", hint="change `needs` in the recipes")
        key = (name, platform)
        if key not in self._done:
            self._done[key] = self._equipped(name, platform, (*trail, name))
        return self._done[key]

    def _equipped(self, name: str, platform: Platform, trail: tuple[str, ...]) -> Pin | Unavailable:
        tool = self.tools.get(name)
        if tool is None:
            return Unavailable(reason=f"wbuild.lock has no {name}; run `wbuild lock`")
        entry = tool.platforms.get(platform, Unavailable(reason=f"wbuild.lock has no entry for it; run `wbuild lock --update {name}`"))
        if isinstance(entry, Unavailable):
            return entry
        recipe = self.catalog.tools.get(name)
        route = route_of(recipe, entry)
        needs = []
        for needed in needs_of(route, entry.source, name):
            found = self._entry(needed, platform, trail)
            if isinstance(found, Unavailable):
                return Unavailable(reason=f"it needs {needed}: {found.reason}", hint=found.hint, code=found.code)
            needs.append(found)
        if recipe is None or route is None:
            return replace(entry, needs=tuple(needs))
        windows = route.bin_windows if platform.startswith("windows") else {}
        programs = {**route.bin, **windows}
        return replace(
            entry,
            bin=programs,
            members=route.files,
            executables=route.executables,
            needs=tuple(needs),
            probe=_probe(recipe.probe, tool.version) if recipe.probe and recipe.probe.bin in programs else None,
        )


def _probe(probe: Probe, version: str) -> tuple[str, tuple[str, ...], str]:
    def filled(text: str) -> str:
        return text.replace("{version-major}", version.partition(".")[0]).replace("{version}", version)

    return probe.bin, tuple(filled(word) for word in probe.args), filled(probe.expect)
