"""The table of metrics: everything that can be weighed, compared and limited by a budget. Pure, and light to import.

Tables, documents and budgets go through `METRICS`. A further metric of something that a report holds already is one line here, and
one field of `model.written.Budget`; to decide between candidates it also needs a function in `builtins.measure`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wbuild.model.happened import ArtifactReport, BudgetVerdict, Measure
from wbuild.model.written import Budget
from wbuild.text import show, units

__all__ = ["BYTES", "COUNT", "INSTRUCTIONS", "METRICS", "Metric", "Unit", "columns", "judges", "share", "tightest", "unit_of", "verdicts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What a metric counts, and how its numbers are written."""

    name: str
    """Stands behind an exact number: "41902 B"; "" for a plain count."""
    short: Callable[[int], str]
    """A number for people, with three significant digits."""
    written: Callable[[int], str]
    """A limit as one would write it in wbuild.toml."""

    def exact(self, number: int) -> str:
        """A number with all its digits."""
        return f"{number} {self.name}".rstrip()


BYTES: Final = Unit(name="B", short=show.size, written=units.show_size)
INSTRUCTIONS: Final = Unit(name="instructions", short=show.count, written=units.show_count)
COUNT: Final = Unit(name="", short=str, written=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of an artifact. Less is better."""

    name: str
    """Its title in tables, and its key in a budget and in `opt.metric`."""
    unit: Unit
    read: Callable[[ArtifactReport], int | None]
    """Its value; None for an artifact that was not made or for which nobody measured it."""
    limit: Callable[[Budget], int | None]
    """The limit that a budget sets for it; None for no limit."""
    column: bool = True
    """Whether tables of several artifacts have a column for it."""
    rule: Literal["optimized", "always"] = "optimized"
    """Which builds a limit judges: those that the optimizer had a part in, or all."""


def _measured(read: Callable[[Measure], int | None]) -> Callable[[ArtifactReport], int | None]:
    """Read from the measure, where there is one."""
    return lambda report: None if report.measure is None else read(report.measure)


METRICS: Final = (
    Metric(name="raw", unit=BYTES, read=_measured(lambda found: found.sizes.raw), limit=lambda budget: budget.raw),
    Metric(name="gzip", unit=BYTES, read=_measured(lambda found: found.sizes.gzip), limit=lambda budget: budget.gzip),
    Metric(name="brotli", unit=BYTES, read=_measured(lambda found: found.sizes.brotli), limit=lambda budget: budget.brotli),
    Metric(name="zstd", unit=BYTES, read=_measured(lambda found: found.sizes.zstd), limit=lambda budget: budget.zstd, column=False),
)
"""All metrics, in the order in which they are shown."""
_BY_NAME: Final[Mapping[str, Metric]] = {metric.name: metric for metric in METRICS}


def columns() -> tuple[Metric, ...]:
    """The metrics that tables of several artifacts show."""
    return tuple(metric for metric in METRICS if metric.column)


def unit_of(name: str) -> Unit:
    """The unit of a metric by name; a plain count for one that another version of wbuild knows."""
    return _BY_NAME[name].unit if name in _BY_NAME else COUNT


def verdicts(budget: Budget, report: ArtifactReport) -> tuple[BudgetVerdict, ...]:
    """One verdict for each limit of the budget whose metric was measured, in the order of `METRICS`. Equal to the limit passes."""
    found = ((metric.name, metric.limit(budget), metric.read(report)) for metric in METRICS)
    return tuple(
        BudgetVerdict(metric=name, limit=limit, actual=actual, status=_status(actual, limit, budget.warn))
        for name, limit, actual in found
        if limit is not None and actual is not None
    )


def judges(verdict: BudgetVerdict, level: str) -> bool:
    """Whether a limit is more than a remark for a build of this level."""
    metric = _BY_NAME.get(verdict.metric)
    return level != "none" or (metric is not None and metric.rule == "always")


def tightest(found: Sequence[BudgetVerdict]) -> BudgetVerdict | None:
    """The limit that is nearest, or exceeded most; None without any."""
    return max(found, key=lambda verdict: verdict.actual / max(verdict.limit, 1), default=None)


def share(verdict: BudgetVerdict, metric: Callable[[str], str] = str) -> str:
    """How much of a limit is used: "84 % of 50 KiB gzip". `metric`: how its name is written."""
    limit = unit_of(verdict.metric).written(verdict.limit)
    return f"{show.percent(verdict.actual, verdict.limit)} of {limit} {metric(verdict.metric)}"


def _status(actual: int, limit: int, warn: float) -> Literal["ok", "warn", "over"]:
    if actual > limit:
        return "over"
    return "warn" if actual >= limit * warn else "ok"
