"""Recipes → Catalog: the shipped ones and a project's own. Pure: the session reads the texts.

What a recipe describes: a shipped one, its folder (`tools`, `languages`, `runtimes`, `hosts`), and its name is that of its file; a
project's own, its key `type`. A project's own recipe replaces the shipped one with the same name, or adds to it when it has the key
`extends`; `origin` is the path of its file.

Shipped recipes are checked by the tests of wbuild. A project without recipes of its own has a catalogue that reads a recipe when it is
first asked for; one with its own is read and checked as a whole, because what it replaces may be named anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Final, TypeAlias, TypeVar, cast

from wbuild.catalog.additions import complete, extended_language, extended_tool
from wbuild.catalog.language_rules import check_language
from wbuild.catalog.rules import RecipeContext, check_host, check_runtime, check_tool
from wbuild.catalog.stage_rules import check_language_optimizer, check_optimizer
from wbuild.errors import Problem, UsageError
from wbuild.model.host_recipe import HostRecipe, RuntimeRecipe
from wbuild.model.language_recipe import LanguageExtension, LanguageRecipe
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import SHIPPED, ToolExtension, ToolRecipe
from wbuild.text.lazy import LazyTable
from wbuild.text.names import quoted
from wbuild.text.nearest import suggestion
from wbuild.toml.decode import Reader, read
from wbuild.toml.problems import Document, Faults

__all__ = ["EXTENSIONS", "TYPES", "lazy", "load"]

Recipe: TypeAlias = "ToolRecipe | LanguageRecipe | RuntimeRecipe | HostRecipe"
R = TypeVar("R", ToolRecipe, LanguageRecipe, RuntimeRecipe, HostRecipe)

TYPES: Final[Mapping[str, type[Recipe]]] = {"tool": ToolRecipe, "language": LanguageRecipe, "runtime": RuntimeRecipe, "host": HostRecipe}
"""What `type` may say; the shipped recipes of each are in the folder with its plural."""
EXTENSIONS: Final[Mapping[str, type[ToolExtension | LanguageExtension]]] = {"tool": ToolExtension, "language": LanguageExtension}
"""Types that a project's own recipe can add to, with the key `extends`."""


def lazy(shipped: Mapping[str, str], optimizers: tuple[str, ...]) -> Catalog:
    """The shipped catalogue, each recipe read when it is first asked for. `optimizers`: names of the tools that are such.

    `shipped`: path → text, by a mapping that may read lazily too.
    """
    names: dict[str, dict[str, str]] = {kind: {} for kind in TYPES}
    for path in shipped:
        names[_kind_of(path)][PurePosixPath(path).stem] = path

    def shelf(kind: str, model: type[R]) -> LazyTable[R]:
        return LazyTable(names[kind], lambda name: cast("R", _shipped(model, names[kind][name], shipped)))

    return Catalog(
        tools=shelf("tool", ToolRecipe),
        languages=shelf("language", LanguageRecipe),
        runtimes=shelf("runtime", RuntimeRecipe),
        hosts=shelf("host", HostRecipe),
        optimizers=optimizers,
        digest="",
    )


def _shipped(model: type[Recipe], path: str, texts: Mapping[str, str]) -> Recipe:
    """A shipped recipe. Raises UsageError for one that is wrong, which no release has."""
    faults = Faults(read(texts[path], path))
    decoded: Any = Reader(faults).table(cast("Any", model), faults.document.data, (), given={"origin": SHIPPED})
    recipe: Recipe | None = decoded
    problems = faults.problems()
    if problems or recipe is None:
        raise UsageError.of(tuple(problems))
    return complete(recipe) if isinstance(recipe, LanguageRecipe) else recipe


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
        self.put(kind, recipe, faults)

    def put(self, kind: str, recipe: Recipe, faults: Faults) -> None:
        """Have a recipe in the place of the one with its name."""
        self.recipes[kind][recipe.name] = recipe
        self.faults[id(recipe)] = faults


def load(shipped: Mapping[str, str], local: Mapping[str, str]) -> Catalog:
    """The catalogue of recipes by path, checked as a whole. Raises UsageError with every problem of every file, each with its place."""
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
    tools = _sorted(loaded, "tool", ToolRecipe)
    written = _sorted(loaded, "language", LanguageRecipe)
    catalog = Catalog(
        tools=tools,
        languages=written,
        runtimes=_sorted(loaded, "runtime", RuntimeRecipe),
        hosts=_sorted(loaded, "host", HostRecipe),
        optimizers=tuple(name for name, tool in tools.items() if tool.optimizer is not None),
        digest=_digest(local),
    )
    _check(loaded, catalog)
    problems = [*loaded.problems, *(problem for faults in documents for problem in faults.problems())]
    if problems:
        raise UsageError.of(tuple(problems))
    return replace(catalog, languages={name: complete(language) for name, language in written.items()})


def _kind_of(path: str) -> str:
    """What a shipped recipe describes: the name of its folder, in the singular."""
    return PurePosixPath(path).parent.name.removesuffix("s")


def _read(loaded: _Loaded, faults: Faults, document: Document, origin: str) -> None:
    kind = _kind_of(document.file)
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
    if origin != SHIPPED and "extends" in document.data:
        _extend(loaded, faults, kind, origin)
        return
    model: Any = TYPES[kind]
    recipe = Reader(faults).table(model, document.data, (), given={"origin": origin}, ignore=ignore)
    if recipe is not None:
        loaded.add(kind, _own(recipe, origin), faults)


def _own(recipe: Recipe, origin: str) -> Recipe:
    """A recipe whose routes or toolchains know where they come from."""
    if isinstance(recipe, ToolRecipe):
        return replace(recipe, routes=tuple(replace(route, origin=origin) for route in recipe.routes))
    if isinstance(recipe, LanguageRecipe):
        return replace(recipe, toolchains=tuple(replace(chain, origin=origin) for chain in recipe.toolchains))
    return recipe


def _extend(loaded: _Loaded, faults: Faults, kind: str, origin: str) -> None:
    """Add what a project's own recipe adds to a shipped one."""
    document = faults.document
    model: Any = EXTENSIONS.get(kind)
    if model is None:
        faults.add("WB225", ("extends",), f"nothing can be added to a {kind}", hint="write the whole recipe; it replaces the shipped one")
        return
    addition = Reader(faults).table(model, document.data, (), ignore=frozenset({"type"}))
    if addition is None:
        return
    known = loaded.recipes[kind].get(addition.name)
    if known is None:
        near = (addition.name, loaded.recipes[kind])
        faults.add("WB225", ("name",), f"there is no {kind} {quoted(addition.name)} to add to", near=near)
    elif known.origin != SHIPPED:
        faults.add("WB225", ("name",), f"{known.origin} has a {kind} {quoted(known.name)} too", hint="write both in one file")
    elif isinstance(known, ToolRecipe):
        loaded.put(kind, extended_tool(known, addition, origin), faults)
    elif isinstance(known, LanguageRecipe):
        loaded.put(kind, extended_language(known, addition, origin), faults)


def _sorted(loaded: _Loaded, kind: str, model: type[R]) -> dict[str, R]:  # noqa: ARG001 - says what is in the table
    recipes = loaded.recipes[kind]
    return {name: cast("R", recipes[name]) for name in sorted(recipes)}


def _check(loaded: _Loaded, catalog: Catalog) -> None:
    def context(recipe: Recipe) -> RecipeContext:
        return RecipeContext(faults=loaded.faults[id(recipe)], catalog=catalog)

    for tool in catalog.tools.values():
        check_tool(context(tool), tool)
        check_optimizer(context(tool), tool)
    for language in catalog.languages.values():
        check_language(context(language), language)
        check_language_optimizer(context(language), language)
    for runtime in catalog.runtimes.values():
        check_runtime(context(runtime), runtime)
    for host in catalog.hosts.values():
        check_host(context(host), host)


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
