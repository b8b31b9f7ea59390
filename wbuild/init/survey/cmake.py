"""CMakeLists.txt → guesses: executables, or libraries where there are none, with the sources that can be told without running CMake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import normpath, splitext
from typing import Final

from wbuild.init.survey.guess import NATIVE, Code, Guess, below, files, folder_of, inside, listed, shown, under
from wbuild.init.survey.native import native

__all__ = ["guesses"]

MANIFEST: Final = "CMakeLists.txt"
_COMMENT: Final = re.compile(r'("(?:[^"\\]|\\.)*"|\\#)|#\[(=*)\[.*?\]\2\]|#[^\n]*', re.DOTALL)
"""Strings, which stay; comments of both kinds, which do not."""
_COMMAND: Final = re.compile(r"\b(\w+)[ \t]*\(([^()]*(?:\([^()]*\)[^()]*)*)\)")
_WORD: Final = re.compile(r'(?:[^\s";]|"(?:[^"\\]|\\.)*")+')
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_HERE: Final = frozenset({"CMAKE_CURRENT_SOURCE_DIR", "CMAKE_CURRENT_LIST_DIR", "PROJECT_SOURCE_DIR", "CMAKE_SOURCE_DIR"})
_WORDS: Final = frozenset(
    {"PRIVATE", "PUBLIC", "INTERFACE", "STATIC", "SHARED", "MODULE", "OBJECT", "WIN32", "MACOSX_BUNDLE", "EXCLUDE_FROM_ALL"}
)
_WORDS_OF_INCLUDES: Final = frozenset({"SYSTEM", "BEFORE", "AFTER"})
LONGEST: Final = 200
"""Values of one variable."""


@dataclass(slots=True, kw_only=True)
class _Made:
    """An executable or library."""

    name: str
    program: bool
    sources: list[str]
    links: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)
    defines: list[str] = field(default_factory=list)


def guesses(code: Code) -> Iterator[Guess]:
    """One for each executable of each file; for each library where it has none."""
    for file in files(code, MANIFEST):
        folder = folder_of(file)
        made = _CMakeReader(code, folder).read(code.texts.get(file, ""))
        chosen = [entry for entry in made.values() if entry.program] or list(made.values())
        for entry in chosen:
            if guess := _guess(code, folder, entry, made):
                yield guess


def _guess(code: Code, folder: str, entry: _Made, made: Mapping[str, _Made]) -> Guess | None:
    parts = [entry, *(made[name] for name in dict.fromkeys(entry.links) if name in made and name != entry.name)]
    wanted = list(dict.fromkeys(source for part in parts for source in part.sources))
    there = [source for source in wanted if code.has(under(folder, source))]
    if not there:
        return None
    missing = [source for source in wanted if source not in there]
    foreign = [name for name in dict.fromkeys(entry.links) if name not in made]
    notes = [f"not found, or only known to CMake: {listed(missing)}"] if missing else []
    notes += [f"CMake also links {listed(foreign)}"] if foreign else []
    guess = Guess(
        name=entry.name,
        lang="c",
        folder=folder,
        why=f"{under(folder, MANIFEST)}: {'executable' if entry.program else 'library'} {shown(entry.name)}",
        kind="command" if entry.program else "reactor",
        notes=tuple(notes),
    )
    options = {
        "include": list(dict.fromkeys(path for part in parts for path in part.include)),
        "defines": list(dict.fromkeys(word for part in parts for word in part.defines)),
    }
    return native(guess, code, there, options)


class _CMakeReader:
    """The commands of one file, as far as they can be understood line by line."""

    def __init__(self, code: Code, folder: str) -> None:
        self._code = code
        self._folder = folder
        self._values: dict[str, list[str]] = {}
        self._made: dict[str, _Made] = {}

    def read(self, text: str) -> dict[str, _Made]:
        """The programs and libraries that the file makes, by name."""
        for match in _COMMAND.finditer(_COMMENT.sub(r"\1", text)):
            words = [word[1:-1] if word.startswith('"') else word for word in _WORD.findall(match.group(2))]
            if words:
                self._command(match.group(1).lower(), words)
        return self._made

    def _command(self, command: str, words: Sequence[str]) -> None:
        name, rest = self._expand(words[:1]), self._expand(words[1:])
        first = name[0] if name else ""
        if command == "project" and first:
            self._values |= {"PROJECT_NAME": [first], "CMAKE_PROJECT_NAME": [first]}
        elif command == "set" and first:
            self._values[first] = rest[:LONGEST]
        elif command == "list" and first.upper() == "APPEND" and rest:
            self._values[rest[0]] = [*self._values.get(rest[0], []), *rest[1:]][:LONGEST]
        elif command == "file" and first.upper() in ("GLOB", "GLOB_RECURSE") and rest:
            self._values[rest[0]] = self._glob(rest[1:], deep=first.upper() == "GLOB_RECURSE")[:LONGEST]
        elif command in ("add_executable", "add_library") and first and not {"ALIAS", "IMPORTED"} & {word.upper() for word in rest}:
            self._made[first] = _Made(name=first, program=command == "add_executable", sources=self._sources(rest))
        elif first in self._made:
            self._about(command, self._made[first], [word for word in rest if word not in _WORDS | _WORDS_OF_INCLUDES])

    def _about(self, command: str, made: _Made, words: Sequence[str]) -> None:
        match command:
            case "target_sources":
                made.sources += self._sources(words)
            case "target_link_libraries":
                made.links += words[:LONGEST]
            case "target_include_directories":
                made.include += [path for word in words if _stays(path := normpath(word))]
            case "target_compile_definitions":
                made.defines += [word.removeprefix("-D") for word in words if "$" not in word]

    def _sources(self, words: Sequence[str]) -> list[str]:
        return [normpath(word) for word in words if splitext(word)[1] in NATIVE][:LONGEST]

    def _expand(self, words: Sequence[str]) -> list[str]:
        """Words with variables replaced: one that is a variable alone becomes all of its values."""
        found: list[str] = []
        for word in words:
            alone = _VARIABLE.fullmatch(word)
            if alone and alone.group(1) not in _HERE:
                found += self._values.get(alone.group(1), [word])
            else:
                found.append(_VARIABLE.sub(self._value, word).removeprefix("./") or ".")
        return found[:LONGEST]

    def _value(self, match: re.Match[str]) -> str:
        name = match.group(1)
        return "." if name in _HERE else ";".join(self._values.get(name, [match.group()]))[:LONGEST]

    def _glob(self, patterns: Sequence[str], *, deep: bool) -> list[str]:
        wanted = [pattern.removeprefix("./") for pattern in patterns if "$" not in pattern]
        if deep:
            wanted = [f"{folder}/**/{last}" if folder else f"**/{last}" for folder, _, last in (w.rpartition("/") for w in wanted)]
        found = self._code.glob([w for w in wanted if w], base=self._folder)
        return [inside(self._folder, name) for name in found if below(self._folder, name)]


def _stays(path: str) -> bool:
    """Whether a folder of headers is one of the project, as far as that can be told."""
    return "$" not in path and not path.startswith(("..", "/"))
