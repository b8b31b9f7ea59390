"""Readers of the sections that fill things: elements, data, code."""

from __future__ import annotations

from typing import Final, Literal

from wbuild.errors import ArtifactError
from wbuild.wasm import leb, limits, valtypes
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.draft import Draft, read_constant, read_reference
from wbuild.wasm.module import Body, Segment

__all__ = ["read_code", "read_data", "read_data_count", "read_elements"]

_NOT_ACTIVE: Final = 1
_EXPLICIT: Final = 2
_EXPRESSIONS: Final = 4


def read_elements(cursor: Cursor, draft: Draft) -> None:
    """Element segments (core specification, section 5.5.12)."""
    for _ in range(cursor.count("element segments")):
        draft.elements.append(_element(cursor, draft))


def _element(cursor: Cursor, draft: Draft) -> Segment:
    start = cursor.at
    flags = cursor.u32("the flags of an element segment")
    if flags > 7:
        cursor.bad("flags of an element segment", start)
    mode = _element_mode(cursor, draft, flags)
    if mode != "active":
        draft.uses.add(("bulk-memory",), f"a {mode} element segment", start)
    if flags & 3:
        _element_type(cursor, draft, flags)
    count = cursor.count("items of an element segment")
    items = cursor.at
    if flags & _EXPRESSIONS:
        for _ in range(count):
            read_constant(cursor, draft)
    else:
        cursor.skip_u32s(count, "an item of an element segment")
    return Segment(start, items, cursor.at, mode)


def _element_mode(cursor: Cursor, draft: Draft, flags: int) -> Literal["active", "passive", "declared"]:
    if flags & _NOT_ACTIVE:
        return "declared" if flags & _EXPLICIT else "passive"
    if flags & _EXPLICIT:
        at = cursor.at
        if cursor.u32("the table of an element segment"):
            draft.uses.add(("reference-types",), "an element segment of another table", at)
    read_constant(cursor, draft)
    return "active"


def _element_type(cursor: Cursor, draft: Draft, flags: int) -> None:
    at = cursor.at
    if flags & _EXPRESSIONS:
        found = read_reference(cursor, "elements of type")
        draft.uses.add(found.features, f"elements of type {found.text}", at)
    elif cursor.byte("the kind of an element segment"):
        cursor.bad("kind of an element segment", at)


def read_data_count(cursor: Cursor, draft: Draft) -> None:
    """How many data segments will follow."""
    at = cursor.at
    draft.data_count = cursor.u32("the number of data segments")
    limits.check("data segments", draft.data_count, at)
    draft.uses.add(("bulk-memory",), "the data count section", at)


def read_data(cursor: Cursor, draft: Draft) -> None:
    """Read data segments (core specification, section 5.5.14). Raises ArtifactError."""
    at = cursor.at
    count = cursor.count("data segments")
    if draft.data_count not in {None, count}:
        raise ArtifactError("WB336", f"data segments at offset {at:#x}: {count}, but the data count section declares {draft.data_count}")
    for _ in range(count):
        start = cursor.at
        flags = cursor.u32("the flags of a data segment")
        if flags > 2:
            cursor.bad("flags of a data segment", start)
        if flags == 1:
            draft.uses.add(("bulk-memory",), "a passive data segment", start)
        if flags == 2 and cursor.u32("the memory of a data segment"):
            draft.uses.add(("multimemory",), "a data segment of another memory", start)
        if flags != 1:
            read_constant(cursor, draft)
        items = cursor.take(cursor.u32("the size of a data segment"), "a data segment")
        draft.datas.append(Segment(start, items, cursor.at, "passive" if flags == 1 else "active"))


def read_code(cursor: Cursor, draft: Draft) -> None:
    """Read where function bodies are, and their locals (core specification, section 5.5.13). Raises ArtifactError."""
    at = cursor.at
    count = cursor.count("functions")
    if count != len(draft.functions):
        raise ArtifactError("WB336", f"function bodies at offset {at:#x}: {count}, but {len(draft.functions)} functions are declared")
    first = draft.imported["func"]
    for number in range(count):
        size = cursor.u32("the size of a function body")
        start = cursor.take(size, "a function body")
        if not size:
            raise ArtifactError("WB333", f"the function body at offset {start:#x} is empty")
        code = _locals(cursor.data, start, cursor.at, draft, first + number)
        draft.bodies.append(Body(start, code, cursor.at))


def _locals(data: bytes, start: int, end: int, draft: Draft, function: int) -> int:
    groups, at = leb.read_u32(data, start)
    if groups > end - at:
        raise ArtifactError(
            "WB333", f"{groups} groups of locals at offset {start:#x} do not fit in the {max(0, end - at)} bytes that follow"
        )
    total = 0
    for _ in range(groups):
        number, kind = leb.read_u32(data, at)
        at = valtypes.skip_value(data, kind)
        total += number
        if data[kind] < 0x7C:
            found = valtypes.value_type(data[kind:at])
            draft.uses.add(found.features, f"a local of type {found.text}", kind, function)
    limits.check("locals", total, start)
    if at >= end:
        raise ArtifactError("WB333", f"the locals of the function body at offset {start:#x} run past its end at {end:#x}")
    return at
