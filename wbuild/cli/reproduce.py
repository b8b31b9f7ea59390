"""`build --verify-reproducible`: the same plan twice more, where everything is different that must not matter."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wbuild.cache import Cache
from wbuild.cli.found import Found, look
from wbuild.cli.progress import Progress
from wbuild.cli.session import Session
from wbuild.doors.machine import machine_errors
from wbuild.engine.layout import Surroundings
from wbuild.errors import Problem, exit_code, worst
from wbuild.model.planned import Product
from wbuild.reproducible import ADVICE, CAUSES, Built, Difference, compare

DIFFERS: Final = "WB304"
PROJECT: Final = "project"
"""Folder of the project's copy, beside the cache of its build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One more build, and what is different in it."""

    title: str
    folder: str
    """Of the project's copy, below a temporary folder."""
    surroundings: Surroundings
    backwards: bool
    """Files are made in the reverse order."""
    modified: int
    """Time of every file, in seconds since 1970."""
    alone: bool
    """One step at a time."""
    cold: bool
    """What tools keep for all projects (their standard library) is built again too."""


ROUNDS: Final = (
    Round(
        title="the second build",
        folder="b",
        surroundings=Surroundings(env={"TZ": "AAA-14", "LANG": "C", "LC_ALL": "C"}, umask=0o022),
        backwards=False,
        modified=1_000_000_000,
        alone=True,
        cold=False,
    ),
    Round(
        title="the third build",
        folder="another/folder-with-a-longer-name/and-deeper",
        surroundings=Surroundings(env={"TZ": "BBB+12", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}, umask=0o077),
        backwards=True,
        modified=1_700_000_000,
        alone=False,
        cold=True,
    ),
)
"""The zones are 26 hours apart, so that dates differ; they are written so that they need no database of zones."""


def verify(session: Session) -> int:
    """Build the plan of a session that has succeeded twice more, and say what differs; the exit code.

    Raises WbuildError when the other builds cannot be made: no tool, no space.
    """
    session.store.ensure(session.pins(), session.progress)  # in the user's own surroundings: the store is for everybody
    builds = [_read(session, session.project.root, Built(where="the artifact", data=b"", began=time.time()))]
    with tempfile.TemporaryDirectory(prefix="wbuild-", ignore_cleanup_errors=True) as temporary:
        for one in ROUNDS:
            root = Path(os.path.realpath(temporary)) / one.folder
            began = time.time()
            problems = _build(session, one, root)
            if problems:
                session.console.problem(_unbuilt(one, problems))
                return worst({exit_code(problem.code) for problem in problems})
            built = Built(where=one.title, data=b"", paths=(str(root),), surroundings=one.surroundings.env, began=began, ended=time.time())
            builds.append(_read(session, root / PROJECT, built))
    return _judge(session, builds)


def _build(session: Session, one: Round, root: Path) -> Sequence[Problem]:
    """Copy the project and run its plan there; why steps failed."""
    project, world = session.project, session.world
    console, files = session.console, world.doors.files
    console.step("verify", one.title, f"in another folder, {'in its own order' if one.alone else 'several steps at once'}")
    _copy(session, look(files, project.root), one, root / PROJECT)
    cold = one.cold and not world.doors.offline  # what tools keep cannot be fetched again
    cache = Cache(root / "cache", files, shared=None if cold else session.cache.shared("."))
    progress = Progress(console=console, root=root / PROJECT, plan=session.plan)
    console.board.total, console.board.done = len(session.plan.steps), 0
    engine = replace(
        session.engine(),
        root=root / PROJECT,
        cache=cache,
        jobs=1 if one.alone else max(2, world.jobs),
        on_event=progress,
        surroundings=one.surroundings,
    )
    try:
        with session.store.using(session.pins()), session.cache.running():
            results = engine.execute(session.plan)
    finally:
        console.calm()
    return [result.problem for result in results if result.status == "failed" and result.problem]


def _copy(session: Session, found: Found, one: Round, root: Path) -> None:
    """The project's files, without what the plan makes, in the order of the round. Raises MachineError."""
    files, plan = session.world.doors.files, session.plan
    made = {path for step in plan.steps for path in step.outputs} | {product.copy for product in plan.products}
    read = {path for step in plan.steps for path in (*step.inputs, *step.candidates) if (session.project.root / path).is_file()}
    names = sorted({*found.tree.names, *read} - made, reverse=one.backwards)
    for folder in sorted(found.folders, reverse=one.backwards):
        with machine_errors(root / folder, "make"):
            (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        files.copy(session.project.root / name, root / name, durable=False)
        os.utime(root / name, (one.modified, one.modified))
    for name, target in found.links.items():
        with machine_errors(root / name, "write"):
            (root / name).symlink_to(target)


def _read(session: Session, root: Path, built: Built) -> Mapping[str, Built]:
    """The artifacts of a build: product's file → build. Raises MachineError."""
    found = {}
    for product in session.plan.products:
        with machine_errors(root / product.file, "read"):
            found[product.file] = replace(built, data=(root / product.file).read_bytes())
    return found


def _judge(session: Session, builds: Sequence[Mapping[str, Built]]) -> int:
    """Say which artifacts came out the same; the exit code."""
    same: list[str] = []
    for product in session.plan.products:
        here, second, third = (build[product.file] for build in builds)
        pairs = [(second, third), (here, second)]  # of the artifact itself less is known: it may come from another machine
        found = next(((pair, difference) for pair in pairs if (difference := compare(*pair))), None)
        if found is None:
            same.append(product.file if len(product.artifact.targets) > 1 else product.artifact.name)
        else:
            session.console.problem(_differs(session, product, *found))
    if same:
        session.console.show(f"reproducible: {', '.join(same)}")
    return 0 if len(same) == len(session.plan.products) else exit_code(DIFFERS)


def _differs(session: Session, product: Product, pair: tuple[Built, Built], difference: Difference) -> Problem:
    one, other = pair
    width = max(len(one.where), len(other.where))
    lines = [f"{built.where:<{width}}  {text}" for built, text in zip(pair, difference.excerpts, strict=True)]
    lines.append(f"likely cause: {CAUSES[difference.cause]}{f' ({difference.evidence})' if difference.evidence else ''}")
    where = f"{difference.section}, offset {difference.offset:#x}"
    mend = session.project.catalog.languages[product.artifact.lang].mend.get(difference.cause, "")
    return Problem(
        code=DIFFERS,
        message=f"{session.path(product)} is not reproducible: {other.where} differs from {one.where} in the {where}",
        hint=mend or ADVICE[difference.cause],
        detail="\n".join(lines),
    )


def _unbuilt(one: Round, problems: Sequence[Problem]) -> Problem:
    around = ", ".join(f"{name}={value}" for name, value in one.surroundings.env.items())
    return Problem(
        code="WB305",
        message=f"{one.title} failed where the first one succeeded: nothing is known about reproducibility",
        hint="a step depends on the folder of the project, on what a tool keeps, or on its surroundings",
        detail=f"it ran in another folder, with {around} and umask {one.surroundings.umask:04o}\n{len(problems)} steps failed",
    )
