"""Looking at all names below a folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wbuild import nothing_to_do
from wbuild.doors.machine import machine_errors
from wbuild.text.project_names import GIT, MODULES

TAG: Final = "CACHEDIR.TAG"
"""The file in a folder whose content can be made again, by the convention of bford.info/cachedir."""
SIGNATURE: Final = b"Signature: 8a477f597d28d172789f06886806bc55"


@dataclass(slots=True, kw_only=True)
class Walked:
    """What stands below a folder. Names are relative to the root."""

    files: list[str] = field(default_factory=list)
    """Links to files too."""
    folders: list[str] = field(default_factory=list)
    """Every folder that was entered, the first one too, "" for the root."""
    links: dict[str, str] = field(default_factory=dict)
    """Every symbolic link: what is there (f, d or -), a slash, and where it points."""
    closed: dict[str, str] = field(default_factory=dict)
    """What was not entered: "own", "git", "aside", or "unreadable" and what the system said."""
    tags: list[str] = field(default_factory=list)
    """Files that were asked whether their folder is a cache."""
    listings: dict[str, list[str]] = field(default_factory=dict)
    """Every folder that was entered → its names with `.git`, as `fast.listing` makes them."""


def walk(root: Path, start: str = "", *, own: Collection[str] = (), everything: bool = False) -> Walked:
    """See `Files.walk`."""
    found = Walked()
    base = f"{root}{os.sep}"
    waiting = [start]
    while waiting:
        folder = waiting.pop()
        lines = nothing_to_do.listing(base + folder if folder else str(root), nothing_to_do.SHOWS_GIT)
        if lines is None or lines == [nothing_to_do.UNREADABLE]:
            why = _refusal(root / folder)
            if folder == start:
                with machine_errors(root / folder, "list"):
                    raise why
            if lines is not None or not isinstance(why, (FileNotFoundError, NotADirectoryError)):
                found.closed[folder] = f"unreadable {why.strerror or why}"
            continue  # what has gone meanwhile is not there
        if not everything and folder != start and TAG in lines:
            tag = f"{folder}/{TAG}"
            found.tags.append(tag)
            if _is_cache(root / tag):
                found.closed[folder] = "aside"
                continue
        found.folders.append(folder)
        found.listings[folder] = lines
        waiting += reversed(list(_inner(found, folder, lines, own, everything=everything)))
    return found


def _inner(found: Walked, folder: str, lines: list[str], own: Collection[str], *, everything: bool) -> Iterator[str]:
    """Take down what stands in a folder; the folders in it that are to be entered."""
    lead = f"{folder}/" if folder else ""
    for line in lines:
        entry, slash, rest = line.partition("/")
        name = lead + entry
        if entry == GIT:
            found.closed[name] = "git"
        elif name in own:
            found.closed[name] = "own"
        elif not slash:
            found.files.append(name)
        elif rest:
            found.links[name] = rest
            if rest.startswith("f"):
                found.files.append(name)
        elif entry == MODULES and not everything:
            found.closed[name] = "aside"
        else:
            yield name


def _refusal(folder: Path) -> OSError:
    """Why a folder cannot be listed."""
    try:
        with os.scandir(folder):
            return OSError(0, "it has just become readable")
    except OSError as error:
        return error


def _is_cache(tag: Path) -> bool:
    try:
        with tag.open("rb") as file:
            return file.read(len(SIGNATURE)) == SIGNATURE
    except OSError:
        return False
