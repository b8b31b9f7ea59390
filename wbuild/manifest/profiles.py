"""Profiles: what `dev` and `release` are, what others inherit, and what an artifact gets in one.

Order, strongest first: `--opt=LEVEL` (the level only) > `[artifact.X.profile.P]` > `artifact.X.opt` > `[profile.P]` and what it inherits.
`artifact.X.opt` counts where the profile optimizes at all (level other than none), and never in `dev`; an override for one artifact
counts in exactly the profile that it names, not in those that inherit from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from wbuild.errors import UsageError
from wbuild.model.written import Artifact, Debug, Level, Manifest, Optimize, Profile
from wbuild.text.names import name_hint, name_problem, quoted
from wbuild.text.nearest import suggestion
from wbuild.toml.problems import Faults, dotted

PROFILE_DEFAULTS: Final[Mapping[str, tuple[Optimize, Debug]]] = MappingProxyType(
    {"dev": (Optimize(level="none"), "names"), "release": (Optimize(level="size"), "none")}
)
"""The profiles that every project has."""


def profile_names(manifest: Manifest) -> tuple[str, ...]:
    """Every profile that `--profile` may name."""
    return tuple(dict.fromkeys([*PROFILE_DEFAULTS, *manifest.profiles]))


def resolve_profile(manifest: Manifest, artifact: Artifact, profile_name: str, opt_override: Level | None = None) -> tuple[Optimize, Debug]:
    """How `artifact` is built in a profile. Raises UsageError for a profile that does not exist."""
    if profile_name not in profile_names(manifest):
        hint = suggestion(profile_name, profile_names(manifest))
        raise UsageError("WB222", f"no profile {quoted(profile_name)} in this project", hint=hint)
    optimize, debug = _inherited(manifest.profiles, profile_name)
    if artifact.opt is not None and optimize.level != "none" and profile_name != "dev":
        optimize = artifact.opt
    override = artifact.profile.get(profile_name)
    if override is not None:
        optimize, debug = override.opt or optimize, override.debug or debug
    return replace(optimize, level=opt_override) if opt_override is not None else optimize, debug


def _inherited(profiles: Mapping[str, Profile], name: str) -> tuple[Optimize, Debug]:
    chain = _chain(profiles, name)
    optimize, debug = PROFILE_DEFAULTS[chain[-1]]
    for ancestor in reversed(chain):
        profile = profiles.get(ancestor)
        if profile is not None:
            optimize, debug = profile.opt or optimize, profile.debug or debug
    return optimize, debug


def _chain(profiles: Mapping[str, Profile], name: str) -> list[str]:
    """The profile, what it inherits, and so on to `dev` or `release`; a cycle or an unknown name ends it at release."""
    chain = [name]
    while True:
        profile = profiles.get(chain[-1])
        if profile is None or (not profile.inherits and chain[-1] in PROFILE_DEFAULTS):
            return chain if chain[-1] in PROFILE_DEFAULTS else [*chain, "release"]
        following = profile.inherits or "release"
        if following in chain:
            return [*chain, "release"]
        chain.append(following)


def check_profiles(faults: Faults, profiles: Mapping[str, Profile]) -> None:
    """Note bad names, unknown parents and cycles of `[profile.…]`."""
    known = {*PROFILE_DEFAULTS, *profiles}
    for name, profile in profiles.items():
        problem = name_problem(name)
        if problem:
            faults.add("WB211", ("profile", name), f"profile {quoted(name)}: {problem}", hint=name_hint(name), part="key")
        where = ("profile", name, "inherits")
        if profile.inherits and profile.inherits not in known:
            near = (profile.inherits, sorted(known))
            faults.add("WB220", where, f"{dotted(where)}: no profile {quoted(profile.inherits)}", near=near)
    _check_cycles(faults, profiles)


def _check_cycles(faults: Faults, profiles: Mapping[str, Profile]) -> None:
    reported: set[str] = set()
    for name in profiles:
        trail: list[str] = []
        at = name
        while at in profiles and at not in trail:
            trail.append(at)
            at = profiles[at].inherits or ("" if at in PROFILE_DEFAULTS else "release")
        if at == name and name not in reported:
            reported.update(trail)
            where = ("profile", name, "inherits")
            faults.add(
                "WB220",
                where,
                f"{dotted(where)}: profiles inherit in a circle: {' > '.join([*trail, name])}",
                hint="let one of them inherit dev or release",
            )
