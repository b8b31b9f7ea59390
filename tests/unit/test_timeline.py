"""Moments of a run → spans, the critical path, the trace and the table."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.reports import report
from tests.unit.engine_world import pin, tool_step
from wbuild.engine.events import Note, StepFinished, StepStarted
from wbuild.model.happened import Result, Status
from wbuild.model.planned import Plan, Step
from wbuild.report import trace
from wbuild.report.stats import CacheUse, summary
from wbuild.report.timeline import Moment, TimelineSpan, critical_path, timeline
from wbuild.store import StoreEvent

A = tool_step("a", ["src"], ["a.out"])
B = tool_step("b", ["a.out"], ["b.out"])
C = tool_step("c", ["a.out"], ["c.out"])
D = tool_step("d", ["b.out", "c.out"], ["d.out"])
PLAN = Plan(steps=(A, B, C, D), products=())


def finished(step: Step, status: Status = "ran", seconds: float = 0.0) -> StepFinished:
    return StepFinished(result=Result(step=step.name, verb=step.verb, label=step.label, artifact="app", status=status, seconds=seconds))


def started(step: Step, *, provisioning: float = 0.0, queued: float = 0.0) -> StepStarted:
    return StepStarted(step=step, reasons=("first build",), provisioning=provisioning, queued=queued)


MOMENTS: Sequence[Moment] = (
    (100.5, StoreEvent(kind="download", pin=pin())),
    (101.5, StoreEvent(kind="installed", pin=pin())),
    (101.5, started(A, provisioning=1.0)),
    (102.0, finished(A, seconds=0.5)),
    (102.0, started(B)),
    (102.0, started(C, queued=0.2)),
    (103.0, finished(C, seconds=1.0)),
    (104.0, finished(B, seconds=2.0)),
    (104.0, finished(D, "cached")),
    (104.5, Note(message='odd "x"\n\x1b[2J')),
)


def test_spans_are_what_took_time() -> None:
    found = timeline(MOMENTS, 100.0)
    assert [(s.name, s.lane, s.start, s.seconds) for s in found.of("step")] == [
        ("make a", 0, 1.5, 0.5),
        ("make c", 0, 2.0, 1.0),
        ("make b", 1, 2.0, 2.0),
    ]
    assert [(s.name, s.category, s.start, s.seconds) for s in found.of("tool")] == [("cc 1.0", "install", 0.5, 1.0)]
    assert [(s.name, s.category, round(s.start, 3), s.seconds) for s in found.of("wait")] == [
        ("make a", "tools", 0.5, 1.0),
        ("make c", "a free place", 1.8, 0.2),
    ]
    assert (found.hits, found.downloaded, found.seconds) == (1, 1, 4.5)
    assert next((m.name, m.category) for m in found.marks) == ("make d", "cached")


def test_an_optional_no_that_ran_is_no_hit() -> None:
    moments: list[Moment] = [(0.0, started(A)), (1.0, finished(A, "none", 1.0)), (1.0, finished(B, "none"))]
    found = timeline(moments, 0.0)
    assert (len(found.of("step")), found.hits) == (1, 1)


def test_the_critical_path_goes_through_the_longer_branch() -> None:
    found = timeline(MOMENTS, 100.0)
    assert [span.step for span in critical_path(PLAN, found.spans)] == ["a", "b"]
    assert critical_path(PLAN, ()) == ()
    assert critical_path(Plan(steps=(), products=()), ()) == ()


def test_the_trace_has_the_documented_form() -> None:
    text = trace.render(timeline(MOMENTS, 100.0), "title")
    assert text.isascii()
    document = json.loads(text)
    assert document["displayTimeUnit"] in ("ms", "ns")
    check_trace(document)
    named = {(e["pid"], e["tid"]): e["args"]["name"] for e in document["traceEvents"] if e["name"] == "thread_name"}
    assert named == {(1, 1): "worker 1", (1, 2): "worker 2", (2, 1): "download 1", (3, 1): "step 1"}
    instants = [(e["name"], e["cat"]) for e in document["traceEvents"] if e["ph"] == "i"]
    assert instants == [("make d", "cached"), ('odd "x"\n\x1b[2J', "note")]


def check_trace(document: dict[str, object]) -> None:
    """As the Trace Event Format says: the fields of each phase, whole microseconds, and no overlap within a thread."""
    events = document["traceEvents"]
    assert isinstance(events, list)
    busy: dict[tuple[int, int], int] = {}
    for event in events:
        assert {"name", "ph", "pid", "tid", "args"} <= event.keys()
        assert all(isinstance(event[name], int) for name in ("pid", "tid"))
        assert event["ph"] in ("X", "i", "M")
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            assert event["args"].keys() == {"name"}
            continue
        assert isinstance(event["ts"], int)
        assert event["ts"] >= 0
        assert isinstance(event["cat"], str)
        if event["ph"] == "i":
            assert event["s"] in ("g", "p", "t")
        else:
            thread = (event["pid"], event["tid"])
            assert event["dur"] >= 0
            assert event["ts"] >= busy.get(thread, 0) - 1  # a microsecond of rounding
            busy[thread] = event["ts"] + event["dur"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=30))
def test_no_two_spans_of_a_lane_overlap_and_no_lane_is_wasted(times: list[tuple[int, int]]) -> None:
    moments: list[Moment] = []
    for number, (start, seconds) in enumerate(times):
        step = tool_step(f"s{number}", [], [f"o{number}"])
        moments += [(float(start), started(step)), (float(start + seconds), finished(step, seconds=float(seconds)))]
    found = timeline(moments, 0.0)
    check_trace(json.loads(trace.render(found, "")))
    most = max((sum(a.start <= b.start < a.end or a is b for a in found.spans) for b in found.spans), default=0)
    assert len({span.lane for span in found.spans}) <= max(most, 1)


def test_the_table() -> None:
    use = CacheUse(restored=2048, stored=100, healed=2)
    assert summary(report(), PLAN, timeline(MOMENTS, 100.0), use) == (
        " steps          3 ran, 1 from the cache\n"
        " cache          25 % hits; 2.00 KiB restored, 100 B stored, 2 damaged files healed\n"
        " downloaded     1 B, 1 tool\n"
        " time           4.5 s; steps took 3.5 s, 0.2 s waiting for a free place, 1.0 s waiting for tools\n"
        " critical path  2.5 s: make a → make b\n"
        " time by verb  steps\n"
        " make              3  3.50 s\n"
        " slowest steps\n"
        " make b         2.00 s\n"
        " make c         1.00 s\n"
        " make a         0.50 s\n"
    )


def test_the_table_of_nothing() -> None:
    use = CacheUse(restored=0, stored=0, healed=0)
    text = summary(report(), Plan(steps=(), products=()), timeline((), 0.0), use)
    assert text.startswith(" steps  0 ran, 0 from the cache\n cache  no hits;")


def test_a_long_path_is_cut_in_the_middle() -> None:
    steps = [tool_step(f"s{n}", [f"o{n - 1}"], [f"o{n}"]) for n in range(9)]
    moments: list[Moment] = []
    for number, step in enumerate(steps):
        moments += [(float(number), started(step)), (number + 1.0, finished(step, seconds=1.0))]
    use = CacheUse(restored=0, stored=0, healed=0)
    text = summary(report(), Plan(steps=tuple(steps), products=()), timeline(moments, 0.0), use)
    path = next(line for line in text.splitlines() if "critical" in line)
    assert path == " critical path  9.0 s: make s0 → … 3 more … → make s4 → make s5 → make s6 → make s7 → make s8"
    assert all(
        isinstance(span, TimelineSpan) for span in critical_path(Plan(steps=tuple(steps), products=()), timeline(moments, 0.0).spans)
    )
