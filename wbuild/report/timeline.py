"""What happened when: the moments of a run as spans of time, for `--stats` and `--trace`. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from wbuild.engine.events import Note, StepFinished, StepStarted
from wbuild.model.happened import Result
from wbuild.model.planned import Plan
from wbuild.store import StoreEvent

__all__ = ["Moment", "Timeline", "TimelineMark", "TimelineSpan", "critical_path", "timeline"]

Moment: TypeAlias = "tuple[float, object]"
"""Monotonic seconds, and an event of the engine or the store."""
Kind = Literal["step", "tool", "wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSpan:
    """Something that took time."""

    kind: Kind
    name: str
    category: str
    """A step's verb; "install"; what was waited for."""
    start: float
    """Seconds since the run began."""
    seconds: float
    step: str = ""
    """Name of the step; "" for a tool."""
    lane: int = 0
    """Spans of one kind and lane do not overlap."""
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def end(self) -> float:
        """Seconds since the run began."""
        return self.start + self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """Something that took no time worth showing."""

    name: str
    category: str
    at: float
    """Seconds since the run began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened when in one run."""

    spans: tuple[TimelineSpan, ...]
    """What took time, in the order in which it began."""
    marks: tuple[TimelineMark, ...]
    hits: int
    """Steps that the cache answered."""
    downloaded: int
    """Bytes that were downloaded."""
    seconds: float
    """Seconds from the beginning to the last event."""

    def of(self, kind: Kind) -> tuple[TimelineSpan, ...]:
        """The spans of one kind."""
        return tuple(span for span in self.spans if span.kind == kind)


def timeline(moments: Sequence[Moment], began: float) -> Timeline:
    """Sort moments into spans and marks; `began` is the monotonic time at which the run began."""
    started: dict[str, tuple[float, StepStarted]] = {}
    loading: dict[str, float] = {}
    spans: list[TimelineSpan] = []
    marks: list[TimelineMark] = []
    hits = downloaded = 0
    for when, event in moments:
        at = max(0.0, when - began)
        match event:
            case StepStarted(step=step):
                started[step.name] = (at, event)
                spans += _waits(event, at)
            case StepFinished(result=result) if result.step in started:
                spans.append(_step(result, *started[result.step]))
            case StepFinished(result=result):
                hits += result.status in ("cached", "none")
                marks.append(TimelineMark(name=f"{result.verb} {result.label}", category=result.status, at=at))
            case StoreEvent(kind="download", pin=pin):
                loading[pin.identity] = at
            case StoreEvent(kind="installed", pin=pin):
                downloaded += pin.size
                begun = loading.pop(pin.identity, at)
                about = {"bytes": str(pin.size), "source": pin.source}
                name = f"{pin.name} {pin.version}"
                spans.append(TimelineSpan(kind="tool", name=name, category="install", start=begun, seconds=at - begun, details=about))
            case StoreEvent(kind="waiting" | "damaged" | "failed" as kind):
                marks.append(TimelineMark(name=str(event), category=kind, at=at))
            case Note(message=message):
                marks.append(TimelineMark(name=message, category="note", at=at))
    end = max((when - began for when, _ in moments), default=0.0)
    return Timeline(spans=_in_lanes(spans), marks=tuple(marks), hits=hits, downloaded=downloaded, seconds=max(end, 0.0))


def _step(result: Result, at: float, event: StepStarted) -> TimelineSpan:
    about = {"artifact": result.artifact, "status": result.status, "why": "; ".join(event.reasons)}
    name = f"{result.verb} {result.label}"
    return TimelineSpan(kind="step", name=name, category=result.verb, start=at, seconds=result.seconds, step=result.step, details=about)


def _waits(event: StepStarted, at: float) -> Iterable[TimelineSpan]:
    """What a step waited for before it began, the last wait last."""
    name = f"{event.step.verb} {event.step.label}"
    spans = [("a free place", event.queued, at - event.queued), ("tools", event.provisioning, at - event.queued - event.provisioning)]
    for what, seconds, start in spans:
        if seconds >= 0.001:
            yield TimelineSpan(kind="wait", name=name, category=what, start=max(0.0, start), seconds=seconds, step=event.step.name)


def _in_lanes(spans: Iterable[TimelineSpan]) -> tuple[TimelineSpan, ...]:
    """Each span in the lowest lane of its kind that is free when it begins."""
    placed: list[TimelineSpan] = []
    busy: dict[Kind, list[tuple[float, int]]] = {}
    free: dict[Kind, list[int]] = {}
    for span in sorted(spans, key=lambda span: (span.start, span.end, span.name)):
        running, lanes = busy.setdefault(span.kind, []), free.setdefault(span.kind, [])
        while running and running[0][0] <= span.start:
            heapq.heappush(lanes, heapq.heappop(running)[1])
        lane = heapq.heappop(lanes) if lanes else len(running)
        heapq.heappush(running, (span.end, lane))
        placed.append(replace(span, lane=lane))
    return tuple(placed)


def critical_path(plan: Plan, spans: Iterable[TimelineSpan]) -> tuple[TimelineSpan, ...]:
    """The chain of steps that ran, each needing the one before, that took longest: no number of processors makes a run shorter."""
    ran = {span.step: span for span in spans if span.kind == "step"}
    makers = {path: step.name for step in plan.steps for path in step.outputs}
    length: dict[str, float] = {}
    before: dict[str, str] = {}
    for step in plan.steps:
        needed = {makers[path] for path in (*step.inputs, *step.candidates) if path in makers} - {step.name}
        last = max(sorted(needed), key=lambda name: length.get(name, 0.0), default="")
        before[step.name] = last
        length[step.name] = length.get(last, 0.0) + (ran[step.name].seconds if step.name in ran else 0.0)
    name = max(length, key=lambda name: length[name], default="")
    found: list[TimelineSpan] = []
    while name:
        if name in ran:
            found.append(ran[name])
        name = before[name]
    return tuple(reversed(found))
