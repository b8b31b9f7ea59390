"""Readers of the sections that declare things: types, imports, functions, tables, memories, tags, globals, exports, start."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from wbuild.wasm import limits
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.draft import KINDS, Draft, read_constant, read_global, read_limits, read_table
from wbuild.wasm.module import Export, Field, Global, Import, ItemKind, Limits, Table, Type

__all__ = [
    "read_exports",
    "read_functions",
    "read_globals",
    "read_imports",
    "read_memories",
    "read_start",
    "read_tables",
    "read_tags",
    "read_types",
]

_REC: Final = 0x4E
_SUB_FINAL: Final = 0x4F
_SUB: Final = 0x50
_CONT: Final = 0x5D
_ARRAY: Final = 0x5E
_STRUCT: Final = 0x5F
_FUNC: Final = 0x60
_PACKED: Final = {0x78: "i8", 0x77: "i16"}
_COMPACT: Final = 0x7F
_COMPACT_SAME: Final = 0x7E


def read_types(cursor: Cursor, draft: Draft) -> None:
    """Types, in recursion groups of one or more (core specification, section 5.5.4)."""
    for group in range(cursor.count("types")):
        at = cursor.at
        if cursor.at < cursor.end and cursor.data[at] == _REC:
            cursor.at += 1
            draft.uses.add(("gc",), "a recursion group", at)
            count = cursor.count("types")
            limits.check("types", len(draft.types) + count, at)
            for _ in range(count):
                draft.types.append(_sub_type(cursor, draft, group))
        else:
            draft.types.append(_sub_type(cursor, draft, group))


def _sub_type(cursor: Cursor, draft: Draft, group: int) -> Type:
    at = cursor.at
    lead = cursor.data[at] if at < cursor.end else None
    if lead not in {_SUB, _SUB_FINAL}:
        return _composite(cursor, draft, Type(kind="func", group=group))
    cursor.at += 1
    draft.uses.add(("gc",), "a subtype", at)
    supertypes = cursor.u32s(cursor.count("supertypes"), "a supertype")
    return _composite(cursor, draft, Type(kind="func", group=group, final=lead == _SUB_FINAL, supertypes=supertypes))


def _composite(cursor: Cursor, draft: Draft, head: Type) -> Type:
    at = cursor.at
    lead = cursor.byte("a type")
    if lead == _FUNC:
        params = tuple([draft.value_type(cursor, "a parameter") for _ in range(cursor.count("parameters"))])
        results = tuple([draft.value_type(cursor, "a result") for _ in range(cursor.count("results"))])
        if len(results) > 1:
            draft.uses.add(("multivalue",), "a function type with several results", at)
        return Type(kind="func", group=head.group, final=head.final, supertypes=head.supertypes, params=params, results=results)
    if lead == _CONT:
        draft.uses.add(("stack-switching",), "a type of continuations", at)
        cursor.s33("the type of a continuation")
        return replace(head, kind="cont")
    if lead not in {_STRUCT, _ARRAY}:
        cursor.bad("type", at)
    draft.uses.add(("gc",), "a type of structs" if lead == _STRUCT else "a type of arrays", at)
    count = cursor.count("struct fields") if lead == _STRUCT else 1
    fields = tuple([_field(cursor, draft) for _ in range(count)])
    kind = "struct" if lead == _STRUCT else "array"
    return Type(kind=kind, group=head.group, final=head.final, supertypes=head.supertypes, fields=fields)  # type: ignore[arg-type]


def _field(cursor: Cursor, draft: Draft) -> Field:
    at = cursor.at
    packed = _PACKED.get(cursor.data[at]) if at < cursor.end else None
    if packed is not None:
        cursor.at += 1
    kind = packed or draft.value_type(cursor, "a field")
    at = cursor.at
    mutable = cursor.byte("mutability")
    if mutable > 1:
        cursor.bad("mutability", at)
    return Field(type=kind, mutable=bool(mutable))


def read_imports(cursor: Cursor, draft: Draft) -> None:
    """Imports (core specification, section 5.5.5), also in the two compact forms of the compact import section proposal."""
    for _ in range(cursor.count("imports")):
        start = cursor.at
        module = cursor.name("the module of an import")
        name = cursor.name("the name of an import")
        lead = cursor.data[cursor.at] if not cursor.done else None
        if name or lead not in {_COMPACT, _COMPACT_SAME}:
            kind, type_ = _import_type(cursor, draft)
            draft.add_import(Import(module=module, name=name, kind=kind, type=type_))
        else:
            draft.uses.add(("compact-imports",), "the import section", start)
            cursor.at += 1
            _compact(cursor, draft, module, same=lead == _COMPACT_SAME)
        limits.check("imports", len(draft.imports), start)


def _compact(cursor: Cursor, draft: Draft, module: str, *, same: bool) -> None:
    shared = _import_type(cursor, draft) if same else None
    for _ in range(cursor.count("imports")):
        name = cursor.name("the name of an import")
        kind, type_ = shared or _import_type(cursor, draft)
        draft.add_import(Import(module=module, name=name, kind=kind, type=type_))


def _kind(cursor: Cursor, what: str) -> ItemKind:
    at = cursor.at
    code = cursor.byte(what)
    if code >= len(KINDS):
        cursor.bad(what, at)
    return KINDS[code]


def _import_type(cursor: Cursor, draft: Draft) -> tuple[ItemKind, int | Table | Limits | Global]:
    at = cursor.at
    kind = _kind(cursor, "kind of import")
    if kind == "func":
        return kind, cursor.u32("the type of a function")
    if kind == "table":
        return kind, read_table(cursor, draft)
    if kind == "memory":
        return kind, read_limits(cursor, draft, "memory")
    if kind == "global":
        found = read_global(cursor, draft)
        if found.mutable:
            draft.uses.add(("mutable-globals",), "the import of a mutable global", at)
        return kind, found
    return kind, _tag(cursor, draft)


def _tag(cursor: Cursor, draft: Draft) -> int:
    at = cursor.at
    if cursor.byte("the attribute of a tag"):
        cursor.bad("attribute of a tag", at)
    draft.uses.add(("exception-handling",), "a tag", at)
    return cursor.u32("the type of a tag")


def read_functions(cursor: Cursor, draft: Draft) -> None:
    """The type of each function that the code section defines."""
    draft.functions = cursor.u32s(cursor.count("functions"), "the type of a function")


def read_tables(cursor: Cursor, draft: Draft) -> None:
    """Tables, with or without an initializer (core specification, section 5.5.7)."""
    for _ in range(cursor.count("tables")):
        at = cursor.at
        initialized = cursor.data[at : at + 2] == b"\x40\x00" and at + 2 <= cursor.end
        if initialized:
            cursor.at += 2
            draft.uses.add(("function-references",), "a table with an initializer", at)
        draft.tables.append(read_table(cursor, draft))
        if initialized:
            read_constant(cursor, draft)


def read_memories(cursor: Cursor, draft: Draft) -> None:
    """Read the memories of a module into its draft. Raises ArtifactError."""
    draft.memories.extend(read_limits(cursor, draft, "memory") for _ in range(cursor.count("memories")))


def read_tags(cursor: Cursor, draft: Draft) -> None:
    """Read the tags of exceptions of a module into its draft. Raises ArtifactError."""
    draft.tags.extend(_tag(cursor, draft) for _ in range(cursor.count("tags")))


def read_globals(cursor: Cursor, draft: Draft) -> None:
    """Read globals and their initializers of a module into its draft. Raises ArtifactError."""
    for _ in range(cursor.count("globals")):
        kind = read_global(cursor, draft)
        read_constant(cursor, draft)
        draft.add_global(kind)


def read_exports(cursor: Cursor, draft: Draft) -> None:
    """Read the exports of a module into its draft. Raises ArtifactError."""
    for _ in range(cursor.count("exports")):
        at = cursor.at
        name = cursor.name("the name of an export")
        kind = _kind(cursor, "kind of export")
        index = cursor.u32("the index of an export")
        if kind == "global" and "mutable-globals" not in draft.uses.reasons and draft.is_mutable(index):
            draft.uses.add(("mutable-globals",), "the export of a mutable global", at)
        draft.exports.append(Export(name=name, kind=kind, index=index))


def read_start(cursor: Cursor, draft: Draft) -> None:
    """The function that runs at instantiation."""
    draft.start = cursor.u32("the start function")
