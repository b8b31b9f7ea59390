"""Reads a Wasm file: any bytes give a `Module`, a `Component` or one ArtifactError, in linear time and memory.

The reader knows the binary format and the limits of engines; it does not validate types. Errors, each with the offset in the file:

    WB330  not Wasm: empty, shorter than a header, another magic number
    WB331  a version that is not known
    WB332  a component where a module is wanted, or the reverse
    WB333  a length or count points past the end
    WB334  an integer is too long or too large
    WB335  a name is not UTF-8
    WB336  sections: unknown, out of order, twice, contradicting each other, with bytes left over
    WB337  an unknown instruction
    WB338  another byte that the format does not know
    WB339  a limit that engines share
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from wbuild.errors import ArtifactError
from wbuild.wasm import component, contents, custom, definitions
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.draft import Draft
from wbuild.wasm.module import Component, Module, Section
from wbuild.wasm.sections import frame, kind_of

__all__ = ["read", "read_component", "read_module"]

_READERS: Final[Mapping[int, Callable[[Cursor, Draft], None]]] = MappingProxyType(
    {
        1: definitions.read_types,
        2: definitions.read_imports,
        3: definitions.read_functions,
        4: definitions.read_tables,
        5: definitions.read_memories,
        6: definitions.read_globals,
        7: definitions.read_exports,
        8: definitions.read_start,
        9: contents.read_elements,
        10: contents.read_code,
        11: contents.read_data,
        12: contents.read_data_count,
        13: definitions.read_tags,
    }
)
_ORDER: Final = (1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11)
"""Sections by id in the only order in which they may stand; custom sections may stand anywhere."""


def read(data: bytes) -> Module | Component:
    """The file as what its header says it is. Raises ArtifactError as the module's docstring lists."""
    return read_module(data) if kind_of(data) == "module" else read_component(data)


def read_component(data: bytes) -> Component:
    """The component. Raises like `read`, and WB332 when it is a core module."""
    if kind_of(data) == "module":
        raise ArtifactError("WB332", "this is a core module; a component is wanted")
    return component.read_range(data, 0, len(data))


def read_module(data: bytes, start: int = 0, end: int | None = None) -> Module:
    """The core module in `data`, or in its bytes from `start` to `end`. Raises like `read`, and WB332 when it is a component."""
    stop = len(data) if end is None else end
    if kind_of(data, start, stop) == "component":
        raise ArtifactError("WB332", "this is a component; a core module is wanted")
    draft = Draft()
    sections = tuple(_read_sections(data, start, stop, draft))
    _consistent(draft, stop)
    customs = {section.name: section for section in reversed(sections) if section.id == 0}
    return Module(
        data=data,
        start=start,
        end=stop,
        sections=sections,
        types=tuple(draft.types),
        imports=tuple(draft.imports),
        functions=draft.functions,
        tables=tuple(draft.tables),
        memories=tuple(draft.memories),
        tags=tuple(draft.tags),
        globals=tuple(draft.globals),
        exports=tuple(draft.exports),
        start_function=draft.start,
        elements=tuple(draft.elements),
        datas=tuple(draft.datas),
        bodies=tuple(draft.bodies),
        producers=custom.read_producers(data, customs.get("producers")),
        target_features=custom.read_target_features(data, customs.get("target_features")),
        reasons=MappingProxyType(draft.uses.reasons),
    )


def _read_sections(data: bytes, start: int, end: int, draft: Draft) -> list[Section]:
    sections: list[Section] = []
    reached = -1
    for section in frame(data, start, end, "module"):
        sections.append(section)
        if section.id == 0:
            continue
        place = _ORDER.index(section.id)
        if place == reached:
            raise ArtifactError("WB336", f"a second {section.name} section at offset {section.start:#x}")
        if place < reached:
            raise ArtifactError("WB336", f"the {section.name} section at offset {section.start:#x} is out of order")
        reached = place
        cursor = Cursor(data, section.payload, section.end)
        _READERS[section.id](cursor, draft)
        cursor.finish(f"the {section.name} section")
    return sections


def _consistent(draft: Draft, end: int) -> None:
    """What several sections must agree on, and features that need more than one of them."""
    if len(draft.bodies) != len(draft.functions):
        raise ArtifactError("WB336", f"functions declared: {len(draft.functions)}, but there is no code section")
    if draft.data_count and not draft.datas:
        raise ArtifactError("WB336", f"data segments declared: {draft.data_count}, but there is no data section")
    if draft.imported["memory"] + len(draft.memories) > 1:
        draft.uses.add(("multimemory",), "more than one memory", end)
    if draft.imported["table"] + len(draft.tables) > 1:
        draft.uses.add(("reference-types",), "more than one table", end)
