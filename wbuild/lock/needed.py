"""What a manifest needs: toolchains for its languages, tools, vendored sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from wbuild.errors import UsageError
from wbuild.lock.attach import needs_of
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.language_recipe import LanguageRecipe, ToolchainRecipe
from wbuild.model.locked import Lock
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import Route, SourceName, ToolRecipe
from wbuild.model.written import Artifact, Manifest, Vendor
from wbuild.text.nearest import suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Required:
    """Names of the blocks that a lock must have."""

    tools: tuple[str, ...]
    """Names of tools, each behind those that it needs."""
    vendors: tuple[str, ...]
    """Vendored sources as "vendor.NAME", sorted."""
    toolchains: Mapping[str, str]
    """A language → the toolchain that was chosen for it."""


def required(manifest: Manifest, catalog: Catalog, previous: Lock | None = None) -> Required:
    """The tools of the chosen toolchains, every optimizer, runtimes, and what these need; the vendored sources.

    Raises UsageError for names that no recipe has.
    """
    toolchains = choose_toolchains(manifest, catalog, previous)
    names: list[str] = []
    for artifact in manifest.artifacts:
        language = catalog.language(artifact.lang)
        chosen = artifact.toolchain or toolchains.get(language.name if language else "", "")
        if language is not None and chosen:
            names += _toolchain(language, chosen).tools
    names += catalog.optimizers
    names += [runtime.tool for artifact in manifest.artifacts for runtime in _runtimes(artifact, catalog)]
    vendors = {f"vendor.{name}": vendor for name, vendor in manifest.vendor.items()}
    for name, vendor in vendors.items():
        route = vendor_recipe(name, vendor).routes[0]
        names += needs_of(route, route.source, name)
    return Required(tools=closure(names, catalog), vendors=tuple(sorted(vendors)), toolchains=toolchains)


def choose_toolchains(manifest: Manifest, catalog: Catalog, previous: Lock | None = None) -> dict[str, str]:
    """Language → toolchain: the manifest's, else the one locked before, else the first that serves all targets in use."""
    targets: dict[str, set[str]] = {}
    for artifact in manifest.artifacts:
        language = catalog.language(artifact.lang)
        if language is not None and language.toolchains:
            wanted = targets.setdefault(language.name, set())
            if not artifact.toolchain:
                wanted.update(artifact.targets)
    chosen = {}
    for name in sorted(targets):
        language = catalog.languages[name]
        serving = [chain.name for chain in language.toolchains if targets[name] <= set(chain.targets)]
        before = previous.toolchains.get(name, "") if previous else ""
        chosen[name] = manifest.toolchains.get(name) or (before if before in serving else (*serving, language.toolchains[0].name)[0])
        _toolchain(language, chosen[name])
    return chosen


def _toolchain(language: LanguageRecipe, name: str) -> ToolchainRecipe:
    for chain in language.toolchains:
        if chain.name == name:
            return chain
    raise UsageError("WB245", f"{language.title} has no toolchain {name!r}", hint=suggestion(name, [c.name for c in language.toolchains]))


def _runtimes(artifact: Artifact, catalog: Catalog) -> list[RuntimeRecipe]:
    """Runtimes that take one of an artifact's targets: all for its checks, one to run it, one to validate it."""
    taking = [runtime for runtime in catalog.runtimes.values() if set(runtime.targets) & set(artifact.targets)]
    if artifact.checks:
        return taking
    validating = {target: next((r for r in taking if r.validate and target in r.targets), None) for target in artifact.targets}
    return [*taking[:1], *(runtime for runtime in validating.values() if runtime)]


def vendor_recipe(name: str, vendor: Vendor) -> ToolRecipe:
    """A vendored source as a tool without programs. The manifest's decoder checked `from`."""
    source, _, package = vendor.from_.partition(":")
    return ToolRecipe(name=name, summary="vendored source", routes=(Route(source=cast("SourceName", source), package=package),))


def closure(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    """Names and all that any of their routes needs, needed ones first. Raises UsageError for unknown names."""
    found: dict[str, None] = {}

    def collect(name: str, trail: tuple[str, ...]) -> None:
        if name in found:
            return
        if name in trail:
            raise UsageError("WB245", f"tools need each other: {' → '.join((*trail, name))}", hint="change `needs` in the recipes")
        tool = catalog.tools.get(name)
        if tool is None:
            raise UsageError("WB245", f"there is no recipe of a tool {name!r}", hint=suggestion(name, catalog.tools))
        for route in tool.routes:
            for needed in needs_of(route, route.source, name):
                collect(needed, (*trail, name))
        found[name] = None

    for name in sorted(names):
        collect(name, ())
    return tuple(found)
