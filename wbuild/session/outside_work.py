"""The user's setting `work`: `.wbuild` of every project in a folder outside of it, to which a link leads that wbuild itself made."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

from wbuild.doors.machine import machine_errors
from wbuild.doors.places import absolute
from wbuild.doors.regular import read
from wbuild.doors.seal import sealed, unsealed
from wbuild.engine.layout import slug
from wbuild.errors import UsageError
from wbuild.session.world import World
from wbuild.terminal.console import Console
from wbuild.text.project_names import WORK

MARK: Final = ".wbuild-work"
"""In a folder of the setting: says whose it is."""


def keep_outside(folder: Path, name: str, world: World, console: Console) -> None:
    """Have `.wbuild` of the project in a folder where the setting says, if it says something. Raises UsageError, MachineError."""
    work = str(world.settings["work"].value)
    if not work:
        return
    base, link = Path(os.path.realpath(absolute(work))), folder / WORK
    if base.is_relative_to(os.path.realpath(folder)):
        raise UsageError("WB251", f"`work` names {base}, which is inside of the project", hint="choose a folder outside of it")
    if link.is_dir() and not link.is_symlink():
        console.note(f"{WORK} is a folder, and is used as it is; `wbuild clean` removes it, and the next build keeps it in {base}")
        return
    target = _target(base, folder, name, world)
    with machine_errors(link, "make"):
        if link.is_symlink() and os.path.realpath(link) != str(target):
            console.note(f"{WORK} was a link to {link.readlink()}: it leads to {target} now")
            link.unlink()
        if not link.is_symlink():
            link.symlink_to(target, target_is_directory=True)
    world.trust.add_link(folder, WORK, str(target), world.doors.files)
    world.claim(folder)


def _target(base: Path, folder: Path, name: str, world: World) -> Path:
    """The project's own folder, made and marked. Raises UsageError for one that is somebody else's."""
    place = os.path.realpath(folder)
    target = base / f"{slug(name)}-{hashlib.sha256(os.fsencode(place)).hexdigest()[:32]}"
    mark, files, key = target / MARK, world.doors.files, world.doors.key
    with machine_errors(target, "make"):
        base.mkdir(parents=True, exist_ok=True)
        try:
            target.mkdir(mode=0o700)
        except FileExistsError:
            if target.is_symlink() or (any(target.iterdir()) and not _marked(mark, place, key)):
                message = f"{target} is there already, and is no folder that your wbuild made for this project"
                raise UsageError("WB251", message, hint="remove it, or choose another `work`") from None
    files.write(mark, sealed(key, mark, os.fsencode(place)), durable=False)
    return target


def _marked(mark: Path, place: str, key: bytes) -> bool:
    try:
        return unsealed(key, mark, read(mark, 1 << 14)) == os.fsencode(place)
    except OSError:
        return False
