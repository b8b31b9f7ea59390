"""Report → the table that ends a build, the lines below it, and the list of checks. Every number is a field of the report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from wbuild.builtins.metrics import columns, judges, share, tightest, unit_of
from wbuild.model.happened import ArtifactReport, CheckVerdict, HostVerdict, Report
from wbuild.report.labels import labelled
from wbuild.report.table import Cell, Style, plain, render
from wbuild.text import show

__all__ = ["CATEGORIES", "by_category", "category_rank", "checks", "first_problem", "notes", "summary", "table", "written"]

CATEGORIES: Final = ("compiled", "managed", "scripting", "wasm-native", "other")
"""Order of the groups: a module with a runtime inside is not judged beside one without."""
_HEAD: Final = ("artifact", "language", "category", "target", *(metric.name for metric in columns()), "change", "budget")


def summary(report: Report, style: Style = plain) -> str:
    """Table and notes; "" without artifacts."""
    return table(report, style) + notes(report, style) if report.artifacts else ""


def written(report: Report, remarks: Sequence[str]) -> str:  # noqa: ARG001 - the form of a renderer; commands say remarks as warnings
    """The format "text", without colours."""
    return summary(labelled(report))


def table(report: Report, style: Style = plain) -> str:
    """One row an artifact and target, grouped by category, in the order of the manifest."""
    head = [Cell(title, "head") for title in _HEAD]
    return render([head, *map(_row, by_category(report.artifacts))], style)


def by_category(reports: Iterable[ArtifactReport]) -> list[ArtifactReport]:
    """Artifacts of one category together, in the order of `CATEGORIES`."""
    return sorted(reports, key=category_rank)


def category_rank(report: ArtifactReport) -> int:
    """The place of an artifact's category in `CATEGORIES`; others come last."""
    return CATEGORIES.index(report.category) if report.category in CATEGORIES else len(CATEGORIES)


def _row(artifact: ArtifactReport) -> list[Cell]:
    words = [show.escape(word) for word in (artifact.name, artifact.language, artifact.category, artifact.target)]
    row = [Cell(words[0], "name"), *map(Cell, words[1:])]
    if artifact.measure is None:
        role = "bad" if artifact.status == "failed" else "dim"
        return [*row, Cell(_reason(artifact), role, rest=True)]
    numbers = ((metric.unit, metric.read(artifact)) for metric in columns())
    row += [Cell("" if number is None else unit.short(number), right=True) for unit, number in numbers]
    return [*row, _change(artifact), _budget(artifact)]


def _reason(artifact: ArtifactReport) -> str:
    """Why there is no file."""
    message = show.escape(first_problem(artifact), cap=100)
    if artifact.status in message:
        return message
    return f"{artifact.status}: {message}" if message else artifact.status


def first_problem(artifact: ArtifactReport) -> str:
    """The first line of its first problem, for a row that names the artifact itself; "" for none."""
    if not artifact.problems:
        return ""
    problem = artifact.problems[0]
    return (problem.what if problem.subject == artifact.name else problem.message).splitlines()[0]


def _change(artifact: ArtifactReport) -> Cell:
    """Against the last build of the same profile, raw."""
    if artifact.previous is None or artifact.measure is None:
        return Cell("new", "dim")
    before, now = artifact.previous.raw, artifact.measure.sizes.raw
    if before == now:
        return Cell("=", "dim")
    return Cell(show.signed_percent(before, now), "warn" if now > before else "good")


def _budget(artifact: ArtifactReport) -> Cell:
    """The tightest limit; in words when it is near or exceeded. In parentheses where budgets are not judged."""
    verdict = tightest(artifact.budget)
    if verdict is None:
        return Cell("")
    text = share(verdict)
    if not judges(verdict, artifact.level):
        return Cell(f"({text})", "dim")
    match verdict.status:
        case "over":
            return Cell(f"OVER by {unit_of(verdict.metric).short(verdict.actual - verdict.limit)}: {text}", "bad")
        case "warn":
            return Cell(f"near: {text}", "warn")
        case _:
            return Cell(text)


def notes(report: Report, style: Style = plain) -> str:
    """What the table has no column for: one line for each remark, "" when there is none."""
    lines = [(artifact, role, remark) for artifact in by_category(report.artifacts) for role, remark in _remarks(artifact)]
    return "".join(f" {style('name', _title(artifact, report))}: {style(role, remark)}\n" for artifact, role, remark in lines)


def _title(artifact: ArtifactReport, report: Report) -> str:
    """The name, with the target where the report has several."""
    several = sum(other.name == artifact.name for other in report.artifacts) > 1
    return show.escape(artifact.name) + (f" ({artifact.target})" if several else "")


def _remarks(artifact: ArtifactReport) -> Iterator[tuple[str, str]]:
    failed = [verdict for verdict in artifact.checks if verdict.status != "passed"]
    if failed:
        names = ", ".join(dict.fromkeys(f'"{show.escape(verdict.name)}"' for verdict in failed[:3]))
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        yield "bad", f"{len(failed)} of {len(artifact.checks)} checks failed: {names}{more}"
    refused = [verdict.host for verdict in artifact.hosts if verdict.status == "refused"]
    if refused:
        yield "bad", f"does not fit {', '.join(map(show.escape, refused))}"
    if artifact.validation is not None and artifact.validation.status == "unknown":
        yield "warn", f"not validated: {show.escape(artifact.validation.why)}"
    yield from _about_sections(artifact)
    choice = artifact.choice
    if choice is None or artifact.level == "none":
        return
    if not choice.checked:
        yield "warn", "unchecked: no check could run, so the optimizer did only what is proven safe"
    if choice.chosen == "unoptimized":
        yield "warn", f"unoptimized: {show.escape(choice.why) or 'nothing to try at this level'}"
    elif choice.why:
        yield "warn", f"{show.escape(choice.chosen)} was taken: {show.escape(choice.why)}"
    if choice.degraded:
        yield "warn", "degraded: a limit of time decided, so another run may make another file"


def _about_sections(artifact: ArtifactReport) -> Iterator[tuple[str, str]]:
    """Custom sections that stay, and what was asked for and is not there."""
    if artifact.unknown_sections:
        named = ", ".join(f"{show.escape(part.name, cap=60)} ({show.size(part.size)})" for part in artifact.unknown_sections[:8])
        more = f" and {len(artifact.unknown_sections) - 8} more" if len(artifact.unknown_sections) > 8 else ""
        yield "dim", f"keeps custom sections that wbuild does not know: {named}{more}"
    for pattern in artifact.unmatched:
        yield "warn", f"{show.escape(pattern)} matches no custom section"
    if artifact.undebugged:
        yield "warn", f"{show.escape(artifact.undebugged)}, though the profile's debug asks for it: the toolchain wrote none"


def checks(report: Report, style: Style = plain) -> str:
    """Every check of every artifact on every runtime, and every host, with what differs below those that did not pass."""
    entries: list[tuple[list[Cell], Sequence[str]]] = []
    for artifact in report.artifacts:
        entries += [([*_check_cells(artifact, verdict, report)], verdict.message.splitlines()) for verdict in artifact.checks]
        entries += [([*_host_cells(artifact, verdict, report)], verdict.reasons) for verdict in artifact.hosts]
    shown: list[str] = []
    for (_, details), line in zip(entries, render([row for row, _ in entries], style).splitlines(keepends=True), strict=True):
        shown += [line, *(f"         {show.escape(detail)}\n" for detail in details)]
    return "".join(shown)


def _host_cells(artifact: ArtifactReport, verdict: HostVerdict, report: Report) -> Iterator[Cell]:
    yield Cell(verdict.status, "good" if verdict.status == "fits" else "bad")
    yield Cell(_title(artifact, report), "name")
    yield Cell("host")
    yield Cell(show.escape(verdict.host))
    yield Cell("")


def _check_cells(artifact: ArtifactReport, verdict: CheckVerdict, report: Report) -> Iterator[Cell]:
    yield Cell(verdict.status, "good" if verdict.status == "passed" else "bad")
    yield Cell(_title(artifact, report), "name")
    yield Cell(show.escape(verdict.name))
    yield Cell(show.escape(verdict.runtime))
    yield Cell("" if verdict.fuel is None else f"{show.count(verdict.fuel)} instructions", "dim")
