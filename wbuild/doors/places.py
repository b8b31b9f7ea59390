"""Where this process and its user are at home: the current folder, and the folders of the user's cache, configuration and data.

Neither is always there. A folder can be removed while a program stands in it, and a user without HOME and without an entry in the list
of users (a container started with a number) has no folders.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import platformdirs

from wbuild.errors import MachineError

Purpose: TypeAlias = Literal["cache", "config", "data"]
_APP: Final = "wbuild"


def user_folder(purpose: Purpose) -> Path | None:
    """wbuild's folder of that purpose in the user's home, whether it exists or not; None for a user who has no home."""
    find = {"cache": platformdirs.user_cache_path, "config": platformdirs.user_config_path, "data": platformdirs.user_data_path}
    try:
        found: Path = find[purpose](_APP, appauthor=False)
    except RuntimeError:
        return None
    return found if found.is_absolute() else None


def has_home(environ: Mapping[str, str]) -> bool:
    """Whether a program with such an environment finds a home folder; npm, for one, ends where it finds none."""
    return bool(environ.get("HOME")) or os.path.expanduser("~") not in ("~", "")  # noqa: PTH111 - there may be none


def system_config() -> Path:
    """The folder of wbuild's configuration for all users of this machine."""
    found: Path = platformdirs.site_config_path(_APP, appauthor=False)
    return found


def current_folder() -> Path:
    """The folder in which this process stands. Raises MachineError WB651 when it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        hint = "change to a folder that exists, or name the project with -C and a whole path"
        raise MachineError("WB651", "the current folder has been removed", hint=hint) from None


def absolute(path: str) -> Path:
    """A path that somebody wrote, `~` and all, from the current folder. Raises MachineError."""
    try:
        found = Path(path).expanduser()
    except RuntimeError:
        hint = "write the whole path in place of ~, or set HOME"
        raise MachineError("WB652", f"{path}: this user has no home folder", hint=hint) from None
    return found if found.is_absolute() else current_folder() / found
