"""What wbuild owns in a project, in the store and in the cache: reached step by step by descriptors, no part through a link.

A repository or an archive can hold `.wbuild` or `dist` as a link to anything, a link in their place deeper inside, or folders of
somebody else. Whoever claims a folder has every name below it reached from there in this way, at each use: so nothing outside is written,
removed or read, whatever is swapped meanwhile. All doors to files come by here; a path that nobody has claimed is used as it is.
Folders that were reached so stay open for a while, and serve again as long as their path still leads to them.

Where the system has no such descriptors each part is looked at first.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Final

from wbuild.doors.descriptor import Descriptor
from wbuild.errors import MachineError, UsageError
from wbuild.text.project_names import DIST

_DESCRIPTORS: Final = os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd
_CLOSED: Final = getattr(os, "O_CLOEXEC", 0)
_ENTER: Final = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | _CLOSED
_LIST: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0) | _CLOSED
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_NOT_ENTERED: Final = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})
_NAMELESS: Final = re.compile(rf"(?:^|{re.escape(os.sep)})\.{{0,2}}(?:{re.escape(os.sep)}|$)").search
"""Finds a part of a path that is no name: "", "." or ".."."""
_OPEN_AT_MOST: Final = 64
"""Folders; a process may have 256 open files on some systems."""
_TOP: Final = 2
"""Levels of names (`.wbuild`, `dist/dev`) at which a link can be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A folder that somebody has claimed."""

    base: str
    """Reached as the system reaches it: a link in it, or at its end, is the user's own choice."""
    names: frozenset[str] = frozenset()
    """Names in it that are wbuild's, with all that is below; none: all."""
    strict: bool = False
    """Folders belong to this user, to the owner of the base, or to root: not so where users share a store."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Links that the user has said are meant: name below the base → where it leads in the end."""

    def inside(self, path: str, begin: str) -> str:
        """The rest of a path that begins with the base if it is wbuild's; "" for any other."""
        rest = path[len(begin) :]
        return rest if not self.names or rest.partition(os.sep)[0] in self.names else ""


class Spot:
    """Where a file is to be found: its name, in a folder that stays open as long as the spot is in use."""

    __slots__ = ("_around", "folder", "ground", "inside", "name")

    def __init__(self, name: str, around: _Folder | None = None, ground: Ground | None = None, inside: str = "") -> None:
        self.name = name
        self._around = around
        self.folder = around.number if around is not None else None
        """A descriptor; None: in no open folder, `name` is a whole path."""
        self.ground = ground
        self.inside = inside
        """The name below the ground's base."""

    def __enter__(self) -> Spot:  # noqa: PYI034 - Self is in typing from Python 3.11 on
        return self

    def __exit__(self, *_: object) -> None:
        self._around = None

    def refuse_link(self) -> None:
        """Raise UsageError (OSError in a ground that is not strict) when what is there is a link, in a folder of wbuild's."""
        if self.ground is None:
            return
        try:
            mode = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False).st_mode
        except OSError:
            return
        if stat.S_ISLNK(mode):
            raise _link(self.ground, self.inside)


class _Folder(Descriptor):
    """An open folder, and what tells it from others."""

    __slots__ = ("_is", "around", "used")

    def __init__(self, number: int, around: int | None = None) -> None:
        super().__init__(number)
        info = os.fstat(number)
        self._is = (info.st_dev, info.st_ino, info.st_uid)
        self.around = info.st_uid if around is None else around
        """Who owns the base of the ground."""
        self.used = False
        """Since it was last looked at by what lets folders go."""

    @property
    def owner(self) -> int:
        """Number of the user."""
        return self._is[2]

    def is_at(self, path: str) -> bool:
        """Whether a path leads to this very folder, in whatever way, and it still belongs to the same user."""
        try:
            info = os.stat(path)
        except OSError:
            return False
        return (info.st_dev, info.st_ino, info.st_uid) == self._is


class _Folders:
    """The folders that were reached last, by ground and path. Methods may be called from several threads."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Folder] = {}
        self._guard = threading.Lock()

    def find(self, base: str, inside: str) -> _Folder | None:
        """One that is still there."""
        kept = self._kept.get((base, inside))
        if kept is None or not kept.is_at(f"{base}{os.sep}{inside}"):
            return None
        kept.used = True
        return kept

    def keep(self, base: str, inside: str, folder: _Folder) -> None:
        """Keep one open that was just reached; for it the first goes that nobody has used since its last turn."""
        with self._guard:
            self._kept[base, inside] = folder
            while len(self._kept) > _OPEN_AT_MOST:
                key, first = next(iter(self._kept.items()))
                del self._kept[key]
                if first.used:
                    first.used = False
                    self._kept[key] = first

    def forget(self, base: str) -> None:
        """Let go all of one ground."""
        with self._guard:
            self._kept = {key: folder for key, folder in self._kept.items() if key[0] != base}


_GROUNDS: dict[str, Ground] = {}
"""Base with a separator at its end → ground, the innermost first. What is wbuild's own is a fact of the whole process."""
_FOLDERS: Final = _Folders()


def claim(ground: Ground) -> None:
    """From now on names in this ground are reached in this module's way; what was claimed there before is claimed no more."""
    global _GROUNDS  # noqa: PLW0603 - replaced as a whole: threads go through it meanwhile
    known = {**_GROUNDS, ground.base.rstrip(os.sep) + os.sep: ground}
    _GROUNDS = dict(sorted(known.items(), key=lambda item: len(item[0]), reverse=True))
    _FOLDERS.forget(ground.base)


def spot(path: Path | str, *, make: bool = False) -> Spot:
    """Where a path leads, for a `with` statement. `make`: folders on the way that are missing are made.

    Raises OSError, UsageError for a link on the way, MachineError for a folder of somebody else.
    """
    text = str(path)
    ground, inside = _ground(text)
    if ground is None:
        return Spot(text)
    parts = inside.split(os.sep)
    if not _DESCRIPTORS:  # pragma: no cover - designed, not verified
        _look_at(ground, parts[:-1], make=make)
        return Spot(text, None, ground, inside)
    return Spot(parts[-1], _descend(ground, parts[:-1], make=make), ground, inside)


def make_folder(path: Path | str) -> None:
    """Make a folder and those on the way to it, as far as they are missing. Raises as `spot` does."""
    ground, inside = _ground(str(path))
    if ground is None:
        Path(path).mkdir(parents=True, exist_ok=True)
    elif _DESCRIPTORS:
        _descend(ground, inside.split(os.sep), make=True)
    else:  # pragma: no cover - designed, not verified
        _look_at(ground, inside.split(os.sep), make=True)


@contextmanager
def listed(path: Path | str) -> Iterator[int | str]:
    """What `os.listdir` and `os.scandir` take for a folder. Raises as `spot` does."""
    with spot(path) as place:
        if place.folder is None:
            place.refuse_link()
            yield place.name
            return
        folder = _enter(place.ground, place.folder, place.name, place.inside, _LIST) if place.ground else -1
        try:
            yield folder
        finally:
            os.close(folder)


def names(path: Path | str) -> list[str]:
    """Sorted names in a folder; none where there is no folder. Raises UsageError and MachineError as `spot` does."""
    try:
        with listed(path) as folder:
            return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def refuse_links(path: Path | str) -> None:
    """Raise UsageError when something right in a folder is a link, and MachineError as `spot` does."""
    with suppress(FileNotFoundError, NotADirectoryError), listed(path) as folder, os.scandir(folder) as entries:
        link = next((entry.name for entry in entries if entry.is_symlink()), "")
        if link:
            with spot(os.path.join(path, link)) as place:
                place.refuse_link()


def remove_empty(path: Path | str) -> None:
    """Remove a folder with nothing in it; anything else stays. Raises UsageError and MachineError as `spot` does."""
    with suppress(OSError), spot(path) as place:
        os.rmdir(place.name, dir_fd=place.folder)


def link_at(base: Path, name: str) -> str:
    """Where the link at a name leads in the end; "" where no link is."""
    path = os.path.join(base, name)
    return os.path.realpath(path) if os.path.islink(path) else ""


def _ground(path: str) -> tuple[Ground | None, str]:
    """The innermost ground of a path, and the path below its base."""
    for begin, ground in _GROUNDS.items():
        if path.startswith(begin) and (inside := ground.inside(path, begin)):
            return (ground, inside) if _NAMELESS(inside) is None else _ground(os.path.normpath(path))
    return None, ""


def _descend(ground: Ground, parts: list[str], *, make: bool) -> _Folder:
    """The folder at the end of parts: from the nearest one that is known, part by part."""
    ways = ["", *accumulate(parts, _joined)]
    reached = len(parts)
    while (folder := _FOLDERS.find(ground.base, ways[reached])) is None and reached:
        reached -= 1
    if folder is None:
        folder = _base(ground, make=make)
    for part, inside in zip(parts[reached:], ways[reached + 1 :], strict=True):
        folder = _below(ground, folder, part, inside, make=make)
        if ground.strict:
            _check_owner(ground, inside, folder.owner, folder.around)
        _FOLDERS.keep(ground.base, inside, folder)
    return folder


def _joined(above: str, name: str) -> str:
    return f"{above}{os.sep}{name}"


def _base(ground: Ground, *, make: bool) -> _Folder:
    try:
        folder = _Folder(os.open(ground.base, _ENTER))
    except FileNotFoundError:
        if not make:
            raise
        Path(ground.base).mkdir(parents=True, exist_ok=True)
        folder = _Folder(os.open(ground.base, _ENTER))
    _FOLDERS.keep(ground.base, "", folder)
    return folder


def _below(ground: Ground, around: _Folder, name: str, inside: str, *, make: bool) -> _Folder:
    try:
        return _Folder(_enter(ground, around.number, name, inside, _ENTER), around.around)
    except FileNotFoundError:
        if not make:
            raise
        with suppress(FileExistsError):
            os.mkdir(name, dir_fd=around.number)
        return _Folder(_enter(ground, around.number, name, inside, _ENTER), around.around)


def _enter(ground: Ground, folder: int, name: str, inside: str, flags: int) -> int:
    try:
        return os.open(name, flags | _NO_LINK, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NOT_ENTERED or not stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise
    return _enter_link(ground, folder, name, inside, flags)


def _enter_link(ground: Ground, folder: int, name: str, inside: str, flags: int) -> int:
    """The folder behind a link that is meant, if it still leads where it led then. Raises UsageError for any other."""
    meant = ground.links.get(inside.replace(os.sep, "/"))
    if meant is None or os.path.realpath(os.path.join(ground.base, inside)) != meant:
        raise _link(ground, inside)
    behind = os.open(name, flags, dir_fd=folder)
    if not os.path.samestat(os.fstat(behind), os.stat(meant, follow_symlinks=False)):
        os.close(behind)
        raise _link(ground, inside)
    return behind


def _look_at(ground: Ground, parts: list[str], *, make: bool) -> None:
    """Look at each folder on the way by its path, for systems without descriptors of folders. Raises MachineError for a link."""
    for count in range(1, len(parts) + 1):
        inside = os.sep.join(parts[:count])
        path = Path(ground.base, inside)
        if path.is_symlink() and ground.links.get(inside.replace(os.sep, "/")) != os.path.realpath(path):
            raise _link(ground, inside)
        if make:
            path.mkdir(exist_ok=True)


def _check_owner(ground: Ground, inside: str, owner: int, around: int) -> None:
    """Folders belong to this user, to whom the folder around belongs, or to root."""
    if owner in (around, 0) or owner == os.geteuid():
        return
    raise MachineError(
        "WB614",
        f"{Path(ground.base, inside)} belongs to another user ({owner}), neither to you nor to the owner of the project's folder",
        hint=f"remove it, or give it to you (chown -R {os.geteuid()}); WBUILD_WORK=DIR keeps intermediate files in a folder of yours",
    )


def _link(ground: Ground, inside: str) -> UsageError | OSError:
    path = Path(ground.base, inside)
    if not ground.strict:  # store and cache: a miss, or what cannot be written
        return OSError(errno.ELOOP, f"{path} is a link, among files that wbuild alone writes")
    parts = inside.split(os.sep)
    if len(parts) <= _TOP and (len(parts) == 1 or parts[0] == DIST):
        return UsageError(
            "WB249",
            f"{path} is a link: wbuild writes and removes files there, and does not follow a link that the project brings",
            hint="if it is meant, `wbuild trust` remembers it; WBUILD_WORK=DIR keeps .wbuild in a folder outside of the project; "
            "or put a folder in its place",
        )
    return UsageError(
        "WB250",
        f"{path} is a link, among files that wbuild alone writes: nothing was changed",
        hint="remove the link; wbuild makes a file or folder in its place",
    )
