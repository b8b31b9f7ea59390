"""Values as text: what stands in `--invoke 'f(1, 2)'` and what is shown of the results.

Core integers are shown as signed decimals, floats as the shortest decimal that reads back as the same number, in Python's spelling.
The values of components are in `wasmtime_wave`.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

_CALL = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^\s"()]+)\s*(?:\((.*)\))?\s*', re.DOTALL)
_WORD = re.compile(r"[^\s,()\[\]{}:\"']+")
WIDTHS = {"i32": 32, "i64": 64, "S8": 8, "S16": 16, "S32": 32, "S64": 64, "U8": 8, "U16": 16, "U32": 32, "U64": 64}


Value: TypeAlias = Any
"""A value or a type as the library takes and gives it."""


class BadValueError(Exception):
    """A text that does not fit the type that it is read for, or names no function; the message is for the user."""

    def __init__(self, problem: str, others: str = "") -> None:
        """`others`: names that could have been meant. A semicolon divides them from the problem, for callers who list them themselves."""
        super().__init__(f"{problem}; there are {others}" if others else problem)


def split_call(text: str) -> tuple[str, str]:
    """`f(1, 2)` → name and text between the parentheses; a name with odd characters may be quoted as in JSON."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise BadValueError(f"`{text}` is not of the form name(value, …)")
    name = match[1]
    return (json.loads(name) if name.startswith('"') else name), match[2] or ""


class Reader:
    """Reads values from the text between the parentheses of a call."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def peek(self) -> str:
        """The next character that is no blank, or an empty text at the end."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def take(self, sign: str) -> bool:
        if self.peek() != sign:
            return False
        self.at += 1
        return True

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise BadValueError(f"expected `{sign}` at `{self.text[self.at :][:20] or 'the end'}`")

    def match(self, pattern: re.Pattern[str], what: str) -> str:
        self.peek()
        found = pattern.match(self.text, self.at)
        if found is None:
            raise BadValueError(f"expected {what} at `{self.text[self.at :][:20] or 'the end'}`")
        self.at = found.end()
        return found[0]

    def word(self, what: str) -> str:
        return self.match(_WORD, what)


def read_all(name: str, text: str, types: Sequence[Value], read: Callable[[Reader, Value], Value]) -> list[Value]:
    """The arguments of a call of `name`, one for each type, each taken by `read`."""
    reader, values = Reader(text), []
    for position, kind in enumerate(types):
        if not reader.peek():
            raise BadValueError(f"`{name}` takes {len(types)} values, {position} given")
        try:
            values.append(read(reader, kind))
        except BadValueError as error:
            raise BadValueError(f"`{name}`, value {position + 1}: {error}") from None
        if position + 1 < len(types) and reader.peek():
            reader.expect(",")
    if reader.peek():
        raise BadValueError(f"`{name}` takes {len(types)} values, more given: `{reader.text[reader.at :].strip()}`")
    return values


def integer(word: str, kind: str) -> int:
    """A decimal, hex, octal or binary number in the type's range; core types take signed and unsigned spellings."""
    try:
        value = int(word, 0)
    except ValueError:
        raise BadValueError(f"`{word}` is not an integer") from None
    width = WIDTHS[kind]
    low = 0 if kind.startswith("U") else -(1 << width - 1)
    high = (1 << width - 1) - 1 if kind.startswith("S") else (1 << width) - 1
    if not low <= value <= high:
        raise BadValueError(f"{word} is out of range of {kind.lower()}")
    if kind.startswith("i") and value >> width - 1 > 0:
        return value - (1 << width)
    return value


def single(value: float) -> float:
    """The nearest number of 32 bits."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _half_way(word: str, wide: float) -> float:
    """The 32-bit number nearest to the text itself: rounding by way of 64 bits errs when it lands half-way."""
    near = single(wide)
    try:
        exact = Fraction(word)
    except ValueError:
        return near
    bits = struct.unpack("<i", struct.pack("<f", near))[0]
    around = [struct.unpack("<f", struct.pack("<i", bits + step))[0] for step in (-1, 0, 1)]
    finite = [
        (abs(Fraction(value) - exact), position == 1 and bits & 1, value) for position, value in enumerate(around) if math.isfinite(value)
    ]
    return float(min(finite)[2])


def floating(word: str, kind: str) -> float:
    """A decimal or hex float, `nan` or `inf`; `kind` is `f32`, `f64`, `F32` or `F64`."""
    try:
        value = float.fromhex(word) if "0x" in word.lower() else float(word)
    except (ValueError, OverflowError):
        raise BadValueError(f"`{word}` is not a number") from None
    if kind[1:] == "64" or not math.isfinite(value):
        return value
    near = single(value)
    return near if near == value or not math.isfinite(near) or near == 0 else _half_way(word, value)


def core_value(reader: Reader, kind: str) -> Value:
    word = reader.word(f"a value of type {kind}")
    if kind in ("i32", "i64"):
        return integer(word, kind)
    if kind in ("f32", "f64"):
        return floating(word, kind)
    if kind in ("funcref", "externref") and word == "null":
        return None
    raise BadValueError(f"a value of type {kind} cannot be given in text")


def shortest(value: float, *, narrow: bool) -> str:
    """The shortest decimal that reads back as `value` of 32 (`narrow`) or 64 bits."""
    if not narrow or not math.isfinite(value):
        return "nan" if math.isnan(value) else repr(value)
    digits = (f"{value:.{count}g}" for count in range(1, 10))
    return repr(float(next((text for text in digits if single(float(text)) == value), repr(value))))


def show_core(value: Value, kind: str) -> str:
    if kind in ("i32", "i64"):
        return str(value)
    if kind in ("f32", "f64"):
        return shortest(value, narrow=kind == "f32")
    return "null" if value is None else kind


def sample(kinds: tuple[str, ...]) -> str:
    """Arguments that would do for a first try."""
    return ", ".join(
        "null" if kind.endswith("ref") else "1.5" if kind.startswith("f") else str(place) for place, kind in enumerate(kinds, 1)
    )
