"""Custom sections: which are debris, which stay, what `debug` promises, and what was asked for and is not there. Pure.

Debris is what compilers and linkers leave for debuggers and for each other. Everything else may be what a host reads, or a part of the
program, so it stays unless the manifest drops it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from wbuild.model.happened import SectionSize
from wbuild.model.written import Debug
from wbuild.wasm.component import COMPONENT, CORE_MODULE
from wbuild.wasm.custom import function_names
from wbuild.wasm.module import Component, Module, Section
from wbuild.wasm.reader import read
from wbuild.wasm.sections import frame, kind_of

__all__ = ["BOUND", "NAMES", "Rules", "customs", "is_signed", "missing", "nameless", "unasked"]

NAMES: Final = ("name", "producers", "target_features")
"""Names of the custom sections for people that stay with `debug = "names"`."""
_DEBRIS: Final = (
    *NAMES,
    *(".debug*", "reloc.*", "linking", "sourceMappingURL", "external_debug_info", "build_id", "go:buildid", "go.buildid"),
)
_KNOWN: Final = (
    *_DEBRIS,
    "dylink",
    "dylink.0",
    "component-type*",
    "component-name",
    "metadata.code.*",
    "import_namespace",
    "string.consts",
)
"""Sections that nobody needs to be told about: debris, and parts of the module that engines and tools define."""
_SIGNATURES: Final = ("signature", "signature_delimiter")
BOUND: Final = ("metadata.code.*",)
"""Sections that say something about places in the code: they are wrong as soon as it changes."""
_PATH: Final = re.compile(r"(?:(?:module|component) \d+/)*")
_STANDARD: Final = frozenset(
    ("header", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag")
) | frozenset(("core instance", "core type", "instance", "alias", "canon", "value"))


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules by which custom sections of one artifact stay or go."""

    debug: Debug = "none"
    keep: tuple[str, ...] = ()
    """Globs of the manifest's keep-sections: they win over what `debug` drops."""
    drop: tuple[str, ...] = ()
    """Globs of the manifest's drop-sections: they win over all else."""

    def __contains__(self, name: object) -> bool:
        """Whether a section of that name stays."""
        assert isinstance(name, str)
        if _fits(name, self.drop):
            return False
        if self.debug == "dwarf" or not _fits(name, _DEBRIS) or _fits(name, self.keep):
            return True
        return self.debug == "names" and name in NAMES

    def unmatched(self, data: bytes) -> Iterator[tuple[str, str]]:
        """Keys of the manifest with the patterns of theirs that match no section of a file as compiled."""
        names = _names(data) if self.keep or self.drop else set()
        for key, patterns in (("keep-sections", self.keep), ("drop-sections", self.drop)):
            yield from ((key, pattern) for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names))


def customs(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and contents of every custom section, those of what is nested in a component too. Raises ArtifactError."""
    return ((one.name, data[one.contents : one.end]) for one in _customs(data, 0, len(data)))


def _names(data: bytes) -> set[str]:
    """The names of all custom sections; their contents, which may be nearly all of a file, are not copied."""
    return {one.name for one in _customs(data, 0, len(data))}


def _customs(data: bytes, start: int, stop: int) -> Iterator[Section]:
    kind = kind_of(data, start, stop)
    for one in frame(data, start, stop, kind):
        if one.id == 0:
            yield one
        elif kind == "component" and one.id in {CORE_MODULE, COMPONENT}:
            yield from _customs(data, one.payload, one.end)


def is_signed(data: bytes) -> bool:
    """Whether a file carries a signature over its own bytes, which any change breaks (tool conventions)."""
    return not _names(data).isdisjoint(_SIGNATURES)


def missing(before: bytes, after: bytes) -> str:
    """A custom section of a file that another lacks, or has with other contents; "" for none. `metadata.code` may go with the code."""
    there = set(customs(after))
    names = {name for name, _ in there}
    for name, contents in customs(before):
        rewritten = name in NAMES or name.startswith((".debug", "dylink"))
        if (name not in names if rewritten else (name, contents) not in there) and not _fits(name, BOUND):
            return name
    return ""


def nameless(data: bytes, debug: Debug) -> str:
    """What a file lacks of what `debug` promises, in words; "" for nothing."""
    if debug == "none":
        return ""
    item = read(data)
    if isinstance(item, Component):
        return ""  # what was linked into it has been looked at before
    if debug == "dwarf" and item.custom(".debug_info") is None:
        return "no .debug_info"
    return "" if _named(item) else "no names of functions"


def _named(module: Module) -> bool:
    return not module.bodies or bool(function_names(module))


def unasked(sections: Sequence[SectionSize], expected: Sequence[str]) -> tuple[SectionSize, ...]:
    """Custom sections of a file that nobody asked for and that are not known: `expected` are globs of those that somebody did."""
    found = ((part, _PATH.sub("", part.name, count=1)) for part in sections)
    return tuple(part for part, name in found if name not in _STANDARD and not _fits(name, (*_KNOWN, *expected)))
