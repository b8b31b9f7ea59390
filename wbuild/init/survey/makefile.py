"""Makefile → a guess from its usual variables: SRCS or OBJS, CFLAGS, LDLIBS. make is not run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, normpath, splitext
from typing import Final

from wbuild.init.survey.guess import NATIVE, Code, Guess, files, folder_of, inside, listed, under
from wbuild.init.survey.native import native
from wbuild.init.survey.sources import is_program

__all__ = ["guesses"]

MANIFESTS: Final = ("Makefile", "makefile", "GNUmakefile")
_LINE: Final = re.compile(
    r"^ *(?:(?:export|override|private)[ \t]+)*([A-Za-z_][\w.-]*)[ \t]*(\+=|:{0,3}=|\?=)[ \t]*([^\n]*)$", re.MULTILINE
)
_CONTINUED: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\\n[ \t]*")
_COMMENT: Final = re.compile(r"(?<!\\)#.*")
_REFERENCE: Final = re.compile(r"\$[({](\w+)[)}]")
_WILDCARD: Final = re.compile(r"\$[({]wildcard ([^(){}]*)[)}]")
_SOURCES: Final = ("SRCS", "SRC", "SOURCES", "SOURCE", "C_SOURCES", "CSRC", "OBJS", "OBJ", "OBJECTS")
_PROGRAMS: Final = ("TARGET", "PROG", "PROGRAM", "BIN", "EXE", "NAME")
_FLAGS: Final = ("CPPFLAGS", "CFLAGS", "CXXFLAGS")
_DEEP: Final = 5
"""Levels of variables within variables."""


def guesses(code: Code) -> Iterator[Guess]:
    """One for each Makefile whose variables name sources."""
    for manifest in MANIFESTS:
        for file in files(code, manifest):
            if guess := _guess(code, file):
                yield guess


def _guess(code: Code, file: str) -> Guess | None:
    folder = folder_of(file)
    values = _values(code.texts.get(file, ""))
    wanted = next((words for name in _SOURCES if (words := _words(code, folder, values, name))), [])
    there: list[str] = []
    for word in wanted:
        stem, ending = splitext(normpath(word))
        choices = [stem + e for e in NATIVE] if ending in (".o", ".obj") else [normpath(word)]
        there += [c for c in choices if splitext(c)[1] in NATIVE and code.has(under(folder, c))][:1]
    if not there:
        return None
    flags = [word for name in _FLAGS for word in _words(code, folder, values, name)]
    libs = [word[2:] for name in ("LDLIBS", "LIBS") for word in _words(code, folder, values, name) if word.startswith("-l")]
    name = next((words[0] for n in _PROGRAMS if len(words := _words(code, folder, values, n)) == 1), "")
    guess = Guess(
        name=splitext(basename(name))[0] or ("" if folder == "." else basename(folder)),
        lang="c",
        folder=folder,
        why=f"{file}: {len(there)} source{'s' if len(there) > 1 else ''}",
        kind="command" if is_program("c", [under(folder, source) for source in there], code) else "reactor",
        notes=(f"the Makefile also links {listed(libs)}",) if libs else (),
    )
    options = {
        "include": [path for word in flags if word.startswith("-I") and _stays(path := normpath(word[2:] or "."))],
        "defines": [word[2:] for word in flags if word.startswith("-D") and len(word) > len("-D")],
    }
    return native(guess, code, there, options)


def _stays(path: str) -> bool:
    return not path.startswith(("..", "/")) and "$" not in path


def _values(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, sign, value in _LINE.findall(_CONTINUED.sub(r"\1 ", text)):
        value = _COMMENT.sub("", value).replace("\\#", "#").strip()  # noqa: PLW2901 - the same value, without its comment
        if sign == "+=":
            found[name] = f"{found.get(name, '')} {value}"
        elif sign != "?=" or name not in found:
            found[name] = value
    return found


def _words(code: Code, folder: str, values: Mapping[str, str], name: str) -> list[str]:
    """The words of a variable; what cannot be told without make is left out."""
    text = values.get(name, "")[:20_000]
    for _ in range(_DEEP):
        text = _REFERENCE.sub(lambda match: values.get(match.group(1), ""), text)[:20_000]
    for match in _WILDCARD.finditer(text):
        patterns = [pattern for pattern in match.group(1).split() if not pattern.startswith(("/", ".."))]
        text += " " + " ".join(inside(folder, n) for n in code.glob(patterns, base=folder))
    return [word for word in _WILDCARD.sub("", text).split() if "$" not in word and "(" not in word and ")" not in word]
