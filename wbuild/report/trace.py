"""`--trace`: a timeline in the Trace Event Format, which Perfetto and the browsers' own viewers read. Pure.

Complete events (`X`) are steps, installations and waits, each kind a process of its own with a thread for each lane; instant events
(`i`) are answers of the cache and remarks. Times are microseconds since the run began.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from wbuild.model.planned import JSON
from wbuild.report.timeline import Kind, Timeline, TimelineMark, TimelineSpan

__all__ = ["render"]

_PROCESSES: Final[Mapping[Kind, tuple[int, str, str]]] = {
    "step": (1, "steps", "worker"),
    "tool": (2, "tools", "download"),
    "wait": (3, "waiting", "step"),
}


def render(timeline: Timeline, title: str) -> str:
    """The document; ASCII, one event a line."""
    events = [*_names(timeline), *map(_complete, timeline.spans), *map(_instant, timeline.marks)]
    lines = ",\n".join(json.dumps(event, separators=(",", ":")) for event in events)
    about = json.dumps({"title": title})
    return f'{{"displayTimeUnit":"ms","otherData":{about},"traceEvents":[\n{lines}\n]}}\n'


def _names(timeline: Timeline) -> Iterator[dict[str, JSON]]:
    """Metadata: what processes and threads are called."""
    for kind, (process, name, lane_name) in _PROCESSES.items():
        lanes = sorted({span.lane for span in timeline.of(kind)})
        if lanes or kind == "step":
            yield {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": name}}
        for lane in lanes:
            yield {"ph": "M", "name": "thread_name", "pid": process, "tid": lane + 1, "args": {"name": f"{lane_name} {lane + 1}"}}


def _complete(span: TimelineSpan) -> dict[str, JSON]:
    details: dict[str, JSON] = {name: value for name, value in span.details.items() if value}
    return {
        "ph": "X",
        "name": span.name,
        "cat": span.category,
        "ts": _microseconds(span.start),
        "dur": _microseconds(span.seconds),
        "pid": _PROCESSES[span.kind][0],
        "tid": span.lane + 1,
        "args": details,
    }


def _instant(mark: TimelineMark) -> dict[str, JSON]:
    return {"ph": "i", "s": "p", "name": mark.name, "cat": mark.category, "ts": _microseconds(mark.at), "pid": 1, "tid": 0, "args": {}}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
