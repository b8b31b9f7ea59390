"""The system's refusals, translated where they enter: OSError → MachineError."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wbuild.doors.ownership import user_number
from wbuild.errors import MachineError
from wbuild.text.project_names import DIST, WORK
from wbuild.text.units import show_bytes

_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_OPEN_FILES = frozenset({errno.EMFILE, errno.ENFILE})


@contextmanager
def machine_errors(path: Path, doing: str, *, needed: int = 0) -> Iterator[None]:
    """Turn every OSError inside into a MachineError about `path`.

    `doing` completes "cannot …"; `needed` is the number of bytes wanted, 0 when unknown.
    """
    try:
        yield
    except OSError as error:
        raise machine_error(error, path, doing, needed=needed) from None


def machine_error(error: OSError, path: Path, doing: str, *, needed: int = 0) -> MachineError:
    """The error to raise for `error`: disk full, not permitted, or anything else the system said."""
    what = f"cannot {doing} {path}"
    if error.errno in _FULL:
        return disk_full(path, doing, needed=needed)
    if error.errno in _REFUSED:
        return MachineError("WB611", f"{what}: {error.strerror}", hint=_mended(path))
    if error.errno in _OPEN_FILES:
        return MachineError("WB612", f"{what}: {error.strerror}", hint="raise the limit of open files (ulimit -n)")
    return MachineError("WB613", f"{what}: {error.strerror or error}")


def _mended(path: Path) -> str:
    """What to do about a path that this user may not use."""
    own = next((place for place in path.parents if place.name in (WORK, DIST)), None)
    user, owner = user_number(), _owner(own) if own is not None else None
    if own is None or owner in (user, None):
        return "check owner and permissions of this path and its folder"
    whose = "root" if owner == 0 else f"user {owner}"
    return f"{own} belongs to {whose}, perhaps by a run in a container: give it to you (chown -R {user}), or remove it"


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None


def refusal(error: OSError) -> MachineError | None:
    """The error for what the system refused somewhere below, if it is this machine's fault and not ours; None for anything else."""
    if error.errno not in _FULL | _REFUSED | _OPEN_FILES or not isinstance(error.filename, (str, bytes)):
        return None
    return machine_error(error, Path(os.fsdecode(error.filename)), "use")


def disk_full(path: Path, doing: str, *, needed: int = 0) -> MachineError:
    """The error for a full disk (or quota), with the room needed and free."""
    want = f"{show_bytes(needed)} needed, " if needed else ""
    return MachineError(
        "WB610",
        f"cannot {doing} {path}: disk full ({want}{show_bytes(free_bytes(path))} free)",
        hint="free some space, or put store and cache elsewhere with WBUILD_STORE and WBUILD_CACHE",
    )


def free_bytes(path: Path) -> int:
    """Free bytes of the file system that holds `path` or its nearest existing parent; 0 when that cannot be told."""
    place = next((place for place in (path, *path.parents) if place.exists()), None)
    try:
        return shutil.disk_usage(place).free if place else 0
    except OSError:
        return 0
