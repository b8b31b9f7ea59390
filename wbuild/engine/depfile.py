"""Dependency files in make's format: which files a compiler has read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath
from typing import Final

from wbuild.engine.layout import Layout

_CONTINUED: Final = re.compile(r"\\\r?\n")
_TARGETS_END: Final = re.compile(r":(?=[ \t\r\n\f\v]|\Z)")
_NAME: Final = re.compile(r"(?:\\[ #\\]|\$\$|[^ \t\r\n\f\v])+")
"""Compilers escape spaces; what else Unicode calls a space is part of a name."""
_ESCAPE: Final = re.compile(r"\\([ #])|\$(\$)")


def prerequisites(text: str) -> tuple[str, ...] | None:
    """Names to the right of the colons, as written by clang, gcc, zig or rustc; each once. None for a text without a colon: no rule."""
    found: dict[str, None] = {}
    rules = 0
    for line in _CONTINUED.sub(" ", text).split("\n"):
        parts = _TARGETS_END.split(line, maxsplit=1)
        if len(parts) == 2 and not line.startswith("#"):
            rules += 1
            found.update((_ESCAPE.sub(r"\1\2", name), None) for name in _NAME.findall(parts[1]))
    return tuple(found) if rules else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFiles:
    """What a dependency file says, in terms of the project."""

    names: tuple[str, ...]
    """Files of the project, relative to its root, sorted; without the step's own scratch and state."""
    foreign: tuple[str, ...]
    """Files outside the project that belong to no declared tool."""
    vendored: tuple[str, ...] = ()
    """Files of vendored sources, as the program names them."""


def read(text: str, layout: Layout, known: Sequence[Path], vendor: Sequence[Path] = ()) -> ReadFiles | None:
    """Sort what was read; None for a text that does not say.

    `known`: folders of tools and shared caches, which the key has; `vendor`: those among them that hold sources.
    """
    names = prerequisites(text)
    return None if names is None else sort(names, layout, known, vendor)


def sort(names: Iterable[str], layout: Layout, known: Sequence[Path], vendor: Sequence[Path] = ()) -> ReadFiles:
    """Sort names that a tool has told in whatever way, as `read` does it for those of a dependency file."""
    inside, foreign = set[str](), set[str]()
    roots = _prefixes([layout.root])
    tools, sources = _prefixes(known), _prefixes(vendor)
    vendored: list[str] = []
    for name in names:
        path = name.replace(os.sep, "/")
        if os.path.isabs(name):  # noqa: PTH117 - as the compiler wrote it
            home = next((prefix for prefix in roots if path.startswith(prefix)), None)
            if any(normpath(path).startswith(prefix) for prefix in tools):
                vendored += [path] if normpath(path).startswith(sources) else []
                continue
            if home is None:
                foreign.add(path)
                continue
            path = path[len(home) :]
        path = _through_links(path, layout.root) if "/../" in path else normpath(path)
        if path.startswith("../"):
            foreign.add(path)
        elif not path.startswith((f"{layout.tmp}/", f"{layout.states}/")):
            inside.add(path)
    return ReadFiles(names=tuple(sorted(inside)), foreign=tuple(sorted(foreign)), vendored=tuple(vendored))


def _through_links(path: str, root: Path) -> str:
    """A name that leads upward out of a folder, which may be a link: upward is then where that link leads."""
    folder, _, base = path.rpartition("/")
    real = os.path.realpath(os.path.join(root, folder))  # noqa: PTH118 - as the compiler wrote it
    return normpath(f"{os.path.relpath(real, os.path.realpath(root))}/{base}".replace(os.sep, "/"))


def _prefixes(folders: Sequence[Path]) -> tuple[str, ...]:
    """A folder as it was named, and as it is behind links."""
    return tuple(dict.fromkeys(f"{path.as_posix()}/" for folder in folders for path in (folder, folder.resolve())))
