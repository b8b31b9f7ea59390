"""The tokenizer's pattern, made from `opcodes`.

    ((?:plain instruction)*) then one of: (token) | (anything else) and all that follows

*Plain* instructions are swallowed in runs; a *token* is one instruction that the caller wants to see. What neither matches (a br_table
with many targets, a padded opcode, nonsense) sticks: the caller lets the scalar decoder take one instruction and goes on behind it.
Alternatives differ in their first byte or in the byte that tells variants apart, so nothing backtracks; from Python 3.11 possessive
repeats say so, which keeps the matcher's stack flat. On 3.10 the run is bounded instead, and a negative look-ahead keeps a plain
instruction behind a full run from being taken for something else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby, product
from typing import Final, NamedTuple

from wbuild.wasm.opcodes import ONE, PREFIXED, Op

__all__ = ["POSSESSIVE", "feature_pattern", "index_pattern"]

POSSESSIVE: Final = sys.version_info >= (3, 11)
_RUN_310: Final = 500
_TARGETS: Final = 24
_CATCHES: Final = 4

_GC: Final = frozenset(("gc", "function-references", "reference-types"))
_ANY_TYPE: Final = _GC | {"exnref", "simd128", "stack-switching"}


class _Variant(NamedTuple):
    """One form of an immediate: its pattern, the features of this form, whether it may hold an index."""

    pattern: str
    features: frozenset[str] = frozenset()
    indexed: bool = False


class _Grammar:
    """Patterns of immediates, with or without possessive repeats."""

    def __init__(self, possessive: bool) -> None:
        more = "+" if possessive else ""
        self.more = more
        self.u32 = rf"[\x80-\xff]{{0,3}}{more}(?:[\x00-\x7f]|[\x80-\xff][\x00-\x0f])"
        index = rf"(?:[\x00-\x3f]|[\x80-\xff]{{1,3}}{more}(?:[\x00-\x3f]|[\x80-\xff][\x00-\x0f]))"
        u64 = rf"[\x80-\xff]{{0,8}}{more}(?:[\x00-\x7f]|[\x80-\xff][\x00-\x01])"
        heap = rf"(?:[\x68-\x75]|{index})"
        gc_heap = rf"(?:[\x6a-\x73]|{index})"
        self.value = rf"(?:[\x7b-\x7f\x68-\x75]|[\x63\x64]{heap})"
        gc_value = rf"(?:[\x6a-\x73]|[\x63\x64]{gc_heap})"
        numbers = _Variant(r"[\x7c-\x7f]")
        simd = _Variant(r"\x7b", frozenset(("simd128",)))
        catch = rf"(?:[\x00\x01]{self.u32}{self.u32}|[\x02\x03]{self.u32})"
        handler = rf"(?:\x00{self.u32}{self.u32}|\x01{self.u32})"
        u32 = (_Variant(self.u32),)
        zero = _Variant(r"\x00")
        self.letters: Mapping[str, tuple[_Variant, ...]] = {
            **{letter: (_Variant(self.u32, indexed=True),) for letter in "fgtedk"},
            "u": u32,
            "i": (_Variant(rf"[\x80-\xff]{{0,3}}{more}(?:[\x00-\x7f]|[\x80-\xff][\x00-\x07\x78-\x7f])"),),
            "I": (_Variant(rf"[\x80-\xff]{{0,8}}{more}(?:[\x00-\x7f]|[\x80-\xff][\x00\x7f])"),),
            "4": (_Variant(r"[\x00-\xff]{4}"),),
            "8": (_Variant(r"[\x00-\xff]{8}"),),
            "V": (_Variant(r"[\x00-\xff]{16}"),),
            "L": (_Variant(r"[\x00-\xff]"),),
            "z": (zero,),
            "c": (_Variant(r"[\x00-\x03]"),),
            "m": (zero, _Variant(self.u32, frozenset(("multimemory",)), indexed=True)),
            "a": (zero, _Variant(self.u32, frozenset(("reference-types", "call-indirect-overlong")), indexed=True)),
            "M": (
                _Variant(rf"[\x00-\x1f]{u64}"),
                _Variant(rf"[\x40-\x5f]{self.u32}{u64}", frozenset(("multimemory",)), indexed=True),
            ),
            "b": (
                _Variant(r"[\x40\x7c-\x7f]"),
                simd,
                _Variant(index, frozenset(("multivalue",)), indexed=True),
                _Variant(gc_value, _GC, indexed=True),
                _Variant(self.value, _ANY_TYPE, indexed=True),
            ),
            "h": (_Variant(gc_heap, _GC, indexed=True), _Variant(heap, _ANY_TYPE, indexed=True)),
            "S": (
                _Variant(rf"\x01{numbers.pattern}"),
                _Variant(rf"\x01{simd.pattern}", simd.features),
                _Variant(rf"\x01{gc_value}", _GC, indexed=True),
                _Variant(rf"\x01{self.value}", _ANY_TYPE, indexed=True),
            ),
            "B": (_Variant(_counted(self.u32, range(_TARGETS), more=1)),),
            "H": (_Variant(_counted(handler, range(_CATCHES)), indexed=True),),
            "C": (_Variant(_counted(catch, range(_CATCHES)), indexed=True),),
        }


def _counted(item: str, counts: range, more: int = 0) -> str:
    """A vector with a count of one byte."""
    return "(?:" + "|".join(rf"\x{count:02x}(?:{item}){{{count + more}}}" for count in counts) + ")"


def _byte_class(codes: list[int]) -> str:
    parts = []
    for _, group in groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]):
        run = [code for _, code in group]
        parts.append(rf"\x{run[0]:02x}" if len(run) == 1 else rf"\x{run[0]:02x}-\x{run[-1]:02x}")
    return f"[{''.join(parts)}]"


def _groups(table: Mapping[int, Op]) -> Iterator[tuple[Op, list[int]]]:
    found: dict[Op, list[int]] = {}
    for code, op in table.items():
        found.setdefault(op, []).append(code)
    yield from found.items()


def _sub_opcodes(codes: list[int]) -> str:
    """Sub-opcodes in their shortest encoding."""
    short = [code for code in codes if code < 0x80]
    alternatives = [_byte_class(short)] if short else []
    for high, group in groupby((code for code in codes if code >= 0x80), key=lambda code: code >> 7):
        alternatives.append(rf"{_byte_class([code & 0x7F | 0x80 for code in group])}\x{high:02x}")
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


class _Sides(NamedTuple):
    plain: list[str]
    tokens: list[str]


def _split(op: Op, opcode: str, grammar: _Grammar, wanted: Callable[[frozenset[str], bool], bool]) -> _Sides:
    """The patterns of one group of instructions that are plain, and those that are tokens."""
    sides = _Sides([], [])
    for combination in product(*(grammar.letters[letter] for letter in op.immediates)):
        features = frozenset(op.features).union(*(variant.features for variant in combination))
        side = sides.tokens if wanted(features, any(variant.indexed for variant in combination)) else sides.plain
        side.append("".join(variant.pattern for variant in combination))
    return _Sides(*([opcode + (side[0] if len(side) == 1 else f"(?:{'|'.join(side)})")] if side else [] for side in sides))


_FREQUENT: Final = ("u", "i", "", "M", "b", "f", "g", "I", "8", "ta", "B", "4")


def _rank(group: tuple[Op, list[int]]) -> int:
    letters = group[0].immediates
    return _FREQUENT.index(letters) if letters in _FREQUENT and not group[0].features else len(_FREQUENT)


def _build(wanted: Callable[[frozenset[str], bool], bool], *, possessive: bool, runs: bool) -> re.Pattern[bytes]:
    grammar = _Grammar(possessive)
    all_sides = _Sides([], [])
    for op, codes in sorted(_groups(ONE), key=_rank):
        for side, found in zip(all_sides, _split(op, _byte_class(codes), grammar, wanted), strict=True):
            side.extend(found)
    for prefix, table in PREFIXED.items():
        groups = [_split(op, _sub_opcodes(codes), grammar, wanted) for op, codes in _groups(table)]
        for side, parts in zip(all_sides, zip(*groups, strict=True), strict=True):
            alternatives = [pattern for part in parts for pattern in part]
            if alternatives:
                side.append(rf"\x{prefix:02x}(?:{'|'.join(alternatives)})")
    plain, token = ("|".join(side) or r"(?!)" for side in all_sides)
    stuck = r"([\x00-\xff])(?s:.*)"
    kept = "" if runs else "?:"
    if possessive:
        return re.compile(rf"({kept}(?:{plain})*+)(?:({token})|{stuck})?".encode("latin-1"))
    return re.compile(rf"({kept}(?:{plain}){{0,{_RUN_310}}})(?:(?!{plain})(?:({token})|{stuck}))?".encode("latin-1"))


@lru_cache(maxsize=64)
def feature_pattern(seen: frozenset[str], possessive: bool = POSSESSIVE) -> re.Pattern[bytes]:
    """Groups: a token that may need a feature outside of `seen`; a stuck byte."""
    return _build(lambda features, _: not features <= seen, possessive=possessive, runs=False)


@lru_cache(maxsize=2)
def index_pattern(possessive: bool = POSSESSIVE) -> re.Pattern[bytes]:
    """Groups: a run; a token that may hold an index (memory 0 and table 0 written as one byte aside); a stuck byte."""
    return _build(lambda _, indexed: indexed, possessive=possessive, runs=True)
