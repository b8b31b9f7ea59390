"""Files and folders of the project that the flags of an artifact name: they are inputs of the steps that get the flags.

No list of a compiler's options is kept here. Every word of a flag is taken for a path, and so is what stands behind its option, its
equals sign or its commas; what is there in the project counts. Compilers start in the project's root, so flags are relative to it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from posixpath import normpath
from typing import Final

from wbuild.model.written import Artifact
from wbuild.steps.tree import Tree, literal

__all__ = ["Named", "named", "responses"]

_JOINED: Final = (re.compile(r"-[A-Za-z]"), re.compile(r"-(?:isystem|iquote|idirafter|include|imacros|iframework)"))
"""Options to which their value is joined: -Iinclude, -isysteminclude."""
_SEARCHED: Final = ("-I", "-i", "-L", "-F", "-B", "--embed-dir")
"""How options begin whose value may be the root itself."""
_DEEPEST: Final = 8
"""Response files in response files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The files and folders that some flags name, relative to the root."""

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    """Folders in which something is looked for."""
    unread: bool = False
    """A response file names another one that nobody has read: it may name anything."""


def named(flags: Iterable[str], tree: Tree) -> Named:
    """What flags name, response files and what these name included."""
    files: dict[str, None] = {}
    folders: dict[str, None] = {}
    unread = False
    waiting = [(word, 0) for word in flags]
    while waiting:
        word, depth = waiting.pop(0)
        for path in _paths(word):
            response = path.startswith("@")
            name = normpath(path.removeprefix("@"))
            kind = tree.kind(name) if _stays(name) or (name == "." and word.startswith(_SEARCHED)) else ""
            if kind == "file" and name not in files:
                files[name] = None
                if response:
                    text = tree.texts.get(name)
                    unread = unread or text is None or depth >= _DEEPEST
                    waiting += [(inner, depth + 1) for inner in _words(text or "")] if depth < _DEEPEST else []
            elif kind == "folder" and not response:
                folders[name] = None
    return Named(files=tuple(files), folders=tuple(folders), unread=unread)


def responses(artifact: Artifact) -> tuple[str, ...]:
    """Response files that flags name themselves, as globs: their text is needed to know what else is named."""
    flags = (*artifact.flags.compile, *artifact.flags.link)
    found = (normpath(path[1:]) for flag in flags for path in _paths(flag) if path.startswith("@"))
    return tuple(dict.fromkeys(literal(name) for name in found if _stays(name)))


def _stays(name: str) -> bool:
    return bool(name) and not name.startswith(("/", "../")) and name not in (".", "..") and "\0" not in name


def _paths(word: str) -> Iterator[str]:
    """Everything in a word that may be a path."""
    for piece in dict.fromkeys((word, *word.split(","))):
        yield piece
        _, equals, value = piece.partition("=")
        if equals and value:
            yield value
        for option in _JOINED:
            joined = option.sub("", piece, count=1) if option.match(piece) else ""
            if joined:
                yield joined


def _words(text: str) -> list[str]:
    """Words of a response file."""
    try:
        return shlex.split(text, posix=True)
    except ValueError:
        return text.split()
