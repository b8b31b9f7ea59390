"""What a build depended on, written down for the nothing-to-do path (`wbuild.nothing_to_do`).

Everything is looked at *before* the run reads it, so that a change during the run makes the record not fit, never the
other way round: `Watch.file` before a file is read, `Watch.tree` with the names that the plan was made from.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wbuild import nothing_to_do
from wbuild.doors import owned
from wbuild.engine.index import Stamp
from wbuild.session.own_code import own_files, recipe_folders
from wbuild.text.project_names import DIST, WORK

STATES_KEPT: Final = 24
"""State files of one project; one for each command line."""

_LARGEST: Final = 1 << 30
"""Bytes of a young file that is read to know it again."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """All that one run has looked at, with absolute paths: stamps of files, and the names in folders."""

    files: dict[str, nothing_to_do.Stamp | None] = field(default_factory=dict)
    """Path of a file → its stamp; None where there is no file."""
    young: dict[str, str] = field(default_factory=dict)
    """Path → digest of the content, for files that could change without getting a new stamp."""
    folders: dict[str, list[str]] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    """Path of a folder → bits that say which names its listing hides; 0 where there are none."""
    _lines: dict[str, Sequence[str]] = field(default_factory=dict)
    """Path of a folder → all names in it, with `.git` and what wbuild owns."""
    began: int = field(default_factory=time.time_ns)
    """When this watch was made, in nanoseconds since 1970."""

    def file(self, *paths: Path) -> None:
        """Take stamps, before the files are read."""
        now = time.time_ns()
        for path in map(str, paths):
            if path not in self.files:
                self._stamp(path, now)

    def late(self, paths: Iterable[Path]) -> None:
        """Take stamps of files of which it is known only afterwards that they were read.

        One that may have changed since this watch began is taken down as if it had not been there: so nobody takes it for the same.
        """
        now = time.time_ns()
        for path in map(str, paths):
            if path not in self.files:
                self._stamp(path, now)
                found = self.files[path]
                if found is not None and Stamp(*found).may_follow(self.began):
                    self.files[path] = None
                    self.young.pop(path, None)

    def tree(self, root: Path, listings: Mapping[str, Sequence[str]], own: Collection[str] = ()) -> None:
        """What was found in folders below `root` ("" is the root), with `.git`. `own`: what wbuild keeps there, which does not count."""
        bits = {WORK: nothing_to_do.HIDES_WORK, DIST: nothing_to_do.HIDES_DIST}
        modes: dict[str, int] = {}
        for name in own:
            above, _, last = name.rpartition("/")
            modes[above] = modes.get(above, 0) | bits.get(last, 0)
        for folder, lines in listings.items():
            path = str(root / folder) if folder else str(root)
            self._lines[path] = lines
            self.modes[path] = modes.get(folder, 0) | self.modes.get(path, 0)
            self._fit(path)

    def whole(self, folder: Path) -> None:
        """From now on `.git` counts too in a folder and below it."""
        below = f"{folder}{os.sep}"
        for path in [path for path in self.folders if path == str(folder) or path.startswith(below)]:
            self.modes[path] = self.modes.get(path, 0) | nothing_to_do.SHOWS_GIT
            self._fit(path)

    def listing(self, folder: Path) -> None:
        """A folder outside of the project, or behind a link, that must stay as it is."""
        entries = nothing_to_do.listing(str(folder))
        if entries is not None:
            self.folders[str(folder)] = entries

    def _fit(self, path: str) -> None:
        hidden = nothing_to_do.HIDDEN[self.modes[path]]
        lines = self._lines.get(path)
        if lines is not None:
            self.folders[path] = [line for line in lines if line.partition("/")[0] not in hidden]

    def same_files(self) -> bool:
        """Whether every file is still what it was."""
        now = time.time_ns()
        if any(nothing_to_do.stamp(path) != recorded for path, recorded in self.files.items()):
            return False
        for path, recorded in list(self.young.items()):
            if nothing_to_do.file_id(path) != recorded:
                return False
            self._age(path, now)
        return True

    def same_folders(self) -> bool:
        """Whether every folder still holds the names that it held."""
        return all(nothing_to_do.listing(folder, self.modes.get(folder, 0)) == names for folder, names in self.folders.items())

    def wrote(self, *paths: Path) -> None:
        """Files that this run made: they join the listings of their folders, and their stamps are taken again."""
        now = time.time_ns()
        for path in paths:
            entries = self.folders.get(str(path.parent))
            if entries is not None and path.name not in entries:
                self.folders[str(path.parent)] = sorted([*entries, path.name])
            self._stamp(str(path), now)

    def _stamp(self, path: str, now: int) -> None:
        found = self.files[path] = nothing_to_do.stamp(path)
        self.young.pop(path, None)
        if found is not None and nothing_to_do.is_young(found, now):
            if found[0] > _LARGEST:  # reading it takes longer than the run that is saved: as if it had not been there
                self.files[path] = None
            else:
                self.young[path] = nothing_to_do.file_id(path)

    def _age(self, path: str, now: int) -> None:
        found = self.files[path]
        if found is None or not nothing_to_do.is_young(found, now):
            del self.young[path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All that a run with nothing to do prints, ready to be written."""

    stdout: str
    plain: str
    """Standard error without colour."""
    color: str
    """Standard error with colour."""
    choice: str
    """The word of `--color`: the record serves only runs with the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The command line that was run."""

    argv: tuple[str, ...]
    folder: Path
    """The folder that holds wbuild.toml."""
    environ: Mapping[str, str]
    key: bytes = field(repr=False)
    """The user's key, which the record is bound to."""
    own: tuple[Path, ...] = ()
    """Folders that are wbuild's, and may be links that are meant."""
    variables: tuple[str, ...]
    """Variables that the manifest reads (`env.X.from`)."""


def record(call: Call, watch: Watch, said: Said) -> None:
    """Write the state of a run that succeeded. A state that cannot be written only costs time later."""
    watch.file(*own_files())
    for folder in recipe_folders():
        watch.listing(folder)
    path = Path(nothing_to_do.state_file(str(call.folder), call.argv))
    with suppress(OSError):
        owned.make_folder(path.parent)
        with owned.listed(path.parent) as place:
            nothing_to_do.write_state(str(path), _state(call, watch, said), call.key, place if isinstance(place, int) else None)
            _forget_oldest(place)


def _state(call: Call, watch: Watch, said: Said) -> nothing_to_do.State:
    stamps = {path: found for path, found in watch.files.items() if found is not None}
    own = [word for path in call.own for word in (str(path), nothing_to_do.link_of(str(path)))]
    text = {"stdout": said.stdout, "plain": said.plain, "colored": said.color, "color": said.choice}
    return {
        "environment": nothing_to_do.environment_id(call.environ, call.variables),
        "variables": nothing_to_do.name_list(sorted(call.variables)),
        "absent": nothing_to_do.name_list(path for path, found in watch.files.items() if found is None),
        "files": nothing_to_do.name_list(stamps),
        "stamps": nothing_to_do.number_list(number for found in stamps.values() for number in found),
        "young": nothing_to_do.name_list(word for pair in watch.young.items() for word in pair),
        "folders": nothing_to_do.name_list(watch.folders),
        "modes": bytes(watch.modes.get(folder, 0) for folder in watch.folders),
        "listings": b"".join(map(nothing_to_do.name_list_id, watch.folders.values())),
        "own": nothing_to_do.name_list(own),
        "times": bytes(8 * 3 * len(watch.folders)),
        **{name: part.encode("utf-8", "surrogateescape") for name, part in text.items()},
    }


def _forget_oldest(folder: int | str) -> None:
    """`folder`: as `owned.listed` gives it."""
    at = folder if isinstance(folder, int) else None
    place = "" if at is not None else f"{folder}{os.sep}"
    states = [(os.stat(f"{place}{name}", dir_fd=at, follow_symlinks=False).st_mtime_ns, name) for name in os.listdir(folder)]  # noqa: PTH208
    for _, name in sorted(states, reverse=True)[STATES_KEPT:]:
        os.unlink(f"{place}{name}", dir_fd=at)
