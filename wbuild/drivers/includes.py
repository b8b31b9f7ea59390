"""Where sources of the C family lead out of their artifact's folder: `#include "../common/x.h"`, and on from there.

Every quoted or bracketed text with `../` in it counts if something is there: `__has_include`, `#embed`, `.incbin` and a macro that holds
a header's name too. Too many rather than too few: a text in a comment costs a build too many at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.tree import Tree

__all__ = ["TEXTS", "is_read", "outside"]

TEXTS: Final = ("**/*",)
_NAME: Final = re.compile(r'["<]([^"<>\n]+)(?=[">])')
"""A quote may open as well as close one: what stands in a character constant opens none. In linear time whatever a text holds."""
_UPWARDS: Final = ("../", "..\\")
_READ: Final = re.compile(
    r"(?:\A|/)[^./]+\Z|\.(?:[chi]|[chti]pp|[cht]xx|[ch]\+\+|cc|cp|hh|hp|mm?|sx?|asm|inl?|inc|tcc|def|ixx|c[cpx]{1,2}m)\Z", re.IGNORECASE
)
"""Files that include others; a name without an ending may be a header's."""
_LONGEST: Final = 4096
"""Characters of a path."""


def is_read(name: str) -> bool:
    """Whether a file may include others, by its name."""
    return _READ.search(name) is not None


def outside(tree: Tree, base: str, sources: Iterable[str], folders: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files, folders) of the project that an artifact's sources lead to out of its folder `base` and the `folders` of its search path."""
    if base in ("", "."):  # nothing of the project is outside
        return (), ()
    found = _Found(tree, (base, *folders))
    for folder in (base, *folders):
        found.scan(*tree.below(folder))
    for source in sources:
        found.add(source)
    found.follow()
    return tuple(sorted(found.files)), tuple(sorted(found.folders))


class _Found:
    def __init__(self, tree: Tree, known: tuple[str, ...]) -> None:
        self._tree = tree
        self._known = tuple(dict.fromkeys(known))
        self._waiting: list[tuple[str, tuple[str, ...]]] = []
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def scan(self, *files: str, wanted: tuple[str, ...] = _UPWARDS) -> None:
        """Follow later what these sources and headers name with one of the texts `wanted` in it."""
        self._waiting += ((file, wanted) for file in files if is_read(file))

    def follow(self) -> None:
        """Follow all names, from the folder of their file and from those that are searched."""
        while self._waiting:
            file, wanted = self._waiting.pop()
            text = self._tree.texts.get(file, "")
            if not any(part in text for part in wanted):
                continue
            for match in _NAME.finditer(text):
                name = match[1].replace("\\", "/")
                if len(name) < _LONGEST and "\0" not in name and any(part in match[1] for part in wanted):
                    for folder in (dirname(file), *self._known):
                        self.add(normpath(join(folder, name)))

    def add(self, place: str) -> None:
        """Take in a file, with the folder that it stands in unless that holds the artifact's own."""
        if place.startswith(("..", "/")) or place in self.files or self._inside(place) or self._tree.kind(place) != "file":
            return
        home = dirname(place)
        if self._around(home):
            self.files.add(place)
            self.scan(place, wanted=("",))
        else:
            self.folders.add(home)
            self.scan(*self._tree.below(home))

    def _inside(self, place: str) -> bool:
        if "." in self._known:
            return True
        folder = dirname(place)
        while folder and folder not in self.folders and folder not in self._known:
            folder = dirname(folder)
        return bool(folder)

    def _around(self, folder: str) -> bool:
        return not folder or any(known == folder or known.startswith(f"{folder}/") for known in self._known)
