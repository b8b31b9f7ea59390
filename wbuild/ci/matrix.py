"""Cells of a project (artifact × target × profile × platform) → the jobs of a CI system. Pure, and the same on every machine.

A job holds whole artifacts: all their targets, in all profiles asked for, on one platform, so that `wbuild build` with the names of
artifacts builds exactly the job's cells.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal, TypeAlias

from wbuild.errors import ProvisionError, UsageError
from wbuild.manifest.profiles import resolve_profile
from wbuild.model.language_recipe import LanguageRecipe, ToolchainRecipe
from wbuild.model.locked import Platform
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Manifest, Target
from wbuild.steps.kit import Kit

__all__ = ["LIMITS", "Job", "LeftOut", "Matrix", "MatrixCell", "MatrixGroup", "MatrixRequest", "cells", "make_matrix", "parse_group"]

System = Literal["github", "gitlab", "json"]
LIMITS: Final[Mapping[System, int]] = {"github": 256, "gitlab": 200}
"""Jobs that one matrix may have."""
_SLACK: Final = 1.1
"""How far above its share of the work a shard may be filled before a cell goes elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixGroup:
    """How cells become jobs."""

    by: Literal["lang", "artifact", "shard"]
    """lang: a job for each compiler, so that each is installed once; artifact: a job for each artifact."""
    shards: int = 0
    """Jobs on each platform, of `shard`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixCell:
    """One file that the matrix builds."""

    artifact: str
    target: Target
    profile: str
    platform: Platform
    """The machine that builds it."""
    language: str
    category: str
    toolchain: str
    compiler: str
    """The toolchain's first tool: what is worth being installed once."""
    seconds: float | None = None
    """How long it took before, where that is known."""

    @property
    def id(self) -> str:
        """Unique in the matrix."""
        return f"{self.artifact}/{self.target}/{self.profile}/{self.platform}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An artifact that a platform cannot build."""

    artifact: str
    platform: Platform
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Cells that one machine builds one after another."""

    id: str
    """Unique in the matrix; letters, digits, '.', '_' and '-'."""
    platform: Platform
    cells: tuple[MatrixCell, ...]
    seconds: float
    """Estimate of the work, for balance; without remembered durations a cell counts 1."""

    @property
    def artifacts(self) -> tuple[str, ...]:
        """Names of its artifacts."""
        return tuple(dict.fromkeys(cell.artifact for cell in self.cells))

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles that it builds."""
        return tuple(dict.fromkeys(cell.profile for cell in self.cells))


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Every job, the longest first."""

    project: str
    jobs: tuple[Job, ...]
    left_out: tuple[LeftOut, ...] = ()
    targets: tuple[Target, ...] = ()
    """Given to every job as `--target`; () is all targets of an artifact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRequest:
    """What a matrix shall hold: artifacts, profiles, targets and platforms, and what is known of how long they take."""

    artifacts: tuple[str, ...]
    profiles: tuple[str, ...] = ("release",)
    targets: tuple[Target, ...] = ()
    """The targets to build; () means all that an artifact declares."""
    toolchains: Mapping[str, str] = field(default_factory=dict)
    """Language → toolchain, from the lock."""
    kits: Mapping[Platform, Kit]
    """Platforms to build on, with what the lock has for each."""
    seconds: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    """(artifact, target, profile) → how long it took before."""


_Unit: TypeAlias = "tuple[MatrixCell, ...]"
"""Cells that stay together: one artifact on one platform."""


def parse_group(text: str) -> MatrixGroup:
    """`lang`, `artifact` or `shard=N`. Raises UsageError."""
    by, equals, count = text.partition("=")
    if by in ("lang", "artifact") and not equals:
        return MatrixGroup(by="lang" if by == "lang" else "artifact")
    if by == "shard" and count.isascii() and count.isdigit() and 0 < int(count[:6]) <= 10_000:
        return MatrixGroup(by="shard", shards=int(count[:6]))
    raise UsageError("WB299", f"--group {text!r} is no way to group cells", hint="there is: lang, artifact, shard=N (N from 1 to 10000)")


def cells(manifest: Manifest, catalog: Catalog, wanted: MatrixRequest) -> tuple[tuple[MatrixCell, ...], tuple[LeftOut, ...]]:
    """Every cell, in the manifest's order, and the artifacts that a platform cannot build. Raises UsageError for unknown profiles."""
    found: list[MatrixCell] = []
    left_out: list[LeftOut] = []
    for artifact in (a for a in manifest.artifacts if a.name in wanted.artifacts):
        language = catalog.languages[artifact.lang]
        toolchain = _toolchain(artifact, language, wanted.toolchains)
        for profile in wanted.profiles:
            resolve_profile(manifest, artifact, profile)
        for platform, kit in wanted.kits.items():
            reason = _refusal(kit, toolchain)
            if reason:
                left_out.append(LeftOut(artifact=artifact.name, platform=platform, reason=reason))
            else:
                found += _of_artifact(artifact, language, toolchain, platform, wanted)
    return tuple(found), tuple(left_out)


def _refusal(kit: Kit, toolchain: ToolchainRecipe) -> str:
    """Why a platform cannot have a toolchain; "" when it can."""
    try:
        kit.closure(toolchain.tools)
    except ProvisionError as error:
        return error.problems[0].message
    return ""


def _of_artifact(
    artifact: Artifact, language: LanguageRecipe, toolchain: ToolchainRecipe, platform: Platform, wanted: MatrixRequest
) -> Iterator[MatrixCell]:
    targets = [target for target in artifact.targets if not wanted.targets or target in wanted.targets]
    for profile, target in ((profile, target) for profile in wanted.profiles for target in targets):
        yield MatrixCell(
            artifact=artifact.name,
            target=target,
            profile=profile,
            platform=platform,
            language=language.name,
            category=language.category,
            toolchain=toolchain.name,
            compiler=toolchain.compiler or toolchain.name,
            seconds=wanted.seconds.get((artifact.name, target, profile)),
        )


def _toolchain(artifact: Artifact, language: LanguageRecipe, locked: Mapping[str, str]) -> ToolchainRecipe:
    name = artifact.toolchain or locked.get(language.name, "")
    return next((recipe for recipe in language.toolchains if recipe.name == name), language.toolchains[0])


def make_matrix(found: Sequence[MatrixCell], group: MatrixGroup, limit: int | None = None) -> tuple[Job, ...]:
    """The jobs, at most `limit`: more of them are joined to shards. The longest is first, so that it starts first."""
    weights = _weights(found)
    units: dict[tuple[Platform, str], list[MatrixCell]] = {}
    for cell in found:
        units.setdefault((cell.platform, cell.artifact), []).append(cell)
    whole = [tuple(unit) for unit in units.values()]
    jobs = _sharded(whole, group.shards, weights) if group.by == "shard" else _grouped(whole, group, weights)
    if limit is not None and len(jobs) > limit:
        jobs = _within(whole, limit, weights)
    return tuple(sorted(jobs, key=lambda job: (-job.seconds, job.id)))


def _weights(found: Sequence[MatrixCell]) -> Mapping[str, float]:
    """Cell → seconds; what is not known counts as the median of what is, or 1. Cells that took nothing came from a cache."""
    known = [cell.seconds for cell in found if cell.seconds]
    usual = median(known) if known else 1.0
    return {cell.id: cell.seconds or usual for cell in found}


def _grouped(units: Sequence[_Unit], group: MatrixGroup, weights: Mapping[str, float]) -> list[Job]:
    groups: dict[tuple[Platform, str], list[MatrixCell]] = {}
    for unit in units:
        first = unit[0]
        groups.setdefault((first.platform, first.compiler if group.by == "lang" else first.artifact), []).extend(unit)
    return [_job(f"{name}-{platform}", group_cells, weights) for (platform, name), group_cells in groups.items()]


def _within(units: Sequence[_Unit], limit: int, weights: Mapping[str, float]) -> list[Job]:
    """At most `limit` shards, each platform with its share of them and at least one."""
    platforms = list(dict.fromkeys(unit[0].platform for unit in units))
    jobs: list[Job] = []
    for platform in platforms:
        own = [unit for unit in units if unit[0].platform == platform]
        jobs += _sharded(own, 1 + (limit - len(platforms)) * len(own) // len(units), weights)
    return jobs


def _sharded(units: Sequence[_Unit], count: int, weights: Mapping[str, float]) -> list[Job]:
    """At most `count` jobs on each platform."""
    jobs: list[Job] = []
    for platform in dict.fromkeys(unit[0].platform for unit in units):
        shards = _spread([unit for unit in units if unit[0].platform == platform], count, weights)
        jobs += [_job(f"shard-{at}-of-{count}-{platform}", shard, weights) for at, shard in enumerate(shards, 1) if shard]
    return jobs


def _spread(units: Sequence[_Unit], count: int, weights: Mapping[str, float]) -> list[list[MatrixCell]]:
    """Units on shards by the hash of their cells' ids, so that most of them stay where they are when others come and go.

    A shard that has its share of the work is passed over; the heaviest units choose first.
    """
    weight = {unit: sum(weights[cell.id] for cell in unit) for unit in units}
    room = max([sum(weight.values()) / count * _SLACK, *weight.values()], default=0.0)
    loads = [0.0] * count
    placed: dict[_Unit, int] = {}
    for unit in sorted(units, key=lambda unit: (-weight[unit], _hash(unit, 0))):
        tries = (_hash(unit, number) % count for number in range(2 * count))
        shard = next((shard for shard in tries if loads[shard] + weight[unit] <= room), loads.index(min(loads)))
        loads[shard] += weight[unit]
        placed[unit] = shard
    shards: list[list[MatrixCell]] = [[] for _ in range(count)]
    for unit in units:
        shards[placed[unit]] += unit
    return shards


def _hash(unit: _Unit, number: int) -> int:
    text = f"{unit[0].artifact}/{unit[0].platform}/{number}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _job(name: str, found: Sequence[MatrixCell], weights: Mapping[str, float]) -> Job:
    seconds = round(sum(weights[cell.id] for cell in found), 3)
    return Job(id=name, platform=found[0].platform, cells=tuple(found), seconds=seconds)
