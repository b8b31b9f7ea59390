"""Files that say where a project is deployed: spin.toml, fastly.toml, shopify.extension.toml, wrangler.toml and what else recipes name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from wbuild.init.survey.guess import Code, Guess, below, folder_of, own, stays, string, table, toml, under
from wbuild.model.host_recipe import HostRecipe
from wbuild.model.shipped import Catalog

__all__ = ["Implied", "implied"]

_FUNCTION: Final = re.compile(r"""^\s*type\s*=\s*["']function["']""", re.MULTILINE)
_TYPE: Final = re.compile(r"^\s*type\s*=", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Implied:
    """A host that something implies for an artifact."""

    host: HostRecipe
    why: str
    module: str = ""
    """Where the host's own tool looks for the module, relative to the folder that was looked at; "" when nothing says so."""


def implied(guess: Guess, code: Code, catalog: Catalog) -> tuple[Implied, ...]:
    """Hosts that the dependencies of a guess, or files in or above its folder, imply; each once, those of files first."""
    found = [*_of_files(guess, code, catalog), *_of_packages(guess, catalog)]
    firm = [wish for wish in found if not wish.host.fallback]
    return tuple({wish.host.name: wish for wish in reversed(firm or found)}.values())[::-1]


def _of_packages(guess: Guess, catalog: Catalog) -> Iterator[Implied]:
    for host in catalog.hosts.values():
        for ecosystem, names in guess.packages.items():
            for name in host.implied_by.get(ecosystem, ()):
                if _among(ecosystem, name, names):
                    yield Implied(host=host, why=f"{name} is among its dependencies")
                    break


def _among(ecosystem: str, name: str, names: frozenset[str]) -> bool:
    if ecosystem == "cargo":
        return name.replace("_", "-") in names
    if ecosystem == "go":
        return any(path == name or path.startswith(f"{name}/") for path in names)
    return name in names


def _of_files(guess: Guess, code: Code, catalog: Catalog) -> Iterator[Implied]:
    for host in catalog.hosts.values():
        for file in host.implied_by.get("file", ()):
            # Upward from the guess: the nearest file of this name is the one that speaks of it.
            above = [n for n in code.called(file) if own(n) and below(folder_of(n), guess.folder)]
            if above:
                nearest = max(above, key=lambda n: n.count("/"))
                module = _module(file, folder_of(nearest), code.texts.get(nearest, ""), guess)
                if module is not None:
                    yield Implied(host=host, why=f"{nearest} is there", module=module)


def _module(file: str, folder: str, text: str, guess: Guess) -> str | None:
    """Where the host's own tool expects what is built, "" when nothing says so; None when the file does not speak of the guess."""
    document, found = toml(text), ""
    if file == "spin.toml":
        components = _components(document.get("component"))
        name = _component(components, folder, guess)
        if name is None and components:
            return None
        found = components.get(name or "", "")
    elif file == "fastly.toml":
        found = "bin/main.wasm"
    elif file == "shopify.extension.toml":
        if _TYPE.search(text) and not _FUNCTION.search(text):
            return None
        extensions = document.get("extensions")
        paths = [string(table(table(entry).get("build")).get("path")) for entry in (extensions if isinstance(extensions, list) else [])]
        found = next(filter(None, paths), "")
    path = normpath(under(folder, found)) if found else ""
    return path if stays(path) else ""


def _components(components: object) -> Mapping[str, str]:
    """Component → where Spin looks for it, of both forms of a spin.toml."""
    listed = components if isinstance(components, list) else []
    named = {string(table(entry).get("id")): entry for entry in listed} if listed else table(components)
    return {name: string(table(entry).get("source")) for name, entry in named.items()}


def _component(components: Mapping[str, str], folder: str, guess: Guess) -> str | None:
    """The component that a guess is: called like it, built below its folder, or the only one."""
    for name, source in components.items():
        called = name.replace("_", "-") == guess.name.replace("_", "-")
        if called or (guess.folder != folder and source and below(guess.folder, normpath(under(folder, source)))):
            return name
    return next(iter(components)) if len(components) == 1 else None
