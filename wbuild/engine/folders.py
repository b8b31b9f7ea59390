"""Folders that steps make: a path with a slash at its end. Their files are outputs one by one; the folder itself stands for the list of
them, with their digests, so that what reads the folder sees that a file came, went or changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from wbuild.cache.keys import canonical, digest
from wbuild.doors.interfaces import Files
from wbuild.steps.tree import matches
from wbuild.text import json_text

__all__ = ["agrees", "files_in", "fits", "is_folder", "is_plain", "lacking", "listing", "names_in", "prune", "within"]


def is_folder(path: str) -> bool:
    """Whether an output, or an input that another step makes, is a folder."""
    return path.endswith("/")


def within(path: str, outputs: Iterable[str]) -> bool:
    """Whether a path is one of some outputs, or a file in a folder that is one."""
    return any(path == output or (is_folder(output) and path.startswith(output)) for output in outputs)


def fits(found: Iterable[str], outputs: Sequence[str]) -> bool:
    """Whether the paths of a result are those of a step's outputs: each of them, and beside them nothing but files in its folders."""
    names = {*found}
    return names.issuperset(outputs) and all(within(path, outputs) for path in names)


def agrees(found: Mapping[str, str | None], folder: str) -> bool:
    """Whether a result's files in a folder can lie there together, and are those that its list of them names, with their digests.

    `found`: output → SHA-256 (hex), or None for one that was not made.
    """
    files = {path.removeprefix(folder): content for path, content in sorted(found.items()) if path.startswith(folder) and path != folder}
    if found[folder] is None:
        return not files
    made = {name: content for name, content in files.items() if content is not None}
    plain = all(part not in ("", ".", "..") for name in files for part in name.split("/"))
    return (
        plain
        and len(made) == len(files) > 0
        and _above(files).isdisjoint(f"{name}/" for name in files)
        and digest(listing(made)) == found[folder]
    )


def is_plain(folder: Path) -> bool:
    """Whether below a folder there is nothing but folders and regular files: what reads it would follow a link that no list names."""
    return all(stat.S_ISREG(mode) or stat.S_ISDIR(mode) for _, mode in _entries(folder))


def files_in(folder: Path, globs: Sequence[str] = ()) -> tuple[str, ...]:
    """Regular files below a folder that match one of the globs (all without any), relative to it, sorted; links are not followed."""
    found = (name for name, mode in _entries(folder) if stat.S_ISREG(mode))
    return tuple(sorted(name for name in found if not globs or any(matches(glob, name) for glob in globs)))


def listing(files: Mapping[str, str]) -> bytes:
    """What a folder is known by: file, relative to it → SHA-256 (hex)."""
    return canonical({"files": dict(files)})


def names_in(content: bytes) -> tuple[str, ...]:
    """The files that such a list names."""
    found = json_text.table(content) or {}
    files = found.get("files")
    return tuple(map(str, files)) if isinstance(files, dict) else ()


def lacking(folder: Path, globs: Sequence[str] = ()) -> str:
    """What is wrong with a folder that a program has made, in words; "" for nothing."""
    if not os.path.lexists(folder):
        return "is missing"
    if folder.is_symlink() or not folder.is_dir():
        return "is not a folder"
    link = next((name.rpartition("/")[2] for name, mode in _entries(folder) if stat.S_ISLNK(mode)), "")
    if link:
        return f"holds a link, {link}"
    return "" if files_in(folder, globs) else f"holds no file{' that is kept' if globs else ''}"


def _entries(folder: Path) -> Iterator[tuple[str, int]]:
    """Everything below a folder: its name relative to it, and its mode as the system tells it; links are not followed."""
    for place, folders, names in os.walk(folder):
        above = os.path.relpath(place, folder).replace(os.sep, "/")
        start = "" if above == "." else f"{above}/"
        yield from ((f"{start}{name}", (Path(place) / name).lstat().st_mode) for name in (*folders, *names))


def prune(folder: Path, kept: Iterable[str], files: Files) -> None:
    """Take away what is in the place of a folder of outputs and is none of them, or no regular file. Raises MachineError."""
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir()):
        files.remove(folder)
        return
    wanted = {*kept}
    above = _above(wanted)
    waiting = [""]
    while waiting:
        start = waiting.pop()
        for name in files.names(folder / start):
            path = f"{start}{name}"
            place = folder / path
            if f"{path}/" in above and place.is_dir() and not place.is_symlink():
                waiting.append(f"{path}/")
            elif path not in wanted or not stat.S_ISREG(place.lstat().st_mode):
                files.remove(place)


def _above(names: Iterable[str]) -> set[str]:
    """The folders that some files lie in, each with a slash at its end."""
    return {name[: at + 1] for name in names for at, sign in enumerate(name) if sign == "/"}
