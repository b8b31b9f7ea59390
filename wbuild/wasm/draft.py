"""A module while it is being read: what the section readers fill, and the types that several of them share."""

from __future__ import annotations

from wbuild.errors import ArtifactError
from wbuild.wasm import leb
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.module import Body, Export, Global, Import, ItemKind, Limits, Segment, Table, Type
from wbuild.wasm.opcodes import ONE
from wbuild.wasm.scalar import Mark, instruction_features, step
from wbuild.wasm.uses import Uses
from wbuild.wasm.valtypes import TypeText

__all__ = ["KINDS", "Draft", "read_constant", "read_global", "read_limits", "read_reference", "read_table"]

KINDS: tuple[ItemKind, ...] = ("func", "table", "memory", "global", "tag")
"""By the byte that stands for each in imports and exports."""

_MAX = 1
_SHARED = 2
_IS64 = 4
_PAGE_SIZE = 8

_EXTENDED = frozenset((0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E))
_CONSTANT = frozenset((0x0B, 0x23, 0x41, 0x42, 0x43, 0x44, 0xD0, 0xD2)) | _EXTENDED
_GC_CONSTANT = frozenset((0x00, 0x01, 0x06, 0x07, 0x08, 0x1A, 0x1B, 0x1C))
_GLOBAL_GET = 0x23
_END = 0x0B


class Draft:
    """Lists that become the fields of a `Module`; `mutable` tells for each index of a global whether it is."""

    __slots__ = (
        "bodies", "data_count", "datas", "elements", "exports", "functions", "globals", "imported", "imports", "memories", "mutable",
        "start", "tables", "tags", "types", "uses",
    )  # fmt: skip

    def __init__(self) -> None:
        self.types: list[Type] = []
        self.imports: list[Import] = []
        self.imported: dict[ItemKind, int] = dict.fromkeys(KINDS, 0)
        self.functions: tuple[int, ...] = ()
        self.tables: list[Table] = []
        self.memories: list[Limits] = []
        self.tags: list[int] = []
        self.globals: list[Global] = []
        self.mutable = bytearray()
        self.exports: list[Export] = []
        self.start: int | None = None
        self.elements: list[Segment] = []
        self.data_count: int | None = None
        self.datas: list[Segment] = []
        self.bodies: list[Body] = []
        self.uses = Uses()

    def add_import(self, item: Import) -> None:
        self.imports.append(item)
        self.imported[item.kind] += 1
        if isinstance(item.type, Global):
            self.mutable.append(item.type.mutable)

    def add_global(self, item: Global) -> None:
        self.globals.append(item)
        self.mutable.append(item.mutable)

    def value_type(self, cursor: Cursor, what: str) -> str:
        """Read a value type and note what it needs."""
        at = cursor.at
        found = cursor.value_type(what)
        self.uses.add(found.features, f"{what} {found.text}", at)
        return found.text

    def is_mutable(self, index: int) -> bool:
        """Whether the global of that index is mutable; an index out of range is no concern of the reader."""
        return index < len(self.mutable) and bool(self.mutable[index])


def read_limits(cursor: Cursor, draft: Draft, what: str) -> Limits:
    """Limits of a `memory` or `table` (core specification, section 5.3.9). Raises ArtifactError WB333, WB334, WB338."""
    at = cursor.at
    flags = cursor.byte(f"the limits of a {what}")
    if flags > (_MAX | _SHARED | _IS64 | _PAGE_SIZE if what == "memory" else _MAX | _IS64) or (what == "table" and flags & _SHARED):
        cursor.bad(f"flags of the limits of a {what}", at)
    minimum = cursor.u64(f"the minimum of a {what}")
    maximum = cursor.u64(f"the maximum of a {what}") if flags & _MAX else None
    page = 1 << _page_size(cursor) if flags & _PAGE_SIZE else 65_536
    for bit, feature in ((_SHARED, "atomics"), (_IS64, "memory64"), (_PAGE_SIZE, "custom-page-sizes")):
        if flags & bit:
            draft.uses.add((feature,), f"limits of a {what}", at)
    return Limits(minimum=minimum, maximum=maximum, shared=bool(flags & _SHARED), is64=bool(flags & _IS64), page_size=page)


def _page_size(cursor: Cursor) -> int:
    at = cursor.at
    exponent = cursor.u32("a page size")
    if exponent >= 64:
        cursor.bad("page size", at)
    return exponent


def read_reference(cursor: Cursor, what: str) -> TypeText:
    """A reference type; nothing is noted of it. Raises ArtifactError WB333, WB334, WB338."""
    at = cursor.at
    found = cursor.value_type(what)
    if found.text in {"i32", "i64", "f32", "f64", "v128"}:
        cursor.bad("reference type", at)
    return found


def read_table(cursor: Cursor, draft: Draft) -> Table:
    """A table type. A table of plain `funcref` needs no feature."""
    at = cursor.at
    element = read_reference(cursor, "an element type")
    if element.text != "funcref":
        draft.uses.add(element.features, f"table of {element.text}", at)
    return Table(element=element.text, limits=read_limits(cursor, draft, "table"))


def read_global(cursor: Cursor, draft: Draft) -> Global:
    """Read the type of a global variable. Raises ArtifactError."""
    kind = draft.value_type(cursor, "a global of type")
    at = cursor.at
    mutable = cursor.byte("mutability")
    if mutable > 1:
        cursor.bad("mutability", at)
    return Global(type=kind, mutable=bool(mutable))


def read_constant(cursor: Cursor, draft: Draft) -> None:
    """Step over a constant expression and note what it needs (core specification, section 3.4.17).

    Raises ArtifactError WB338 for an instruction that no constant expression may hold, and what `scalar.step` raises.
    """
    data = cursor.data
    if data[cursor.at : cursor.at + 1] == b"\x41":  # nearly all of them: an offset
        after = leb.skip(data, cursor.at + 1, "s32")
        if after < cursor.end and data[after] == _END:
            cursor.at = after + 1
            return
    while True:
        at = cursor.at
        marks: list[Mark] = []
        op, after = step(data, at, cursor.end, marks)
        cursor.at = after
        code = data[at]
        if code == _END:
            return
        sub = data[at + 1] if code not in ONE else None
        if code not in _CONSTANT and not (code == 0xFB and sub in _GC_CONSTANT) and not (code == 0xFD and sub == 0x0C):
            raise ArtifactError("WB338", f"instruction {code:#04x} at offset {at:#x} may not stand in a constant expression")
        names = instruction_features(data, op, at, marks)
        if code in _EXTENDED:
            names.add("extended-const")
        elif code == _GLOBAL_GET and _index(data, marks) >= draft.imported["global"]:
            names.add("gc")
        if names:
            draft.uses.add(sorted(names), "a constant expression", at)


def _index(data: bytes, marks: list[Mark]) -> int:
    return Cursor(data, marks[0].start, marks[0].end).u32("a global")
