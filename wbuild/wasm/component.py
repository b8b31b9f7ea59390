"""Reads the outside of a component: sections, embedded modules, nested components, names of imports and exports.

Component model, design/mvp/Binary.md.
"""

from __future__ import annotations

from typing import Final, Literal

from wbuild.errors import ArtifactError
from wbuild.wasm import custom, limits
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.module import Component, ComponentItem, Section, Span
from wbuild.wasm.sections import frame, kind_of

__all__ = ["read_range"]

_Kind = Literal["core module", "func", "value", "type", "component", "instance", "core"]

CORE_MODULE: Final = 1
COMPONENT: Final = 4
_IMPORT: Final = 10
_EXPORT: Final = 11

_CORE_MODULE_SORT: Final = 0x11
_SORTS: Final[tuple[_Kind, ...]] = ("core", "func", "value", "type", "component", "instance")
_CORE_SORTS: Final = frozenset((0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12))
_VERSION_SUFFIX: Final = 1


def read_range(data: bytes, start: int, end: int, depth: int = 1) -> Component:
    """The component from `start` to `end`, `depth` levels deep. Raises ArtifactError as `reader` lists."""
    limits.check("levels of nested components", depth, start)
    sections = tuple(frame(data, start, end, "component"))
    modules = tuple(_module(data, section) for section in sections if section.id == CORE_MODULE)
    limits.check("embedded modules", len(modules), start)
    nested = [section for section in sections if section.id == COMPONENT]
    limits.check("nested components", len(nested), start)
    producers = next((section for section in sections if section.id == 0 and section.name == "producers"), None)
    return Component(
        data=data,
        start=start,
        end=end,
        sections=sections,
        modules=modules,
        components=tuple([_component(data, section, depth + 1) for section in nested]),
        imports=tuple([item for section in sections if section.id == _IMPORT for item in _imports(data, section)]),
        exports=tuple([item for section in sections if section.id == _EXPORT for item in _exports(data, section)]),
        producers=custom.read_producers(data, producers),
    )


def _module(data: bytes, section: Section) -> Span:
    if kind_of(data, section.payload, section.end) != "module":
        raise ArtifactError("WB332", f"a component stands at offset {section.payload:#x}, where a core module should be")
    return Span(section.payload, section.end)


def _component(data: bytes, section: Section, depth: int) -> Component:
    if kind_of(data, section.payload, section.end) != "component":
        raise ArtifactError("WB332", f"a core module stands at offset {section.payload:#x}, where a component should be")
    return read_range(data, section.payload, section.end, depth)


def _imports(data: bytes, section: Section) -> list[ComponentItem]:
    cursor = Cursor(data, section.payload, section.end)
    items = [ComponentItem(name=_name(cursor), kind=_described(cursor)) for _ in range(cursor.count("imports"))]
    cursor.finish("the import section")
    return items


def _exports(data: bytes, section: Section) -> list[ComponentItem]:
    cursor = Cursor(data, section.payload, section.end)
    items = []
    for _ in range(cursor.count("exports")):
        name = _name(cursor)
        kind = _sort(cursor)
        cursor.u32("the index of an export")
        at = cursor.at
        ascribed = cursor.byte("the type of an export")
        if ascribed > 1:
            cursor.bad("type of an export", at)
        if ascribed:
            _described(cursor)
        items.append(ComponentItem(name=name, kind=kind))
    cursor.finish("the export section")
    return items


def _name(cursor: Cursor) -> str:
    at = cursor.at
    form = cursor.byte("the name of an import or export")
    if form > 2:
        cursor.bad("form of a name", at)
    name = cursor.name("the name of an import or export")
    if form < 2:
        return name
    for _ in range(cursor.count("options of a name")):
        at = cursor.at
        option = cursor.byte("an option of a name")
        if option > 2:
            cursor.bad("option of a name", at)
        text = cursor.name("an option of a name")
        if option == _VERSION_SUFFIX and "@" in name:
            name += text
    return name


def _sort(cursor: Cursor) -> _Kind:
    at = cursor.at
    sort = cursor.byte("a sort")
    if sort >= len(_SORTS):
        cursor.bad("sort", at)
    if sort:
        return _SORTS[sort]
    core = cursor.byte("a core sort")
    if core not in _CORE_SORTS:
        cursor.bad("core sort", at + 1)
    return "core module" if core == _CORE_MODULE_SORT else "core"


def _described(cursor: Cursor) -> _Kind:
    """The kind of what an external description describes."""
    at = cursor.at
    kind = _sort(cursor)
    if kind == "core":
        cursor.bad("external description", at)
    if kind == "value":
        cursor.s33("the type of a value")
    elif kind == "type":
        bound = cursor.byte("the bound of a type")
        if bound > 1:
            cursor.bad("bound of a type", cursor.at - 1)
        if not bound:
            cursor.u32("the bound of a type")
    else:
        cursor.u32("the type of an import or export")
    return kind
