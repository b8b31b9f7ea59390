"""Whether a module can be entered at all: a command through `main`, a reactor through what it exports. Judged from the module itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from wbuild.errors import ArtifactError, Problem
from wbuild.model.planned import JSON
from wbuild.wasm import leb
from wbuild.wasm.instructions import tokens
from wbuild.wasm.module import Module
from wbuild.wasm.reader import read_module
from wbuild.wasm.sections import kind_of

__all__ = ["check_entry"]

_CALL: Final = 0x10
_TRAP: Final = b"\x00\x0b"
"""The whole code of the function that a linker puts in place of one that is nowhere defined: `unreachable`, `end`."""
_MAIN: Final = ("i32", "i32"), ("i32",)
"""Parameters and results of C's `main`, which a libc calls for a program that has none of its own form."""
_DEPTH: Final = 2
"""Calls between `_start` and `main` in a libc."""
_OWN: Final = ("_initialize", "_start")
_ARCHIVE: Final = b"!<arch>\n"


def check_entry(args: Mapping[str, JSON], data: bytes) -> None:
    """Raise ArtifactError WB341 for a command without a program, WB342 for a reactor that nobody can use, WB343 for no program at all.

    `args`: `entry`, the kind ("" or absent: nothing is asked), `artifact`, and `exporting`, how its language exports.
    """
    kind, name, exporting = (str(args.get(key) or "") for key in ("entry", "artifact", "exporting"))
    if not kind:
        return
    if data.startswith(_ARCHIVE):
        hint = "a Go package that is not `main` makes one: write `package main`, or name the folder of one in the artifact's `package`"
        message = "the compiler made a library of object code, not a program"
        raise ArtifactError.of((Problem(code="WB343", message=message, hint=hint).about(name),))
    if kind_of(data) == "component":
        return
    module = read_module(data)
    if kind == "command":
        start = module.exported("_start")
        if start is None:
            raise ArtifactError("WB341", f"{name} is a command, and has no `_start`", hint=_library(exporting))
        if start.kind == "func" and _leads_to_nothing(module, start.index):
            raise ArtifactError("WB341", f"{name} is a command, and has no `main`: it could only trap", hint=_library(exporting))
    elif not _usable(module):
        hint = f'{exporting}; or set kind = "command" if it has a main function' if exporting else "export the functions that it is for"
        raise ArtifactError("WB342", f"{name} is a reactor, and exports no function that anybody could call", hint=hint)


def _library(exporting: str) -> str:
    text = 'write a main function, or set kind = "reactor" if it is a library'
    return f"{text} and export its functions: {exporting}" if exporting else text


def _usable(module: Module) -> bool:
    """Whether it exports more than a memory and its own beginning, or does something when it is loaded."""
    fills = (module.datas and module.imported("memory")) or (module.elements and module.imported("table"))
    return bool(fills) or module.start_function is not None or any(e.kind != "memory" and e.name not in _OWN for e in module.exports)


def _leads_to_nothing(module: Module, start: int) -> bool:
    """Whether `_start` calls, as a libc calls `main`, a function of its type that is nothing but a trap."""
    first, reached = len(module.imported("func")), {start}
    stubs = {first + number for number in range(len(module.bodies)) if _is_stub(module, number)}
    for _ in range(_DEPTH if stubs else 0):
        reached = {called for function in reached if function >= first for called in _called(module, function - first)}
        if not stubs.isdisjoint(reached):
            return True
    return False


def _is_stub(module: Module, number: int) -> bool:
    body = module.bodies[number]
    if body.end - body.code != len(_TRAP) or module.data[body.code : body.end] != _TRAP:
        return False
    kind = module.types[module.functions[number]]
    return (kind.params, kind.results) == _MAIN


def _called(module: Module, number: int) -> Iterator[int]:
    """Functions that a function calls directly."""
    for _, token in tokens(module.data, module.bodies[number]):
        if token and token[0] == _CALL:
            yield leb.read_u32(token, 1)[0]
