"""build.zig → guesses: what it calls executables and libraries, and where these begin. Zig is not run, only read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath
from typing import Final

from wbuild.init.survey.guess import NATIVE, Code, Guess, files, folder_of, shown, sources_below, under

__all__ = ["guesses"]

MANIFEST: Final = "build.zig"
LONGEST: Final = 3000
"""Characters of one call that are looked at."""
_CALL: Final = re.compile(r"\badd(Executable|Library|SharedLibrary|StaticLibrary)\(")
_COMMENT: Final = re.compile(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|\\\\[^\n]*')
"""Strings, which stay; comments and lines of long strings, which do not."""
_NAME: Final = re.compile(r'\.name\s*=\s*"([^"\\]{1,200})"')
_ROOT: Final = re.compile(r'\.root_source_file\s*=\s*(?:b\.path\(\s*|\.\{\s*(?:\.path|\.cwd_relative)\s*=\s*)?"([^"\\]{1,400})"')
_NO_ENTRY: Final = re.compile(r"\bentry\s*=\s*\.disabled\b")
_USUAL: Final = ("src/main.zig", "main.zig", "src/root.zig", "root.zig")


def guesses(code: Code) -> Iterator[Guess]:
    """One for each executable; for each library when there is none."""
    for file in files(code, MANIFEST):
        text = _COMMENT.sub(r"\1", code.texts.get(file, ""))
        calls = [(match.group(1), text[match.end() : match.end() + LONGEST]) for match in _CALL.finditer(text)]
        chosen = [call for call in calls if call[0] == "Executable"] or calls
        for what, call in chosen:
            guess = _guess(code, file, what, call, text)
            if guess is not None:
                yield guess


def _guess(code: Code, file: str, what: str, call: str, text: str) -> Guess | None:
    folder, call = folder_of(file), _CALL.split(call)[0]
    name = _NAME.search(call)
    root = _ROOT.search(call) or _ROOT.search(text)
    if name is None or root is None or not code.has(under(folder, normpath(root.group(1)))):
        return None
    start = normpath(root.group(1))
    usual = next((u for u in _USUAL if code.has(under(folder, u))), "")
    with_c = "addCSourceFile" in text
    return Guess(
        name=name.group(1),
        lang="zig",
        folder=folder,
        why=f"{file}: {'executable' if what == 'Executable' else 'library'} {shown(name.group(1))} from {shown(start)}",
        kind="command" if what == "Executable" and not _NO_ENTRY.search(text) else "reactor",
        options={} if start == usual else {"root": (start,)},
        notes=("build.zig also compiles C sources, which an artifact in Zig does not",) if with_c else (),
        claims=sources_below(code, folder, (".zig", *(NATIVE if with_c else ()))),
    )
