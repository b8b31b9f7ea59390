"""What Zig sources say that they read: the files behind `@import` and `@embedFile`, from the root source file on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.drivers.build import Build

TEXTS: Final = ("**/*.zig",)
_SETTINGS: Final = ("-f", "-m", "-O")
"""How flags begin that name no file."""
_IGNORED: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|//[^\n]*|\\\\[^\n]*""")
"""Strings and characters, which stay; comments and lines of long strings, which do not."""
_READS: Final = re.compile(r'@(import|embedFile)\s*\(\s*(?:"([^"\\\n]*)"\s*,?\s*\))?|@c(?:Import|Include)\b')
_FILES: Final = (".zig", ".zon")
"""Endings of what `@import` takes for a file; everything else is the name of a module."""


def reads(build: Build, roots: Sequence[str]) -> tuple[str, ...] | None:
    """The files that are read with these root source files, without them; sorted.

    None when only the compiler can tell: a name that is computed, a C header, a flag that names files.
    """
    flags = (*build.artifact.flags.compile, *build.artifact.flags.link)
    if not all(flag.startswith(_SETTINGS) for flag in flags):
        return None
    found: set[str] = set()
    data: set[str] = set()
    waiting = [*roots]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        if not file.endswith(".zig") or file not in build.tree.names:  # without it nothing is built
            continue
        named = _named(build, file)
        if named is None:
            return None
        waiting += named[0]
        data.update(named[1])
    return tuple(sorted((found | data) - {*roots}))


def _named(build: Build, file: str) -> tuple[list[str], list[str]] | None:
    """(imported, embedded) files of a source file; None when only the compiler can tell, or its text is not known."""
    text = build.tree.texts.get(file)
    imported: list[str] = []
    embedded: list[str] = []
    for match in _READS.finditer(_IGNORED.sub(r"\1", text)) if text is not None else ():
        how, name = match[1], match[2]
        path = normpath(join(dirname(file), name or ""))
        if name is None or path.startswith(("..", "/")):
            return None
        if how == "embedFile":
            embedded.append(path)
        elif name.endswith(_FILES):
            imported.append(path)
    return None if text is None else (imported, embedded)
