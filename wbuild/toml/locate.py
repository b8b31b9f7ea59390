"""Where keys and values stand in a TOML text.

tomli gives no positions, so this module reads the text a second time, and only when a problem is reported. It knows just enough of
TOML to find keys and the ends of values; texts that tomli refused are indexed up to the first thing that cannot be read.

A *path* names a value: keys, and positions in arrays (0-based) – `("artifact", "hello", "check", 0, "stdin")`.
Texts have "\\n" line ends and no byte order mark (`decode.read` sees to it); columns count characters.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import tomli

from wbuild.errors import Place

Path: TypeAlias = "tuple[str | int, ...]"
Span: TypeAlias = "tuple[int, int]"
"""Offsets of the first character and of the one after the last."""
Part = Literal["key", "value"]

DEEPEST = 50
"""Values nested deeper than this are passed over as one."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_LINE_REST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r"\"{3}(?:\\.|[^\\])*?\"{3,5}"
    r"|'{3}.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_OTHER = re.compile(r"[^,\]}#\n]+")
_NESTED = re.compile(r"""[\[\]{}]|[^\[\]{}"'#]+|#[^\n]*""")


@dataclass(slots=True, kw_only=True)
class PlaceIndex:
    """Spans of everything that was found."""

    keys: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    repeats: list[tuple[Path, Span, Span]] = field(default_factory=list)
    """Keys and tables given twice: path, first span, second span."""

    def span(self, path: Path, part: Part) -> Span:
        """The span of a path, or of the nearest thing around it; (0, 0) for the whole text."""
        while path:
            if part == "value" and path in self.values:
                return self.values[path]
            if path in self.keys:
                return self.keys[path]
            if path in self.values:
                return self.values[path]
            path = path[:-1]
        return 0, 0


def index(text: str) -> PlaceIndex:
    """Spans of all keys and values of `text`; stops quietly at what is not TOML."""
    scanner = _Scanner(text)
    with suppress(_UnreadableError):
        scanner.document()
    return scanner.found


def place(text: str, file: str, span: Span) -> Place:
    """The place of a span; the caret underlines it up to the end of its first line."""
    start, end = span
    begin = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", start)
    stop = len(text) if stop < 0 else stop
    return Place(
        file=file,
        line=text.count("\n", 0, start) + 1,
        column=start - begin + 1,
        text=text[begin:stop],
        width=max(1, min(end, stop) - start),
    )


def deepest(text: str, limit: int) -> int:
    """Offset of the bracket that opens level `limit` + 1 of arrays and inline tables; 0 when there is none."""
    depth = position = 0
    while position < len(text):
        match = _STRING.match(text, position) or _NESTED.match(text, position)
        if match is None:
            position += 1
            continue
        if match.group() in "[{":
            depth += 1
            if depth > limit:
                return position
        elif match.group() in "]}":
            depth -= 1
        position = match.end()
    return 0


class _UnreadableError(Exception):
    """Something that is not TOML; never leaves this module."""


class _Scanner:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found = PlaceIndex()
        self.table: Path = ()
        self.headers: dict[Path, Span] = {}
        self.lengths: dict[Path, int] = {}
        """Arrays of tables: how many there are so far."""

    def document(self) -> None:
        while True:
            self.skip(_BLANK)
            if self.at >= len(self.text):
                return
            if self.text.startswith("[[", self.at):
                self.array_header()
            elif self.text[self.at] == "[":
                self.table_header()
            else:
                self.pair(self.table, 0)
            self.expect(_LINE_REST)

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()

    def expect(self, pattern: re.Pattern[str]) -> Span:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _UnreadableError
        self.at = match.end()
        return match.span()

    def sign(self, sign: str) -> None:
        self.skip(_SPACE)
        if not self.text.startswith(sign, self.at):
            raise _UnreadableError
        self.at += len(sign)
        self.skip(_SPACE)

    def dotted(self) -> list[tuple[str, Span]]:
        parts = []
        while True:
            start, end = self.expect(_KEY)
            parts.append((_unquoted(self.text[start:end]), (start, end)))
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return parts
            self.sign(".")

    def table_header(self) -> None:
        self.sign("[")
        parts = self.dotted()
        self.table = self.enter(parts)
        span = parts[-1][1]
        if self.table in self.headers:
            self.found.repeats.append((self.table, self.headers[self.table], span))
        elif self.table in self.found.values:
            self.found.repeats.append((self.table, self.found.keys[self.table], span))
        self.headers.setdefault(self.table, span)
        self.sign("]")

    def array_header(self) -> None:
        self.sign("[[")
        parts = self.dotted()
        name, span = parts[-1]
        array = (*self.enter(parts[:-1]), name)
        self.found.keys.setdefault(array, span)
        position = self.lengths.get(array, 0)
        self.lengths[array] = position + 1
        self.table = (*array, position)
        self.found.keys[self.table] = span
        self.sign("]]")

    def enter(self, parts: list[tuple[str, Span]]) -> Path:
        """The path that a header names: through the newest entry of arrays of tables."""
        path: Path = ()
        for name, span in parts:
            path = (*path, name)
            self.found.keys.setdefault(path, span)
            if path in self.lengths:
                path = (*path, self.lengths[path] - 1)
        return path

    def pair(self, table: Path, depth: int) -> None:
        path = table
        for name, span in self.dotted():
            path = (*path, name)
            first = self.found.keys.setdefault(path, span)
        if path in self.found.values or path in self.headers:
            self.found.repeats.append((path, first, span))
        self.sign("=")
        self.value(path, depth)

    def value(self, path: Path, depth: int) -> None:
        start = self.at
        sign = self.text[start : start + 1]
        if sign in ("[", "{") and depth >= DEEPEST:
            self.nested()
        elif sign == "[":
            self.array(path, depth)
        elif sign == "{":
            self.inline(path, depth)
        elif sign in ('"', "'"):
            self.expect(_STRING)
        else:
            start, end = self.expect(_OTHER)
            self.at = start + len(self.text[start:end].rstrip())
        self.found.values.setdefault(path, (start, self.at))

    def array(self, path: Path, depth: int) -> None:
        self.at += 1
        position = 0
        while True:
            self.skip(_BLANK)
            if self.text.startswith("]", self.at):
                break
            self.value((*path, position), depth + 1)
            position += 1
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
        self.sign("]")

    def inline(self, path: Path, depth: int) -> None:
        self.at += 1
        while True:
            self.skip(_BLANK)
            if self.text.startswith("}", self.at):
                break
            self.pair(path, depth + 1)
            self.skip(_BLANK)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
        self.sign("}")

    def nested(self) -> None:
        """Pass over a value to its closing bracket."""
        depth = 0
        while True:
            match = _STRING.match(self.text, self.at) or _NESTED.match(self.text, self.at)
            if match is None:
                raise _UnreadableError
            self.at = match.end()
            depth += (match.group() in "[{") - (match.group() in "]}")
            if depth == 0:
                return


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(tomli.loads(f"key = {key}")["key"])
    except tomli.TOMLDecodeError:
        return key[1:-1]
