"""Whose folders are, and who else may write into them: what stands in a folder of others' is a stranger's word."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

if sys.platform != "win32":
    import grp
    import pwd

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def user_number() -> int | None:
    """The number of this process's user; None where users have none."""
    return None if sys.platform == "win32" else os.geteuid()


def owners(home: str = "") -> frozenset[int]:
    """Users that this one believes: itself, root, and whoever owns its home folder (a file system may know all users as one)."""
    if sys.platform == "win32":  # pragma: no cover - designed, not verified
        return frozenset()
    found = {os.geteuid(), 0}
    if home:
        with suppress(OSError, ValueError):
            found.add(Path(home).stat().st_uid)
    return frozenset(found)


def private(folder: Path, believed: Collection[int], *, lone: bool = False) -> bool:
    """Whether only users that are believed can write into a folder, or put another in its place.

    For root every owner will do who is the only one to write (containers see files of a user whom they do not know). `lone`: nobody
    else is on this machine, as on those of CI systems, so that permissions, which their caches do not keep, say nothing.
    """
    if sys.platform == "win32":  # pragma: no cover - designed, not verified
        return True
    return _private(folder, believed, lone=lone, there=True)


def can_be_private(folder: Path, believed: Collection[int], *, lone: bool = False) -> bool:
    """Whether a folder that is not there yet will be private once this user has made it."""
    return sys.platform == "win32" or _private(folder, believed, lone=lone, there=False)


def _private(folder: Path, believed: Collection[int], *, lone: bool, there: bool) -> bool:
    try:
        real = folder.resolve(strict=there)
        infos = [place.stat() for place in (real, *real.parents) if there or os.path.lexists(place)]
    except (OSError, RuntimeError, ValueError):
        return False
    allowed = frozenset(believed)
    if sys.platform != "win32" and os.geteuid() == 0:
        allowed |= _single(infos, allowed)
    if there and (infos[0].st_uid not in allowed or not (lone or _closed(infos[0]))):
        return False
    around = infos[1:] if there else infos
    return lone or all(info.st_uid in allowed and (_closed(info) or info.st_mode & stat.S_ISVTX) for info in around)


def _single(infos: Sequence[os.stat_result], known: Collection[int]) -> frozenset[int]:
    """The nearest owner of some folders that is not known already."""
    return frozenset([info.st_uid for info in infos if info.st_uid not in known][:1])


def closed(folder: Path) -> bool:
    """Whether nobody but the owner of a folder may write into it."""
    try:
        return sys.platform == "win32" or _closed(folder.stat())
    except OSError:
        return False


def writable(folder: Path) -> bool:
    """Whether this user may make something in a folder, or in the nearest one above that is there."""
    place = next((place for place in (folder, *folder.parents) if os.path.lexists(place)), None)
    return place is not None and place.is_dir() and os.access(place, os.W_OK | os.X_OK)


def _closed(info: os.stat_result) -> bool:
    """Whether nobody but a folder's owner may write into it; its group may where that is the owner alone."""
    open_ = info.st_mode & _OTHERS
    return not open_ or (open_ == stat.S_IWGRP and _alone(info.st_uid, info.st_gid))


@cache
def _alone(user: int, group: int) -> bool:
    """Whether a group is a user's own, as systems make one for each user."""
    if group == 0:
        return True  # root's
    try:
        known, account = grp.getgrgid(group), pwd.getpwuid(user)
    except KeyError:
        return False
    return account.pw_gid == group and known.gr_name == account.pw_name and set(known.gr_mem) <= {account.pw_name}
