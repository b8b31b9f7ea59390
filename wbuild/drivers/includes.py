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

__all__ = ["TEXTS", "outside"]

TEXTS: Final = ("**/*",)
_UPWARDS: Final = re.compile(r'["<]([^"<>\n]*\.\.[/\\][^"<>\n]*)[">]')
_ANY: Final = re.compile(r'["<]([^"<>\n]+)[">]')
_READ: Final = re.compile(
    r"(?:\A|/)[^./]+\Z|\.(?:[chi]|[chti]pp|[cht]xx|[ch]\+\+|cc|cp|hh|hp|mm?|sx?|asm|inl?|inc|tcc|def|ixx|c[cpx]{1,2}m)\Z", re.IGNORECASE
)
"""Files that include others; a name without an ending may be a header's."""
_LONGEST: Final = 4096
"""Characters of a path."""


def outside(tree: Tree, base: str, sources: Iterable[str], folders: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files, folders) of the project that an artifact's sources lead to out of its folder `base` and the `folders` of its search path."""
    if base in ("", "."):  # nothing of the project is outside
        return (), ()
    found = _Found(tree, (base, *folders))
    for folder in (base, *folders):
        for name in tree.below(folder):
            found.scan(name, _UPWARDS)
    for source in sources:
        found.add(source)
    return tuple(sorted(found.files)), tuple(sorted(found.folders))


class _Found:
    def __init__(self, tree: Tree, known: tuple[str, ...]) -> None:
        self._tree = tree
        self._known = tuple(dict.fromkeys(known))
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def scan(self, file: str, pattern: re.Pattern[str]) -> None:
        """Follow what a source or header names, from its own folder and from those that are searched."""
        if not _READ.search(file):
            return
        text = self._tree.texts.get(file, "")
        if pattern is _UPWARDS and ".." not in text:
            return
        for match in pattern.finditer(text):
            name = match[1].replace("\\", "/")
            if len(name) < _LONGEST and "\0" not in name:
                for folder in (dirname(file), *self._known):
                    self.add(normpath(join(folder, name)))

    def add(self, place: str) -> None:
        """Take in a file, with the folder that it stands in unless that holds the artifact's own."""
        if place.startswith(("..", "/")) or place in self.files or self._inside(place) or self._tree.kind(place) != "file":
            return
        home = dirname(place)
        if not self._around(home):
            self._take(home)
            return
        self.files.add(place)
        self.scan(place, _ANY)

    def _take(self, folder: str) -> None:
        self.folders.add(folder)
        for name in self._tree.below(folder):
            self.scan(name, _UPWARDS)

    def _inside(self, place: str) -> bool:
        return any(folder in ("", ".") or place.startswith(f"{folder}/") for folder in (*self._known, *self.folders))

    def _around(self, folder: str) -> bool:
        return not folder or any(known == folder or known.startswith(f"{folder}/") for known in self._known)
