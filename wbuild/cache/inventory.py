"""What is in a cache: all of it listed, and all of it verified."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from wbuild.cache.layout import SHARED, VERSION
from wbuild.cache.sealed_json import LARGEST, decode, entry_in, entry_of, is_digest
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import read
from wbuild.errors import MachineError
from wbuild.nothing_to_do import ASIDE
from wbuild.text import show

RESULTS: Final = "ac"
READ_SETS: Final = "sets"
CONTENTS: Final = "cas"
_TITLES: Final = {"results": RESULTS, "read sets": READ_SETS, "contents": CONTENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheFile:
    """A file of the cache as it was when somebody looked."""

    place: str
    """Its absolute path, as text, because a cache has hundreds of thousands of files."""
    size: int
    """Bytes of its content."""
    mtime_ns: int

    @property
    def path(self) -> Path:
        """Its path."""
        return Path(self.place)

    @property
    def name(self) -> str:
        """The digest that it is named by."""
        return self.place.rpartition(os.sep)[2]

    @property
    def used(self) -> float:
        """When it was last used, seconds since 1970."""
        return self.mtime_ns / 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRecord:
    """A result or a read set."""

    file: CacheFile
    contents: frozenset[str]
    """Digests that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """All files of a cache: records, contents, and what is not whole."""

    records: tuple[CacheRecord, ...]
    contents: Mapping[str, CacheFile]
    strays: tuple[CacheFile, ...]
    """Files that are not whole: being written, or left by a process that was killed."""

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(r.file.size for r in self.records) + sum(f.size for f in (*self.contents.values(), *self.strays))


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file that is not what it should be."""

    file: Path
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How many files of one kind there are, and how large."""

    files: int
    size: int
    """Bytes of all of them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How much room each part of a cache takes."""

    path: Path
    kinds: Mapping[str, Kind]
    oldest: float | None
    """When the least recently used result was used, seconds since 1970; None without results."""
    shared: Mapping[str, int]
    """Shared cache → bytes; they are the tools' own and do not count. One whose name stands in another folder too has its whole path."""
    places: Mapping[str, Path]
    """Shared cache → its folder."""

    @property
    def size(self) -> int:
        """Bytes of all kinds."""
        return sum(kind.size for kind in self.kinds.values())


def summary(root: Path, shared: Sequence[Path] = ()) -> Summary:
    """What is below a cache's root and in the folders of tools' caches, without reading contents. Raises MachineError."""
    listed = {name: list(_walk(root / VERSION / kind)) for name, kind in _TITLES.items()}
    places: dict[str, Path] = {}
    for place in (root / SHARED, *(place for place in shared if place != root / SHARED)):
        with machine_errors(place, "list"):
            folders = sorted(path for path in place.iterdir() if path.is_dir() and not path.is_symlink()) if place.is_dir() else []
        places |= {path.name if path.name not in places else str(path): path for path in folders}
    return Summary(
        path=root / VERSION,
        kinds={name: Kind(files=len(files), size=sum(file.size for file in files)) for name, files in listed.items()},
        oldest=min((file.used for file in listed["results"]), default=None),
        shared={name: size_of(path) for name, path in places.items()},
        places=places,
    )


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.size for file in _walk(folder))


def look(base: Path) -> Holdings:
    """Everything below a cache's versioned folder."""
    listed = {kind: _files(base / kind) for kind in (RESULTS, READ_SETS, CONTENTS)}
    whole = {kind: [file for file in files if _whole(file)] for kind, files in listed.items()}
    return Holdings(
        records=(
            *(CacheRecord(file=file, contents=_named(file.path)) for file in whole[RESULTS]),
            *(CacheRecord(file=file, contents=frozenset()) for file in whole[READ_SETS]),
        ),
        contents={file.name: file for file in whole[CONTENTS] if _placed(file)},
        strays=tuple(file for files in (*listed.values(), _walk(base, deep=False)) for file in files if not _whole(file)),
    )


def verify(root: Path, files: Files) -> tuple[int, tuple[Damage, ...]]:
    """Read everything: how many files there are, and what is damaged. What goes while it is read counts as never there."""
    # contents last: whatever a listed result names was there before it
    results, read_sets, contents = ([f for f in _files(root / VERSION / kind) if _whole(f)] for kind in (RESULTS, READ_SETS, CONTENTS))
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        blobs = list(pool.map(partial(_wrong_content, files=files), contents))
    sound = {file.name for file in contents} - {damage.file.name for damage in blobs if damage is not None}
    records = [_wrong_record(file, sound) for file in (*results, *read_sets)]
    odd = _odd(root / VERSION)
    return len(contents) + len(records) + len(odd), (*(damage for damage in (*blobs, *records) if damage is not None), *odd)


def _odd(base: Path) -> tuple[Damage, ...]:
    """What no wbuild has put there: links, pipes, devices and sockets, and folders where none belong."""
    found: list[Damage] = []
    waiting = [(base / kind, 0) for kind in _TITLES.values()]
    while waiting:
        folder, depth = waiting.pop()
        try:
            if folder.is_symlink():
                found.append(Damage(file=folder, what=f"{folder.name} is a link"))
                continue
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if entry.is_dir(follow_symlinks=False) and depth == 0:
                        waiting.append((Path(entry.path), 1))
                    elif entry.is_dir(follow_symlinks=False):
                        found.append(Damage(file=Path(entry.path), what=f"{show.escape(entry.name, cap=70)} is a folder"))
                    elif not entry.is_file(follow_symlinks=False):
                        kind = "link" if entry.is_symlink() else "special file"
                        found.append(Damage(file=Path(entry.path), what=f"{show.escape(entry.name, cap=70)} is a {kind}"))
        except OSError:  # it is not there, goes right now, or may not be read
            continue
    return tuple(found)


def _placed(file: CacheFile) -> bool:
    """Whether a file is named by a digest, and where such a file belongs."""
    return is_digest(file.name) and file.path.parent.name == file.name[:2]


def _wrong_content(file: CacheFile, files: Files) -> Damage | None:
    try:
        sound = _placed(file) and files.sha256(file.path) == file.name
    except MachineError as error:
        return Damage(file=file.path, what=error.problems[0].message) if file.path.exists() else None
    what = "is not what its name says" if file.size else "is empty"
    return None if sound else Damage(file=file.path, what=f"content {show.escape(file.name[:12])} {what}")


def _wrong_record(file: CacheFile, sound: Collection[str]) -> Damage | None:
    path = file.path
    kind = path.parent.parent.name
    title = f"{'result' if kind == RESULTS else 'read set'} {show.escape(path.name[:12])}"
    body = _read(path) if _placed(file) else None
    if body is None:
        return Damage(file=path, what=f"{title} is damaged") if path.exists() else None
    if kind != RESULTS:
        return None
    entry = entry_in(body, path.name)
    if entry is None:
        return Damage(file=path, what=f"{title} is that of another action")
    lacking = sorted(content for content in entry.contents if content not in sound)
    return Damage(file=path, what=f"{title} names content {lacking[0][:12]}, which is missing or damaged") if lacking else None


def _named(path: Path) -> frozenset[str]:
    """Contents that the file of a result names; none for a damaged one."""
    body = _read(path)
    entry = entry_of(body) if body is not None else None
    return entry.contents if entry is not None else frozenset()


def _read(path: Path) -> dict[str, object] | None:
    try:
        return decode(read(path, LARGEST))
    except OSError:
        return None


def _whole(file: CacheFile) -> bool:
    return not file.name.startswith(ASIDE)


def _files(folder: Path) -> list[CacheFile]:
    """Files of one kind, in an order that is always the same."""
    return sorted(_walk(folder), key=lambda file: file.place)


def _walk(folder: Path, *, deep: bool = True) -> Iterator[CacheFile]:
    """Every regular file, at any depth unless told otherwise; what goes meanwhile is left out, and what may not be read."""
    waiting = [str(folder)]
    while waiting:
        place = waiting.pop()
        if Path(place).is_symlink():
            continue
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting += [entry.path] * deep
                elif entry.is_file(follow_symlinks=False):
                    with suppress(FileNotFoundError):
                        info = entry.stat(follow_symlinks=False)
                        yield CacheFile(place=entry.path, size=info.st_size, mtime_ns=info.st_mtime_ns)
