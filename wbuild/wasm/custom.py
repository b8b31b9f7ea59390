"""Custom sections that say something of interest: names, producers, target features.

What they hold never makes a module invalid (core specification, section 5.5.3), so reading stops in silence at the first thing that
is wrong, and what came before it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final

from wbuild.errors import ArtifactError
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.module import Component, Module, Section

__all__ = ["function_names", "module_name", "read_producers", "read_target_features"]

_MODULE_NAME: Final = 0
_FUNCTION_NAMES: Final = 1
_USED: Final = b"+="


def _pairs(cursor: Cursor, read: Callable[[Cursor], tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple([read(cursor) for _ in range(cursor.u32("a count"))])


def read_producers(data: bytes, section: Section | None) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Field → names with versions, of the `producers` section (tool conventions)."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    if section is not None:
        cursor = Cursor(data, section.contents, section.end)
        with suppress(ArtifactError):
            for _ in range(cursor.u32("a count")):
                field = cursor.name("a field")
                found[field] = _pairs(cursor, lambda inner: (inner.name("a name"), inner.name("a version")))
    return found


def read_target_features(data: bytes, section: Section | None) -> tuple[str, ...]:
    """What the `target_features` section (tool conventions) says the module uses."""
    found: list[str] = []
    if section is not None:
        cursor = Cursor(data, section.contents, section.end)
        with suppress(ArtifactError):
            for _ in range(cursor.u32("a count")):
                used = cursor.byte("a prefix") in _USED
                name = cursor.name("a feature")
                if used:
                    found.append(name)
    return tuple(found)


def _subsections(module: Module | Component) -> Iterator[tuple[int, Cursor]]:
    section = next((one for one in module.sections if one.id == 0 and one.name == "name"), None)
    if section is not None:
        cursor = Cursor(module.data, section.contents, section.end)
        while not cursor.done:
            kind = cursor.byte("a subsection")
            size = cursor.u32("a size")
            start = cursor.take(size, "a subsection")
            yield kind, Cursor(module.data, start, cursor.at)


def function_names(module: Module) -> Mapping[int, str]:
    """Function index → name, of the `name` section; imported functions come first."""
    found: dict[int, str] = {}
    with suppress(ArtifactError):
        for kind, cursor in _subsections(module):
            if kind == _FUNCTION_NAMES:
                for _ in range(cursor.u32("a count")):
                    index = cursor.u32("an index")
                    found[index] = cursor.name("a name")
    return found


def module_name(module: Module) -> str:
    """What the `name` section calls the module; empty when it says nothing."""
    with suppress(ArtifactError):
        for kind, cursor in _subsections(module):
            if kind == _MODULE_NAME:
                return cursor.name("a name")
    return ""
