"""Starting the program of a tool step in its private folder."""

from __future__ import annotations

import shlex
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from wbuild.doors.addresses import LOCK_FILES, locked_urls
from wbuild.doors.interfaces import Command, Exit
from wbuild.doors.machine import machine_errors
from wbuild.doors.places import has_home
from wbuild.doors.regular import read
from wbuild.doors.seal import sealed, unsealed
from wbuild.engine.depfile import ReadFiles, sort
from wbuild.engine.depfile import read as read_depfile
from wbuild.engine.failure import MAKEFLAGS, unfetched
from wbuild.engine.folders import is_folder
from wbuild.engine.layout import TEMPORARY, slug
from wbuild.engine.reach import Reach
from wbuild.engine.session import Run
from wbuild.engine.step_caches import StepCaches
from wbuild.engine.step_key import Settled
from wbuild.engine.zig_cache import ZigCache
from wbuild.errors import ProvisionError
from wbuild.model.planned import FirstUse, Launcher, Step
from wbuild.sources.client import clean
from wbuild.sources.clients import seen_by
from wbuild.steps.words import LAUNCHERS, OUT_FOLDER, Places, expand, parts
from wbuild.text.redact import redactor

FIRST_USE = ".wbuild-first-use"
_TEMPORARY = (TEMPORARY, "TEMP", "TMP")
SAYS = "wbuild: "
"""In front of what our own programs around package clients tell people (`runners/`)."""
_LONGEST: Final = 1 << 28


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One start of a step's program."""

    session: Run
    step: Step
    words: Settled

    @cached_property
    def scratch(self) -> Path:
        """The private folder in which the program is started."""
        return self.session.root / self.session.layout.scratch(self.step.name)

    @cached_property
    def log(self) -> Path:
        """The file that holds what the program said."""
        return self.session.root / self.session.layout.log(self.step.name)

    @cached_property
    def caches(self) -> StepCaches:
        """Caches of its tools."""
        return StepCaches(session=self.session, step=self.step, words=self.words)

    @cached_property
    def places(self) -> Places:
        """The places on this machine that the words of the step stand for."""
        return self.session.places(self.step)

    @cached_property
    def argv(self) -> tuple[str, ...]:
        """Words of the program's command line."""
        return tuple(expand(self.words.argv, self.places))

    def output(self, path: str) -> Path:
        """The path at which the program leaves an output."""
        elsewhere = self.step.results.get(path)
        if elsewhere is not None:
            return self.session.root / "".join(expand([elsewhere], self.places))
        return self.scratch / OUT_FOLDER / path.removeprefix(self.places.base)

    def start(self, *, wide: bool = False) -> tuple[Exit, Command]:
        """Run the program to its end; `wide`: with the project and what is above it readable. Raises MachineError, ProvisionError."""
        step, session = self.step, self.session
        if step.network and session.doors.offline and not step.offline:
            raise ProvisionError.of((unfetched(step),))
        urls = tuple(self._locked_urls()) if step.network else ()
        if urls:
            session.doors.network.refuse_private(urls)
        self.prepare()
        with self._away() as away, self._announced(step.first_use):
            command = self.command(wide=wide, away=away)
            done = session.doors.runner.run(command, log=self.log)
        self._hide(command)
        if step.network and self.log.is_file():
            text = clean(read(self.log, _LONGEST).decode("utf-8", "replace"), session.doors.client_env)
            session.doors.files.write(self.log, f"{text}\n")
            for line in text.splitlines():
                if line.startswith(SAYS):
                    session.note(line.removeprefix(SAYS))
        if done.code == 0 and step.first_use and not self._used_before(step.first_use):
            marker = self._marker(step.first_use)
            session.doors.files.write(marker, sealed(session.doors.key, marker, b""), durable=False)
        return done, command

    def _locked_urls(self) -> Iterator[str]:
        """Addresses that lock files among the inputs of a fetch step tell its client to ask."""
        for path in self.step.inputs:
            if path.rpartition("/")[2] in LOCK_FILES:
                with suppress(OSError):
                    text = read(self.session.root / path, _LONGEST, follow=True).decode("utf-8", "replace")
                    yield from locked_urls(path.rpartition("/")[2], text)

    def _hide(self, command: Command) -> None:
        """Take the values of variables that are never shown out of what the program said. Raises MachineError."""
        values = [command.env[name] for name in self.step.hidden if name in command.env]
        if not values or not self.log.is_file():
            return
        with machine_errors(self.log, "read"):
            said = read(self.log, _LONGEST).decode("utf-8", "surrogateescape")
        shown = redactor({}, values)(said)
        if shown != said:
            self.session.doors.files.write(self.log, shown.encode("utf-8", "surrogateescape"), durable=False)

    @contextmanager
    def _away(self) -> Iterator[str]:
        """A fetch step's own folder for temporary files, outside of the project, whose configuration has no say there; else "".

        Raises MachineError.
        """
        if not self.step.network:
            yield ""
            return
        with machine_errors(Path(tempfile.gettempdir()), "write"):
            folder = tempfile.mkdtemp(prefix="wbuild-")
        try:
            yield folder
        finally:
            self.session.doors.files.remove(Path(folder))

    def command(self, *, wide: bool = False, away: str = "") -> Command:
        """What is started; `away`: a folder for its temporary files."""
        step, session = self.step, self.session
        return Command(
            argv=self.argv,
            cwd=session.root,
            env={**self._env(), **(dict.fromkeys(_TEMPORARY, away) if away else {})},
            stdin=session.root / step.stdin if step.stdin else None,
            timeout=step.timeout,
            own=None if step.network else self.scratch,
            fence=Reach(session=session, step=step, words=self.words).fence(wide=wide, away=away),
            umask=-1 if step.network else session.surroundings.umask,
            confined=session.surroundings.confined and not step.network,
        )

    def read(self) -> ReadFiles | None:
        """What the program says that it has read; None when it does not say."""
        if self.step.depfile:
            file = self.scratch / self.step.depfile
        elif self.step.evidence:
            file = self.session.root / "".join(expand([self.step.evidence], self.places))
        else:
            return None
        root = Path(self.session.grounds.root)
        folders = [self.session.store.path(pin) for pin in self.step.pins]
        tools = [folder for folder in folders if not root.is_relative_to(folder.resolve())]  # a tool of the machine may lie anywhere
        known = [*tools, *self.caches.known()]
        inner = self.step.inner_cache
        if inner is not None and inner.name == "zig":
            return self._read_by_zig(ZigCache(folder=file.parent, root=self.session.root, base=inner.folder), known)
        try:
            text = read(file, _LONGEST).decode("utf-8", "surrogateescape")
        except OSError:
            return None
        vendor = [self.session.store.path(pin) for pin in self.step.pins if pin.name.startswith("vendor.")]
        return read_depfile(text, self.session.layout, known, vendor)

    def _read_by_zig(self, cache: ZigCache, known: Sequence[Path]) -> ReadFiles:
        """What its manifests name. Nobody compares files outside of the project, so zig itself shall look at them again."""
        found = sort(cache.read(), self.session.layout, known)
        if found.foreign:
            with machine_errors(cache.folder, "write"):
                cache.forget_foreign(found.foreign)
        return found

    def clear(self) -> None:
        """Remove the private folder."""
        self.session.scratches.clear(self.scratch, [name for name in (self.step.depfile, *self.step.texts) if name])

    def prepare(self) -> None:
        """Make the private folder anew, with all that the program expects there. Raises MachineError."""
        step, session = self.step, self.session
        session.scratches.make(self.scratch)
        written = [path for path in step.outputs if path not in step.results]
        folders = {self.output(path) if is_folder(path) else self.output(path).parent for path in written}
        if step.state:
            session.states.prepare(session.root / self.places.state)
        for folder in folders - {self.scratch / OUT_FOLDER}:
            session.doors.files.make_folder(folder)
        for launcher in (part for part in parts(self.words.words) if isinstance(part, Launcher)):
            words = " ".join(map(shlex.quote, expand(launcher.words, self.places)))
            program = self.scratch / LAUNCHERS / launcher.program
            session.doors.files.write(program, f'#!/bin/sh\nexec {words} "$@"\n', durable=False, program=True)
        for name, text in step.texts.items():
            session.doors.files.write(self.scratch / name, text, durable=False, program=text.startswith("#!"))
        self.caches.prepare()

    def _env(self) -> dict[str, str]:
        session, places = self.session, self.places
        declared = {name: "".join(expand([word], places)) for name, word in self.words.env.items()}
        windows = session.doors.platform.startswith("windows")
        base = session.layout.environment(session.layout.scratch(self.step.name), session.epoch, windows=windows)
        if self.step.network:
            seen = seen_by(self.step.client, session.doors.client_env)
            given = (TEMPORARY, "TMP", "TEMP", *(() if has_home(seen) else ("HOME",)))
            temporary = {name: base[name] for name in base if name in given}  # it may write nowhere else
            return {**seen, **temporary, **declared, **(self.step.offline if session.doors.offline else {})}
        flags = session.slots.flags(self.step)
        around = session.surroundings.env
        return {**session.system_env, **base, **around, **({MAKEFLAGS: flags} if flags else {}), **declared}

    @contextmanager
    def _announced(self, first: FirstUse | None) -> Iterator[None]:
        """Say that the first use takes long, once it does: the tool's cache may be filled all the same."""
        if first is None or self._used_before(first):
            yield
            return
        timer = threading.Timer(self.session.patience, self.session.note, (first.message,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _used_before(self, first: FirstUse) -> bool:
        """Whether this user's wbuild has left the mark of a first use."""
        session = self.session
        known = (str(session.shared(self.step, first.cache)), first.key, tuple(pin.identity for pin in self.step.pins))
        if known not in session.used:
            marker = self._marker(first)
            with suppress(OSError):
                if unsealed(session.doors.key, marker, read(marker, 1 << 10)) is not None:
                    session.used.add(known)
        return known in session.used

    def _marker(self, first: FirstUse) -> Path:
        """Another folder of the tool (moved, or installed again) is another first use: zig then builds everything again."""
        return self.session.shared(self.step, first.cache) / FIRST_USE / slug(f"{first.key} {self._folders()}")

    def _folders(self) -> str:
        folder = self.session.store.path(self.step.pins[0]) if self.step.pins else self.session.root
        try:
            return f"{folder} {folder.stat().st_ino}"
        except OSError:  # not installed: the start will say so
            return str(folder)
