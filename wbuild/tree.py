"""A frozen snapshot of a project: the names of its files, and the text of the few that a driver asks for."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import dirname, join, normpath
from typing import Final, Literal, TypeAlias

NEVER_INPUTS = (".git", ".wbuild", "dist", "target", "node_modules")
"""Folders whose content is never an input unless a glob names them."""
_WILD: Final = re.compile(r"[*?[]")
Kind: TypeAlias = Literal["file", "folder", ""]
"""What stands at a name; "" is nothing."""


def _nothing(_name: str) -> Kind:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Names are relative to the project's root, POSIX. Globs see these names and nothing else."""

    names: tuple[str, ...]
    """Every file, sorted."""
    vendor: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files of vendored sources, by the name in [vendor.NAME], relative to the package."""
    texts: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Every folder that was entered, those without files too."""
    astray: frozenset[str] = frozenset()
    """Symbolic links, to files and to folders, that lead out of the root."""
    elsewhere: Callable[[str], Kind] = _nothing
    """What stands at a name that is none of these: behind a link to a folder, or in a folder that is never searched."""

    def kind(self, name: str) -> Kind:
        """What stands at a name (in normal form)."""
        if name in _beginning(self.names, name)[:1]:
            return "file"
        if name in ("", ".") or name in self.folders or _beginning(self.names, f"{name}/"):
            return "folder"
        return self.elsewhere(name)

    def glob(self, patterns: Iterable[str], *, base: str = "", exclude: Iterable[str] = ()) -> tuple[str, ...]:
        """Files that match one of the patterns (relative to `base`) and none of `exclude`; sorted."""
        wanted = [_based(base, p) for p in patterns]
        unwanted = [_regex(_based(base, p)) for p in exclude]
        found = {name for pattern in wanted for name in _matching(self.names, pattern)}
        return tuple(sorted(n for n in found if not any(u.match(n) for u in unwanted)))

    def below(self, folder: str) -> tuple[str, ...]:
        """Files below a folder; "." is the root."""
        if folder in ("", "."):
            return self.names
        return _beginning(self.names, f"{folder}/")

    def glob_vendor(self, vendor: str, pattern: str) -> tuple[str, ...]:
        """Members of a vendored source that match a pattern; sorted."""
        wanted = _regex(pattern)
        return tuple(n for n in self.vendor.get(vendor, ()) if wanted.match(n))


def _beginning(names: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """Of sorted names those that begin so: a project of a thousand artifacts must not look through all of them for each."""
    start = bisect_left(names, prefix)
    return names[start : bisect_right(names, prefix, lo=start, key=lambda name: name[: len(prefix)])]


def _matching(names: tuple[str, ...], pattern: str) -> Iterator[str]:
    """Of sorted names those that match. Folders without wildcards are compared as text: compiling a thousand of them is slow."""
    fixed = _WILD.split(pattern, maxsplit=1)[0]
    above = fixed.rfind("/") + 1
    regex = _regex(pattern[above:])
    return (name for name in _beginning(names, fixed) if regex.match(name, above))


def _based(base: str, pattern: str) -> str:
    return normpath(join(base, pattern)) if base not in ("", ".") else normpath(pattern)


def upward(folder: str) -> Iterator[str]:
    """A folder and those above it, nearest first, to the root."""
    yield folder
    while folder != ".":
        folder = dirname(folder) or "."
        yield folder


def is_glob(pattern: str) -> bool:
    """Whether a pattern has wildcards."""
    return any(sign in pattern for sign in "*?[")


def matches(pattern: str, name: str) -> bool:
    """Whether a name, relative to the same folder, matches a pattern."""
    return _regex(normpath(pattern)).match(name) is not None


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stay in one folder, `**` crosses folders, `[abc]` is a set."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        if pattern.startswith("**/", position):
            out.append("(?:[^/]+/)*")
            position += 3
        elif pattern.startswith("**", position):
            out.append(".*")
            position += 2
        elif pattern[position] == "*":
            out.append("[^/]*")
            position += 1
        elif pattern[position] == "?":
            out.append("[^/]")
            position += 1
        elif pattern[position] == "[" and "]" in pattern[position + 2 :]:
            end = pattern.index("]", position + 2)
            body = pattern[position + 1 : end].replace("\\", "\\\\")
            out.append(f"[{'^' + body[1:] if body.startswith('!') else body}]")
            position = end + 1
        else:
            out.append(re.escape(pattern[position]))
            position += 1
    return re.compile("".join(out) + r"\Z", re.DOTALL)
