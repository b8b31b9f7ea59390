"""The scalar decoder: one instruction at a time, exactly, about thirty times slower than the tokenizer.

It decodes what the patterns of `instructions` leave aside, initializers, and the bodies of small modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, NoReturn

from wbuild.errors import ArtifactError
from wbuild.wasm import leb, valtypes
from wbuild.wasm.opcodes import ONE, PREFIXED, Op

__all__ = ["Instruction", "Mark", "decode", "instruction_features", "step"]


class Mark(NamedTuple):
    """An immediate that names something of the module or carries a type: its letter in `opcodes` and its bytes."""

    kind: str
    start: int
    end: int


class Instruction(NamedTuple):
    """One decoded instruction; offsets are those of the data that it was read from."""

    op: Op
    start: int
    end: int
    marks: tuple[Mark, ...]


_Marks = list[Mark] | None
_Skip = Callable[[bytes, int, int, _Marks], int]


def _number(kind: str) -> _Skip:
    def skip(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
        return at + 1 if data[at] < 0x80 else leb.skip(data, at, kind)

    return skip


def _fixed(size: int) -> _Skip:
    def skip(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
        return at + size

    return skip


def _marked(kind: str, inner: Callable[[bytes, int], int]) -> _Skip:
    def skip(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
        after = inner(data, at)
        if marks is not None:
            marks.append(Mark(kind, at, after))
        return after

    return skip


def _skip_u32(data: bytes, at: int) -> int:
    return at + 1 if data[at] < 0x80 else leb.skip(data, at, "u32")


def _memarg(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
    flags, after = leb.read_u32(data, at)
    if flags & ~0x40 >= 0x20:
        _refuse(f"malformed alignment {flags:#x}", at)
    if flags & 0x40:
        memory, after = after, _skip_u32(data, after)
        if marks is not None:
            marks.append(Mark("M", memory, after))
    return after + 1 if data[after] < 0x80 else leb.skip(data, after, "u64")


def _count(data: bytes, at: int, end: int) -> tuple[int, int]:
    count, after = leb.read_u32(data, at)
    if count > end - after:
        raise ArtifactError("WB333", f"a count of {count} at offset {at:#x} is larger than the {max(0, end - after)} bytes that follow")
    return count, after


def _targets(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
    count, at = _count(data, at, end)
    for _ in range(count + 1):
        at = at + 1 if data[at] < 0x80 else leb.skip(data, at, "u32")
    return at


def _select(data: bytes, at: int, end: int, marks: _Marks) -> int:
    count, at = _count(data, at, end)
    for _ in range(count):
        after = valtypes.skip_value(data, at)
        if marks is not None:
            marks.append(Mark("v", at, after))
        at = after
    return at


def _catches(data: bytes, at: int, end: int, marks: _Marks) -> int:
    count, at = _count(data, at, end)
    for _ in range(count):
        kind = data[at]
        at += 1
        if kind > 3:
            _refuse(f"unknown catch clause {kind:#04x}", at - 1)
        if kind < 2:
            tag, at = at, _skip_u32(data, at)
            if marks is not None:
                marks.append(Mark("k", tag, at))
        at = _skip_u32(data, at)
    return at


def _handlers(data: bytes, at: int, end: int, marks: _Marks) -> int:
    count, at = _count(data, at, end)
    for _ in range(count):
        kind = data[at]
        if kind > 1:
            _refuse(f"unknown handler {kind:#04x}", at)
        tag, at = at + 1, _skip_u32(data, at + 1)
        if marks is not None:
            marks.append(Mark("k", tag, at))
        if kind == 0:
            at = _skip_u32(data, at)
    return at


def _below(limit: int, what: str) -> _Skip:
    def skip(data: bytes, at: int, end: int, marks: _Marks) -> int:  # noqa: ARG001
        if data[at] >= limit:
            _refuse(f"malformed {what} {data[at]:#04x}", at)
        return at + 1

    return skip


def _refuse(message: str, at: int) -> NoReturn:
    raise ArtifactError("WB338", f"{message} at offset {at:#x}")


_SKIP: Final[Mapping[str, _Skip]] = MappingProxyType(
    {
        **{letter: _marked(letter, _skip_u32) for letter in "fgtamedk"},
        "u": _number("u32"),
        "i": _number("s32"),
        "I": _number("s64"),
        "4": _fixed(4),
        "8": _fixed(8),
        "V": _fixed(16),
        "L": _fixed(1),
        "z": _below(1, "reserved byte"),
        "c": _below(4, "cast flags"),
        "M": _memarg,
        "b": _marked("b", valtypes.skip_block),
        "h": _marked("h", valtypes.skip_heap),
        "S": _select,
        "B": _targets,
        "C": _catches,
        "H": _handlers,
    }
)


def _unknown(code: str, at: int) -> NoReturn:
    hint = "all finished proposals are known: the file is damaged, or its maker used an unfinished proposal"
    raise ArtifactError("WB337", f"unknown instruction {code} at offset {at:#x}", hint=hint)


def _prefixed(data: bytes, at: int) -> tuple[Op, int]:
    sub, after = leb.read_u32(data, at + 1)
    op = PREFIXED[data[at]].get(sub)
    if op is None:
        _unknown(f"{data[at]:#04x} {sub:#04x}", at)
    return op, after


def _opcode(data: bytes, at: int) -> tuple[Op, int]:
    op = ONE.get(data[at])
    if op is not None:
        return op, at + 1
    if data[at] in PREFIXED:
        return _prefixed(data, at)
    _unknown(f"{data[at]:#04x}", at)


def step(data: bytes, at: int, end: int, marks: list[Mark] | None = None) -> tuple[Op, int]:
    """The instruction at `at` and the offset after it; `marks` takes its indices and types.

    Raises ArtifactError WB333 when it does not end before `end`, WB334, WB337 for an unknown opcode, WB338.
    """
    try:
        op, after = _opcode(data, at)
        for letter in op.immediates:
            after = _SKIP[letter](data, after, end, marks)
    except IndexError:
        after = end + 1
    if after > end or at >= end:
        raise ArtifactError("WB333", f"the instruction at offset {at:#x} runs past the end of its code at {end:#x}")
    return op, after


def decode(token: bytes) -> Instruction:
    """The one instruction that `token` is. Raises like `step`, with offsets in `token`, and WB338 when more follows."""
    marks: list[Mark] = []
    op, after = step(token, 0, len(token), marks)
    if after != len(token):
        _refuse("more than one instruction", after)
    return Instruction(op, 0, after, tuple(marks))


def instruction_features(data: bytes, op: Op, start: int, marks: list[Mark] | tuple[Mark, ...]) -> set[str]:
    """Features that the decoded instruction at `start` needs, by its opcode and by its immediates."""
    names = set(op.features)
    for mark in marks:
        raw = data[mark.start : mark.end]
        if mark.kind == "b":
            names.update(valtypes.block_type(raw).features)
        elif mark.kind == "h":
            names.update(valtypes.heap_type(raw).features)
        elif mark.kind == "v":
            names.update(valtypes.value_type(raw).features)
        elif mark.kind == "M" or (mark.kind == "m" and raw != b"\0"):
            names.add("multimemory")
        elif mark.kind == "a" and raw != b"\0":
            if leb.read_u32(raw, 0)[0]:
                names.add("reference-types")
            elif data[start] == 0x11:
                names.add("call-indirect-overlong")
    return names
