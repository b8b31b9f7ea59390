"""Incremental caches that tools keep in their state directories, and that decide by times of files: what such a cache knows of files
whose content differs is dropped before the tool starts. The user's files are never touched.

A record in the state directory says which contents the tool has seen in its last run, and under which conditions. While it runs, and
after a run that was killed or met changing files, the contents are not known: then all of the project counts as different. Without a
record, or under other conditions (variables that build scripts may read, a project that was moved), everything does.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from posixpath import dirname
from typing import Final, TypeAlias

from wbuild import jsontext
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import read
from wbuild.engine.keying import Settled
from wbuild.engine.layout import slug
from wbuild.engine.session import Session
from wbuild.errors import MachineError
from wbuild.keys import ABSENT, canonical, digest
from wbuild.model.planned import InnerCache, Step
from wbuild.model.shipped import InnerCacheName
from wbuild.words import portable

RECORD: Final = ".wbuild-contents"
"""How names of records begin."""
_LARGEST: Final = 1 << 28
"""Bytes of a record."""
_CONFIGURED: Final = ("env.", "--config=env.")
"""How words of cargo begin that set variables for what it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs since the tool has last run in a state directory."""

    files: frozenset[str] | None
    """Files that came, went or have another content, relative to the root; None when nobody knows: any file of the project."""
    everything: bool = False
    """What the tool keeps may not be believed at all."""


Rule: TypeAlias = Callable[[Path, Changes, InnerCache], None]
"""Drops what a tool knows in its state directory. Raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record of one step."""

    session: Session
    step: Step
    words: Settled

    def forget_changed(self) -> None:
        """Let the tool forget what it knows of files whose content differs. Call it before the tool starts. Raises MachineError."""
        inner = self.step.inner_cache
        if inner is None:
            return
        conditions, known = self._known()
        now = self._conditions()
        everything = conditions != now
        files = None if known is None or everything else frozenset(self._differing(known))
        if everything or files is None or files:
            with machine_errors(self._folder, "write"):
                RULES[inner.name](self._folder, Changes(files=files, everything=everything), inner)
        self._write(now, None)

    def keep(self, names: Iterable[str]) -> None:
        """Note the contents that the tool has seen, when none of these files changed meanwhile."""
        if self.step.inner_cache is not None:
            with suppress(MachineError):  # then the next run takes all for different
                self._write(self._conditions(), {name: self._content(name) for name in (*self._own, *names)})

    @property
    def _folder(self) -> Path:
        return self.session.root / self.session.layout.states / self.step.state

    @property
    def _path(self) -> Path:
        return self._folder / f"{RECORD}-{slug(self.step.name)}"

    @property
    def _own(self) -> tuple[str, ...]:
        return (*self.step.inputs, *self.step.candidates)

    def _content(self, name: str) -> str:
        return self.session.index.blob(name) or ABSENT

    def _differing(self, known: Mapping[str, str]) -> Iterator[str]:
        return (name for name in {*self._own, *known} if known.get(name) != self._content(name))

    def _conditions(self) -> str:
        """What a build script may see besides files, which no tool of this kind looks at again."""
        variables = {name: portable(word) for name, word in self.words.env.items()}
        configured = [word for word in map(portable, self.words.argv) if word.startswith(_CONFIGURED)]
        return digest(canonical([str(self.session.root), variables, configured]))

    def _known(self) -> tuple[str, Mapping[str, str] | None]:
        """(conditions, contents) of the last run; nothing when there is no record."""
        try:
            found = jsontext.table(read(self._path, _LARGEST)) or {}
        except OSError:
            return "", None
        files = found.get("files")
        return str(found.get("conditions", "")), {str(k): str(v) for k, v in files.items()} if isinstance(files, dict) else None

    def _write(self, conditions: str, files: Mapping[str, str] | None) -> None:
        text = canonical({"conditions": conditions, "files": files})
        self.session.doors.files.write(self._path, text, durable=False)


def parts_of(inner: InnerCache, changes: Changes, sources: tuple[str, ...]) -> frozenset[str]:
    """Names of the parts that must be made again. A source file is that of its part and of those that depend on it;
    of anything else nobody tells who reads it, so all parts count."""
    every = frozenset(name for names in inner.parts.values() for name in names)
    found: set[str] = set()
    for file in (every and changes.files) or ():
        owners = next((inner.parts[folder] for folder in _upward(file) if folder in inner.parts), None)
        if owners is None or not file.endswith(sources):
            return every
        found.update(owners, inner.parts.get(file, ()))
    return every if changes.files is None or changes.everything else frozenset(found)


def _upward(file: str) -> Iterator[str]:
    folder = dirname(file)
    while folder:
        yield folder
        folder = dirname(folder)
    yield "."


_UNIT: Final = re.compile(r"(.+)-[0-9a-f]{8,}\Z")


def _cargo(state: Path, changes: Changes, inner: InnerCache) -> None:
    """Fingerprints and build scripts' results of packages, in every profile and for every machine that they were made for."""
    target = state / "target"
    books = [*target.glob("*/.fingerprint"), *target.glob("*/*/.fingerprint")]
    if changes.everything or not books:
        _remove(target)
        return
    names = parts_of(inner, changes, (".rs",))
    for book in books:
        for folder in (book, book.parent / "build"):
            for entry in folder.iterdir() if folder.is_dir() else ():
                unit = _UNIT.match(entry.name)
                if unit is not None and unit[1] in names:
                    _remove(entry)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


RULES: Final[Mapping[InnerCacheName, Rule]] = {"cargo": _cargo}
"""Whose cache → how what it knows of changed files is dropped."""
