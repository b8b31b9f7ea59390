"""Reports of the cells of a matrix → one report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from wbuild import __version__
from wbuild.ci.untrusted import Expected, ExpectedMatrix
from wbuild.errors import Problem, exit_code, worst
from wbuild.model.happened import ArtifactReport, Report

__all__ = ["contradictions", "merge", "remarks"]

_Key: TypeAlias = "tuple[str, str, str, str]"


def merge(reports: Sequence[Report], plan: ExpectedMatrix | None = None, earlier: Report | None = None) -> Report:
    """One report with every artifact of `reports`; its exit code is the worst.

    A cell of `plan` that no report tells about has failed (WB191). `earlier` gives the sizes to compare with.
    """
    found: dict[_Key, ArtifactReport] = {}
    for artifact in (a for report in reports for a in report.artifacts):
        key = _key(artifact)
        if key not in found or (found[key].status == "ok" and artifact.status != "ok"):
            found[key] = artifact
    wanted = [(c.artifact, c.target, c.profile, c.platform) for c in plan.cells] if plan else []
    lost = [_lost(cell) for cell in plan.cells if (cell.artifact, cell.target, cell.profile, cell.platform) not in found] if plan else []
    found |= {_key(artifact): artifact for artifact in lost}
    order = {key: at for at, key in enumerate(wanted)}
    keys = sorted(found, key=lambda key: (order.get(key, len(order)), key))
    codes = {report.exit for report in reports} | {exit_code(p.code) for a in found.values() for p in a.problems}
    return Report(
        project=next((r.project for r in reports), plan.project if plan else ""),
        profile=", ".join(dict.fromkeys(found[key].profile for key in keys)),
        wbuild=next((r.wbuild for r in reports), __version__),
        artifacts=_compared([found[key] for key in keys], earlier),
        results=tuple(r for report in reports for r in report.results if r.status == "failed"),
        seconds=sum(report.seconds for report in reports),
        exit=worst(codes - {0}),
        healed=sum(report.healed for report in reports),
    )


def contradictions(reports: Sequence[Report]) -> tuple[str, ...]:
    """Cells that several reports tell about, each in another way: what `merge` leaves out, in words."""
    found: dict[_Key, set[tuple[str, str]]] = {}
    for artifact in (a for report in reports for a in report.artifacts):
        found.setdefault(_key(artifact), set()).add((artifact.status, _sha256(artifact)))
    return tuple(
        f"{name} ({target}, {profile}) on {platform} has {len(told)} reports that differ: all but one are left out, and a failed one stays"
        for (name, target, profile, platform), told in found.items()
        if len(told) > 1
    )


def _key(artifact: ArtifactReport) -> _Key:
    return (artifact.name, artifact.target, artifact.profile, artifact.platform)


def _sha256(artifact: ArtifactReport) -> str:
    """The SHA-256 of an artifact's file; "" when none was made."""
    return artifact.measure.sha256 if artifact.measure else ""


def _lost(cell: Expected) -> ArtifactReport:
    name = f"{cell.artifact} ({cell.target}, {cell.profile}) on {cell.platform}"
    problem = Problem(
        code="WB191", message=f"no report came from {name}", hint="its job was cancelled or broke down; look at the job's own output"
    )
    return ArtifactReport(
        name=cell.artifact,
        language=cell.language,
        category=cell.category,
        toolchain=cell.toolchain,
        target=cell.target,
        profile=cell.profile,
        level="",
        file="",
        status="failed",
        platform=cell.platform,
        problems=(problem,),
    )


def _compared(artifacts: Iterable[ArtifactReport], earlier: Report | None) -> tuple[ArtifactReport, ...]:
    """The artifacts, with the sizes that `earlier` has of them, where there is such a report."""
    if earlier is None:
        return tuple(artifacts)
    anywhere = {_key(a)[:3]: a.measure.sizes for a in earlier.artifacts if a.measure}
    same = {_key(a): a.measure.sizes for a in earlier.artifacts if a.measure}
    return tuple(replace(a, previous=same.get(_key(a), anywhere.get(_key(a)[:3]))) for a in artifacts)


def remarks(report: Report) -> tuple[str, ...]:
    """What only several machines together show: an artifact that is not the same on all of them."""
    digests: dict[tuple[str, str, str], dict[str, list[str]]] = {}
    for artifact in report.artifacts:
        if digest := _sha256(artifact):
            digests.setdefault(_key(artifact)[:3], {}).setdefault(digest, []).append(artifact.platform)
    return tuple(
        f"{name} ({target}, {profile}) is not the same file on {' and '.join(', '.join(on) for on in groups.values())}"
        for (name, target, profile), groups in digests.items()
        if len(groups) > 1
    )
