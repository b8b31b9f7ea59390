"""What the reader returns: a core module or a component, as frozen data. Offsets are those of the file.

A *module* is what engines instantiate; a *component* wraps modules and other components behind typed interfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from wbuild.wasm.uses import Reason

__all__ = [
    "Body",
    "Component",
    "ComponentItem",
    "Export",
    "Field",
    "Global",
    "Import",
    "ItemKind",
    "Limits",
    "Module",
    "Section",
    "Segment",
    "Span",
    "Table",
    "Type",
]

ItemKind = Literal["func", "table", "memory", "global", "tag"]


class Span(NamedTuple):
    """Bytes of the file from `start` up to `end`."""

    start: int
    end: int


class Body(NamedTuple):
    """A function body: `start` is behind its size, `code` behind its locals; the last byte before `end` is its final `end`."""

    start: int
    code: int
    end: int


class Segment(NamedTuple):
    """An element or data segment; `items` is where its vector or its bytes start, behind their number."""

    start: int
    items: int
    end: int
    mode: Literal["active", "passive", "declared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section. Header and sections of a file follow each other without a gap."""

    id: int
    name: str
    """Its name in the specification; of a custom section, the name that it carries."""
    start: int
    """The offset of its id byte."""
    payload: int
    """The offset behind its size."""
    contents: int
    """The offset of `payload`, or behind the name of a custom section."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a struct, or the element of an array."""

    type: str
    """A value type, `i8` or `i16`."""
    mutable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A defined type. Types of one recursion group have the same `group`."""

    kind: Literal["func", "struct", "array", "cont"]
    group: int
    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    final: bool = True
    supertypes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a memory, in pages of `page_size` bytes, or of a table, in elements."""

    minimum: int
    maximum: int | None
    shared: bool = False
    is64: bool = False
    page_size: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and the reference type of its elements."""

    element: str
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Global:
    """The type of a global variable, and whether it may change."""

    type: str
    mutable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`type` is the index of a type for functions and tags."""

    module: str
    name: str
    kind: ItemKind
    type: int | Table | Limits | Global


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`index` counts imports of the same kind first."""

    name: str
    kind: ItemKind
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A core module. What it defines and what it imports are apart; index spaces count imports first."""

    data: bytes = field(repr=False)
    """The whole file, of which the module is `start` to `end`."""
    start: int
    end: int
    sections: tuple[Section, ...] = ()
    types: tuple[Type, ...] = ()
    imports: tuple[Import, ...] = ()
    functions: tuple[int, ...] = field(default=(), repr=False)
    """Type index of each defined function."""
    tables: tuple[Table, ...] = ()
    memories: tuple[Limits, ...] = ()
    tags: tuple[int, ...] = ()
    """Type index of each defined tag."""
    globals: tuple[Global, ...] = ()
    exports: tuple[Export, ...] = ()
    start_function: int | None = None
    elements: tuple[Segment, ...] = field(default=(), repr=False)
    datas: tuple[Segment, ...] = field(default=(), repr=False)
    bodies: tuple[Body, ...] = field(default=(), repr=False)
    """One for each defined function."""
    producers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Field (`language`, `processed-by`, `sdk`) → names with versions."""
    target_features: tuple[str, ...] = ()
    """Features that the module says it uses."""
    reasons: Mapping[str, Reason] = field(default_factory=dict, repr=False)
    """Features found everywhere but in function bodies; `features` adds those."""

    def imported(self, kind: ItemKind) -> tuple[Import, ...]:
        """The imports of one kind, which come first in its index space."""
        return tuple(item for item in self.imports if item.kind == kind)

    def exported(self, name: str) -> Export | None:
        """The export of that name."""
        return next((item for item in self.exports if item.name == name), None)

    def custom(self, name: str) -> Section | None:
        """The first custom section of that name."""
        return next((section for section in self.sections if section.id == 0 and section.name == name), None)

    @property
    def is_command(self) -> bool:
        """Whether the module runs once, from `_start` (WASI application ABI)."""
        return self.exported("_start") is not None

    @property
    def is_reactor(self) -> bool:
        """Whether it is initialized once by `_initialize` and then called (WASI application ABI)."""
        return self.exported("_initialize") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentItem:
    """An import or export of a component."""

    name: str
    """Its name with its version, such as `wasi:io/streams@0.2.0`."""
    kind: Literal["core module", "func", "value", "type", "component", "instance", "core"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component: its sections, what is nested in it, and its interface by name."""

    data: bytes = field(repr=False)
    start: int
    end: int
    sections: tuple[Section, ...] = ()
    modules: tuple[Span, ...] = ()
    """Core modules embedded at this level; each can be read with `read_module`."""
    components: tuple[Component, ...] = ()
    imports: tuple[ComponentItem, ...] = ()
    exports: tuple[ComponentItem, ...] = ()
    producers: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
