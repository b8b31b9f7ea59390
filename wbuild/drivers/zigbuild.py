"""What a project with a build.zig reads: its folder, its path dependencies and theirs, and what its build files name elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.drivers import zigsource
from wbuild.drivers.build import Build, BuildFacts
from wbuild.drivers.zigsource import within
from wbuild.steps.tree import Tree

BUILD: Final = "build.zig"
PACKAGE: Final = "build.zig.zon"
_DEPENDENCY: Final = re.compile(r'\.(?:@"(path|url)"|(path|url))\s*=\s*"((?:[^"\\\n]|\\.)*)"')
_UPWARD: Final = re.compile(r"""(?:^|(?<=[\s"'=:,;(])|(?<=-[A-Za-z]))(?:\.\.?/)*\.\.(?:/[^\s"',;)]*)?""")
"""A path that leads upward, alone in a string or within a flag."""
_FROM_ROOT: Final = re.compile(r"\bcwd(?:_relative\b|\s*\()")
"""How build files say that a path is relative to the folder in which zig was started: the project's root."""


@dataclass(slots=True)
class _ZigFilesFound:
    """The files and folders that were found so far while build files are followed."""

    places: dict[str, None] = field(default_factory=dict)
    """Folders and files that may be read, but for the artifact's own folder."""
    packages: list[str] = field(default_factory=list)
    """Files that name dependencies."""
    remote: bool = False
    """Whether one of them names a package that must be fetched, or leads where nobody can look."""


def read(build: Build) -> BuildFacts:
    """The files and folders that a build by build.zig may read."""
    tree = build.tree
    found = _ZigFilesFound()
    waiting = [build.base]
    seen: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        for dependency in _dependencies(tree, folder, found):
            found.places[dependency] = None
            waiting.append(dependency)
        for place in _named(tree, folder, [*build.foreign, *tree.apart([folder])]):
            found.places.setdefault(place)
    names = {name for place in found.places for name in (tree.below(place) if tree.kind(place) == "folder" else (place,))}
    return BuildFacts(
        own_code=True,
        candidates=tuple(sorted(names)),
        roots=tuple(place for place in found.places if not within(build.base, place)),
        locks=tuple(found.packages) if found.remote else (),
    )


def _dependencies(tree: Tree, folder: str, found: _ZigFilesFound) -> Iterator[str]:
    """Folders of a package's path dependencies that are in the project."""
    file = normpath(join(folder, PACKAGE))
    text = tree.texts.get(file)
    if text is None:
        return
    found.packages.append(file)
    for match in _DEPENDENCY.finditer(zigsource.without_comments(text)):
        target = normpath(join(folder, zigsource.unescaped(match[3])))
        if (match[1] or match[2]) == "url" or target.startswith(("../", "/")) or target == "..":
            found.remote = True
        else:
            yield target


def _named(tree: Tree, folder: str, others: Collection[str]) -> Iterator[str]:
    """Files and folders outside of a package's folder, or in others below it that are no part of it, that its build files name."""
    reading = zigsource.look(tree, [normpath(join(folder, BUILD))])
    for file in sorted(reading.files):
        text = tree.texts.get(file)
        if text is None:
            continue
        from_root = _FROM_ROOT.search(text) is not None
        for value in zigsource.strings(text):
            upward = [match[0] for match in _UPWARD.finditer(value)] + ([value] if ".." in value else [])
            bases = (folder, dirname(file))
            wanted = {normpath(join(base, path)) for base in bases for path in upward}
            wanted |= {normpath(value)} if from_root and value else set()
            below = {normpath(join(base, value)) for base in bases} if others and value else set()
            yield from (name for name in sorted(below) if "\0" not in name and any(within(other, name) for other in others))
            for name in sorted(wanted):
                if not within(folder, name) and not name.startswith(("..", "/")) and "\0" not in name:
                    yield from _with_what_it_reads(tree, name)


def _with_what_it_reads(tree: Tree, name: str) -> Iterator[str]:
    """A folder, or a file with what it may take in."""
    kind = tree.kind(name)
    if kind == "folder":
        yield name
    elif kind == "file" and name.endswith(zigsource.C_LIKE):
        yield dirname(name) or "."
    elif kind == "file":
        reading = zigsource.look(tree, [name])
        yield from (*sorted(reading.files), *reading.folders)
