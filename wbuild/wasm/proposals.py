"""Names of WebAssembly proposals. Pure; the only home of names that engines use and modules do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["ALIASES", "aliases_of", "features_of"]

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "bulk-memory": ("bulk-memory", "bulk-memory-opt"),
    "exceptions": ("exception-handling", "legacy-exceptions", "exnref"),
    "multi-memory": ("multimemory",),
    "multi-value": ("multivalue",),
    "mutable-global": ("mutable-globals",),
    "reference-types": ("reference-types", "call-indirect-overlong"),
    "saturating-float-to-int": ("nontrapping-fptoint",),
    "sign-extension": ("sign-ext",),
    "simd": ("simd128",),
    "tail-calls": ("tail-call",),
    "threads": ("atomics",),
}
"""Common name → features in modules, by their names in `target_features`; some proposals have several."""


def features_of(proposal: str) -> tuple[str, ...]:
    """Features that a proposal's name stands for: the name itself when it is one of `target_features`."""
    return ALIASES.get(proposal, (proposal,))


def aliases_of(features: Iterable[str]) -> tuple[str, ...]:
    """Common names that stand for at least one of these features, sorted."""
    known = frozenset(features)
    return tuple(sorted(name for name, meant in ALIASES.items() if not known.isdisjoint(meant)))
