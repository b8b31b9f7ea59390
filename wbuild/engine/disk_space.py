"""Whether a step failed because a disk is full: programs say so in many ways, or die of it without a word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from wbuild.errors import MachineError
from wbuild.model.planned import Step
from wbuild.text.units import show_bytes

_SAID: Final = re.compile(r"no space left on device|\bNoSpaceLeft\b|\bos error 28\b|\bENOSPC: ", re.IGNORECASE)
_QUOTA: Final = re.compile(r"disk quota exceeded|\bDiskQuota\b|\bos error 122\b|\bEDQUOT: ", re.IGNORECASE)
_NONE: Final = 4 << 20
"""Free bytes with which hardly anything can be compiled, whatever a program says."""
_LITTLE: Final = 256 << 20
"""Free bytes with which what a program says about the disk is believed: it may have removed its own files before it ended."""


def out_of_room(step: Step, text: str, folders: Iterable[Path], free: Callable[[Path], int]) -> MachineError | None:
    """The error for a step that failed because one of the folders that it writes to is on a full disk; None when that was not why."""
    rooms = [(free(folder), folder) for folder in dict.fromkeys(folders)]
    if not rooms:
        return None
    room, folder = min(rooms)
    quota = bool(_QUOTA.search(text))
    if not quota and room >= (_LITTLE if _SAID.search(text) else _NONE):
        return None
    what = "its quota is used up" if quota and room >= _NONE else f"the disk is full ({show_bytes(room)} free)"
    message = f"{step.verb} of {step.label} failed: nothing more can be written to {folder}: {what}"
    return MachineError("WB610", message, hint="free some space there; WBUILD_CACHE puts the caches elsewhere", log=text)
