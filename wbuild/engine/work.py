"""One step, from its inputs to its result: look it up, or run it; put its outputs in place; remember."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from wbuild.cache import ResultEntry
from wbuild.cache.keys import ABSENT, digest
from wbuild.doors.interfaces import Command, Exit
from wbuild.engine import assembler
from wbuild.engine.disk_space import out_of_room
from wbuild.engine.events import StepStarted
from wbuild.engine.evidence import told
from wbuild.engine.failure import ended_by, failed, how, missing_output, said, title, unfetched
from wbuild.engine.fetch_marks import Fetched
from wbuild.engine.filled_cache import Filled
from wbuild.engine.inner_caches import InnerCacheRecord
from wbuild.engine.launch import Launch
from wbuild.engine.lookup import Lookup, picked, slot
from wbuild.engine.outputs import NOTHING, Made, Output, Outputs, lacks
from wbuild.engine.refusal import advice, may_be_refused, named
from wbuild.engine.run_builtin import run_builtin
from wbuild.engine.session import Run
from wbuild.engine.spread import Spread
from wbuild.engine.step_key import Settled, key_of, settled
from wbuild.errors import IntegrityError, MachineError, Problem, ProvisionError, StepError, WbuildError
from wbuild.model.happened import Result, Status
from wbuild.model.planned import Step, Tool
from wbuild.steps.order import late_parts


@dataclass(slots=True, kw_only=True)
class Work:
    """One step of a session."""

    session: Run
    step: Step
    start: float
    """Monotonic time at which its work began; waiting for tools and for a free slot does not count."""
    began: float = 0.0
    """Time of the system (seconds since 1970) at which its run began."""

    def perform(self) -> Result:
        """The step's result; its outputs are in place unless it raises. Raises WbuildError for what ends the step."""
        step, session = self.step, self.session
        needed = {*step.inputs, *(part.path for part in late_parts(step))}
        lacking = sorted(needed & session.absent)
        degraded = not needed.isdisjoint(session.degraded)
        if lacking and isinstance(step.action, Tool):
            return self._without(lacking, degraded=degraded)
        if step.spread is not None:
            return self._spread(Spread(session=session, step=step, spread=step.spread, perform=self._part))
        words = settled(session, step)
        lookup = Lookup(session=session, step=step, key=key_of(session, step, words, self._inputs()))
        if step.network:
            return self._fetch(lookup, words)
        filled = Filled(session=session, step=step, lookup=lookup)
        if step.fills and filled.known():
            return self.result("cached")
        result = self._cached(lookup, degraded=degraded) or self._run(lookup, words, degraded=degraded)
        self._compare()
        if step.fills:
            if result.status != "none":
                filled.fill()
            result = replace(result, degraded=False)  # what was not prepared is made by the tool itself: the same bytes follow
        return result

    def _spread(self, spread: Spread) -> Result:
        """The result of a step that is one for each file of a folder."""
        results = spread.results()
        ran = [one for one in results if one.status == "ran"]
        reasons = tuple(f"{one.label}: {reason}" for one in ran for reason in one.reasons)
        done = self.result("ran" if ran else "cached", reasons=reasons, degraded=any(one.degraded for one in results))
        return replace(
            done,
            seconds=sum(one.seconds for one in results),
            took=sum(one.took or 0.0 for one in results),
            kept=all(one.kept for one in results),
            read=tuple(sorted({name for one in results for name in one.read})),
            unlisted=tuple(sorted({name for one in results for name in one.unlisted})),
        )

    @staticmethod
    def _part(session: Run, step: Step) -> Result:
        """The result of one of several steps that stand as one in the plan. Raises WbuildError."""
        return Work(session=session, step=step, start=session.doors.clock.monotonic()).perform()

    @property
    def _outputs(self) -> Outputs:
        return Outputs(session=self.session, step=self.step)

    def result(self, status: Status, *, reasons: tuple[str, ...] = (), problem: Problem | None = None, degraded: bool = False) -> Result:
        """A result of this step, with the time that has passed."""
        log = self.session.layout.log(self.step.name) if isinstance(self.step.action, Tool) else ""
        return Result(
            step=self.step.name,
            verb=self.step.verb,
            label=self.step.label,
            artifact=self.step.artifact,
            status=status,
            seconds=self.session.doors.clock.monotonic() - self.start,
            reasons=reasons,
            problem=problem,
            degraded=degraded,
            log=log if log and status not in ("skipped", "none") and _size(self.session.root / log) else "",
        )

    def _compare(self) -> None:
        """What was picked is what lies in place, byte by byte. Raises IntegrityError WB561."""
        files, root = self.session.doors.files, self.session.root
        if self.step.picks and not picked(self.session, self.step, {path: files.sha256(root / path) for path in self.step.picks}):
            message = f"{self.step.picks[0]} is not what was checked: other bytes are there than in {' or '.join(self.step.among)}"
            raise IntegrityError("WB561", message, hint="something else writes into this project; end it, and build again")

    def _telling(self, result: Result, read: Iterable[str]) -> Result:
        """The result with what was read. A file behind a link is listed where its plain name is."""
        listed = {*self.step.inputs, *self.step.candidates}
        unlisted = tuple(name for name in self._unlisted(read) if self.session.plain(name) not in listed)
        return replace(result, read=tuple(sorted(read)), unlisted=unlisted)

    def _unlisted(self, read: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted({*read} - {*self.step.inputs, *self.step.candidates}))

    def _inputs(self) -> dict[str, str]:
        """Contents of the inputs. Raises StepError WB105."""
        found: dict[str, str] = {}
        for path in self.step.inputs:
            content = ABSENT if path in self.session.absent else self.session.index.blob(path)
            if content is None:
                raise StepError("WB105", f"{title(self.step)} needs {path}, which is not there", hint="was it removed during the build?")
            found[path] = content
        return found

    def _without(self, lacking: list[str], *, degraded: bool) -> Result:
        """A program whose input was not made by an optional step makes nothing either."""
        if not self.step.optional:
            raise StepError("WB105", f"{title(self.step)} needs {lacking[0]}, which an optional step did not make")
        for path in self.step.outputs:
            self._outputs.put(path, NOTHING, degraded=degraded)
        return self.result("none", reasons=(f"{lacking[0]} was not made",), degraded=degraded)

    def _cached(self, lookup: Lookup, *, degraded: bool) -> Result | None:
        for found in lookup.candidates():
            said = lookup.restore(found)
            if said is None:
                continue
            lookup.remember(found.action)
            nothing = set(found.entry.outputs.values()) == {None}
            if degraded:
                self.session.degraded.update(self.step.outputs)
            for path, content in found.entry.outputs.items():
                if content is None:
                    self._outputs.put(path, NOTHING, degraded=degraded)
            result = self.result("none" if nothing else "cached", reasons=said, degraded=degraded)
            return self._telling(replace(result, took=found.entry.seconds), found.read if self.step.depfile or self.step.evidence else ())
        return None

    def _run(self, lookup: Lookup, words: Settled, *, degraded: bool) -> Result:
        session, step = self.session, self.step
        reasons = lookup.reasons()
        launch = Launch(session=session, step=step, words=words)
        record = InnerCacheRecord(session=session, step=step, words=words)
        with self._place(reasons):
            self.began = session.doors.clock.now()
            for path in (*step.inputs, *step.candidates):
                if path not in session.seen:
                    session.seen[path] = session.index.stamp(path)
            if step.state:
                session.states.prepare(session.root / session.places(step).state)
            record.forget_changed()
            watched = isinstance(step.action, Tool) and not session.doors.runner.can_fence
            before = session.strays.look((*step.inputs, *step.candidates)) if watched else {}
            made = self._tool(launch, record) if isinstance(step.action, Tool) else Made(outputs=run_builtin(session, step))
            self._note_contents(record, made.read or ())
            took = session.doors.clock.monotonic() - self.start
        session.index.seconds[slot(step)] = round(took, 2)
        unsure = degraded or bool(made.degraded)
        stray = session.strays.new(before, session.outputs)
        if stray:
            session.note(f"{stray} appeared during {title(step)}: its result is used, but not kept")
        results = self._outputs.contents(made)
        kept = not unsure and not stray and made.keep and self._keep(lookup, results, made.read, took)
        for path, result in results.items():
            self._outputs.put(path, result, degraded=unsure)
        if isinstance(step.action, Tool):
            launch.clear()
        nothing = bool(step.outputs) and all(result.content is None for result in results.values())
        why = (*reasons, made.degraded) if made.degraded else reasons
        done = self.result("none" if nothing else "ran", reasons=why, degraded=unsure)
        return self._telling(replace(done, took=took, kept=kept), made.read or ())

    def _note_contents(self, record: InnerCacheRecord, read: Iterable[str]) -> None:
        """What the tool's own cache knows from now on, unless something changed while it ran."""
        if self.step.inner_cache is not None and not any(self._touched(path) for path in (*self.step.inputs, *self.step.candidates, *read)):
            record.keep(read)

    @contextmanager
    def _place(self, reasons: tuple[str, ...]) -> Iterator[None]:
        """Get the step's tools and one of the places of running steps; its time counts from then on. Raises WbuildError."""
        session, now = self.session, self.session.doors.clock.monotonic
        asked = now()
        session.tools.ensure(self.step.pins)
        equipped = now()
        with session.slots.hold(self.step):
            self.start = now()
            session.say(StepStarted(step=self.step, reasons=reasons, provisioning=equipped - asked, queued=self.start - equipped))
            yield

    def _fetch(self, lookup: Lookup, words: Settled) -> Result:
        """A fetch step fills folders of this machine: what it did is remembered there, and never cached."""
        session, step = self.session, self.step
        fetched = Fetched(session=session, step=step, words=words, key=lookup.key)
        status: Status = "cached"
        reasons: tuple[str, ...] = ()
        if not fetched.known():
            reasons = lookup.why(fetched.remembered(lookup.before))
            launch = Launch(session=session, step=step, words=words)
            with self._place(reasons):
                done, command = launch.start()
            if done.code and session.doors.offline and not (done.cancelled or done.timed_out):
                raise ProvisionError.of((unfetched(step, said(launch.log)),))
            if done.code or done.timed_out:
                raise self._failure(done, command, launch)
            fetched.remember()
            launch.clear()
            status = "ran"
        lookup.remember(fetched.action)
        for path in step.outputs:
            self._outputs.put(path, Output(fetched.stamp, digest(fetched.stamp)), degraded=False)
        return self.result(status, reasons=reasons)

    def _tool(self, launch: Launch, record: InnerCacheRecord) -> Made:
        step = self.step
        done, command, declared = self._started(launch, record)
        passing = done.code == step.transient and not done.timed_out
        if (done.code or done.timed_out) and not passing:
            if not step.optional or done.cancelled:
                raise self._failure(done, command, launch)
            return self._nothing(how(step, done) if done.timed_out or ended_by(done) else "")
        for path in step.outputs:
            what = lacks(launch.output(path), path, step.keep)
            if what and step.optional:
                return self._nothing("" if step.fills else f"{path} {what}")
            if what:
                raise StepError.of((missing_output(step, path, what),))
        listed = launch.read()
        if listed is not None and listed.foreign:
            self.session.note(f"{title(step)} reads {listed.foreign[0]}, which belongs to no declared tool: its result is not kept")
        if listed is None and step.evidence:
            self.session.note(f"{title(step)} does not say what it has read: its result is used, but not kept")
        read, whole = assembler.all_read(self.session, step, launch.argv, listed)
        return Made(
            outputs=self._outputs.left(launch),
            read=read,
            keep=declared and not passing and not (listed and listed.foreign) and (listed is not None or not step.evidence) and whole,
            degraded="a limit of time decided" if passing and step.optional else "",
        )

    def _failure(self, done: Exit, command: Command, launch: Launch) -> WbuildError:
        """The error of a program that did not end well: what it says, or that a disk is full."""
        session = self.session
        folders = (session.root / session.layout.tmp, *(session.root / path for path in self.step.outputs), *launch.caches.folders())
        full = None if done.cancelled or done.timed_out else out_of_room(self.step, said(launch.log), folders, session.doors.files.free)
        return full or StepError.of((failed(self.step, done, command, launch.log),))

    def _started(self, launch: Launch, record: InnerCacheRecord) -> tuple[Exit, Command, bool]:
        """How the program ended, and whether it did with what its step declares; one that may have failed for that runs once more."""
        done, command = launch.start()
        if not done.code or done.cancelled or done.timed_out or ended_by(done):
            return done, command, True
        self._note_contents(record, (told(self.step, self.session.root, launch.read()) or ()) if self.step.evidence else ())
        text = said(launch.log)
        if done.code == self.step.transient or not self.session.doors.runner.can_fence or not may_be_refused(self.step, text):
            return done, command, True
        again, command = launch.start(wide=True)
        if again.code or again.timed_out:
            return again, command, True
        self._undeclared(text)
        return again, command, False

    def _undeclared(self, text: str) -> None:
        """Say what a step reads beside what it declares, as far as the run that failed has said it."""
        step = self.step
        path = named(step, text, self.session.root)
        folder = (self.session.root / path).is_dir()
        mend = advice(step, path, folder=folder) if path else f"name what it reads in `inputs` below [artifact.{step.artifact}]"
        what = path or "files of the project or above it"
        self.session.note(f"{title(step)} reads {what}, which it does not declare: its result is used, but not kept; {mend}")

    def _nothing(self, degraded: str) -> Made:
        if degraded:
            self.session.note(f"{title(self.step)} made nothing ({degraded}); another run may")
        return Made(outputs=dict.fromkeys(self.step.outputs), degraded=degraded)

    def _keep(self, lookup: Lookup, results: Mapping[str, Output], said: tuple[str, ...] | None, took: float) -> bool:
        """Cache the result with the seconds that it took, unless it is not sure to be the right one for the key; whether it did."""
        session, key = self.session, lookup.key
        names = key.candidates if said is None else tuple(n for n in said if n not in self.step.inputs)
        read = {name: session.index.blob(name) or ABSENT for name in names}
        changed = self._changed(lookup, read)
        if changed:
            session.note(f"{changed} changed during {title(self.step)}: its result is used, but not kept")
            return False
        gone = next((name for name, content in read.items() if content == ABSENT), "") if said is not None and self.step.depfile else ""
        if gone:
            session.note(f"{title(self.step)} says that it reads {gone}, which is no file: its result is used, but not kept")
            return False
        evidence, action = lookup.action(read)
        try:
            log = self._store_log()
            for result in results.values():
                result.store(session.cache)
            session.keep_names(key)
            entry = ResultEntry(outputs={path: result.digest for path, result in results.items()}, log=log, seconds=took)
            session.cache.keep(evidence, entry, action)
            if self.step.depfile or self.step.evidence:
                session.cache.remember(key.coarse(), names if self.step.depfile else self._unlisted(names))
        except MachineError as error:
            session.note(f"the cache cannot be written: {error.problems[0].message}", about="the cache")
            return False
        lookup.remember(action)
        return True

    def _changed(self, lookup: Lookup, read: Mapping[str, str]) -> str:
        """The first file that changed while the step ran, even if it is again as it was; "" for none."""
        for path, content in lookup.key.inputs:
            if content != ABSENT and self.session.index.blob(path) != content:
                return path
        return next((path for path in (*self.step.inputs, *read) if self._touched(path)), "")

    def _touched(self, path: str) -> bool:
        """Whether a file changed while the step ran; of one that nobody has listed only its own times tell."""
        stamp, seen = self.session.index.stamp(path), self.session.seen
        return seen[path] != stamp if path in seen else stamp is not None and stamp.may_follow(self.began * 1e9)

    def _store_log(self) -> str:
        """Digest of what the tool said; "" for nothing. Raises MachineError."""
        path = self.session.root / self.session.layout.log(self.step.name)
        if not isinstance(self.step.action, Tool) or not _size(path):
            return ""
        log = Output(path, self._outputs.digest(path))
        log.store(self.session.cache)
        return log.digest or ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
