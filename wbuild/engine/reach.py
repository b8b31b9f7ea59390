"""What a step can touch: the fence of its program, from what the step declares."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from wbuild.doors import grounds
from wbuild.doors.interfaces import Fence
from wbuild.engine.session import RUNNERS, Run
from wbuild.engine.step_caches import StepCaches
from wbuild.engine.step_key import Settled
from wbuild.model.locked import SYSTEM, Pin
from wbuild.model.planned import Python, RunnerPath, Step
from wbuild.steps.words import parts
from wbuild.text.project_names import DIST, GIT

_LIBRARIES: Final = ("bin", "lib", "lib64", "libexec", "include")
"""Beside a program of the machine that is no system folder's."""
_LINE: Final = 256
"""Bytes that Linux reads of a script's first line."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One step with its words, as it is about to start."""

    session: Run
    step: Step
    words: Settled

    def fence(self, *, wide: bool = False, away: str = "") -> Fence:
        """The fence of the step. `wide`: with the project and what lies above it readable, but for what is the user's alone.

        `away`: one more folder that it may write.
        """
        listable: list[str] = []
        readable: Iterable[str] | None = None
        if not self.step.network:
            around = self._around(listable) if wide else self._declared(listable)
            readable = (*grounds.machine(), *self._tools(), *around)
        return Fence(
            writable=(*self._writable(), *filter(None, (away,))),
            readable=None if readable is None else tuple(dict.fromkeys(readable)),
            listable=tuple(listable),
            devices=grounds.DEVICES,
            network=self.step.network,
        )

    @cached_property
    def _caches(self) -> StepCaches:
        return StepCaches(session=self.session, step=self.step, words=self.words)

    @property
    def _root(self) -> str:
        return self.session.grounds.root

    @cached_property
    def _own(self) -> tuple[str, ...]:
        """What wbuild and git keep in the project: no step reads it as a whole."""
        work = os.path.join(self._root, self.session.layout.work)
        return (work, os.path.join(os.path.dirname(work), DIST), os.path.join(self._root, GIT))

    def _writable(self) -> Iterator[str]:
        session, step = self.session, self.step
        yield grounds.SHARED_MEMORY
        yield os.path.join(session.root, session.layout.scratch(step.name))
        if step.state:
            yield os.path.join(session.root, session.layout.states, step.state)
        if step.jobserver:
            yield os.path.join(session.root, session.layout.jobserver)
        yield from self._caches.writable()
        if step.network and not step.outputs:  # it makes a lock file in a copy of the project
            yield str(session.root)

    def _tools(self) -> Iterator[str]:
        for pin in self.step.pins:
            yield from _machines(pin) if pin.source == SYSTEM else (str(self.session.store.path(pin)),)
        kinds = {type(part) for part in parts(self.words.words)}
        if RunnerPath in kinds:
            yield str(RUNNERS)
        if Python in kinds:
            yield from grounds.python()
        yield from self._caches.readable()
        yield str(self.session.layout.nothing)

    def _around(self, listable: list[str]) -> Iterator[str]:
        yield from self._whole(self._root, listable)
        yield from self.session.grounds.repository()
        yield from self.session.grounds.parents()
        yield from self._singles((self._root,))

    def _declared(self, listable: list[str]) -> Iterator[str]:
        """What the step declares: roots as wholes, single files beside them.

        Code of the project may look for any file, and says to nobody which: what of the roots is in no key stays shut for it.
        """
        roots = [path for name in self.step.roots if (path := self._inside(name))]
        shut = self._undeclared(roots) if self.step.own_code else ()
        for root in roots:
            yield from self._whole(root, listable, shut)
        yield from self._singles(roots, linked=bool(self.step.links))
        listable += [path for name in self.step.listed if (path := self._inside(name))]

    def _whole(self, path: str, listable: list[str], shut: Iterable[str] = ()) -> Iterator[str]:
        """A folder, without what wbuild keeps in it, and without what is shut. Links in it may lead upward."""
        closed = {*self._own, *shut}
        around = {above for name in closed for above in _above(name)}
        waiting, seen = [path], set[str]()
        while waiting:
            path = waiting.pop()
            if path in seen or path in closed or not closed.isdisjoint(_above(path)):
                continue
            seen.add(path)
            if path not in around:
                yield path
                continue
            listable.append(path)
            with suppress(OSError), os.scandir(path) as entries:
                waiting += [os.path.realpath(entry.path) for entry in entries if not entry.is_symlink() or self._inside(entry.path)]

    def _undeclared(self, roots: Sequence[str]) -> Iterator[str]:
        """What stands in some roots and is not declared: files, and folders of nothing but such (other packages, `node_modules`)."""
        known = sorted({path for name in self._names if (path := self._inside(name))})
        files = frozenset(known)
        waiting, seen = [root for root in roots if os.path.isdir(root)], {*self._own}
        while waiting:
            folder = waiting.pop()
            if folder in seen:
                continue
            seen.add(folder)
            for path, is_folder in _entries(folder):
                at = bisect_left(known, f"{path}{os.sep}")
                if not is_folder:
                    yield from () if path in files else (path,)
                elif at < len(known) and known[at].startswith(f"{path}{os.sep}"):
                    waiting.append(path)
                elif path not in seen and any(names for _, _, names in os.walk(path)):
                    yield path

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self.step.inputs, *self.step.candidates)

    def _singles(self, roots: Sequence[str], *, linked: bool = True) -> Iterator[str]:
        """Files that the step declares beside the roots. Not `linked`: no link is in these or on the way to them, so that of most
        files the name alone tells where they are."""
        for name in self._names:
            if not (linked or name.startswith("../")) and self._opened(f"{self._root}/{name}", roots):
                continue
            path = self._inside(name)
            if path and not self._opened(path, roots):
                yield path

    def _opened(self, path: str, roots: Sequence[str]) -> bool:
        """Whether a path is open with one of the roots as a whole."""
        return any(_within(path, root) for root in roots) and not self._kept(path)

    def _kept(self, path: str) -> bool:
        """Whether a path is in what wbuild and git keep in the project."""
        return any(_within(path, own) for own in self._own)

    def _inside(self, name: str) -> str:
        """Where a name of the project leads to; "" for a place outside of it, but for configuration that tools obey in folders above.

        A link leads to nothing that wbuild and git keep there: that must be named itself, and may be kept in another place.
        """
        written = os.path.normpath(os.path.join(self._root, name))
        path = os.path.realpath(written)
        if name.startswith("../"):
            return path if os.path.isfile(path) else ""
        for own in self._own:
            if _within(written, own):
                return path if _within(path, os.path.realpath(own)) else ""
        return path if _within(path, self._root) and not self._kept(path) else ""


def _entries(path: str) -> list[tuple[str, bool]]:
    """(path, whether it is a folder) of what stands in a folder, links left aside."""
    with suppress(OSError), os.scandir(path) as entries:
        return [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries if not entry.is_symlink()]
    return []


def _above(path: str) -> Iterator[str]:
    """The folders around a path, up to the system's root."""
    above = os.path.dirname(path)
    while above != path:
        yield above
        path, above = above, os.path.dirname(above)


def _machines(pin: Pin) -> Iterator[str]:
    """A tool of the machine: its folder, what belongs to a program that is a link, and the interpreter of one that is a script."""
    yield pin.folder
    program = os.path.join(pin.folder, pin.package)
    yield from _installed(program, pin.folder)
    interpreter = _interpreter(program)
    if interpreter:
        yield interpreter
        yield from _installed(interpreter, pin.folder)
        above = os.path.dirname(os.path.dirname(interpreter))
        yield from (os.path.join(above, name) for name in (*_LIBRARIES, "pyvenv.cfg"))


def _installed(program: str, known: str) -> Iterator[str]:
    """Where a program really is, and what is installed with it; its folder only if that is not `known`."""
    place = os.path.realpath(program)
    folder = os.path.dirname(place)
    if os.path.isfile(place) and folder != os.path.realpath(known):
        yield folder
    if os.path.basename(folder) == "bin":
        above = os.path.dirname(folder)
        yield from (os.path.join(above, name) for name in _LIBRARIES)


def _interpreter(program: str) -> str:
    """What the first line of a script names; "" for other programs."""
    try:
        with open(program, "rb") as file:
            line = file.read(_LINE).partition(b"\n")[0]
    except OSError:
        return ""
    words = line[2:].split() if line.startswith(b"#!") else []
    name = os.fsdecode(words[0]) if words else ""
    return name if os.path.isabs(name) else ""


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
