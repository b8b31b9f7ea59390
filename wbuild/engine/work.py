"""One step, from its inputs to its result: look it up, or run it; put its outputs in place; remember."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wbuild.cache import Cache, ResultEntry
from wbuild.cache.keys import ABSENT, digest
from wbuild.doors.interfaces import Command, Exit
from wbuild.engine import assembler
from wbuild.engine.disk_space import out_of_room
from wbuild.engine.events import StepStarted
from wbuild.engine.evidence import told
from wbuild.engine.failure import ended_by, failed, free, how, missing_output, replaceable, said, title, unfetched
from wbuild.engine.fetch_marks import Fetched
from wbuild.engine.inner_caches import InnerCacheRecord
from wbuild.engine.launch import Launch
from wbuild.engine.lookup import Lookup, picked, slot
from wbuild.engine.refusal import advice, may_be_refused, named
from wbuild.engine.run_builtin import run_builtin
from wbuild.engine.session import Run
from wbuild.engine.step_key import Settled, key_of, settled
from wbuild.errors import IntegrityError, MachineError, Problem, ProvisionError, StepError, WbuildError
from wbuild.model.happened import Result, Status
from wbuild.model.planned import Late, Step, Tool
from wbuild.steps.words import late_words

NEVER_EMPTY = (".wasm", ".o", ".a", ".json")
"""Endings of formats in which an empty file is never right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run has made, before it is put in place."""

    outputs: Mapping[str, bytes | Path | None]
    """Path → bytes of a builtin, or the file that a tool wrote, or None for "not made"."""
    read: tuple[str, ...] | None = None
    """Files really read besides the inputs; None: all candidates."""
    keep: bool = True
    """Whether the result may be cached."""
    degraded: str = ""
    """Why an optional step made nothing, or something else than it might make another time."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a step that has run."""

    content: bytes | Path | None
    """As in `Made`."""
    digest: str | None
    """SHA-256 (hex); None for "not made"."""

    def store(self, cache: Cache) -> None:
        """Take it into the cache. Raises MachineError."""
        if self.content is None or self.digest is None:
            return
        if isinstance(self.content, bytes):
            cache.store_bytes(self.content, self.digest)
        else:
            cache.store(self.content, self.digest)


NOTHING: Final = Output(None, None)


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
        needed = {*step.inputs, *(part.path for part in self._late())}
        lacking = sorted(needed & session.absent)
        degraded = not needed.isdisjoint(session.degraded)
        if lacking and isinstance(step.action, Tool):
            return self._without(lacking, degraded=degraded)
        words = settled(session, step)
        lookup = Lookup(session=session, step=step, key=key_of(session, step, words, self._inputs()))
        if step.network:
            return self._fetch(lookup, words)
        result = self._cached(lookup, degraded=degraded) or self._run(lookup, words, degraded=degraded)
        self._compare()
        return result

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

    def _late(self) -> tuple[Late, ...]:
        action = self.step.action
        return late_words([*action.argv, *self.step.env.values()]) if isinstance(action, Tool) else ()

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
            self._put(path, NOTHING, degraded=degraded)
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
                    self._put(path, NOTHING, degraded=degraded)
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
        results = {path: Output(content, self._digest(content)) for path, content in made.outputs.items()}
        kept = not unsure and not stray and made.keep and self._keep(lookup, results, made.read, took)
        for path, result in results.items():
            self._put(path, result, degraded=unsure)
        if isinstance(step.action, Tool):
            launch.clear()
        nothing = bool(step.outputs) and all(content is None for content in made.outputs.values())
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
            self._put(path, Output(fetched.stamp, digest(fetched.stamp)), degraded=False)
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
            what = _lacks(launch.output(path), path)
            if what and step.optional:
                return self._nothing(f"{path} {what}")
            if what:
                raise StepError.of((missing_output(step, path, what),))
        listed = launch.read()
        if listed is not None and listed.foreign:
            self.session.note(f"{title(step)} reads {listed.foreign[0]}, which belongs to no declared tool: its result is not kept")
        if listed is None and step.evidence:
            self.session.note(f"{title(step)} does not say what it has read: its result is used, but not kept")
        read, whole = assembler.all_read(self.session, step, launch.argv, listed)
        return Made(
            outputs={path: launch.output(path) for path in step.outputs},
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
        log = Output(path, self._digest(path))
        log.store(self.session.cache)
        return log.digest or ""

    def _digest(self, content: bytes | Path | None) -> str | None:
        if content is None:
            return None
        return digest(content) if isinstance(content, bytes) else self.session.doors.files.sha256(content)

    def _put(self, path: str, result: Output, *, degraded: bool) -> None:
        """Put one output in place; a file that has these bytes already is left alone, so that nothing depends on its time."""
        session, files, content = self.session, self.session.doors.files, result.content
        target = session.root / path
        if degraded:
            session.degraded.add(path)
        if content is None or result.digest is None:
            free(self.step, target, path)
            if path in self.step.copies:
                replaceable(session.root, path, session.index.copies.get(path, ""))
            files.remove(target)
            session.absent.add(path)
            return
        if session.index.digest(path) == result.digest:
            return
        free(self.step, target, path)
        if path in self.step.copies:
            replaceable(session.root, path, session.index.copies.get(path, ""))
            session.index.copies[path] = result.digest
        if isinstance(content, bytes):
            files.write(target, content, durable=False)
        elif content.is_relative_to(session.root / session.layout.tmp):
            files.move(content, target)
        else:  # what a tool keeps in its state directory stays there
            files.copy(content, target, durable=False)
        session.index.record(path, result.digest)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _lacks(file: Path, path: str) -> str:
    """What is wrong with an output that a program has written; "" for nothing."""
    try:
        info = file.lstat()
    except OSError:
        return "is missing"
    if not stat.S_ISREG(info.st_mode):
        return "is not a file"
    return "is empty" if path.endswith(NEVER_EMPTY) and not info.st_size else ""
