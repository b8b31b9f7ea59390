"""Whether a file fits a host: its form, imports, exports and proposals against the host's recipe. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from wbuild.errors import Problem
from wbuild.model.happened import HostVerdict, Measure
from wbuild.model.host_recipe import HostComponent, HostModule, HostRecipe
from wbuild.text import show
from wbuild.wasm.proposals import features_of

__all__ = ["problems", "verdict"]

COMPONENT: Final = "component-model"
"""The feature that every component has, and no module."""
_RANGE: Final = re.compile(r"\d+(?:\.\d+)?")
_SHOWN: Final = 8
"""Names listed in one message; the rest is counted."""


def verdict(host: HostRecipe, refusals: Sequence[Problem]) -> HostVerdict:
    """What a report says about a host, from its `problems`."""
    return HostVerdict(host=host.name, status="refused" if refusals else "fits", reasons=tuple(p.message for p in refusals))


def problems(host: HostRecipe, name: str, found: Measure) -> Iterator[Problem]:
    """Why a measured file, which messages call `name`, does not fit a host; nothing when it does."""
    is_component = COMPONENT in found.features
    terms: HostModule | HostComponent | None = host.component if is_component else host.module
    if terms is None:
        form, other = ("component", "a core module") if is_component else ("core module", "a component")
        hint = f"build it as {other}, or take {host.name} out of hosts"
        yield Problem(code="WB313", message=f"{name} is a {form}, and {host.title} takes none", hint=hint)
        return
    patterns = _patterns(terms)
    foreign = [entry for entry in found.imports if not any(_fits(entry, pattern) for pattern in patterns)]
    if foreign:
        message = f"{name} imports what {host.title} does not have: {_listed(foreign)}"
        yield Problem(code="WB310", message=message, hint=f"`wbuild hosts {host.name}` lists what it has; look at what the code calls")
    lacking = [wanted for wanted in terms.exports if not _exported(wanted, found.exports)]
    if lacking:
        message = f"{name} lacks exports that {host.title} asks for: {_listed([' or '.join(_choices(w)) for w in lacking])}"
        yield Problem(code="WB311", message=message, hint="export them, or use the host's own SDK, which does")
    present = [section.name for section in found.sections]
    absent = [wanted for wanted in (terms.sections if isinstance(terms, HostModule) else ()) if not _exported(wanted, present)]
    if absent:
        message = f"{name} lacks custom sections that {host.title} asks for: {_listed([' or '.join(_choices(w)) for w in absent])}"
        hint = "the host's own SDK writes them; `wbuild inspect` lists those that are there, and drop-sections drops some"
        yield Problem(code="WB314", message=message, hint=hint)
    for denied in host.denied:
        feature = next((feature for feature in features_of(denied) if feature in found.features), "")
        if feature:
            why = show.escape(found.features[feature])
            message = f"{name} uses {feature}, which {host.title} refuses: {why}"
            yield Problem(code="WB312", message=message, hint=f"compile without {denied}, or take {host.name} out of hosts")


def _patterns(terms: HostModule | HostComponent) -> tuple[str, ...]:
    """Globs over imports as a measure names them: "module.name", of a component the interface."""
    if isinstance(terms, HostComponent):
        return terms.imports
    return tuple(f"{module}.{entry}" for module, names in terms.imports.items() for entry in names)


def _fits(entry: str, pattern: str) -> bool:
    """Whether a name fits a glob. A version at its end of fewer than three numbers is a range: `@0.2` is 0.2.0, 0.2.9, and not 0.3.0."""
    name, at, version = pattern.rpartition("@")
    if not at or not _RANGE.fullmatch(version):
        return fnmatchcase(entry, pattern)
    own, _, found = entry.rpartition("@")
    return fnmatchcase(own, name) and (found == version or (found.startswith(f"{version}.") and "-" not in found))


def _exported(wanted: str, exports: Sequence[str]) -> bool:
    return any(_fits(entry, choice) for choice in _choices(wanted) for entry in exports)


def _choices(wanted: str) -> list[str]:
    return [choice.strip() for choice in wanted.split("|")]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(show.escape(entry, cap=80) for entry in names[:_SHOWN])
    return shown + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
