"""Which of the files below some folders git tracks, read from the index of their repository; git is not started.

What cannot be read (no repository, an index that is damaged, huge, a pipe, a link, or split in two files) is no error: nothing is known.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.git_index import FOLDER, LINK, IndexEntry, entries_below
from wbuild.doors.regular import read
from wbuild.errors import WbuildError
from wbuild.text.project_names import GIT

_LARGEST: Final = 256 << 20
"""Bytes of an index: of two million files."""
_POINTER: Final = 1 << 14
_GITDIR: Final = "gitdir:"
_KEEPS: Final = GIT
"""How names of files begin that keep a folder in git, or say what git does there (`.gitkeep`, `.gitignore`): nobody builds one."""
_LEVELS: Final = 2
"""How many levels of names there are at which a link is the matter of `wbuild.doors.owned`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """A file that git tracks, and that is there."""

    path: Path
    """The path of the file, with the project's folder in its real place."""
    name: str
    """Which of the names it is at or below."""
    repository: Path
    """The folder whose files the repository has."""


def tracked(folder: Path, names: Sequence[str]) -> Iterator[Tracked]:
    """Files at or below names in a folder that a repository tracks, around the folder or in one of the names.

    Links at the names and right below them are left out (see `wbuild.doors.owned`), and names that begin with `.git`.
    """
    base = folder.resolve()
    there = [name for name in names if os.path.lexists(base / name) and not (base / name).is_symlink()]
    around = next((path for path in (base, *base.parents) if there and os.path.lexists(path / GIT)), None)
    if around is not None:
        inside = base.relative_to(around)
        yield from _found(around, [(inside / name).as_posix() for name in there], base, there)
    for name in there:
        for inner in _inner(base / name):
            yield from _found(inner, [""], base, [name])


def _inner(folder: Path) -> Iterator[Path]:
    """Repositories at a name and right below it: a worktree for the pages of a site, for instance."""
    with suppress(OSError), os.scandir(folder) as entries:
        folders = sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
        yield from (path for path in (folder, *folders) if os.path.lexists(path / GIT))


def _found(repository: Path, paths: Sequence[str], base: Path, names: Sequence[str]) -> Iterator[Tracked]:
    """What a repository tracks at or below paths in it, as far as it is below these names of the base."""
    fold = any(_folds(base / name) for name in names)
    for entry in _entries(repository, list(map(os.fsencode, paths)), fold=fold):
        path = repository / os.fsdecode(entry.path).lstrip("/")
        first, *below = Path(os.path.relpath(path, base)).parts
        name = next((name for name in names if first == name or (fold and first.lower() == name.lower())), "")
        hidden = entry.kind == FOLDER or (entry.kind == LINK and len(below) < _LEVELS) or (below and below[-1].startswith(_KEEPS))
        if name and not hidden and os.path.lexists(path):
            yield Tracked(path=path, name=name, repository=repository)


def _entries(repository: Path, paths: Sequence[bytes], *, fold: bool) -> tuple[IndexEntry, ...]:
    """What is known of some paths; nothing where the index cannot be read."""
    git = repository / GIT
    try:
        if not git.is_dir():  # of a worktree or a submodule: a file that says where it is
            said = read(git, _POINTER, follow=True).decode("utf-8", "surrogateescape")
            git = repository / said.removeprefix(_GITDIR).strip() if said.startswith(_GITDIR) else Path(os.devnull)
        return entries_below(read(git / "index", _LARGEST), paths, fold=fold)
    except (OSError, ValueError, WbuildError):
        return ()


def _folds(path: Path) -> bool:
    """Whether the file system finds what is there under a name in other letters too."""
    try:
        return os.path.samestat(path.lstat(), path.with_name(path.name.swapcase()).lstat())
    except OSError:
        return False
