"""What a module needs of an engine, and why: the names of features, and the sets that answer questions about them.

Names are those of the `target_features` section (tool conventions), with four of our own for what that list does not tell apart:
`function-references` (there part of `gc`), `legacy-exceptions` and `exnref` (there both `exception-handling`), `component-model`.
Components have `component-async` and others besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["DECLARED", "FeatureSet", "Reason", "Uses"]

DECLARED: Final = "target_features"
"""What a reason says that is nothing but the module's own declaration."""

_IMPLIED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "bulk-memory": ("bulk-memory-opt",),
        "component-error-context": ("component-async",),
        "component-threads": ("component-async",),
        "exnref": ("exception-handling",),
        "function-references": ("reference-types",),
        "gc": ("function-references",),
        "legacy-exceptions": ("exception-handling",),
        "reference-types": ("call-indirect-overlong",),
        "relaxed-simd": ("simd128",),
        "stack-switching": ("function-references",),
    }
)
_TOOL_NAMES: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        **dict.fromkeys(("component-model", "component-async", "component-error-context", "component-gc", "component-threads")),
        "exnref": "exception-handling",
        "function-references": "gc",
        "legacy-exceptions": "exception-handling",
    }
)
_PROPOSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "atomics": "threads",
        "bulk-memory-opt": "bulk-memory",
        "call-indirect-overlong": "reference-types",
        "exnref": "exceptions",
        "exception-handling": "exceptions",
        "legacy-exceptions": "exceptions-legacy",
        "multimemory": "multi-memory",
        "multivalue": "multi-value",
        "nontrapping-fptoint": "sat-float-to-int",
        "simd128": "simd",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """The first thing found that needs a feature."""

    what: str
    """`instruction 0xfc 0x0a`, `type section`, …; `target_features` when the module declares what nothing in it uses."""
    offset: int
    """The offset in the file at which it stands."""
    function: int | None = None
    """Index of the function in which it stands."""


class Uses:
    """Collects reasons; the first one of a feature stays."""

    __slots__ = ("reasons",)

    def __init__(self) -> None:
        self.reasons: dict[str, Reason] = {}

    def add(self, features: Iterable[str], what: str, offset: int, function: int | None = None) -> None:
        for feature in features:
            if feature not in self.reasons:
                self.reasons[feature] = Reason(what=what, offset=offset, function=function)

    def merge(self, reasons: Mapping[str, Reason]) -> None:
        """Add what is missing; a use takes the place of a mere declaration."""
        for feature, reason in reasons.items():
            if self.reasons.get(feature, _NOTHING).what == DECLARED:
                self.reasons[feature] = reason

    def closed(self) -> FeatureSet:
        """The set, with what its features imply."""
        reasons = dict(self.reasons)
        waiting = list(reasons)
        while waiting:
            feature = waiting.pop()
            for implied in _IMPLIED.get(feature, ()):
                if implied not in reasons or (reasons[implied].what == DECLARED and reasons[feature].what != DECLARED):
                    reasons[implied] = reasons[feature]
                    waiting.append(implied)
        return FeatureSet(reasons=MappingProxyType(dict(sorted(reasons.items()))))


_NOTHING: Final = Reason(what=DECLARED, offset=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSet:
    """Features by name, each with its reason. Closed: `bulk-memory` brings `bulk-memory-opt`, `gc` brings `reference-types`, …

    `memory.copy` and `memory.fill` alone are `bulk-memory-opt`; a padded table index alone is `call-indirect-overlong`, as in the
    tool conventions. Ask `proposals` what an engine must have, `tool_names` what to enable in a tool.
    """

    reasons: Mapping[str, Reason]

    def __contains__(self, feature: object) -> bool:
        return feature in self.reasons

    def __iter__(self) -> Iterator[str]:
        return iter(self.reasons)

    def __len__(self) -> int:
        return len(self.reasons)

    @property
    def names(self) -> frozenset[str]:
        """All features that are used or declared."""
        return frozenset(self.reasons)

    @property
    def used(self) -> frozenset[str]:
        """The features that something in the file needs; the rest is only declared in `target_features`."""
        return frozenset(name for name, reason in self.reasons.items() if reason.what != DECLARED)

    @property
    def tool_names(self) -> frozenset[str]:
        """The names that `target_features` knows, for tools such as wasm-opt."""
        return frozenset(name for own in self.reasons if (name := _TOOL_NAMES.get(own, own)) is not None)

    @property
    def proposals(self) -> frozenset[str]:
        """What an engine must have to take the file, in the names that engines use: `simd`, `threads`, `exceptions-legacy`, …"""
        names = set(self.used)
        if "legacy-exceptions" in names and "exnref" not in names:
            names.discard("exception-handling")
        return frozenset(_PROPOSALS.get(name, name) for name in names)
