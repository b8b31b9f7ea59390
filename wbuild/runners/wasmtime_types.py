"""Types of the functions that a core module exports, read from its bytes.

The library's own answer cannot be used: it ends the process when a type holds a vector or a typed reference.
Only the sections that are needed are read (core spec 5.5.4, 5.5.5, 5.5.6 and 5.5.10), after the engine accepted the module.
"""

from __future__ import annotations

from dataclasses import dataclass

PLAIN = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x70: "funcref", 0x6F: "externref"}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Parameter and result types of a function: `i32 i64 f32 f64 v128 funcref externref`, anything else is `ref`."""

    params: tuple[str, ...]
    results: tuple[str, ...]


class Cursor:
    """A place in a module's bytes."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def leb(self) -> int:
        """An unsigned LEB128 number; a signed one is skipped the same way."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def text(self) -> str:
        size = self.leb()
        self.at += size
        return self.data[self.at - size : self.at].decode("utf-8")

    def valtype(self) -> str:
        code = self.byte()
        if code in (0x63, 0x64):
            self.leb()
        return PLAIN.get(code, "ref")

    def storage(self) -> None:
        """The type and mutability of a field; packed types are one byte as well."""
        self.valtype()
        self.byte()

    def limits(self) -> None:
        flags = self.leb()
        self.leb()
        if flags & 1:
            self.leb()
        if flags & 8:
            self.leb()

    def table(self) -> None:
        self.valtype()
        self.limits()


def _subtype(at: Cursor) -> Signature | None:
    code = at.byte()
    if code in (0x50, 0x4F):
        for _ in range(at.leb()):
            at.leb()
        code = at.byte()
    if code == 0x65:
        code = at.byte()
    if code == 0x60:
        params = tuple(at.valtype() for _ in range(at.leb()))
        return Signature(params=params, results=tuple(at.valtype() for _ in range(at.leb())))
    if code == 0x5F:
        for _ in range(at.leb()):
            at.storage()
    elif code == 0x5E:
        at.storage()
    else:
        raise ValueError(f"type form 0x{code:02x} at offset {at.at - 1}")
    return None


def _types(at: Cursor) -> list[Signature | None]:
    found: list[Signature | None] = []
    for _ in range(at.leb()):
        if at.data[at.at] == 0x4E:
            at.byte()
            found += [_subtype(at) for _ in range(at.leb())]
        else:
            found.append(_subtype(at))
    return found


def _imported(at: Cursor) -> list[int]:
    """Type indices of the imported functions."""
    found = []
    for _ in range(at.leb()):
        at.text()
        at.text()
        kind = at.byte()
        if kind == 0:
            found.append(at.leb())
        elif kind == 1:
            at.table()
        elif kind == 2:
            at.limits()
        elif kind == 3:
            at.storage()
        elif kind == 4:
            at.byte()
            at.leb()
        else:
            raise ValueError(f"import kind {kind} at offset {at.at - 1}")
    return found


def exported(data: bytes) -> dict[str, Signature]:
    """Name → signature of every exported function, in the module's order.

    Raises ValueError or IndexError for what a newer edition of the format may add; `data` is a module that the engine has taken.
    """
    types: list[Signature | None] = []
    functions: list[int] = []
    names: list[tuple[str, int]] = []
    at = Cursor(data, 8)
    while at.at < len(data):
        section = at.byte()
        end = at.leb() + at.at
        if section == 1:
            types = _types(at)
        elif section == 2:
            functions = _imported(at)
        elif section == 3:
            functions += [at.leb() for _ in range(at.leb())]
        elif section == 7:
            for _ in range(at.leb()):
                name, kind, index = at.text(), at.byte(), at.leb()
                if kind == 0:
                    names.append((name, index))
            break
        at.at = end
    signatures = {name: types[functions[index]] for name, index in names}
    return {name: signature for name, signature in signatures.items() if signature is not None}
