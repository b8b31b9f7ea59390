"""Who may run: urgency, memory, and the tokens that programs share."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doors import Answer, fake_doors
from tests.unit.engine_world import World, builtin_step, tool_step
from wbuild.cache import Cache
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Command
from wbuild.doors.jobserver import JobServer
from wbuild.engine import Engine, StepFinished
from wbuild.engine.index import Index
from wbuild.engine.schedule import Schedule
from wbuild.engine.slots import Slots
from wbuild.model.planned import Out, Plan, Step


class Queue:
    """Threads that ask for a place, each after the one before waits for its own."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.order: list[str] = []
        self.ends: dict[str, threading.Event] = {}
        self.threads: list[threading.Thread] = []

    def ask(self, step: Step) -> None:
        self.ends[step.name] = threading.Event()
        asked = len(self.slots._waiting)
        thread = threading.Thread(target=self._run, args=(step,))
        self.threads.append(thread)
        thread.start()
        wait(lambda: step.name in self.order or len(self.slots._waiting) > asked)

    def end(self, *names: str) -> None:
        for name in names:
            self.ends[name].set()

    def runs(self, *names: str) -> bool:
        return wait(lambda: self.order == [*names])

    def _run(self, step: Step) -> None:
        with self.slots.hold(step):
            self.order.append(step.name)
            self.ends[step.name].wait(60)


def wait(true: Callable[[], bool]) -> bool:
    for _ in range(3000):
        if true():
            return True
        threading.Event().wait(0.01)
    return False


def step(name: str, memory: int = 0, *, jobserver: bool = False) -> Step:
    return tool_step(name, [], [name], memory=memory, jobserver=jobserver)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Callable[..., Queue]]:
    made: list[Queue] = []
    server = JobServer(tmp_path / "pipe")

    def make(jobs: int, memory: int | None = None, **urgency: float) -> Queue:
        made.append(Queue(Slots(jobs=jobs, memory=memory, urgency=urgency, server=server)))
        return made[-1]

    yield make
    for one in made:
        one.end(*one.ends)
        for thread in one.threads:
            thread.join(60)
    server.close()


def test_the_most_urgent_first(queue: Callable[..., Queue]) -> None:
    line = queue(1, first=0.0, low=1.0, high=9.0, middle=5.0)
    for name in ("first", "low", "high", "middle", "also"):
        line.ask(step(name))
    line.end("first", "low", "high", "middle", "also")
    assert line.runs("first", "high", "middle", "low", "also")


def test_memory_is_a_sum_that_must_fit_and_one_may_always_run(queue: Callable[..., Queue]) -> None:
    line = queue(8, 100, huge=9.0, other=8.0, small=7.0, light=1.0)
    line.ask(step("huge", 500))
    line.ask(step("other", 60))
    line.ask(step("small", 40))
    line.ask(step("light"))
    assert line.runs("huge", "light")
    line.end("huge")
    assert wait(lambda: sorted(line.order[2:]) == ["other", "small"])
    line.ask(step("more", 1))
    line.end("other")
    assert wait(lambda: line.order[-1] == "more")


def test_what_needs_little_memory_does_not_overtake_what_needs_much(queue: Callable[..., Queue]) -> None:
    line = queue(8, 100, much=9.0)
    line.ask(step("one", 60))
    line.ask(step("much", 80))
    line.ask(step("little", 10))
    assert line.order == ["one"]
    line.end("one")
    assert line.runs("one", "much", "little")


def test_tokens_and_steps_together_are_as_many_as_jobs(queue: Callable[..., Queue], tmp_path: Path) -> None:
    line = queue(3)
    line.ask(step("cargo", jobserver=True))
    assert line.slots.flags(step("cargo", jobserver=True)) == f"-j3 --jobserver-auth=fifo:{tmp_path / 'pipe'}"
    assert line.slots.flags(step("cc")) == ""
    line.ask(step("cc"))
    assert line.runs("cargo", "cc")
    pipe = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    try:
        assert os.read(pipe, 9) == b"+"  # cargo takes what is left
        line.ask(step("late"))
        assert line.order == ["cargo", "cc"]
        os.write(pipe, b"+")
        assert line.runs("cargo", "cc", "late")
        line.end("cc")
        line.ask(step("last"))
        assert line.runs("cargo", "cc", "late", "last")
        line.end("cargo", "late", "last")
        assert wait(lambda: line.slots._running == 0)
        line.ask(step("again", jobserver=True))
        assert wait(lambda: line.order[-1] == "again")  # a killed program keeps its tokens: there is a new pool
        assert os.read(pipe, 9) == b"++"
    finally:
        os.close(pipe)


def test_a_folder_with_a_space_has_no_pool(tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = JobServer(tmp_path / "a b" / "pipe")
        stack.callback(server.close)
        server.fill(3)
        assert server.flags == ""
        assert server.take()


def test_urgency_is_the_longest_way_to_the_end() -> None:
    steps = [
        tool_step("short", [], ["s"]),
        tool_step("long", [], ["l"]),
        builtin_step("join", ["s", "l"], ["j"], does="join"),
        tool_step("end", ["l"], ["e"]),
    ]
    schedule = Schedule(steps, after_failure="all", on_event=print, seconds={"l": 7.0, "s": 0.5, "j": 0.25})
    assert schedule.urgency == {"short": 0.75, "long": 8.0, "join": 0.25, "end": 1.0}


class LaterClock(SystemClock):
    """Every file of a test has aged."""

    def now(self) -> float:
        return super().now() + 60


def test_what_has_changed_starts_before_the_rest_is_looked_up(tmp_path: Path) -> None:
    world = World(tmp_path)
    started = threading.Event()
    waiting = False

    def respond(command: Command) -> Answer:
        started.set()
        return Answer(files={command.argv[1]: "made"})

    def hear(event: object) -> None:
        if waiting and isinstance(event, StepFinished):  # nothing more is handed out meanwhile
            assert started.wait(60)

    world.runner.respond = respond
    names = [f"{number:02}" for number in range(30)]
    steps = tuple(tool_step(name, [f"{name}.c"], [name], ["cc", (Out(name),)]) for name in names)
    for name in names:
        world.put(f"{name}.c", name)
    doors = fake_doors(runner=world.runner, files=world.files, clock=LaterClock())
    engine = Engine(root=world.root, doors=doors, store=world.store, cache=Cache(world.cache_root, world.files), on_event=hear)
    engine.execute(Plan(steps=steps, products=()))
    world.put("29.c", "other")
    started.clear()
    waiting = True
    assert [result.step for result in engine.execute(Plan(steps=steps, products=())) if result.status == "ran"] == ["29"]


def test_durations_are_remembered(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.runner.respond = lambda command: Answer(files={command.argv[1]: "made"})
    for _ in range(2):  # a step that did not run keeps what is known
        world.run(tool_step("a", [], ["x"], ["a", (Out("x"),)]), builtin_step("b", ["x"], ["y"], does="join"))
        index = Index(world.root, RealFiles(), SystemClock(), fake_doors().key)
        index.load(world.root / ".wbuild/index")
        assert set(index.seconds) == {"x", "y"}
