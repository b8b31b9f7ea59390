"""What a build depended on, written down for the nothing-to-do path (`wbuild.fast`).

Everything is looked at *before* the run reads it, so that a change during the run makes the record not fit, never the
other way round: `Watch.file` before a file is read, `Watch.tree` with the names that the plan was made from.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wbuild import fast
from wbuild.engine.index import Stamp

STATES_KEPT: Final = 24
"""State files of one project; one for each command line."""
_STRAY: Final = 3600.0
"""Seconds after which a state that is not whole was left by a process that was killed."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """What one run has looked at. Paths are absolute."""

    files: dict[str, fast.Stamp] = field(default_factory=dict)
    folders: dict[str, list[str]] = field(default_factory=dict)
    began: int = field(default_factory=time.time_ns)
    """Nanoseconds since 1970."""

    def file(self, *paths: Path) -> None:
        """Take stamps, before the files are read."""
        now = time.time_ns()
        for path in paths:
            self.files.setdefault(str(path), fast.stamp(str(path), now))

    def late(self, paths: Iterable[Path]) -> None:
        """Files of which is known only afterwards that they were read.

        One that may have changed since this watch began is taken down as if it had not been there: so nobody takes it for the same.
        """
        now = time.time_ns()
        for path in paths:
            if str(path) not in self.files:
                found = fast.stamp(str(path), now)
                young = found is not None and Stamp(*map(int, found[:4])).may_follow(self.began)
                self.files[str(path)] = None if young else found

    def tree(self, root: Path, names: Iterable[str], folders: Iterable[str], links: Mapping[str, str] | None = None) -> None:
        """The listings of all folders below `root`, from the names that were found there ("" is the root), links to folders too."""
        found: dict[str, list[str]] = {folder: [] for folder in folders}
        for folder in found:
            if folder:
                above, _, name = folder.rpartition("/")
                found[above].append(name + "/")
        for path in names:
            above, _, name = path.rpartition("/")
            found[above].append(name)
        for path, target in (links or {}).items():
            above, _, name = path.rpartition("/")
            found[above].append(f"{name}@{target}")
        self.folders |= {str(root / folder) if folder else str(root): sorted(entries) for folder, entries in found.items()}

    def listing(self, folder: Path) -> None:
        """A folder outside of the project that must stay as it is."""
        entries = fast.listing(str(folder))
        if entries is not None:
            self.folders[str(folder)] = entries

    def same_files(self) -> bool:
        """Whether every file is still what it was."""
        now = time.time_ns()
        for path, recorded in self.files.items():
            if not fast.same(path, recorded):
                return False
            fast.age(recorded, now)
        return True

    def same_folders(self) -> bool:
        """Whether every folder still holds the names that it held."""
        return all(fast.listing(folder) == names for folder, names in self.folders.items())

    def wrote(self, *paths: Path) -> None:
        """Files that this run made: they join the listings of their folders, and their stamps are taken again."""
        now = time.time_ns()
        for path in paths:
            entries = self.folders.get(str(path.parent))
            if entries is not None and path.name not in entries:
                self.folders[str(path.parent)] = sorted([*entries, path.name])
            self.files[str(path)] = fast.stamp(str(path), now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a run with nothing to do prints."""

    stdout: str
    plain: str
    """Standard error without colour."""
    color: str
    """Standard error with colour."""
    choice: str
    """`--color`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The command line that was run."""

    argv: tuple[str, ...]
    folder: Path
    """Folder of wbuild.toml."""
    environ: Mapping[str, str]
    variables: tuple[str, ...]
    """Variables that the manifest reads (`env.X.from`)."""


def record(call: Call, watch: Watch, said: Said) -> None:
    """Write the state of a run that succeeded. A state that cannot be written only costs time later."""
    state = {
        "schema": fast.SCHEMA,
        "argv": list(call.argv),
        "cwd": str(Path.cwd()),
        "build": fast.build_id(),
        "environment": fast.environment_id(call.environ, call.variables),
        "variables": sorted(call.variables),
        "files": watch.files,
        "folders": watch.folders,
        "color": said.choice,
        "stdout": said.stdout,
        "stderr": {"plain": said.plain, "color": said.color},
    }
    path = fast.state_file(str(call.folder), call.argv)
    with suppress(OSError):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        fast.write_state(path, state)
        _forget_oldest(Path(path).parent)


def _forget_oldest(folder: Path) -> None:
    states = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    old = time.time() - _STRAY
    strays = [path for path in folder.glob("*.json.*") if path.stat().st_mtime < old]
    for path in (*states[STATES_KEPT:], *strays):
        path.unlink(missing_ok=True)
