"""Two builds of one artifact: the first section in which they differ, and what most likely made the difference. Pure."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

from wbuild.errors import ArtifactError
from wbuild.model.happened import Cause
from wbuild.text import show
from wbuild.wasm.module import Component, Module, Section
from wbuild.wasm.reader import read

__all__ = ["ADVICE", "CAUSES", "ComparedBuild", "Difference", "compare", "dated", "tied"]

CAUSES: Final[Mapping[Cause, str]] = {
    "path": "a path of the machine",
    "surroundings": "the time zone or the language of whoever builds",
    "time": "the time of the build",
    "id": "a number made for each build",
    "order": "an order that changes from build to build",
    "random": "a random number: a hash seed, a key, an address, or what was left in memory",
    "unknown": "none that shows in the bytes",
}
"""The causes in words."""
ADVICE: Final[Mapping[Cause, str]] = {
    "path": "keep the folder of the build out: map it away with a flag of the compiler, or pass paths relative to the project",
    "surroundings": "do not read it while compiling, or fix it: `env` of the artifact sets variables for its steps",
    "time": "write no time, or the one in SOURCE_DATE_EPOCH: wbuild gives it to every step",
    "id": "turn the build id off in the linker's or the generator's flags, or make it from the sources",
    "order": "sort what is listed or hashed before it is written; a hash seed or several threads change such orders",
    "random": "give what generates code or data a constant seed (HashMap's RandomState, PYTHONHASHSEED), and let it write no address",
    "unknown": "look for random numbers, addresses and races in what generates code, and whether it asks for the number of processors",
}
"""A cause → what helps against it, in whatever language."""
_DAY: Final = 86_400
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BEFORE: Final = 16
_BEHIND: Final = 56
"""Bytes shown before and behind the first difference."""
_SHORTEST: Final = 4
"""Bytes of a mark that is looked for: shorter ones are everywhere."""
_TIMES: Final = re.compile(
    rb"""[12]\d{3}-[01]\d-[0-3]\d(?:[T\ ][0-2]\d:[0-5]\d(?::[0-6]\d)?)?|[0-2]\d:[0-5]\d:[0-6]\d
    |(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\ [\ 0-3]\d\ [12]\d{3}""",
    re.VERBOSE,
)
_COUNTS: Final = re.compile(rb"(?<!\d)\d{10}(?:\d{3}|\d{6}|\d{9})?(?!\d)")
"""Seconds, milli-, micro- or nanoseconds since 1970."""
_IDS: Final = re.compile(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?<![0-9a-fA-F])[0-9a-f]{32,128}(?![0-9a-fA-F])")
_STRAY: Final = 64
"""Bytes that a random number, or a few of them, may have."""
_ALIKE: Final = 4
"""At most one in so many bytes of two random numbers is the same."""
_ID_SECTION: Final = re.compile(r"build[-_.]?id|uuid", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBuild:
    """One build of an artifact."""

    where: str
    """Which build, in words."""
    data: bytes = field(repr=False)
    paths: tuple[str, ...] = ()
    """Folders that only this build had."""
    surroundings: Mapping[str, str] = field(default_factory=dict)
    """Variable → the value that only the steps of this build saw."""
    began: float = 0.0
    """When the build began, in seconds since 1970."""
    ended: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The place at which two builds of an artifact begin to differ, and what is likely to blame."""

    section: str
    """The first section that differs, as people write it."""
    offset: int
    """The offset of the first byte that differs, in the file of the first build."""
    excerpts: tuple[str, str]
    """What stands there in each of them, safe to show."""
    cause: Cause
    evidence: str
    """What was found that points to the cause, safe to show."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A section of a file, or another part of it that can be told apart."""

    name: str
    start: int
    data: bytes
    pieces: tuple[bytes, ...] = ()
    """The functions or strings in it, which may stand in another order."""
    lead: int = 0
    """Bytes before what the section holds: its size differs only because of that."""


def compare(first: ComparedBuild, second: ComparedBuild) -> Difference | None:
    """The first difference of two builds; None when they are the same bytes. Files that are no Wasm are compared as one section."""
    if first.data == second.data:
        return None
    parts, others = _parts(first.data), _parts(second.data)
    one, other = _first_difference(parts, others)
    if one.name != other.name:
        one, other = replace(one, lead=0), replace(other, lead=0)
    at = _first_byte(one.data[one.lead :], other.data[other.lead :])
    cause, evidence = _cause(first, second, one, other)
    if cause == "unknown" and sorted((p.name, p.data) for p in parts) == sorted((p.name, p.data) for p in others):
        cause, evidence = "order", "the same sections stand in another order"
    return Difference(
        section=one.name or other.name,
        offset=one.start + one.lead + at,
        excerpts=(_excerpt(one.data, one.lead + at), _excerpt(other.data, other.lead + at)),
        cause=cause,
        evidence=evidence,
    )


def tied(built: ComparedBuild, folders: Mapping[str, str]) -> Difference | None:
    """What ties an artifact to a machine although all builds on it are the same: the first of `folders` (path → what it is) in it."""
    for path, what in folders.items():
        for coded in _codings(path):
            at = built.data.find(coded)
            if at >= 0:
                part = next(p for p in reversed(_parts(built.data)) if p.start <= at)
                text = _excerpt(part.data, at - part.start)
                return Difference(
                    section=part.name, offset=at, excerpts=(text, text), cause="path", evidence=f"{show.escape(path)}, {what}"
                )
    return None


def dated(built: ComparedBuild, given: float) -> str:
    """The day of the build, as an artifact holds it that every build of the same day makes so; "" for none, or when it was `given`.

    `given`: seconds since 1970 that all steps were told to take for the time.
    """
    days = {time.gmtime(moment)[:3] for moment in (built.began, built.ended)} - {time.gmtime(given)[:3]}
    forms = [form for year, month, day in sorted(days) for form in _written(year, month, day)]
    return next((form for form in forms if form.encode("ascii") in built.data), "")


def _written(year: int, month: int, day: int) -> tuple[str, ...]:
    """The usual forms of a day; the third is that of `__DATE__`."""
    name = _MONTHS[month - 1]
    return f"{year}-{month:02}-{day:02}", f"{year}/{month:02}/{day:02}", f"{name} {day:2} {year}", f"{day:02} {name} {year}"


def _first_difference(parts: Sequence[_Part], others: Sequence[_Part]) -> tuple[_Part, _Part]:
    end = parts[-1].start + len(parts[-1].data)
    for one, other in zip_longest(parts, others, fillvalue=_Part("", end, b"")):
        if (one.name, one.data) != (other.name, other.data):
            return one, other
    raise AssertionError  # equal parts make equal files


def _parts(data: bytes, base: int = 0, above: str = "") -> list[_Part]:
    """Header and sections in the file's order; a component's core modules and components by their own sections."""
    try:
        found = read(data)
    except ArtifactError:
        return [_Part(f"{above}file", base, data)]
    parts = [_Part(f"{above}header", base, data[:8])]
    for number, section in enumerate(found.sections):
        whole = data[section.start : section.end]
        if isinstance(found, Component) and section.name in ("core module", "component"):
            parts.append(_Part(f"{above}{section.name} {number}", base + section.start, data[section.start : section.start + 1]))
            parts += _parts(data[section.payload : section.end], base + section.payload, f"{above}{section.name} {number}, ")
        else:
            title = f'custom section "{show.escape(section.name)}"' if section.id == 0 else f"{section.name} section"
            parts.append(_Part(above + title, base + section.start, whole, _pieces(found, section), section.payload - section.start))
    return parts


def _pieces(found: Module | Component, section: Section) -> tuple[bytes, ...]:
    if isinstance(found, Module) and section.name == "code":
        return tuple(found.data[body.start : body.end] for body in found.bodies)
    return tuple(found.data[section.payload : section.end].split(b"\0"))


def _first_byte(one: bytes, other: bytes) -> int:
    """Where two different texts begin to differ, by halves: long equal beginnings are compared as blocks."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _excerpt(data: bytes, at: int) -> str:
    part = data[max(0, at - _BEFORE) : at + _BEHIND]
    text = "".join(chr(byte) if 32 <= byte < 127 and byte != 92 else f"\\x{byte:02x}" for byte in part)
    return f"{'…' if at > _BEFORE else ''}{text}{'…' if at + _BEHIND < len(data) else ''}"


def _cause(first: ComparedBuild, second: ComparedBuild, one: _Part, other: _Part) -> tuple[Cause, str]:
    """The first cause, from the surest to the least, that the bytes point to, and what points to it."""
    marks = _marks(first, second)
    for cause, text, evidence in marks:
        if any((coded in first.data) != (coded in second.data) for coded in _codings(text)):
            return cause, evidence
    times = _time(first, second, one.data, other.data)
    if times:
        return "time", times
    ids = _only_in_one(_IDS, one.data, other.data)
    if ids or _ID_SECTION.search(one.name):
        return "id", ids or one.name
    if _moved(one, other):
        return "order", f"the same parts stand in another order in the {one.name}"
    stray = _stray(one, other)
    if stray:
        return "random", f"{stray} bytes are others, and everything around them is the same"
    return "unknown", ""


def _marks(first: ComparedBuild, second: ComparedBuild) -> Iterator[tuple[Cause, str, str]]:
    """What only one of the builds knows: where it stands is not by chance."""
    for built in (first, second):
        for path in built.paths:
            yield "path", path, f"{show.escape(path)}, a folder of {built.where}"
    for built in (first, second):
        for name, value in built.surroundings.items():
            yield "surroundings", value, f"{show.escape(value)}, {name} in {built.where}"


def _codings(text: str) -> list[bytes]:
    """How a text may stand in a module: strings of some languages have two bytes a character."""
    if len(text) < _SHORTEST:
        return []
    return [text.encode("utf-8", "surrogateescape"), text.encode("utf-16-le", "surrogatepass")]


def _only_in_one(pattern: re.Pattern[bytes], one: bytes, other: bytes) -> str:
    """A match that stands in one of the texts only; "" for none."""
    here, there = set(pattern.findall(one)), set(pattern.findall(other))
    found = sorted(here - there) or sorted(there - here)
    return found[0].decode("ascii") if found else ""


def _time(first: ComparedBuild, second: ComparedBuild, one: bytes, other: bytes) -> str:
    """A time that is written in one of the texts only, or a number that is one of now where they begin to differ; "" for none."""
    written = _only_in_one(_TIMES, one, other)
    if written:
        return written
    since, until = min(first.began, second.began) - _DAY, max(first.ended, second.ended) + _DAY
    for text in set(_COUNTS.findall(one)) ^ set(_COUNTS.findall(other)):
        if since <= int(text[:10]) <= until:
            return str(text.decode("ascii"))
    at = _first_byte(one, other)
    for start in range(max(0, at - 3), at + 1):
        for order in ("little", "big"):
            numbers = [int.from_bytes(text[start : start + 4], order) for text in (one, other)]
            if numbers[0] != numbers[1] and all(since <= number <= until for number in numbers):
                return f"{numbers[0]} and {numbers[1]}, seconds since 1970"
    return ""


def _moved(one: _Part, other: _Part) -> bool:
    """Whether both hold the same in another order."""
    pieces = one.pieces != other.pieces and sorted(one.pieces) == sorted(other.pieces)
    return len(one.data) == len(other.data) and (pieces or sorted(one.data) == sorted(other.data))


def _stray(one: _Part, other: _Part) -> int:
    """Bytes of the one number that differs in two texts which are the same otherwise; 0 for any other difference."""
    if len(one.data) != len(other.data):
        return 0
    start = _first_byte(one.data, other.data)
    end = len(one.data) - _first_byte(one.data[::-1], other.data[::-1])
    alike = sum(here == there for here, there in zip(one.data[start:end], other.data[start:end], strict=True))
    return end - start if _SHORTEST <= end - start <= _STRAY and alike <= (end - start) // _ALIKE else 0
