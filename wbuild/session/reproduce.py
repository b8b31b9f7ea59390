"""`build --verify-reproducible`: the same plan twice more, elsewhere, and what came out compared."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from posixpath import basename, join, normpath
from typing import Final, Literal

from wbuild.engine.failure import title
from wbuild.errors import Problem, exit_code, worst
from wbuild.model.happened import Report, Reproduction
from wbuild.model.planned import Product, Step
from wbuild.report.difference import ADVICE, CAUSES, ComparedBuild, Difference, compare, dated, tied
from wbuild.session.project import shown
from wbuild.session.rebuild import ROUNDS, Rebuild, Round, build
from wbuild.session.session import Session
from wbuild.text.project_names import WORK

DIFFERS: Final = "WB304"
KEPT: Final = "reproduce"
"""The folder below `.wbuild` that keeps artifacts which came out otherwise in the last run that compared."""
_SHOWN: Final = 3
"""How many steps a message names."""
_LONG: Final = 8
"""Characters of a folder that is looked for in artifacts: a shorter one may stand there by chance."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the comparison of the builds says about one product."""

    found: Reproduction
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """The builds of a session, and what is said about them."""

    session: Session
    folder: str
    """The folder that keeps what came out otherwise, relative to the root."""
    builds: list[Rebuild]
    codes: set[int] = field(default_factory=set)
    """Exit codes of what failed on the way."""


def verify(session: Session, report: Report) -> Report:
    """Build the plan of a session that has succeeded twice more, and say what differs; the report with what was found.

    Raises WbuildError when the other builds cannot begin: no tool, no space.
    """
    project, files = session.project, session.world.doors.files
    session.store.ensure(session.pins(), session.progress)  # in the user's own surroundings: the store is for everybody
    folder = normpath(join(project.manifest.folder, WORK, KEPT))
    files.remove(project.root / folder)
    now = time.time()
    itself = Rebuild(root=project.root, about=ComparedBuild(where="the artifact", data=b"", began=now, ended=now))
    trial = _Trial(session=session, folder=folder, builds=[itself])
    with tempfile.TemporaryDirectory(prefix="wbuild-", ignore_cleanup_errors=True) as temporary:
        for one in ROUNDS:
            if _hopeless(trial):
                break
            trial.builds.append(build(session, one, Path(os.path.realpath(temporary)) / one.folder))
            _tell_unbuilt(trial, one)
        verdicts = {product.file: _judge(trial, product) for product in session.plan.products}
    _tell(trial, verdicts)
    return _with(report, verdicts, trial.codes)


def _hopeless(trial: _Trial) -> bool:
    """Whether no product could be made again."""
    return not any(all(b.made(product) for b in trial.builds) for product in trial.session.plan.products)


def _tell_unbuilt(trial: _Trial, one: Round) -> None:
    """Say which products a round could not make."""
    session, last = trial.session, trial.builds[-1]
    problems = [r.problem for r in last.results if r.status == "failed" and r.problem]
    if not problems:
        return
    trial.codes.update(exit_code(problem.code) for problem in problems)
    names = ", ".join(dict.fromkeys(product.artifact.name for product in session.plan.products if not last.made(product)))
    around = ", ".join(f"{name}={value}" for name, value in one.surroundings.env.items())
    failed = "1 step" if len(problems) == 1 else f"{len(problems)} steps"
    session.console.problem(
        Problem(
            code="WB305",
            message=f"{one.title} failed where the first one succeeded: nothing is known about the reproducibility of {names}",
            hint="a step depends on the folder of the project, on what a tool keeps, or on its surroundings",
            detail=f"it ran in another folder, with {around} and umask {one.surroundings.umask:04o}\n{failed} failed",
        )
    )


def _judge(trial: _Trial, product: Product) -> _Verdict:
    """Compare the builds of a product. Raises MachineError."""
    if len(trial.builds) <= len(ROUNDS) or not all(b.made(product) for b in trial.builds):
        return _Verdict(Reproduction(status="unknown"))
    here, second, third = trial.builds
    for pair in ((second, third), (here, second)):  # of the artifact itself less is known: it may come from another machine
        one, other = (b.read(product) for b in pair)
        difference = compare(one, other)
        if difference is not None:
            return _differs(trial, product, pair, difference)
    artifact = here.read(product)
    difference = tied(artifact, _folders(trial.session))
    if difference is not None:
        return _tied(trial.session, product, difference)
    day = dated(artifact, trial.session.world.epoch)
    if day:
        name = trial.session.path(product)
        trial.session.console.note(f"{name} holds the day of today, {day}: if that is not in the sources, other days make another file")
    return _Verdict(Reproduction(status="same"))


def _folders(session: Session) -> Mapping[str, str]:
    """Folders of this machine that are the same in all builds: path → what it is."""
    paths = {str(session.store.path(pin)): f"the folder of {pin.name}" for pin in session.pins()}
    return {path: what for path, what in paths.items() if len(path) >= _LONG}


def _differs(trial: _Trial, product: Product, pair: tuple[Rebuild, Rebuild], difference: Difference) -> _Verdict:
    session = trial.session
    steps = _origins(session.plan.steps, product, pair)
    files = tuple(_keep(trial, product, one) for one in pair)
    names = [one.about.where for one in pair]
    width = max(map(len, names))
    lines = [f"{name:<{width}}  {text}" for name, text in zip(names, difference.excerpts, strict=True)]
    lines.append(_cause(difference))
    if steps:
        more = f", and {len(steps) - _SHOWN} more" if len(steps) > _SHOWN else ""
        lines.append(f"it begins with: {', '.join(title(step) for step in steps[:_SHOWN])}{more}")
    named = [shown(session.project.root / file) for file in files]
    lines.append(f"to look closer: {shlex.join(['wbuild', 'inspect', *named])}")
    where = f"{difference.section}, offset {difference.offset:#x}"
    problem = Problem(
        code=DIFFERS,
        message=f"{session.path(product)} is not reproducible: {names[1]} differs from {names[0]} in the {where}",
        hint=_hint(session, product, difference),
        detail="\n".join(lines),
    )
    found = _found(difference, "differs")
    return _Verdict(replace(found, builds=tuple(names), steps=tuple(step.name for step in steps), files=files), problem)


def _tied(session: Session, product: Product, difference: Difference) -> _Verdict:
    where = f"{difference.section}, offset {difference.offset:#x}"
    problem = Problem(
        code=DIFFERS,
        message=f"{session.path(product)} is reproducible on this machine only: a folder of it is in the {where}",
        hint=_hint(session, product, difference),
        detail=f"{difference.excerpts[0]}\n{_cause(difference)}",
    )
    return _Verdict(_found(difference, "tied"), problem)


def _found(difference: Difference, status: Literal["differs", "tied"]) -> Reproduction:
    return Reproduction(
        status=status,
        section=difference.section,
        offset=difference.offset,
        cause=difference.cause,
        evidence=difference.evidence,
    )


def _cause(difference: Difference) -> str:
    return f"likely cause: {CAUSES[difference.cause]}{f' ({difference.evidence})' if difference.evidence else ''}"


def _hint(session: Session, product: Product, difference: Difference) -> str:
    return session.project.catalog.languages[product.artifact.lang].mend.get(difference.cause, "") or ADVICE[difference.cause]


def _origins(steps: Sequence[Step], product: Product, pair: tuple[Rebuild, Rebuild]) -> list[Step]:
    """The steps that made something else of the same, in the plan's order."""
    others: set[str] = set()
    found = []
    for step in (s for s in steps if s.name in product.steps and not (s.network or s.fills)):
        changed = {path for path in step.outputs if pair[0].content(path) != pair[1].content(path)}
        if changed and others.isdisjoint(chain(step.inputs, step.candidates)):
            found.append(step)
        others |= changed
    return found


def _keep(trial: _Trial, product: Product, one: Rebuild) -> str:
    """Keep a product of a build; its path, relative to the root. Raises MachineError."""
    if not one.kept:
        return product.file
    name = join(trial.folder, one.kept, basename(product.file))
    trial.session.world.doors.files.copy(one.root / product.file, trial.session.project.root / name, durable=False)
    return name


def _tell(trial: _Trial, verdicts: Mapping[str, _Verdict]) -> None:
    """Say which artifacts came out the same, and what is wrong with the others."""
    session = trial.session
    for verdict in verdicts.values():
        if verdict.problem is not None:
            session.progress.shown.append(verdict.problem)
            session.console.problem(verdict.problem)
    products = session.plan.products
    same = [p.file if len(p.artifact.targets) > 1 else p.artifact.name for p in products if verdicts[p.file].found.status == "same"]
    if same:
        session.console.show(f"reproducible: {', '.join(same)}")


def _with(report: Report, verdicts: Mapping[str, _Verdict], codes: set[int]) -> Report:
    """The report with what was found; one that failed so is a failed artifact."""
    artifacts = []
    for artifact in report.artifacts:
        verdict = verdicts[artifact.file]
        found = replace(artifact, reproducible=verdict.found)
        if verdict.problem is not None:
            found = replace(found, status="failed", problems=(*artifact.problems, verdict.problem))
        artifacts.append(found)
    differ = {exit_code(verdict.problem.code) for verdict in verdicts.values() if verdict.problem}
    return replace(report, artifacts=tuple(artifacts), exit=worst(codes | differ))
