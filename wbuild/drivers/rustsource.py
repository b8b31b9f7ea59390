"""What Rust sources say that they read outside of their package: every string literal that leads upwards to something that is there.

That is `include_str!("../../x")`, `#[path = "../x.rs"]`, `concat!(env!("CARGO_MANIFEST_DIR"), "/../x")`, a macro's `path: "../wit"`, and
what a build script opens. Too many rather than too few: a literal in a comment counts too, and costs a build too many at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.steps.tree import Tree

_LITERAL: Final = re.compile(r'"([^"\n]+)(?=")')
"""A quote may open as well as close one: what stands in a character opens none. In linear time whatever a text holds."""
_UPWARDS: Final = ("../", "..\\")
_VARIABLE: Final = re.compile(r"\A(?:\$\{?CARGO_MANIFEST_DIR\}?|\{[^{}]*\})?/*")
"""What may stand in front of a path: the package's folder, by a variable or a placeholder of `format!`."""
_DIRECTIVE: Final = re.compile(r"\Acargo::?(?:rerun-if-changed|rustc-link-search|rustc-link-arg)=(?:native=|all=)?")
_COMPUTED: Final = re.compile(r"[{*?$]")
"""The signs at which the known part of a path ends."""
_LONGEST: Final = 4096
"""Characters of a path."""
_DEEP: Final = 3
"""Modules inside of a file that a relative `#[path]` may stand in."""


def outside(
    tree: Tree, packages: Mapping[str, Iterable[str]], named: Iterable[str], others: Iterable[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(files, folders) of the project that sources lead to out of their packages, and on from there.

    `packages`: folder → its files; `named`: files that manifests name, wherever they are; `others`: folders in these packages that
    are no part of them, such as members of a workspace below the package in its root.
    """
    found = _RustFilesFound(tree=tree, packages=tuple(packages), others=tuple(others))
    for file in named:
        found.add(file, ".")
    for folder, files in packages.items():
        for file in files:
            if file.endswith(".rs"):
                found.scan(file, folder)
                found.scan_others(file, folder)
    found.follow()
    return tuple(sorted(found.files)), tuple(sorted(found.folders))


class _RustFilesFound:
    def __init__(self, tree: Tree, packages: tuple[str, ...], others: tuple[str, ...]) -> None:
        self._tree = tree
        self._packages = packages
        self._others = others
        self._waiting: list[tuple[str, str, tuple[str, ...]]] = []
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def scan(self, file: str, package: str, wanted: tuple[str, ...] = _UPWARDS) -> None:
        """Follow later the literals of a source file that have one of the texts `wanted` in them."""
        self._waiting.append((file, package, wanted))

    def follow(self) -> None:
        """Follow the literals of all source files."""
        while self._waiting:
            file, package, wanted = self._waiting.pop()
            for literal in self._literals(file, wanted):
                for place in _places(literal, file, package):
                    self.add(place, package)

    def _literals(self, file: str, wanted: tuple[str, ...]) -> Iterator[str]:
        text = self._tree.texts.get(file, "")
        if any(part in text for part in wanted):
            for match in _LITERAL.finditer(text):
                if len(match[1]) < _LONGEST and "\0" not in match[1] and any(part in match[1] for part in wanted):
                    yield match[1]

    def scan_others(self, file: str, package: str) -> None:
        """Follow the literals of a source file that lead into what is below its package and no part of it."""
        others = [other for other in self._others if _within(other, package)]
        for literal in self._literals(file, ("",)) if others else ():
            for place in _places(literal, file, package):
                for other in others if place != package else ():
                    if _within(place, other):
                        self.add(place, package)
                    elif _within(other, place):
                        self.add(other, package)

    def add(self, place: str, package: str) -> None:
        """Take in what stands at a place, unless that is part of a package, or a folder around one."""
        if place.startswith("..") or place in self.files or place in self.folders or self._inside(place):
            return
        kind = self._tree.kind(place)
        if kind == "folder" and not self._around(place):
            self._take_folder(place, package)
        elif kind == "file":
            self.files.add(place)
            if place.endswith(".rs"):
                self._take_module(place, package)

    def _take_module(self, file: str, package: str) -> None:
        """A source outside of packages: the modules beside and below it are its own."""
        home = dirname(file) or "."
        if not self._around(home):
            self._take_folder(home, package)
            return
        self.scan(file, package, ("",))
        for name in self._tree.below(home):
            if "/" not in name[len(home) + 1 if home != "." else 0 :] and name.endswith(".rs"):
                self.add(name, package)
        self.add(file.removesuffix(".rs"), package)

    def _take_folder(self, folder: str, package: str) -> None:
        self.folders.add(folder)
        for name in self._tree.below(folder) or self._tree.below(folder, whole=True):
            if name.endswith(".rs"):
                self.scan(name, package)

    def _inside(self, place: str) -> bool:
        """Whether a place is in a package, and so known anyway."""
        if any(_within(place, other) for other in self._others):
            return any(_within(place, folder) for folder in self.folders)
        return any(package != "." and _within(place, package) for package in self._packages)

    def _around(self, folder: str) -> bool:
        return folder in ("", ".") or any(package == folder or package.startswith(f"{folder}/") for package in self._packages)


def _within(place: str, folder: str) -> bool:
    return folder in (".", place) or place.startswith(f"{folder}/")


def _places(literal: str, file: str, package: str) -> Iterator[str]:
    """Where a literal may lead: from the folder of its file, of modules inside of the file, and of the package."""
    text = literal.replace("\\\\", "/").replace("\\", "/")
    rest, computed, _ = _COMPUTED.sub("\0", _VARIABLE.sub("", _DIRECTIVE.sub("", text))).partition("\0")
    rest = rest.rpartition("/")[0] if computed else rest
    if not rest:
        return
    yield normpath(join(package, rest))
    for _ in range(_DEEP):
        yield normpath(join(dirname(file), rest))
        if not rest.startswith("../"):
            return
        rest = rest[3:]
