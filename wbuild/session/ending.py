"""The end of a build: problems, table, paths; and what a run with nothing to do will print."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from pathlib import Path

from wbuild.cache.layout import VERSION
from wbuild.errors import Problem
from wbuild.model.happened import Report
from wbuild.model.written import EnvFrom
from wbuild.report.formats import FORMATS
from wbuild.report.table import Style, plain
from wbuild.report.text import summary
from wbuild.session.call import Common
from wbuild.session.record import Call, Said, record
from wbuild.session.session import Built, Session
from wbuild.terminal.console import colored
from wbuild.text.project_names import DIST, WORK

Render = Callable[[Report, Style], str]


def show(session: Session, report: Report, render: Render = summary) -> None:
    """Problems that were not printed yet, the table, and one line of standard output for each file that was made."""
    problems(session, report)
    session.console.table(lambda style: render(report, style))
    for path in paths(session, report):
        session.console.result(path)


def problems(session: Session, report: Report) -> None:
    """What is wrong with artifacts, besides the steps that failed before everybody's eyes."""
    unsaid = [p for a in report.artifacts for p in a.problems if p not in session.progress.shown]
    failed = any(r.status == "failed" for r in report.results)
    skips: Iterable[Problem] = () if failed or unsaid else (r.problem for r in report.results if r.status == "skipped" and r.problem)
    for problem in dict.fromkeys([*unsaid, *skips]):
        session.console.problem(problem)


def account(session: Session, report: Report, *, stats: bool, trace: Path | None) -> None:
    """Where the time went: a table on standard error, a file for a viewer of traces. Raises MachineError."""
    if not stats and trace is None:
        return
    from wbuild.report import stats as figures
    from wbuild.report import trace as traces
    from wbuild.report.timeline import timeline

    console, cache = session.console, session.cache
    found = timeline(session.progress.moments or (), session.started)
    if stats:
        use = figures.CacheUse(restored=cache.restored, stored=cache.stored, healed=cache.healed)
        console.table(lambda style: figures.summary(report, session.plan, found, use, style))
    if trace is not None:
        text = traces.render(found, f"wbuild {report.wbuild}: {report.project}, {report.profile}")
        session.world.doors.files.write(trace, console.redact(text))


def document(session: Session, report: Report, form: str) -> None:
    """The whole report in a form for programs, on standard output."""
    problems(session, report)
    session.console.result(FORMATS[form].render(report, ()).rstrip("\n"))


def remember(common: Common, session: Session, built: Built) -> None:
    """Record a build in which everything succeeded and is remembered, with tools of the store and listed files alone.

    Nobody else may build in the project meanwhile: what stands there now is taken for what this build made.
    """
    report = built.report
    if (
        report.exit
        or not all(r.kept and not r.unlisted for r in report.results)
        or any(a.status != "ok" or (a.choice and a.choice.degraded) for a in report.artifacts)
    ):
        return
    if any(pin.folder for pin in session.pins()):
        return  # only asking a tool of the machine tells whether it is the one that was used
    root, watch, world = session.project.root, session.watch, session.world
    watch.late(root / name for r in report.results for name in r.read)
    watch.wrote(*(root / p for product in session.plan.products for p in (product.file, product.copy) if p), *built.written)
    watch.file(*(session.store.path(pin) / "receipt.json" for pin in session.pins()))
    watch.file(*session.engine().marks(session.plan))
    watch.listing(world.cache / VERSION)
    artifacts = session.project.manifest.artifacts
    variables = {value.from_ for a in artifacts for value in a.env.values() if isinstance(value, EnvFrom)}
    again = replace(report, artifacts=tuple(replace(a, previous=a.measure.sizes if a.measure else None) for a in report.artifacts))
    redact = session.console.redact
    quiet = session.console.quiet
    said = Said(
        stdout=redact("".join(f"{path}\n" for path in paths(session, report))),
        plain="" if quiet else redact(summary(again, plain)),
        color="" if quiet else redact(summary(again, colored)),
        choice=common.color,
    )
    folder = session.project.folder
    call = Call(
        argv=common.argv,
        folder=folder,
        environ=common.environ,
        key=world.doors.key,
        own=(folder / WORK, folder / DIST, folder / DIST / report.profile),
        variables=tuple(sorted(variables)),
    )
    record(call, watch, said)


def paths(session: Session, report: Report, names: Container[str] | None = None) -> list[str]:
    """Files that were made, as they are printed; `names`: only of these artifacts."""
    made = {a.file for a in report.artifacts if a.measure is not None and a.status == "ok"}
    wanted = (p for p in session.plan.products if (not p.only_needed if names is None else p.artifact.name in names))
    return [session.path(product) for product in wanted if product.file in made]
