"""Plan → results: the only place that runs steps."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from wbuild.builtins.table import ASKING, BUILTINS, Asking, Function
from wbuild.cache import Cache
from wbuild.cache.layout import SHARED
from wbuild.doors.grounds import Grounds, secret_places
from wbuild.doors.interfaces import Command, Doors
from wbuild.doors.jobserver import JobServer
from wbuild.engine.events import Interrupted, Note, Say, StepFinished, StepStarted
from wbuild.engine.failure import failed, replaceable
from wbuild.engine.fetch_marks import Fetched
from wbuild.engine.forecast import Forecast
from wbuild.engine.index import Index
from wbuild.engine.killed_runs import Leftovers
from wbuild.engine.launch import Launch
from wbuild.engine.layout import Layout, Surroundings
from wbuild.engine.lookup import slot
from wbuild.engine.pool import Pool
from wbuild.engine.schedule import SPARE, AfterFailure, Schedule
from wbuild.engine.scratch import Scratches
from wbuild.engine.session import Run
from wbuild.engine.slots import Slots
from wbuild.engine.statedirs import StateDirs
from wbuild.engine.step_key import settled
from wbuild.engine.tools import Provisioner, Tools
from wbuild.engine.undeclared_writes import Strays
from wbuild.engine.workers import Workers
from wbuild.errors import MachineError, StepError
from wbuild.model.happened import Result
from wbuild.model.planned import Plan, Step, Tool
from wbuild.steps.tree import upward
from wbuild.text.project_names import WORK

__all__ = ["Engine", "Interrupted", "Note", "Say", "StepFinished", "StepStarted", "Tools"]


def _silent(_event: object) -> None:
    """Nobody listens."""


def _with_folders(paths: Iterable[str]) -> frozenset[str]:
    """Paths and every folder that they are in."""
    found: set[str] = set()
    for path in paths:
        for name in upward(path.rstrip("/")):
            if name in found:
                break
            found.add(name)
    return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Runs plans in one project."""

    root: Path
    """The project's root: the working folder of every step."""
    work: str = WORK
    """Where the engine keeps its own things, relative to the root."""
    doors: Doors
    store: Tools
    cache: Cache
    jobs: int = 1
    """Steps that run at the same time."""
    memory: int | None = None
    """Bytes that running steps may take together, by what their recipes say; None: no limit."""
    on_event: Say = _silent
    """Told in the thread that calls `execute`."""
    keep_going: bool = True
    """After a failure go on with everything that does not depend on it; otherwise only with other artifacts."""
    fail_fast: bool = False
    """Whether nothing new starts after a failure; it wins over `keep_going`."""
    epoch: int = 0
    """SOURCE_DATE_EPOCH of every step: seconds since 1970."""
    lock_timeout: float = 600.0
    """Seconds to wait for another wbuild in this project."""
    system_env: Mapping[str, str] = field(default_factory=dict)
    """What programs of this system cannot start without (Windows: SYSTEMROOT)."""
    builtins: Mapping[str, Function] = field(default_factory=lambda: BUILTINS)
    asking: Mapping[str, Asking] = field(default_factory=lambda: ASKING)
    surroundings: Surroundings = field(default_factory=Surroundings)
    """Other than usual only for results that are thrown away."""
    patience: float = 2.0
    """Seconds that the first use of a tool's cache may take before it is explained."""

    def execute(self, plan: Plan) -> tuple[Result, ...]:
        """Run the plan; one result for each step, in the plan's order. Raises what `executed` raises."""
        with self.executed(plan) as results:
            return results

    @contextmanager
    def executed(self, plan: Plan) -> Iterator[tuple[Result, ...]]:
        """Run the plan; nobody else can build in this project before the `with` statement ends.

        One result for each step, in the plan's order: a failed step is a result, not an exception. Raises MachineError when the project
        cannot be locked or written, and Interrupted after Ctrl-C, when every process is gone.
        """
        layout, files = self._layout, self.doors.files
        locked = files.lock(layout.lock, what="build in this project", timeout=self.lock_timeout, say=self._note)
        outputs = (path for step in plan.steps for path in step.outputs)
        with locked, Leftovers(layout=layout, files=files, key=self.doors.key).marked(outputs):
            yield self._run(plan, layout)

    def _run(self, plan: Plan, layout: Layout) -> tuple[Result, ...]:
        """The results of a plan, in a project that is locked."""
        with self.cache.running():
            self._clean(layout)
            index = self._index()
            if not index.load(layout.index):
                self._note(f"{self.work}/index, the record of files, is damaged or not of this user and machine: files are looked at again")
            for path in (path for step in plan.steps for path in step.copies):
                replaceable(self.root, path, index.copies.get(path, ""))
            after: AfterFailure = "stop" if self.fail_fast else "all" if self.keep_going else "others"
            new = cache(index.changed)
            schedule = Schedule(
                plan.steps,
                after_failure=after,
                on_event=self.on_event,
                seconds=index.seconds,
                changed=lambda step: any(map(new, (*step.inputs, *step.candidates))),
            )
            server = JobServer(self.root / layout.jobserver)
            slots = Slots(jobs=self.jobs, memory=self.memory, urgency=schedule.urgency, server=server)
            session = self._session(layout, index, schedule.say, plan.steps, slots)
            try:
                results = schedule.run(session, self.jobs + SPARE)
            except BaseException as error:
                self._cancel(schedule, session.pool)
                if isinstance(error, KeyboardInterrupt):
                    raise Interrupted(schedule.done()) from None
                raise
            finally:
                session.pool.close()
                session.workers.close()
                session.scratches.close()
                server.close()
                self._save(index, layout)
            return results

    def folder(self, step: Step) -> Path:
        """The private folder of a step, whether it is there or not."""
        return self.root / self._layout.scratch(step.name)

    def left(self, step: Step) -> bool:
        """Whether the last run left the private folder of a step behind: its program was started, and failed."""
        return isinstance(step.action, Tool) and self.folder(step).is_dir()

    @contextmanager
    def kept(self, step: Step) -> Iterator[Command]:
        """What the last run started for a step that failed; meanwhile nobody clears its private folder: other runs wait.

        Raises MachineError when the project cannot be locked.
        """
        with self.doors.files.lock(self._layout.lock, what="shell in this project", timeout=self.lock_timeout, say=self._note):
            session = self._alone((step,))
            launch = Launch(session=session, step=step, words=settled(session, step))
            if not self.left(step):  # another run came in between
                launch.prepare()
            yield launch.command()

    def once(self, step: Step) -> None:
        """Run the program of one step that belongs to no plan; nothing about it is remembered.

        Raises StepError for a program that fails, ProvisionError, IntegrityError, MachineError.
        """
        self._clean(self._layout)
        session = self._alone((step,))
        launch = Launch(session=session, step=step, words=settled(session, step))
        session.tools.ensure(step.pins)
        self.on_event(StepStarted(step=step, reasons=()))
        done, command = launch.start()
        if done.code or done.timed_out:
            raise StepError.of((failed(step, done, command, launch.log),))

    def forecast(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Why each step would run, () for one that would not; runs and writes nothing."""
        session = self._alone(plan.steps)
        session.index.load(self._layout.index)
        return Forecast(session).look(plan.steps)

    def marks(self, plan: Plan) -> tuple[Path, ...]:
        """The files that say what the fetch steps of a plan have brought; without one of them its step runs again."""
        steps = [step for step in plan.steps if step.network]
        if not steps:
            return ()
        session = self._alone(steps)
        return tuple(mark for step in steps for mark in Fetched.of(session, step).marks())

    def actions(self, plan: Plan) -> dict[str, str]:
        """The action of each step whose last result is remembered: step → digest."""
        index = self._index()
        index.load(self._layout.index)
        return {step.name: index.actions[slot(step)] for step in plan.steps if slot(step) in index.actions}

    @property
    def _layout(self) -> Layout:
        return Layout(root=self.root, work=self.work)

    def _index(self) -> Index:
        """One that knows nothing yet."""
        return Index(self.root, self.doors.files, self.doors.clock, self.doors.key)

    def _alone(self, steps: Sequence[Step]) -> Run:
        """A session for what is not the run of a plan."""
        layout = self._layout
        slots = Slots(jobs=1, memory=None, urgency={}, server=JobServer(self.root / layout.jobserver))
        return self._session(layout, self._index(), self.on_event, steps, slots)

    def _session(self, layout: Layout, index: Index, say: Say, steps: Sequence[Step], slots: Slots) -> Run:
        self.cache.fall_back(self.root / self.work / SHARED)
        return Run(
            root=self.root,
            doors=self.doors,
            cache=self.cache,
            grounds=Grounds(root=os.path.realpath(self.root), closed=secret_places(self.doors.client_env)),
            layout=layout,
            states=StateDirs(marks=self.root / layout.marks, files=self.doors.files, key=self.doors.key),
            scratches=Scratches(self.root / layout.tmp, self.doors.files),
            index=index,
            strays=Strays(self.root, self.doors.clock),
            outputs=_with_folders(output for step in steps for output in step.outputs),
            store=self.store,
            tools=Provisioner(self.store, say),
            pool=Pool(self.jobs),
            workers=Workers(self.doors.runner, self.root, self.system_env),
            slots=slots,
            say=say,
            builtins=self.builtins,
            asking=self.asking,
            epoch=self.epoch,
            system_env=self.system_env,
            surroundings=self.surroundings,
            patience=self.patience,
        )

    def _clean(self, layout: Layout) -> None:
        """Remove what an earlier run left behind, and make the folders that steps expect."""
        self.doors.files.remove(self.root / layout.tmp)
        self.doors.files.make_folder(layout.nothing)
        if layout.ignore.name not in self.doors.files.names(layout.ignore.parent):
            self.doors.files.write(layout.ignore, "*\n")

    def _cancel(self, schedule: Schedule, pool: Pool) -> None:
        """End everything that runs; a second Ctrl-C does not wait for it."""
        try:
            self.doors.runner.cancel()
            pool.close(now=True)
            schedule.wind_up()
        except KeyboardInterrupt:
            self.doors.runner.cancel(now=True)
            schedule.wind_up()

    def _save(self, index: Index, layout: Layout) -> None:
        try:
            index.save(layout.index)
        except MachineError as error:  # it only makes the next run slower
            self._note(error.problems[0].message)

    def _note(self, message: str) -> None:
        self.on_event(Note(message=message))
