"""Patterns of file names: `*` and `?` stay in one folder, `**` crosses folders, `[abc]` is a set. Pure, and never slower than linear.

A regular expression with several loops can take years for a name that almost matches. So a pattern with more than a few loops is
not given to one: it is an automaton whose states are sets of positions in the pattern, made as they are needed and kept.
The same automaton tells whether a pattern can match anything below a folder, so that nobody looks into folders for nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeAlias

__all__ = ["Pattern", "Positions", "compiled", "is_glob", "set_problem"]

_FEW: Final = 2
"""Loops of a pattern that a regular expression runs through fast, whatever the name."""
_KEPT: Final = 1 << 14
"""Steps of the automaton that are remembered."""
_SET_END: Final = re.compile(r"\[[!^]?(?:\][^\]/]*|[^\]/]+)\]")
Kind: TypeAlias = Literal["text", "any", "set", "star", "deep", "folders"]
Positions: TypeAlias = "frozenset[int]"
"""Where in a pattern the next character may be. Inside a folder's name that `**/` takes, a position is negative: -1 - n."""


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a pattern: one character of the name, or a loop (`*`: star, `**`: deep, `**/`: folders)."""

    kind: Kind
    text: str = ""
    """The character that it stands for; "" for a loop."""
    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    @property
    def loops(self) -> bool:
        """Whether it may take nothing, and anything more than once."""
        return self.kind in ("star", "deep", "folders")

    def takes(self, sign: str) -> bool:
        """Whether this part, which is no loop, is that character."""
        if self.kind == "text":
            return sign == self.text
        if sign == "/":
            return False
        return self.kind == "any" or any(low <= sign <= high for low, high in self.ranges) != self.negated


@dataclass(frozen=True)
class Pattern:
    """A pattern that was read."""

    text: str
    tokens: tuple[Token, ...]
    _steps: dict[tuple[Positions, str], Positions] = field(default_factory=dict, compare=False, repr=False)

    def matches(self, name: str, start: int = 0) -> bool:
        """Whether it matches a whole name from a position on."""
        if self._regex is not None:
            return self._regex.match(name, start) is not None
        return len(self.tokens) in self.after(name[start:])

    def after(self, text: str) -> Positions:
        """Positions after the beginning of a name; none when nothing that begins so can match."""
        now = self._start
        for sign in text:
            now = self._step(now, sign)
            if not now:
                break
        return now

    def takes_all(self, positions: Positions) -> bool:
        """Whether every name matches that goes on from there."""
        return bool(self.tokens) and self.tokens[-1].kind == "deep" and len(self.tokens) - 1 in positions

    @cached_property
    def _start(self) -> Positions:
        return self._closed({0})

    @cached_property
    def _regex(self) -> re.Pattern[str] | None:
        if sum(token.loops for token in self.tokens) > _FEW:
            return None
        return re.compile("".join(map(_expression, self.tokens)) + r"\Z", re.DOTALL)

    def _step(self, now: Positions, sign: str) -> Positions:
        known = self._steps.get((now, sign))
        if known is None:
            if len(self._steps) >= _KEPT:
                self._steps.clear()
            known = self._steps[now, sign] = self._closed({place for position in now for place in self._next(position, sign)})
        return known

    def _next(self, position: int, sign: str) -> tuple[int, ...]:
        if position < 0:  # inside a folder's name
            return (-1 - position if sign == "/" else position,)
        if position == len(self.tokens):
            return ()
        token = self.tokens[position]
        if token.kind == "deep":
            return (position,)
        if token.kind == "star":
            return () if sign == "/" else (position,)
        if token.kind == "folders":
            return () if sign == "/" else (-1 - position,)
        return (position + 1,) if token.takes(sign) else ()

    def _closed(self, positions: set[int]) -> Positions:
        """The positions, with those behind loops, because a loop may take nothing."""
        for position in sorted(positions):
            following = position
            while 0 <= following < len(self.tokens) and self.tokens[following].loops:
                following += 1
                positions.add(following)
        return frozenset(positions)


def is_glob(pattern: str) -> bool:
    """Whether a pattern has wildcards."""
    return any(sign in pattern for sign in "*?[")


def set_problem(pattern: str) -> str:
    """What is wrong with a set in a pattern; "" when nothing is."""
    for found in _SET_END.finditer(pattern):
        for low, high in _ranges(found.group())[1]:
            if low > high:
                return f"{found.group()} is an empty set: {low} comes after {high}"
    return ""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Pattern:
    """Read a pattern, which is in normal form."""
    tokens: list[Token] = []
    position = 0
    while position < len(pattern):
        token, length = _token(pattern, position)
        position += length
        last = tokens[-1] if tokens else None
        if last is not None and last.loops and token.loops:  # what two loops take, the wider one takes alone
            if last.kind in (token.kind, "deep"):
                continue
            if token.kind == "deep":
                tokens.pop()
        tokens.append(token)
    if [token.kind for token in tokens[-2:]] == ["folders", "star"]:  # no name is empty
        tokens[-2:] = [Token("deep")]
    return Pattern(pattern, tuple(tokens))


def _token(pattern: str, position: int) -> tuple[Token, int]:
    """(part, its length) at a position."""
    if pattern.startswith("**/", position) and pattern[position - 1 : position] in ("", "/"):
        return Token("folders"), 3
    if pattern.startswith("**", position):
        return Token("deep"), 2
    sign = pattern[position]
    if sign == "*":
        return Token("star"), 1
    if sign == "?":
        return Token("any"), 1
    found = _SET_END.match(pattern, position) if sign == "[" else None
    if found is not None:
        negated, ranges = _ranges(found.group())
        return Token("set", ranges=tuple((low, high) for low, high in ranges if low <= high), negated=negated), len(found.group())
    return Token("text", sign), 1


def _ranges(text: str) -> tuple[bool, list[tuple[str, str]]]:
    """(whether it is negated, ranges) of a set with its brackets."""
    body = text[1:-1]
    negated = body[:1] in ("!", "^")
    body = body[negated:]
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(body):
        if body[position + 1 : position + 2] == "-" and position + 2 < len(body):
            found.append((body[position], body[position + 2]))
            position += 3
        else:
            found.append((body[position], body[position]))
            position += 1
    return negated, found


def _expression(token: Token) -> str:
    """A part as a regular expression has it."""
    if token.kind == "text":
        return re.escape(token.text)
    if token.kind == "set":
        ranges = "".join(f"{_escaped(low)}-{_escaped(high)}" for low, high in token.ranges)
        if token.negated:
            return f"[^/{ranges}]"
        return f"(?!/)[{ranges}]" if ranges else r"(?!)"
    return {"any": "[^/]", "star": "[^/]*", "deep": ".*", "folders": "(?:[^/]+/)*"}[token.kind]


def _escaped(sign: str) -> str:
    return sign if sign.isalnum() else f"\\{sign}" if sign.isascii() and sign.isprintable() else f"\\U{ord(sign):08x}"
