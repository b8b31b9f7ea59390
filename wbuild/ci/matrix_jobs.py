"""`wbuild ci matrix`: from the project, its lock and what git says to the jobs of a CI system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from wbuild import lock as locks
from wbuild.ci import jobs
from wbuild.ci.matrix import LIMITS, Matrix, MatrixCell, MatrixRequest, cells, make_matrix, parse_group
from wbuild.ci.reports import durations
from wbuild.doors.machine import machine_errors
from wbuild.errors import ProvisionError, WbuildError
from wbuild.model.locked import Lock, Platform
from wbuild.model.planned import Plan
from wbuild.plan.affected import affected
from wbuild.plan.plan import BuildRequest, Context, make_plan
from wbuild.session.call import Common
from wbuild.session.changed_files import change_since, gone, through_links
from wbuild.session.locking import Locking
from wbuild.session.progress import Progress
from wbuild.session.project import Project, open_project
from wbuild.session.project_tree import context_of, project_tree, vendor_names
from wbuild.session.record import Watch
from wbuild.session.selection import choose_targets, select
from wbuild.text.project_names import DIST


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixOptions:
    """The options of `ci matrix`."""

    artifacts: tuple[str, ...]
    group: str
    profiles: tuple[str, ...]
    targets: tuple[str, ...]
    platforms: tuple[Platform, ...]
    changed_since: str | None
    durations: str | None
    out: Path | None
    format_: Literal["json", "github", "gitlab"]


def run(common: Common, asked: MatrixOptions) -> int:
    """Print the matrix, or hand it to the CI system; 0. Raises ProvisionError WB438 when none of the platforms can build anything."""
    console, group = common.console, parse_group(asked.group)
    project = open_project(common.start)
    world = common.world().looking(project.root)
    lock = Locking(world=world, project=project, console=console, locked=world.ci, write=False).fitting()
    wanted = _wanted(asked, common, project, lock)
    found, left_out = cells(project.manifest, project.catalog, wanted)
    for left in left_out:
        console.warning(f"{left.artifact} is left out on {left.platform}: {left.reason}")
    if left_out and not found:
        raise ProvisionError("WB438", f"nothing can be built on {', '.join(wanted.kits)}", hint="choose other machines with --platform")
    if asked.changed_since:
        found = _changed(asked.changed_since, found, wanted, common, project, lock)
    limit = LIMITS.get(asked.format_)
    matrix = Matrix(
        project=project.manifest.project.name,
        jobs=make_matrix(found, group, limit),
        left_out=left_out,
        targets=wanted.targets,
    )
    if limit is not None and len(make_matrix(found, group)) > limit:
        console.note(f"{asked.format_} takes at most {limit} jobs, so cells share them")
    if asked.out is not None:
        world.doors.files.write(common.start / asked.out, jobs.render(matrix))
    _hand_over(matrix, asked.format_, common)
    return 0


def _wanted(asked: MatrixOptions, common: Common, project: Project, lock: Lock) -> MatrixRequest:
    names = select(project.manifest, project.catalog, asked.artifacts, project.member)
    platforms: tuple[Platform, ...] = tuple(dict.fromkeys(asked.platforms)) or (common.world().doors.platform,)
    return MatrixRequest(
        artifacts=names,
        profiles=tuple(dict.fromkeys(asked.profiles)) or ("release",),
        targets=choose_targets(project.manifest, names, asked.targets),
        toolchains=lock.toolchains,
        kits={platform: locks.kit(lock, platform) for platform in platforms},
        seconds=durations(common.start / asked.durations if asked.durations else project.folder / DIST),
    )


def _changed(
    ref: str, found: tuple[MatrixCell, ...], wanted: MatrixRequest, common: Common, project: Project, lock: Lock
) -> tuple[MatrixCell, ...]:
    """The cells of artifacts that differ from a revision. What cannot be planned is built all the same, so that its own job says why."""
    world = common.world()
    change = change_since(world, project, lock, ref)
    progress = Progress(console=common.console, root=project.root)
    vendor = vendor_names(project, wanted.artifacts, next(iter(wanted.kits.values())), world.open_store(), progress)
    tree = project_tree(world, project, wanted.artifacts, Watch())
    tree = replace(tree, names=tuple(sorted({*tree.names, *gone(project.root, change)})), vendor=vendor)
    kept: set[str] = set()
    for artifact, profile, platform in dict.fromkeys((cell.artifact, cell.profile, cell.platform) for cell in found):
        context = context_of(world, project, lock, wanted.kits[platform], tree)
        plan = _planned(context, BuildRequest(artifacts=(artifact,), profile=profile, check_always=True))
        if plan is None or affected(through_links(project.root, plan, change), plan, project.manifest, lock, project.catalog):
            kept.add(artifact)
    return tuple(cell for cell in found if cell.artifact in kept)


def _planned(context: Context, request: BuildRequest) -> Plan | None:
    try:
        plan = make_plan(context, request)
    except WbuildError:
        return None
    return None if any(product.problem for product in plan.products) else plan


def _hand_over(matrix: Matrix, format_: str, common: Common) -> None:
    console, output = common.console, common.world().github_output
    count = sum(len(job.cells) for job in matrix.jobs)
    console.show(f"{count} {'cell' if count == 1 else 'cells'} in {len(matrix.jobs)} {'job' if len(matrix.jobs) == 1 else 'jobs'}")
    if format_ == "gitlab":
        console.result(jobs.gitlab(matrix).rstrip("\n"))
    elif format_ == "json":
        console.result(jobs.render(matrix).rstrip("\n"))
    elif output is None:
        console.result(jobs.outputs(matrix).rstrip("\n"))
    else:
        append(output, jobs.outputs(matrix))


def append(path: Path, text: str) -> None:
    """Add lines to a file that a CI system reads after the step. Raises MachineError."""
    with machine_errors(path, "write"), path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)
