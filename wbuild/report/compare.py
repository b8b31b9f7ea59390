"""`wbuild compare`: which artifacts keep one contract, and their table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from wbuild.builtins.metrics import INSTRUCTIONS, Metric, columns
from wbuild.errors import UsageError
from wbuild.model.happened import ArtifactReport, CheckVerdict, Compared, Comparison, Contract, Result
from wbuild.model.planned import Product
from wbuild.report.table import Cell, Style, plain, render
from wbuild.report.text import category_rank, first_problem
from wbuild.text import show

__all__ = ["Measured", "build_seconds", "contract", "groups", "start_check", "text"]

_NOT_BUILDING: Final = frozenset({"fetch", "check", "judge"})
"""Verbs of steps whose time says nothing about a language's compiler."""
_LISTED: Final = 4
"""Names of checks in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An artifact with figures that no report holds."""

    report: ArtifactReport
    tool: str
    """The first tool of its toolchain."""
    version: str
    """The version of that tool."""
    build_seconds: float | None
    starts: tuple[float, ...] = ()
    """Seconds of each run that was timed."""


def groups(products: Sequence[Product], *, named: bool) -> tuple[tuple[Product, ...], ...]:
    """Products that declare the same checks, at least two together; `named` ones belong together, even one alone.

    Raises UsageError WB253 when there is nothing to compare, WB254 when what was named does not declare the same checks.
    """
    found: dict[frozenset[str], list[Product]] = {}
    for product in products:
        names = frozenset(check.name for check in product.artifact.checks)
        if names:
            found.setdefault(names, []).append(product)
    bare = [product.artifact.name for product in products if not product.artifact.checks]
    if named and bare:
        raise UsageError("WB253", f"{bare[0]} declares no check, so nothing says what it has in common with others", hint=_HINT)
    if named and len(found) > 1:
        (one, first), (other, second) = list(found.items())[:2]
        differ = sorted(one ^ other)
        listed = ", ".join(f'"{show.escape(name)}"' for name in differ[:_LISTED]) + (" …" if len(differ) > _LISTED else "")
        message = f"{first[0].artifact.name} and {second[0].artifact.name} do not declare the same checks: {listed}"
        raise UsageError("WB254", message, hint="name artifacts of one contract; without names every contract has its table")
    kept = tuple(tuple(members) for members in found.values() if named or len(members) > 1)
    if not kept:
        raise UsageError("WB253", "no two artifacts declare the same checks", hint=_HINT)
    return kept


_HINT: Final = "[[artifact.NAME.check]] declares a check; those in [[defaults.check]] are shared"


def build_seconds(product: Product, results: Mapping[str, Result]) -> float | None:
    """Seconds of the steps that make a product, when they ran; None when one of them never did."""
    steps = [results[name] for name in product.steps if name in results and results[name].verb not in _NOT_BUILDING]
    if not steps or any(step.status in {"failed", "skipped"} for step in steps):
        return None
    return sum(step.took or 0.0 for step in steps)


def start_check(reports: Sequence[ArtifactReport], products: Sequence[Product], runtime: str) -> str:
    """The check to take start-up with: of those that end well and passed everywhere, the one of the least fuel; "" for none."""
    ending = [check.name for check in products[0].artifact.checks if not check.traps and check.exit == 0]
    weights: dict[str, int] = {}
    for name in ending:
        found = [verdict for report in reports if report.status == "ok" for verdict in _of(report, runtime) if verdict.name == name]
        if found and all(verdict.status == "passed" for verdict in found):
            weights[name] = sum(verdict.fuel or 0 for verdict in found)
    return min(weights, key=lambda name: weights[name], default="")


def _of(report: ArtifactReport, runtime: str) -> list[CheckVerdict]:
    return [verdict for verdict in report.checks if verdict.runtime == runtime]


def contract(checks: Sequence[str], measured: Sequence[Measured], *, runtime: str, start: str) -> Contract:
    """The rows of one table. `start`: the check that start-up was taken with."""
    rows = [_compared(one, runtime) for one in measured]
    return Contract(
        checks=tuple(checks),
        artifacts=tuple(sorted(rows, key=lambda row: category_rank(row.report))),
        runtime=runtime,
        start_check=start,
        start_runs=max((len(one.starts) for one in measured), default=0),
    )


def _compared(one: Measured, runtime: str) -> Compared:
    report = one.report
    verdicts = _of(report, runtime)
    fuels = [verdict.fuel for verdict in verdicts if verdict.status == "passed" and verdict.fuel is not None]
    return Compared(
        report=report,
        tool=one.tool,
        version=one.version,
        why=_why(report),
        fuel=sum(fuels) if fuels and len(fuels) == len(verdicts) else None,
        start_ms=median(one.starts) * 1000 if one.starts else None,
        build_seconds=one.build_seconds,
    )


def _why(report: ArtifactReport) -> str:
    failed = sum(verdict.status != "passed" for verdict in report.checks)
    if failed:
        return f"{failed} of {len(report.checks)} checks failed"
    return first_problem(report)


_Number = Callable[[Compared], "float | None"]
_Column = tuple[str, _Number, Callable[[float], str]]


def _of_metric(metric: Metric) -> _Column:
    return metric.name, lambda row: metric.read(row.report), lambda value: metric.unit.short(int(value))


_COLUMNS: Final[Sequence[_Column]] = (
    *map(_of_metric, columns()),
    ("fuel", lambda row: row.fuel, lambda value: INSTRUCTIONS.short(int(value))),
    ("start", lambda row: row.start_ms, lambda value: f"{value:.2f} ms"),
    ("build", lambda row: row.build_seconds, lambda value: f"{value:.1f} s"),
)


def text(comparison: Comparison, style: Style = plain) -> str:
    """A table for each contract, the best value of each column marked, and what the columns hold."""
    return "\n".join(_table(found, style) + _legend(found, style) for found in comparison.contracts)


def _table(found: Contract, style: Style) -> str:
    best = {title: _best(found.artifacts, number) for title, number, _ in _COLUMNS}
    head = [*("artifact", "language", "category", "tool"), *(title for title, _, _ in _COLUMNS), ""]
    rows = [[Cell(title, "head", right=title in best) for title in head]]
    rows += [_row(row, best, several=_several(found.artifacts, row)) for row in found.artifacts]
    return render(rows, style)


def _best(rows: Iterable[Compared], number: _Number) -> float | None:
    """The least value among those that keep the contract."""
    return min((value for row in rows if row.report.status == "ok" and (value := number(row)) is not None), default=None)


def _several(rows: Sequence[Compared], row: Compared) -> bool:
    return sum(other.report.name == row.report.name for other in rows) > 1


def _row(row: Compared, best: Mapping[str, float | None], *, several: bool) -> list[Cell]:
    report = row.report
    name = f"{report.name} ({report.target})" if several else report.name
    tool = f"{row.tool} {row.version}".rstrip()
    cells = [Cell(show.escape(name), "name"), *(Cell(show.escape(word)) for word in (report.language, report.category, tool))]
    if report.measure is None:
        why = show.escape(row.why, cap=100)
        return [*cells, Cell(f"{report.status}: {why}" if why else report.status, "bad" if report.status == "failed" else "dim", rest=True)]
    for title, number, shown in _COLUMNS:
        value = number(row)
        winner = report.status == "ok" and value is not None and value == best[title]
        cells.append(Cell("–" if value is None else shown(value) + ("*" if winner else " "), "good" if winner else "", right=True))
    return [*cells, Cell(show.escape(row.why, cap=100), "bad")]


def _legend(found: Contract, style: Style) -> str:
    many = f"all {len(found.checks)} checks" if len(found.checks) != 1 else "the check"
    lines = [f"* least of its column · fuel: instructions of {many} on {found.runtime}" if found.runtime else "* least of its column"]
    if found.start_runs:
        check = show.escape(found.start_check, cap=60)
        lines.append(f'start: check "{check}" from instance to end, module compiled before, median of {found.start_runs} runs here')
    lines.append("build: compile, link and optimize steps, as long as they took when they ran")
    return "".join(f" {style('dim', line)}\n" for line in lines)
