"""Where sources of the C family lead out of their artifact's folder: `#include "../common/x.h"`, and on from there.

Every quoted or bracketed text with `../` in it counts if something is there: `__has_include`, `#embed`, `.incbin` and a macro that holds
a header's name too, defined in a source or by the manifest. So does a bare path in a directive, from which macros make names of headers,
and what `.incbin` names from the root. Too many rather than too few: a text in a comment costs a build too many at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.steps.tree import Tree

__all__ = ["TEXTS", "is_read", "outside"]

TEXTS: Final = ("**/*",)
_NAME: Final = re.compile(r'["<]([^"<>\n]+)(?=[">])')
"""A quote may open as well as close one: what stands in a character constant opens none. In linear time whatever a text holds."""
_UPWARDS: Final = ("../", "..\\")
_WORD: Final = re.compile(r"""[^\s"'<>(),;=]+""")
_BINARY: Final = re.compile(r'incbin[\s\\]*"([^"\\\n]+)')
"""What assembler takes in, from the folder in which the compiler starts: the root."""
_READ: Final = re.compile(
    r"(?:\A|/)[^./]+\Z|\.(?:[chi]|[chti]pp|[cht]xx|[ch]\+\+|cc|cp|hh|hp|mm?|sx?|asm|inl?|inc|tcc|def|ixx|c[cpx]{1,2}m)\Z", re.IGNORECASE
)
"""Files that include others; a name without an ending may be a header's."""
_LONGEST: Final = 4096
"""Characters of a path."""


def is_read(name: str) -> bool:
    """Whether a file may include others, by its name."""
    return _READ.search(name) is not None


def outside(
    tree: Tree, base: str, sources: Iterable[str], folders: Sequence[str], words: Sequence[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files, folders) of the project that an artifact's sources lead to out of its folder `base` and the `folders` of its search path.

    `words`: what the manifest defines; every source may have its names from there.
    """
    if base in ("", "."):  # nothing of the project is outside
        return (), ()
    found = _HeadersFound(tree, (base, *folders))
    for folder in (base, *folders):
        found.scan(*tree.below(folder))
    names = [name for word in words for name in _upward(word)]
    for source in sources:
        found.add(source)
        for name in names:
            found.look(name, source)
    found.follow()
    return tuple(sorted(found.files)), tuple(sorted(found.folders))


class _HeadersFound:
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
            for match in _BINARY.finditer(text) if "incbin" in text else ():
                self.add(normpath(match[1]))
            if not any(part in text for part in wanted):
                continue
            for match in _NAME.finditer(text):
                if any(part in match[1] for part in wanted):
                    self.look(match[1], file)
            for name in _directed(text):
                self.look(name, file)

    def look(self, name: str, file: str) -> None:
        """Take in what a name in a file may mean: from the file's folder, and from those that are searched."""
        name = name.replace("\\", "/")
        if len(name) < _LONGEST and "\0" not in name:
            for folder in dict.fromkeys((dirname(file), dirname(self._tree.plain(file)), *self._known)):
                place = normpath(join(folder, name))
                if self._tree.kind(place) == "folder":
                    self.add_folder(place)
                else:
                    self.add(place)

    def add_folder(self, place: str) -> None:
        """Take in a folder, unless it holds the artifact's own."""
        if not (place.startswith(("..", "/")) or place in self.folders or self._inside(place) or self._around(place)):
            self.folders.add(place)
            self.scan(*self._tree.below(place))

    def add(self, place: str) -> None:
        """Take in a file, with the folder that it stands in unless that holds the artifact's own."""
        if place.startswith(("..", "/")) or place in self.files or self._inside(place) or self._tree.kind(place) != "file":
            return
        home = dirname(place)
        if self._around(home):
            self.files.add(place)
            self.scan(place, wanted=("",))
        else:
            self.add_folder(home)

    def _inside(self, place: str) -> bool:
        if "." in self._known:
            return True
        folder = dirname(place)
        while folder and folder not in self.folders and folder not in self._known:
            folder = dirname(folder)
        return bool(folder)

    def _around(self, folder: str) -> bool:
        return folder in ("", ".") or any(known == folder or known.startswith(f"{folder}/") for known in self._known)


def _upward(text: str) -> Iterator[str]:
    """Bare paths in a text that lead upward."""
    if any(part in text for part in _UPWARDS):
        yield from (word for word in _WORD.findall(text) if any(part in word for part in _UPWARDS))


def _directed(text: str) -> Iterator[str]:
    """Bare paths in directives that lead upward."""
    for line in text.split("\n") if any(part in text for part in _UPWARDS) else ():
        if line.lstrip().startswith("#"):
            yield from _upward(line)
