"""Recipes → Catalog: the shipped ones and a project's own, checked as a whole. Pure: the CLI reads the texts.

What a recipe describes: a shipped one, its folder (`tools`, `languages`, `runtimes`, `hosts`); a project's own, its key `type`.
A project's own recipe replaces the shipped one with the same name; `origin` is the path of its file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias

from wbuild.catalog.rules import RecipeContext, check_host, check_language, check_runtime, check_tool
from wbuild.errors import Problem, UsageError
from wbuild.model.shipped import SHIPPED, Catalog, HostRecipe, LanguageRecipe, RuntimeRecipe, ToolRecipe
from wbuild.text.names import quoted
from wbuild.text.nearest import suggestion
from wbuild.toml.decode import Reader, read
from wbuild.toml.problems import Document, Faults

__all__ = ["TYPES", "load"]

Recipe: TypeAlias = "ToolRecipe | LanguageRecipe | RuntimeRecipe | HostRecipe"

TYPES: Final[Mapping[str, type[Recipe]]] = {"tool": ToolRecipe, "language": LanguageRecipe, "runtime": RuntimeRecipe, "host": HostRecipe}
"""What `type` may say; the shipped recipes of each are in the folder with its plural."""


@dataclass(slots=True)
class _Loaded:
    """The recipes read so far, and where each came from."""

    recipes: dict[str, dict[str, Recipe]] = field(default_factory=lambda: {kind: {} for kind in TYPES})
    faults: dict[int, Faults] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: str, recipe: Recipe, faults: Faults) -> None:
        known = self.recipes[kind].get(recipe.name)
        if known is not None and known.origin != SHIPPED:
            faults.add("WB225", ("name",), f"{known.origin} has a {kind} {quoted(recipe.name)} too", hint="give each its own name")
        elif known is not None and recipe.origin == SHIPPED:
            faults.add("WB225", ("name",), f"another shipped {kind} is called {quoted(recipe.name)}")
        self.recipes[kind][recipe.name] = recipe
        self.faults[id(recipe)] = faults


def load(shipped: Mapping[str, str], local: Mapping[str, str]) -> Catalog:
    """The catalogue of recipes by path. Raises UsageError with every problem of every file, each with its place."""
    loaded = _Loaded()
    documents: list[Faults] = []
    for origin, path, text in [*((SHIPPED, p, t) for p, t in shipped.items()), *((p, p, t) for p, t in local.items())]:
        try:
            document = read(text, path)
        except UsageError as error:
            loaded.problems += error.problems
            continue
        faults = Faults(document)
        documents.append(faults)
        _read(loaded, faults, document, origin)
    catalog = Catalog(
        tools={r.name: r for r in _sorted(loaded, "tool") if isinstance(r, ToolRecipe)},
        languages={r.name: r for r in _sorted(loaded, "language") if isinstance(r, LanguageRecipe)},
        runtimes={r.name: r for r in _sorted(loaded, "runtime") if isinstance(r, RuntimeRecipe)},
        hosts={r.name: r for r in _sorted(loaded, "host") if isinstance(r, HostRecipe)},
        digest=_digest(local),
    )
    _check(loaded, catalog)
    problems = [*loaded.problems, *(problem for faults in documents for problem in faults.problems())]
    if problems:
        raise UsageError.of(tuple(problems))
    return catalog


def _read(loaded: _Loaded, faults: Faults, document: Document, origin: str) -> None:
    kind = PurePosixPath(document.file).parent.name.removesuffix("s")
    if origin != SHIPPED:
        written = document.data.get("type")
        kind = written if isinstance(written, str) else ""
        if kind not in TYPES:
            wrong = f"unknown type {quoted(written)}" if written is not None else f"{document.file} does not say what it is a recipe of"
            hint = suggestion(kind, TYPES) if kind else "write type = " + " or ".join(quoted(name) for name in TYPES)
            faults.add("WB225", ("type",), wrong, hint=hint)
    if kind not in TYPES:
        return
    ignore = frozenset({"type"}) if origin != SHIPPED else frozenset()
    model: Any = TYPES[kind]
    recipe = Reader(faults).table(model, document.data, (), given={"origin": origin}, ignore=ignore)
    if recipe is not None:
        loaded.add(kind, recipe, faults)


def _sorted(loaded: _Loaded, kind: str) -> Iterator[Recipe]:
    for name in sorted(loaded.recipes[kind]):
        yield loaded.recipes[kind][name]


def _check(loaded: _Loaded, catalog: Catalog) -> None:
    for tool in catalog.tools.values():
        check_tool(RecipeContext(faults=loaded.faults[id(tool)], catalog=catalog), tool)
    for language in catalog.languages.values():
        check_language(RecipeContext(faults=loaded.faults[id(language)], catalog=catalog), language)
    for runtime in catalog.runtimes.values():
        check_runtime(RecipeContext(faults=loaded.faults[id(runtime)], catalog=catalog), runtime)
    for host in catalog.hosts.values():
        check_host(RecipeContext(faults=loaded.faults[id(host)], catalog=catalog), host)


def _digest(local: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the project's own recipes, paths and texts; "" without any."""
    if not local:
        return ""
    digest = hashlib.sha256()
    for path, text in sorted(local.items()):
        for part in (path, text.replace("\r\n", "\n")):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()
