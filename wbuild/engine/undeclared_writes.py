"""New files in a project's folders, for systems without fences: nobody knows who made them, so a result beside them is not kept."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from posixpath import dirname, join
from typing import Final, TypeAlias

from wbuild.doors.interfaces import Clock
from wbuild.nothing_to_do import ASIDE
from wbuild.text.project_names import OWN, PASSED

_PASSING: Final = PASSED | OWN
"""Names that come and go without being inputs, as long as nothing is read below them."""
_TICK_NS: Final = 2_000_000_000
"""A listing counts again while its folder has no other time stamp, if that was as old as this when it was taken."""

Listings: TypeAlias = "Mapping[str, frozenset[str]]"
"""Folder → names in it."""


class Strays:
    """Looks at folders, at each again only when its time stamp is another. Methods may be called from several threads."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = str(root)
        self._clock = clock
        self._known: dict[str, tuple[int, frozenset[str]]] = {}

    def look(self, files: Iterable[str]) -> Listings:
        """The root, and the folders of files relative to it."""
        folders = {"", *map(dirname, files)}
        return {folder: self._names(folder) for folder in folders if not folder.startswith("..")}

    def new(self, before: Listings, own: Collection[str]) -> str:
        """The first file that has come since a look, relative to the root, and is neither among `own` nor a folder of one; "" for none."""
        came = (join(folder, name) for folder, names in before.items() for name in sorted(self._names(folder) - names))
        return next((path for path in came if not _passing(path) and not _holds(path, own)), "")

    def _names(self, folder: str) -> frozenset[str]:
        place = join(self._root, folder)
        try:
            stamp = os.stat(place).st_mtime_ns  # noqa: PTH116 - called for every folder of a project
            known = self._known.get(folder)
            if known is not None and known[0] == stamp:
                return known[1]
            names = frozenset(os.listdir(place))  # noqa: PTH208 - see above
        except OSError:
            return frozenset()
        if stamp + _TICK_NS < self._clock.now() * 1e9:
            self._known[folder] = (stamp, names)
        else:
            self._known.pop(folder, None)
        return names


def _passing(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _PASSING or name.startswith(ASIDE)


def _holds(path: str, own: Collection[str]) -> bool:
    return path in own or any(file.startswith(f"{path}/") for file in own)
