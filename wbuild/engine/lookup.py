"""What is already known about a step: the cache's answer, its outputs put back, and why it must run after all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wbuild.cache import ResultEntry
from wbuild.cache.keys import ABSENT, Evidence, Remembered, StepKey, action_digest, canonical, difference
from wbuild.engine.failure import free, replaceable
from wbuild.engine.folders import agrees, fits, is_folder, prune
from wbuild.engine.session import Run
from wbuild.model.planned import Builtin, Step, Tool

_LOST: Final = "its result is not in the cache"


def slot(step: Step) -> str:
    """What a step is remembered under: the same step of another profile makes another file."""
    return step.outputs[0] if step.outputs else step.name


def picked(session: Run, step: Step, outputs: Mapping[str, str | None]) -> bool:
    """Whether what a step says that it picked is one of those that it could pick: nothing else was checked."""
    contents = {outputs.get(path) for path in step.picks}
    return not step.picks or (len(contents) == 1 and contents <= {session.index.digest(path) for path in step.among} - {None})


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedResult:
    """A result that the cache has for a step: the name of its action, the files it read, and the entry."""

    action: str
    read: tuple[str, ...]
    """Files that were read besides the inputs."""
    entry: ResultEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One step with its key."""

    session: Run
    step: Step
    key: StepKey
    actions: dict[frozenset[tuple[str, str]], str] = field(default_factory=dict)
    """What was read → digest of the action: it takes a while to make."""

    def action(self, read: Mapping[str, str]) -> tuple[Evidence, str]:
        """The action over a read set, and its digest."""
        evidence, name = self.key.evidence(read), frozenset(read.items())
        known = self.actions.get(name)
        if known is None:
            known = self.actions[name] = action_digest(evidence)
        return evidence, known

    def candidates(self) -> Iterator[CachedResult]:
        """Cached results that fit the present files."""
        for read in self._read_sets():
            evidence, action = self.action(read)
            entry = self.session.cache.find(action, evidence)
            if entry is not None and self._fits(action, entry):
                yield CachedResult(action=action, read=tuple(read), entry=entry)

    def restore(self, found: CachedResult) -> tuple[str, ...] | None:
        """Put outputs back where they are missing or changed: what was done, in words; None when the cache lacks one.

        Raises MachineError.
        """
        session, said = self.session, []
        for path in filter(is_folder, self.step.outputs):
            if session.index.digest(path) != found.entry.outputs[path]:
                kept = (name.removeprefix(path) for name in found.entry.outputs if name.startswith(path) and name != path)
                prune(session.root / path, kept, session.doors.files)
        for path, content in found.entry.outputs.items():
            now = content if is_folder(path) else session.index.digest(path)
            if content is not None and now != content:
                free(self.step, session.root / path, path)
                if path in self.step.copies:
                    replaceable(session.root, path, session.index.copies.get(path, ""))
                    session.index.copies[path] = content
                if not session.cache.restore(content, session.root / path):
                    session.cache.forget(found.action)
                    return None
                session.index.record(path, content)
                said.append(f"output {path}: {'missing' if now is None else 'changed'}, restored")
        if not self._restore_log(found.entry):
            session.cache.forget(found.action)
            return None
        return tuple(said)

    def reasons(self) -> tuple[str, ...]:
        """Why the step must run."""
        action = self.before
        return self.why(self.session.cache.remembered(action) if action else None)

    def why(self, before: Remembered | None) -> tuple[str, ...]:
        """Why the step must run, given the key of its last result."""
        if before is None:
            return (_LOST if self.before else "first build",)
        names = before.evidence.get("read")
        contents = {name: self.session.index.blob(name) for name in names} if isinstance(names, dict) else {}
        read = {name: content for name, content in contents.items() if content is not None}
        # one spelling for both sides: what was remembered has been through JSON
        if not self.step.depfile:
            read = {**(read if self.step.evidence else {}), **self._all_read()}
        now = json.loads(canonical(self.key.evidence(read)))
        return difference(before, Remembered(evidence=now, candidates=self.key.candidates)) or (_LOST,)

    @property
    def before(self) -> str:
        """Digest of the action whose result was used last; "" for none."""
        return self.session.index.actions.get(slot(self.step), "")

    def remember(self, action: str) -> None:
        """Note the action whose result is used, for the next explanation."""
        self.session.index.actions[slot(self.step)] = action

    def _all_read(self) -> dict[str, str]:
        return {name: self.session.index.blob(name) or ABSENT for name in self.key.candidates}

    def _read_sets(self) -> Iterator[Mapping[str, str]]:
        if self.step.evidence:
            known = self._all_read()
            for names in self.session.cache.sets(self.key.coarse()):
                yield {**known, **{name: self.session.index.blob(name) or ABSENT for name in names}}
            return
        if not self.step.depfile:
            yield self._all_read()
            return
        for names in self.session.cache.sets(self.key.coarse()):
            read = {name: self.session.index.blob(name) for name in names}
            present = {name: content for name, content in read.items() if content is not None}
            if len(present) == len(read):
                yield present

    def _fits(self, action: str, entry: ResultEntry) -> bool:
        """An entry must name exactly this step's outputs, and files in those that are folders. It may lack one where that is allowed."""
        if not picked(self.session, self.step, entry.outputs):
            self.session.cache.forget(action)
            return False
        optional = self.step.optional or isinstance(self.step.action, Builtin)
        whole = fits(entry.outputs, self.step.outputs) and (optional or None not in entry.outputs.values())
        return whole and all(agrees(entry.outputs, path) for path in self.step.outputs if is_folder(path))

    def _restore_log(self, entry: ResultEntry) -> bool:
        """Let the log say what the tool said; False when the cache lacks it. Raises MachineError."""
        if not isinstance(self.step.action, Tool):
            return True
        log = self.session.root / self.session.layout.log(self.step.name)
        if entry.log:
            return self._says(log, entry.log) or self.session.cache.restore(entry.log, log)
        if log.exists():
            self.session.doors.files.remove(log)
        return True

    def _says(self, log: Path, content: str) -> bool:
        return log.is_file() and self.session.doors.files.sha256(log) == content
