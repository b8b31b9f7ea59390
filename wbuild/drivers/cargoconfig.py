"""cargo's configuration files: which ones count for a folder, those above the project too, and which folders they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Any, Final

import tomli

from wbuild.steps.tree import Tree, upward

NAMES: Final = (".cargo/config.toml", ".cargo/config")
"""Relative to each folder from that of the package up to the root of the file system."""
TARGET_FLAGS: Final = "target.'cfg(target_family = \"wasm\")'.rustflags"


def files(tree: Tree, folder: str) -> tuple[str, ...]:
    """The configuration files that count for a folder, outermost first; names of those above the project's root begin with `../`."""
    folders = [*upward(folder)][::-1]
    names = (normpath(join(one, name)) for one in folders for name in NAMES)
    return (*(name for name in tree.above if name.endswith(NAMES)), *(name for name in names if name in tree.texts))


def included(tree: Tree, found: tuple[str, ...]) -> tuple[str, ...]:
    """Files of the project that configuration files include, and those that these include."""
    names: dict[str, None] = {}
    waiting = [*found]
    while waiting:
        file = waiting.pop()
        for name in includes(file, tree.texts.get(file, "")):
            if name not in names and tree.kind(name) == "file":
                names[name] = None
                waiting.append(name)
    return tuple(names)


def includes(file: str, text: str) -> Iterator[str]:
    """What a configuration file includes, as paths like its own."""
    entries = table_of(text).get("include", ())
    for entry in entries if isinstance(entries, list) else [entries]:
        name = entry.get("path") if isinstance(entry, Mapping) else entry
        if isinstance(name, str):
            yield normpath(join(dirname(file), name))


def table_of(text: str) -> Mapping[str, Any]:
    """The table in a configuration file; an empty one for what cargo will refuse."""
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError:
        return {}


def vendored(tree: Tree, found: tuple[str, ...]) -> tuple[str, ...]:
    """Folders of the project that stand in for registries (`cargo vendor`)."""
    return tuple(dict.fromkeys(_inside(tree, found, "source", ("directory", "local-registry"))))


def overridden(tree: Tree, found: tuple[str, ...]) -> tuple[str, ...]:
    """Folders of packages that `paths` names in place of others."""
    places = ((file, place) for file in found for place in _texts(table_of(tree.texts.get(file, "")).get("paths")))
    return tuple(dict.fromkeys(_place(file, place) for file, place in places))


def rustflags(tree: Tree, found: tuple[str, ...]) -> str:
    """The key that takes more flags without hiding those of the project: cargo reads one of the two only."""
    for file in found:
        tables = table_of(tree.texts.get(file, "")).get("target")
        if isinstance(tables, Mapping) and any(isinstance(table, Mapping) and "rustflags" in table for table in tables.values()):
            return TARGET_FLAGS
    return "build.rustflags"


def _inside(tree: Tree, found: tuple[str, ...], key: str, names: tuple[str, ...]) -> Iterator[str]:
    for file in found:
        tables = table_of(tree.texts.get(file, "")).get(key)
        for table in tables.values() if isinstance(tables, Mapping) else ():
            places = (table.get(name) for name in names) if isinstance(table, Mapping) else ()
            for place in (_place(file, text) for text in places if isinstance(text, str)):
                if tree.kind(place) == "folder":
                    yield place


def _place(file: str, text: str) -> str:
    """A path in a configuration file is relative to the folder with `.cargo`."""
    return normpath(join(dirname(dirname(file)), text))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
