"""Which artifacts a change touches: what differs in files, manifests, lock and recipes. Pure; too many rather than too few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from posixpath import dirname
from typing import Final

from wbuild.drivers.bystanders import DOCUMENTS
from wbuild.manifest.needs import in_order
from wbuild.manifest.profiles import profile_names, resolve_profile
from wbuild.model.locked import Lock
from wbuild.model.planned import Plan, Step
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Manifest
from wbuild.steps.tree import upward

__all__ = ["Change", "affected"]

_DOCUMENTS: Final = (*DOCUMENTS, ".txt")
_TITLES: Final = frozenset(("readme", "license", "licence", "copying", "changelog", "changes", "authors", "notice", "contributing"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What differs between two states of a project, by its present state."""

    files: frozenset[str]
    """Files that came, went or changed, relative to the project's root."""
    recipes: frozenset[str] = frozenset()
    """Those of them that are or were recipes of the project, relative to wbuild.toml's folder."""
    manifest: Manifest | None = None
    """The manifest before; the present one when it is the same, None when it cannot be known."""
    lock: Lock | None = None
    """The lock before; the present one when it is the same, None when it cannot be known."""


def affected(change: Change, plan: Plan, manifest: Manifest, lock: Lock, catalog: Catalog) -> frozenset[str]:
    """Names of the artifacts of `plan` that a change touches.

    `plan` is made with the files that went among the others, and with every check, so that it names all that an artifact reads.
    """
    everything = frozenset(product.artifact.name for product in plan.products)
    before, old = change.manifest, change.lock
    if before is None or old is None or _general(before, manifest) or old.toolchains != lock.toolchains:
        return everything
    if not change.recipes <= _origins(catalog):
        return everything
    code = frozenset(name for name in change.files if not is_documentation(name))
    found = {step.artifact for step in plan.steps if _reads(step, change.files) or (step.own_code and code)}
    found |= _rewritten(before, manifest)
    changed = {name for name in {*old.tools, *lock.tools} if old.tools.get(name) != lock.tools.get(name)}
    changed |= {tool.name for tool in catalog.tools.values() if tool.origin in change.recipes}
    changed |= {runtime.tool for runtime in catalog.runtimes.values() if runtime.origin in change.recipes}
    found |= {step.artifact for step in plan.steps if any(pin.name in changed for pin in step.pins)}
    found |= {artifact.name for artifact in manifest.artifacts if _redescribed(artifact, catalog, change.recipes)}
    for artifact in in_order(manifest.artifacts):
        if not found.isdisjoint(artifact.needs):
            found.add(artifact.name)
    return everything & found


def is_documentation(name: str) -> bool:
    """Whether a file is for people: programs that a project brings do not read it, unless something names it."""
    base = name.rpartition("/")[2].lower()
    return base.endswith(_DOCUMENTS) or base.partition(".")[0] in _TITLES


def _reads(step: Step, files: frozenset[str]) -> bool:
    """Whether a step may read one of the files, or a file in one of the folders (a submodule, a link) that are among them."""
    names = (*step.inputs, *step.candidates, *step.links)
    return not files.isdisjoint(names) or any(not files.isdisjoint(upward(folder)) for folder in {*map(dirname, names)} - {""})


def _general(before: Manifest, after: Manifest) -> bool:
    """Whether what all artifacts share differs, besides what shows in the lock and in artifacts."""
    return before.project.root != after.project.root or before.folder != after.folder


def _origins(catalog: Catalog) -> frozenset[str]:
    """Files of the recipes that are in force; a changed one that is not among them was taken away."""
    recipes = (catalog.tools, catalog.languages, catalog.runtimes, catalog.hosts)
    return frozenset(recipe.origin for kind in recipes for recipe in kind.values())


def _rewritten(before: Manifest, after: Manifest) -> set[str]:
    """Artifacts that are new, or declared in another way."""
    old = {artifact.name: artifact for artifact in before.artifacts}
    return {a.name for a in after.artifacts if a.name not in old or not _same(before, old[a.name], after, a)}


def _same(before: Manifest, old: Artifact, after: Manifest, new: Artifact) -> bool:
    if replace(old, line=0) != replace(new, line=0):
        return False
    names = profile_names(after)
    return names == profile_names(before) and all(resolve_profile(before, old, n) == resolve_profile(after, new, n) for n in names)


def _redescribed(artifact: Artifact, catalog: Catalog, recipes: frozenset[str]) -> bool:
    """Whether the recipe of the artifact's language, or of one of its hosts, is among `recipes`."""
    return any(origin in recipes for origin in _described(artifact, catalog))


def _described(artifact: Artifact, catalog: Catalog) -> Iterator[str]:
    yield catalog.languages[artifact.lang].origin
    yield from (catalog.hosts[name].origin for name in artifact.hosts)
