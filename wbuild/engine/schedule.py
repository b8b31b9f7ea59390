"""The ready queue: which step may start when, and what its failure means for others."""

from __future__ import annotations

import heapq
import queue
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from wbuild.doors.machine import refusal
from wbuild.engine.events import Say, StepFinished
from wbuild.engine.failure import raised, title
from wbuild.engine.lookup import slot
from wbuild.engine.session import Run
from wbuild.engine.work import Work
from wbuild.errors import BugError, Problem, WbuildError
from wbuild.model.happened import Result
from wbuild.model.planned import Step, Tool
from wbuild.steps.order import waits_for

SPARE: Final = 4
"""Threads beside those that run steps: they look steps up and wait for downloads meanwhile."""
_UNKNOWN: Final = 1.0
"""Seconds that a program is thought to take which has never run here."""
_LONGEST: Final = 300
"""Characters of a message about a bug."""
_END: Final = 10.0
"""Seconds to wait for threads after everything was told to end; those that wait for a server are left behind."""

AfterFailure: TypeAlias = Literal["all", "others", "stop"]
"""What still starts after a failure: all that does not depend on it, only other artifacts, nothing."""
Message: TypeAlias = "Result | Callable[[], None]"


class Schedule:
    """One run of a plan's steps. Everything but the work itself happens in the calling thread, events included."""

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        after_failure: AfterFailure,
        on_event: Say,
        seconds: Mapping[str, float],
        changed: Callable[[Step], bool] = lambda _: False,
    ) -> None:
        """`seconds`: how long steps took; `changed`: whether a step will probably run, because something that it may read has changed."""
        self._steps = {step.name: step for step in steps}
        self._after_failure = after_failure
        self._on_event = on_event
        self._order = {name: number for number, name in enumerate(self._steps)}
        self._dependants: dict[str, list[str]] = {name: [] for name in self._steps}
        self._open: dict[str, int] = {}
        self._ready: list[tuple[bool, float, int, str]] = []
        self._first = set[str]()
        """Steps after one that ran: what will probably run goes before what is only looked up."""
        self._todo: queue.SimpleQueue[Step | None] = queue.SimpleQueue()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._running = 0
        self._failed = set[str]()
        """Artifacts of failed steps."""
        self.results: dict[str, Result] = {}
        self.urgency: dict[str, float] = {}
        """Step → seconds, as far as they are known, from its start to the end of the longest way that goes on from it."""
        self._connect()
        self._weigh(seconds)
        self._begin(changed)

    def say(self, event: object) -> None:
        """Take an event from any thread; it is told in the calling thread of `run`."""
        self._inbox.put(lambda: self._on_event(event))

    def run(self, session: Run, threads: int) -> tuple[Result, ...]:
        """Run all steps; results in the order of the plan. Raises BugError for steps that wait for each other."""
        workers = [threading.Thread(target=self._worker, args=(session,), daemon=True) for _ in range(threads)]
        for worker in workers:
            worker.start()
        try:
            while len(self.results) < len(self._steps):
                self._start(threads)
                if self._running:
                    self._receive()
                elif len(self.results) < len(self._steps):
                    raise BugError("WB902", f"steps wait for each other: {', '.join(sorted(set(self._steps) - set(self.results)))}")
        finally:
            for _ in workers:
                self._todo.put(None)
        self._drain()
        return self.done()

    def done(self) -> tuple[Result, ...]:
        """Results so far, in the order of the plan."""
        return tuple(self.results[name] for name in self._steps if name in self.results)

    def wind_up(self) -> None:
        """Wait for running steps that were told to end; nothing is said about them any more."""
        self._ready.clear()
        end = time.monotonic() + _END
        while self._running and (left := end - time.monotonic()) > 0:
            with suppress(queue.Empty):
                message = self._inbox.get(timeout=min(left, 0.1))
                if isinstance(message, Result):
                    self._running -= 1
                    self.results[message.step] = message

    def _connect(self) -> None:
        makers: dict[str, str] = {}
        for step in self._steps.values():
            for path in step.outputs:
                other = makers.setdefault(path, step.name)
                if other != step.name:
                    raise BugError("WB902", f"two steps make {path}: {other} and {step.name}")
        for name, step in self._steps.items():
            before = {makers[path] for path in waits_for(step) if path in makers} - {name}
            self._open[name] = len(before)
            for other in before:
                self._dependants[other].append(name)

    def _weigh(self, seconds: Mapping[str, float]) -> None:
        """Find out what is urgent. In the order of a plan nothing is before what it reads."""
        for name, step in reversed(self._steps.items()):
            after = max((self.urgency.get(other, 0.0) for other in self._dependants[name]), default=0.0)
            self.urgency[name] = after + seconds.get(slot(step), _UNKNOWN if isinstance(step.action, Tool) else 0.0)

    def _begin(self, changed: Callable[[Step], bool]) -> None:
        for name, left in self._open.items():
            if not left:
                self._push(name, first=changed(self._steps[name]))

    def _push(self, name: str, *, first: bool) -> None:
        heapq.heappush(self._ready, (not first, -self.urgency[name], self._order[name], name))

    def _start(self, threads: int) -> None:
        """Hand ready steps to free threads, but for those that shall not start after a failure."""
        while self._ready and (self._running < threads or self._failed):
            if self._stopped(step := self._steps[self._ready[0][-1]]):
                heapq.heappop(self._ready)
                self._finish(_skip(step, Problem(code="WB107", message="not started after a failure")))
            elif self._running < threads:
                heapq.heappop(self._ready)
                self._running += 1
                self._todo.put(step)
            else:
                return

    def _stopped(self, step: Step) -> bool:
        if self._after_failure == "stop":
            return bool(self._failed)
        return self._after_failure == "others" and step.artifact in self._failed

    def _receive(self) -> None:
        """Take one message of a thread."""
        message = self._inbox.get()
        if isinstance(message, Result):
            self._running -= 1
            self._finish(message)
        else:
            message()

    def _drain(self) -> None:
        while not self._inbox.empty():
            self._receive()

    def _finish(self, result: Result) -> None:
        """Note a result, and free or skip the steps that waited for it."""
        waiting = [result]
        while waiting:
            ended = waiting.pop()
            self.results[ended.step] = ended
            self._on_event(StepFinished(result=ended))
            if ended.status in ("failed", "skipped"):
                waiting += self._skipped(ended)
            else:
                self._release(ended)
        if result.status == "failed":
            self._failed.add(result.artifact)

    def _release(self, ended: Result) -> None:
        for other in self._dependants[ended.step]:
            self._open[other] -= 1
            if ended.status == "ran":
                self._first.add(other)
            if not self._open[other] and other not in self.results:
                self._push(other, first=other in self._first)

    def _skipped(self, cause: Result) -> Iterator[Result]:
        reason = cause.problem.message if cause.status == "skipped" and cause.problem else f"{cause.verb} of {cause.label} failed"
        for other in self._dependants[cause.step]:
            if other not in self.results:
                yield _skip(self._steps[other], Problem(code="WB106", message=reason))

    def _worker(self, session: Run) -> None:
        while (step := self._todo.get()) is not None:
            self._inbox.put(_attempt(session, step))


def _attempt(session: Run, step: Step) -> Result:
    """A step's result, whatever happens."""
    work = Work(session=session, step=step, start=session.doors.clock.monotonic())
    try:
        return work.perform()
    except WbuildError as error:
        return work.result("failed", problem=raised(error))
    except OSError as error:
        known = refusal(error)
        return work.result("failed", problem=raised(known) if known is not None else _bug(session, step, error))
    except Exception as error:  # a thread must not end without an answer
        return work.result("failed", problem=_bug(session, step, error))


def _bug(session: Run, step: Step, error: Exception) -> Problem:
    """What to say of an error that should not be possible; the details are written to the step's log."""
    log = session.layout.log(step.name)
    hint = "the details could not be written anywhere"
    with suppress(Exception):  # whatever is broken may be broken here too
        session.doors.files.write(session.root / log, "".join(traceback.format_exception(error)), durable=False)
        hint = f"details are in {log}; please report them"
    return Problem(code="WB901", message=f"{title(step)}: {error!r}"[:_LONGEST], hint=hint)


def _skip(step: Step, problem: Problem) -> Result:
    empty = Result(step=step.name, verb=step.verb, label=step.label, artifact=step.artifact, status="skipped")
    return replace(empty, problem=problem)
