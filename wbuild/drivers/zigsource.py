"""What Zig sources say that they read: the files behind `@import` and `@embedFile`, from the root source files on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.drivers.build import Build, BuildFacts
from wbuild.steps.tree import Tree

TEXTS: Final = ("**/*.zig", "**/build.zig.zon")
ZIG: Final = ".zig"
C_LIKE: Final = (".c", ".cc", ".cpp", ".cxx", ".C", ".c++", ".m", ".mm", ".s", ".S", ".h", ".hh", ".hpp", ".hxx", ".inc")
"""Endings of files that include others."""
_SETTINGS: Final = ("-f", "-m", "-O")
"""How flags begin that name no file."""
_IGNORED: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|//[^\n]*|\\\\[^\n]*""")
"""Strings and characters, which stay; comments and lines of long strings, which do not."""
_READS: Final = re.compile(r'@(import|embedFile)\s*\(\s*(?:"((?:[^"\\\n]|\\.)*)"\s*,?\s*\))?|@c(?:Import|Include)\b')
_FILES: Final = (ZIG, ".zon")
"""Endings of what `@import` takes for a file; everything else is the name of a module."""
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|(.))")
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The files and folders that some root source files read."""

    files: frozenset[str] = frozenset()
    """The root source files themselves, and all files that they name."""
    folders: tuple[str, ...] = ()
    """Folders of which they may read any file."""
    complete: bool = True
    """Whether they read nothing else: no name is computed, no C header is taken in, no flag says more."""


def look(tree: Tree, roots: Sequence[str], flags: Iterable[str] = ()) -> Reading:
    """What is read with these root source files and flags."""
    named = [place for flag in flags for place in _places(tree, flag)]
    folders = [name for name in named if tree.kind(name) == "folder"]
    files = [name for name in named if tree.kind(name) == "file"]
    folders += [dirname(name) or "." for name in files if name.endswith(C_LIKE)]
    found = {*files}
    complete = all(flag.startswith(_SETTINGS) for flag in flags)
    for root in (*roots, *(name for name in files if name.endswith(ZIG))):
        followed, unsure = _follow(tree, root)
        found |= followed
        if unsure:  # a module reads nothing outside of the folder of its root source file
            complete = False
            folders += [dirname(file) or "." for file in (root, *unsure)]
    return Reading(files=frozenset(found), folders=tuple(dict.fromkeys(folders)), complete=complete)


def facts(build: Build, reading: Reading) -> BuildFacts:
    """The facts of a build that reads so: what is not in the artifact's own folder is a root of its own."""
    names = {*reading.files, *(name for folder in reading.folders for name in build.tree.below(folder))}
    whole = (build.base, *reading.folders)
    files = [name for name in sorted(reading.files) if not any(within(folder, name) for folder in whole)]
    outside = [*(folder for folder in reading.folders if not within(build.base, folder)), *files]
    return BuildFacts(candidates=tuple(sorted(names)), roots=tuple(outside))


def within(folder: str, name: str) -> bool:
    """Whether a file or folder is in a folder, or that folder."""
    return folder in ("", ".") or name == folder or name.startswith(f"{folder}/")


def strings(text: str) -> Iterator[str]:
    """The values of all strings in a source text, also of lines of long ones; not what comments say."""
    for match in _IGNORED.finditer(text):
        token = match[0]
        if token.startswith('"'):
            yield unescaped(token[1:-1])
        elif token.startswith("\\\\"):
            yield token[2:]


def without_comments(text: str) -> str:
    """A text in which strings are the only things that look like strings."""
    return _IGNORED.sub(r"\1", text)


def unescaped(literal: str) -> str:
    """The value of a string literal."""

    def value(match: re.Match[str]) -> str:
        number = match[1] or match[2]
        if not number:
            return _CONTROLS.get(match[3], match[3])
        return chr(int(number, 16)) if int(number, 16) < 0x110000 else match[0]

    return _ESCAPE.sub(value, literal)


def _places(tree: Tree, flag: str) -> Iterator[str]:
    """What stands at the paths that a flag may name: `path`, `-Ipath`, `-Mname=path`, `-isystem=path`."""
    spellings = {flag, flag.rpartition("=")[2], flag[2:] if flag.startswith("-") else ""}
    for name in sorted(normpath(spelling) for spelling in spellings if spelling):
        if not name.startswith(("..", "/", "-")) and tree.kind(name):
            yield name


def _follow(tree: Tree, root: str) -> tuple[set[str], list[str]]:
    """(the file and all that it names, directly or not; those of them of which only the compiler can tell what they read)."""
    found: set[str] = set()
    data: set[str] = set()
    unsure: list[str] = []
    waiting = [root]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        if not file.endswith(ZIG) or not tree.kind(file):  # without it nothing is built
            continue
        text = tree.texts.get(file)
        imported, embedded, whole = _named(text, file) if text is not None else ([], [], False)
        unsure += [] if whole else [file]
        data.update(embedded)
        waiting += imported
    return found | data, unsure


def _named(text: str, file: str) -> tuple[list[str], list[str], bool]:
    """(imported files, embedded files, whether a source file names all that it reads); without what leads out of the project."""
    imported: list[str] = []
    embedded: list[str] = []
    complete = True
    for match in _READS.finditer(without_comments(text)):
        how, literal = match[1], match[2]
        if literal is None:
            complete = False
            continue
        name = unescaped(literal)
        path = normpath(join(dirname(file), name))
        if path.startswith(("../", "/")) or "\0" in path:
            complete = False
        elif how == "embedFile":
            embedded.append(path)
        elif name.endswith(_FILES):
            imported.append(path)
    return imported, embedded, complete
