"""Zig's local cache in a state directory: what it proves to have been read, and what must not be believed any more.

`h` holds a manifest for each compilation, and for each program that a build.zig runs; `z` what was parsed of each source file. Both
take a file for the same when size, time and inode are.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Final

from wbuild.engine.zig_manifests import BUILD_ROOT, CWD, LIBRARY, ManifestEntry, configures, is_exact, is_of_compiler, parse, results

MANIFESTS: Final = "h"
PARSED: Final = "z"
_RESULTS: Final = "o"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZigCache:
    """The local cache of one artifact."""

    folder: Path
    root: Path
    """The project's root, in which zig is started."""
    base: str
    """Folder of build.zig, or of the sources, relative to the root."""

    def read(self) -> tuple[str, ...]:
        """Files that its manifests name, of the project and of the machine: relative to the root, or absolute; sorted."""
        names = {name for _, entries in self._manifests() for name in self._names(entries or ())}
        return tuple(sorted(name for name in names if (self.root / name).is_file()))

    def forget(self, same: Mapping[str, bool] | None) -> None:
        """Drop what must not be believed: `same` says which files of the project have the content that zig saw; None: nobody knows.

        What names no other files stays, when it is of zig's own compiler. Raises OSError.
        """
        _remove(self.folder / PARSED)
        if same is None:
            _remove(self.folder / MANIFESTS)
            return
        for path, entries in self._manifests():
            if entries is None or not all(same.get(name, False) for name in self._names(entries)) or not self._tells_all(path, entries):
                path.unlink(missing_ok=True)

    def forget_foreign(self, foreign: Collection[str]) -> None:
        """Drop the manifests that name one of these files: zig shall look at them again. Raises OSError."""
        for path, entries in self._manifests():
            if entries is None or any(name in foreign for name in self._names(entries)):
                path.unlink(missing_ok=True)

    def _manifests(self) -> Iterator[tuple[Path, tuple[ManifestEntry, ...] | None]]:
        """(file, what it names); what is no manifest is left out."""
        folder = self.folder / MANIFESTS
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.stem != "timestamp" and path.is_file() and not path.is_symlink():
                with suppress(OSError):
                    yield path, parse(path.read_bytes())

    def _tells_all(self, path: Path, entries: tuple[ManifestEntry, ...]) -> bool:
        """Whether a manifest names all that was read. What a build.zig reads while it runs, and its programs, nobody tells."""
        if not is_exact(entries):
            return False
        made = (self.folder / _RESULTS / name for name in results(path.name, entries))
        return not configures(entries) or any(folder.is_dir() for folder in made)

    def _names(self, entries: tuple[ManifestEntry, ...]) -> Iterator[str]:
        """Files and folders of the project and of the machine, without those of zig and of its caches."""
        compiler = is_of_compiler(entries)
        for entry in entries:
            if entry.prefix == CWD:
                yield self._name(entry.path)
            elif entry.prefix == BUILD_ROOT:
                yield self._name(f"{self.base}/{entry.path}")
            elif entry.prefix == LIBRARY and not compiler and (self.root / self.base / entry.path).is_file():
                yield self._name(f"{self.base}/{entry.path}")  # programs of a build.zig have another list of prefixes in zig 0.16

    def _name(self, path: str) -> str:
        """A name relative to the root, by the plain way to it; absolute for what is elsewhere."""
        real = os.path.realpath(self.root / path)
        home = os.path.realpath(self.root)
        inside = real == home or real.startswith(f"{home}{os.sep}")
        return normpath(os.path.relpath(real, home).replace(os.sep, "/")) if inside else real


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
