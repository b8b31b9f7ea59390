"""Files and folders that a pattern of a manifest matches, before anything else of the project is known."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from posixpath import normpath

from wbuild.text.globs import Positions, compiled
from wbuild.text.project_names import PASSED

"""Folders that only their own name leads into."""


def matching(folder: Path, glob: str) -> Iterator[Path]:
    """What matches below a folder, through links too, each place once; folders that cannot match, or not be listed, are not entered."""
    pattern = compiled(normpath(glob))
    named = frozenset(pattern.text.split("/"))
    entered: set[tuple[str, Positions]] = set()
    waiting = [""]
    while waiting:
        above = waiting.pop()
        try:
            with os.scandir(folder / above) as entries:
                found = sorted((entry.name, entry.is_dir()) for entry in entries)
        except OSError:
            continue
        for name, is_folder in found:
            path = f"{above}/{name}" if above else name
            if pattern.matches(path):
                yield folder / path
            positions = pattern.after(f"{path}/") if is_folder and (name not in PASSED or name in named) else frozenset()
            place = (os.path.realpath(folder / path), positions)
            if positions and place not in entered:
                entered.add(place)
                waiting.append(path)
