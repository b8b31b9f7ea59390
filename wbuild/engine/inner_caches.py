"""Incremental caches that tools keep in their state directories, and that decide by times of files: what such a cache knows of files
whose content differs is dropped before the tool starts. The user's files are never touched.

A record in the state directory says which contents the tool has seen in its last run, and under which conditions. While it runs, and
after a run that was killed or met changing files, these are not sure: then all of the project counts as different. Without a
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

from wbuild.cache.keys import ABSENT, canonical, digest
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import read
from wbuild.engine.layout import slug
from wbuild.engine.session import Run
from wbuild.engine.step_key import Settled
from wbuild.engine.zig_cache import ZigCache
from wbuild.errors import MachineError
from wbuild.model.language_recipe import InnerCacheName
from wbuild.model.planned import InnerCache, Step
from wbuild.steps.words import portable
from wbuild.toml import to_json
from wbuild.toml.from_json import parse

RECORD: Final = ".wbuild-contents"
"""How names of records begin."""
FOLDER: Final = "folder"
"""Stands for the content of a folder in which there are no files."""
_LARGEST: Final = 1 << 28
"""Bytes of a record."""
_CONFIGURED: Final = ("env.", "--config=env.")
"""How words of cargo begin that set variables for what it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs since the tool has last run in a state directory."""

    files: frozenset[str]
    """Files that came, went or have another content, relative to the root; a folder in which there are none ends in a slash."""
    unsure: bool = False
    """The last run was killed, or met changing files: any file of the project may differ."""
    everything: bool = False
    """What the tool keeps may not be believed at all."""
    compared: frozenset[str] = frozenset()
    """All files whose contents are known, those that differ among them."""
    root: Path = Path()
    """The root of the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The contents of a record: which files a tool of the project has seen, and in which state."""

    conditions: str
    files: Mapping[str, str]
    """The name of a file → the digest of the content that the tool has seen."""
    open: bool
    """The tool runs, or was killed: it may have seen other contents than these."""


Rule: TypeAlias = Callable[[Path, Changes, InnerCache], None]
"""Drops what a tool knows in its state directory. Raises OSError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerCacheRecord:
    """The record of one step."""

    session: Run
    step: Step
    words: Settled

    def forget_changed(self) -> None:
        """Let the tool forget what it knows of files whose content differs. Call it before the tool starts. Raises MachineError."""
        inner = self.step.inner_cache
        if inner is None:
            return
        known, now = self._known(), self._conditions()
        everything = known is None or known.conditions != now
        differing = frozenset(self._differing(known.files)) if known is not None else frozenset()
        unsure = known is not None and known.open
        if everything or unsure or differing:
            compared = frozenset((*self._own, *(known.files if known is not None else ())))
            changes = Changes(files=differing, unsure=unsure, everything=everything, compared=compared, root=self.session.root)
            with machine_errors(self._folder, "write"):
                RULES[inner.name](self._folder, changes, inner)
        self._write(Known(conditions=now, files=self._contents(()), open=True))

    def keep(self, names: Iterable[str]) -> None:
        """Note the contents that the tool has seen, when none of these files changed meanwhile."""
        if self.step.inner_cache is not None:
            with suppress(MachineError):  # then the next run takes all for different
                self._write(Known(conditions=self._conditions(), files=self._contents(names), open=False))

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
        if name.endswith("/"):
            return FOLDER if (self.session.root / name).is_dir() else ABSENT
        return self.session.index.blob(name) or ABSENT

    def _contents(self, more: Iterable[str]) -> Mapping[str, str]:
        return {name: self._content(name) for name in (*self._own, *more)}

    def _differing(self, known: Mapping[str, str]) -> Iterator[str]:
        now = self._contents(())
        yield from (name for name, content in now.items() if known.get(name) != content)
        yield from (name for name, content in known.items() if name not in now and (name.endswith("/") or content != self._content(name)))

    def _conditions(self) -> str:
        """What a build script may see besides files, which no tool of this kind looks at again."""
        variables = {name: portable(word) for name, word in self.words.env.items()}
        configured = [word for word in map(portable, self.words.argv) if word.startswith(_CONFIGURED)]
        return digest(canonical([str(self.session.root), variables, configured]))

    def _known(self) -> Known | None:
        """What an earlier run has left; None when there is no record."""
        try:
            return parse(Known, read(self._path, _LARGEST))
        except (OSError, ValueError):
            return None

    def _write(self, known: Known) -> None:
        self.session.doors.files.write(self._path, canonical(to_json.encode(known)), durable=False)


def parts_of(inner: InnerCache, changes: Changes, sources: tuple[str, ...]) -> frozenset[str]:
    """Names of the parts that must be made again. A source file is that of its part and of those that depend on it;
    of anything else nobody tells who reads it, so all parts of the project count."""
    found: set[str] = set()
    every = changes.unsure
    for file in changes.files:
        brought = _owner(inner.fetched, file)
        owners = _owner(inner.parts, file) if file.endswith(sources) else None
        if brought is not None:
            found.update(brought)
        elif owners is not None:
            found.update(owners)
        else:
            every = True
    return frozenset(found.union(*inner.parts.values()) if every else found)


def _owner(parts: Mapping[str, tuple[str, ...]], file: str) -> tuple[str, ...] | None:
    return next((parts[folder] for folder in _upward(file) if folder in parts), None)


def _upward(file: str) -> Iterator[str]:
    folder = dirname(file)
    while folder:
        yield folder
        folder = dirname(folder)
    yield "."


_UNIT: Final = re.compile(r"(.+)-[0-9a-f]{8,}\Z")


def _cargo(state: Path, changes: Changes, inner: InnerCache) -> None:
    """Fingerprints and build scripts' results of packages, in every profile and for every machine that they were made for.

    Build scripts compile C with zig, which believes in times too.
    """
    ZigCache(folder=state / "zig", root=changes.root, base="").forget(None)
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


def _zig(state: Path, changes: Changes, inner: InnerCache) -> None:
    """What was parsed, and the manifests of what read such files or does not tell all that it reads."""
    unsure = changes.everything or changes.unsure
    same = None if unsure else {name: name not in changes.files for name in changes.compared}
    ZigCache(folder=state, root=changes.root, base=inner.folder).forget(same)


RULES: Final[Mapping[InnerCacheName, Rule]] = {"cargo": _cargo, "zig": _zig}
"""Whose cache → how what it knows of changed files is dropped."""
