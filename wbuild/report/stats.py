"""`--stats`: where the time of a run went, and what the cache did. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wbuild.model.happened import Report
from wbuild.model.planned import Plan
from wbuild.report.table import Cell, Style, plain, render
from wbuild.report.timeline import Timeline, TimelineSpan, critical_path
from wbuild.text import show

__all__ = ["CacheUse", "summary"]

_SLOWEST: Final = 5
_CHAIN: Final = 6
"""Links of the critical path that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheUse:
    """How much the cache gave and took in one run."""

    restored: int
    """Bytes that were put back from the cache."""
    stored: int
    """Bytes that were new in the cache."""
    healed: int
    """Damaged files that were removed."""


def summary(report: Report, plan: Plan, timeline: Timeline, cache: CacheUse, style: Style = plain) -> str:
    """A short table: counts, bytes, time by verb, the critical path, the slowest steps."""
    steps = timeline.of("step")
    rows = [[Cell(name, "head"), Cell(text)] for name, text in (*_counts(report, timeline, cache), *_times(timeline, plan))]
    slowest = sorted(steps, key=lambda span: (-span.seconds, span.name))[:_SLOWEST]
    verbs = _by_verb(steps)
    return (
        render(rows, style)
        + (render([[Cell("time by verb", "head"), Cell("steps", "head", right=True)], *verbs], style) if verbs else "")
        + (render([[Cell("slowest steps", "head")], *map(_timed, slowest)], style) if slowest else "")
    )


def _counts(report: Report, timeline: Timeline, cache: CacheUse) -> Iterator[tuple[str, str]]:
    ran, hits = len(timeline.of("step")), timeline.hits
    ends = [(sum(r.status == status for r in report.results), status) for status in ("failed", "skipped")]
    others = "".join(f", {count} {status}" for count, status in ends if count)
    yield "steps", f"{ran} ran, {hits} from the cache{others}"
    yield "cache", f"{show.percent(hits, ran + hits) if ran + hits else 'no'} hits; {_bytes(cache)}"
    if timeline.downloaded:
        tools = timeline.of("tool")
        yield "downloaded", f"{show.size(timeline.downloaded)}, {len(tools)} {'tool' if len(tools) == 1 else 'tools'}"


def _bytes(cache: CacheUse) -> str:
    healed = f", {cache.healed} damaged files healed" if cache.healed else ""
    return f"{show.size(cache.restored)} restored, {show.size(cache.stored)} stored{healed}"


def _times(timeline: Timeline, plan: Plan) -> Iterator[tuple[str, str]]:
    work = sum(span.seconds for span in timeline.of("step"))
    waits: defaultdict[str, float] = defaultdict(float)
    for span in timeline.of("wait"):
        waits[span.category] += span.seconds
    waited = "".join(f", {seconds:.1f} s waiting for {what}" for what, seconds in sorted(waits.items()) if seconds >= 0.05)
    yield "time", f"{timeline.seconds:.1f} s; steps took {work:.1f} s{waited}"
    chain = critical_path(plan, timeline.spans)
    if chain:
        names = [show.escape(span.name) for span in chain]
        if len(names) > _CHAIN:
            names[1 : 1 - _CHAIN] = [f"… {len(names) - _CHAIN} more …"]
        yield "critical path", f"{sum(span.seconds for span in chain):.1f} s: {' → '.join(names)}"


def _by_verb(steps: Sequence[TimelineSpan]) -> list[list[Cell]]:
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for span in steps:
        seconds[span.category].append(span.seconds)
    ordered = sorted(seconds.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [[Cell(verb), Cell(str(len(times)), right=True), Cell(f"{sum(times):.2f} s", right=True)] for verb, times in ordered]


def _timed(span: TimelineSpan) -> list[Cell]:
    return [Cell(show.escape(span.name, cap=60)), Cell(f"{span.seconds:.2f} s", right=True)]
