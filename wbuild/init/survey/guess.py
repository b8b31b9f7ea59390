"""What a look at a folder's files leads to: one `Guess` an artifact, before anything is known of recipes."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import Any, Final

import tomli

from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.written import Kind, OptionValue, Target
from wbuild.steps.tree import Tree
from wbuild.text.names import name_problem
from wbuild.text.show import escape

Ecosystem = str
"""Whose packages: a key of `implied-by` of a host."""

FOREIGN: Final = frozenset({"vendor", "third_party", "third-party", "testdata", "fixtures"})
"""Folders that hold other people's projects, or such that are only data."""
NATIVE: Final = (".c", ".cpp", ".cc", ".cxx")
"""Endings of C and C++ sources."""
SHOWN: Final = 60
"""Columns of a foreign text in a comment."""
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One artifact that a folder seems to hold."""

    name: str
    """As the project calls it; may be no name for an artifact."""
    lang: str
    folder: str
    """The folder of its sources, relative to the folder that was looked at."""
    why: str
    """The file that led to the guess, in words for people."""
    kind: Kind | None = None
    told: bool = False
    """Whether a driver that reads the language's project files finds this kind there."""
    targets: tuple[Target, ...] = ()
    """Asked for by the project's own settings, the first before the others."""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """Options for the language's own table: name → value."""
    packages: Mapping[Ecosystem, frozenset[str]] = field(default_factory=dict)
    """Names of its dependencies."""
    notes: tuple[str, ...] = ()
    """Comments for the manifest that people should read, one line each."""
    claims: frozenset[str] = frozenset()
    """Files that belong to it, so that nothing else is guessed from them."""


class Code:
    """Names and texts of a folder's files, indexed: a survey of a large repository asks often."""

    def __init__(self, tree: Tree, languages: Mapping[str, LanguageRecipe]) -> None:
        self.starts = {name: re.compile(recipe.start, re.MULTILINE) for name, recipe in languages.items() if recipe.start}
        """Language → what a program of it has and a library has not."""
        self.names = tree.names
        self.texts = {name: plain(text) for name, text in tree.texts.items()}
        self._known = frozenset(tree.names)
        self._called: dict[str, list[str]] = {}
        for name in tree.names:
            self._called.setdefault(basename(name), []).append(name)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self._known

    def called(self, name: str) -> Sequence[str]:
        """Files with this name, in any folder."""
        return self._called.get(name, ())

    def below(self, folder: str) -> Sequence[str]:
        """Files below a folder."""
        if folder in ("", "."):
            return self.names
        start = bisect_left(self.names, f"{folder}/")
        return self.names[start : bisect_left(self.names, f"{folder}0", start)]  # "0" follows "/"

    def glob(self, patterns: Iterable[str], base: str = ".") -> tuple[str, ...]:
        """Files below a folder that match a pattern relative to it."""
        return Tree(names=tuple(self.below(base))).glob(patterns, base=base)


def plain(text: str) -> str:
    """A text without the byte order mark and the ends of lines that Windows writes, as the tools read it that it is for."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def below(folder: str, name: str) -> bool:
    """Whether a file or folder is in a folder; "." is the root."""
    return folder in ("", ".") or name == folder or name.startswith(f"{folder}/")


def folder_of(name: str) -> str:
    """The folder that holds a file."""
    return dirname(name) or "."


def inside(folder: str, path: str) -> str:
    """A path relative to a folder above it."""
    return path if folder in ("", ".") else path[len(folder) + 1 :] or "."


def under(folder: str, path: str) -> str:
    """A path that is relative to a folder, relative to the root."""
    return path if folder in ("", ".") else f"{folder}/{path}"


def files(code: Code, name: str) -> list[str]:
    """Every file with this name that is the project's own, the highest first."""
    return sorted(filter(own, code.called(name)), key=lambda n: (n.count("/"), n))


def sources_below(code: Code, folder: str, endings: tuple[str, ...]) -> frozenset[str]:
    """Files below a folder that end in one of these."""
    return frozenset(name for name in code.below(folder) if name.endswith(endings))


def own(name: str) -> bool:
    """Whether a file belongs to the project, not to what it carries along."""
    return not any(part in FOREIGN or part.startswith(".") for part in name.split("/")[:-1])


def stays(path: str) -> bool:
    """Whether a foreign path, as far as it is one, stays in the project and is made of characters that a manifest takes."""
    return not path.startswith(("..", "/")) and not any(ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF for c in path)


def fit_name(name: str, fallback: str) -> str:
    """A name that an artifact can have: the wanted one, one near to it, or the fallback."""
    for wanted in (name, _UNFIT.sub("-", name).strip("-._")):
        if not name_problem(wanted):
            return wanted
    return fallback


def toml(text: str) -> Mapping[str, Any]:
    """What a TOML file says; nothing when it is damaged, cut off or hostile."""
    try:
        return tomli.loads(text)
    except (ValueError, RecursionError):
        return {}


def json_table(text: str) -> Mapping[str, Any]:
    """What a JSON file says, when that is a table; nothing otherwise."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def table(value: object) -> Mapping[str, Any]:
    """A value that should be a table, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def strings(value: object) -> tuple[str, ...]:
    """The texts in a value that should be a list of them."""
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def string(value: object) -> str:
    """A value that should be a text, else ""."""
    return value if isinstance(value, str) else ""


def shown(text: str) -> str:
    """A foreign text for a comment: short, and on one line whatever it holds."""
    return f'"{escape(text, cap=SHOWN)}"'


def listed(names: Sequence[str]) -> str:
    """Foreign names for a comment."""
    return ", ".join(escape(name, cap=SHOWN) for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
