"""Code that is already there → a proposal of artifacts. Pure: it sees names and texts of files only.

What is guessed is said in a comment of the manifest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from posixpath import basename, dirname, splitext
from typing import Final

from wbuild.model.shipped import Catalog, LanguageRecipe
from wbuild.names import name_problem
from wbuild.scaffold import key
from wbuild.tree import Tree

_MAIN: Final[Mapping[str, re.Pattern[str]]] = {
    "c": re.compile(r"^\s*(?:int|void)\s+main\s*\(", re.MULTILINE),
    "zig": re.compile(r"^\s*pub\s+fn\s+main\s*\(", re.MULTILINE),
    "wat": re.compile(r'\(export\s+"_start"'),
}
"""What a program of a language has and a library has not."""
_PATH: Final = 'path = "."'


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One artifact that a folder seems to hold."""

    name: str
    language: LanguageRecipe
    block: str
    """Its part of wbuild.toml."""
    why: str
    """What made it a guess, for people."""


def survey(tree: Tree, catalog: Catalog, folder_name: str, path: str = ".") -> tuple[Found, ...]:
    """Artifacts for the sources in `tree` (its `texts` hold those of the sources). Empty when there is no code.

    `tree` is that of one folder, which is `path` relative to wbuild.toml.
    """
    found: list[Found] = []
    for language in catalog.languages.values():
        sources = [n for n in tree.names if splitext(n)[1] in language.extensions]
        if not sources:
            continue
        name = folder_name if not found else f"{folder_name}-{language.name}"
        found += _many(language, sources, tree, name) if _takes_many(language) else _single(language, sources, tree, name)
    return tuple(replace(f, block=f.block.replace(_PATH, f"path = {json.dumps(path)}")) for f in found)


def _takes_many(language: LanguageRecipe) -> bool:
    """Whether one artifact is made from all files of the language (C), not from a root file (Zig, WAT)."""
    return any(option.name == "sources" for option in language.options)


def _many(language: LanguageRecipe, sources: list[str], tree: Tree, name: str) -> list[Found]:
    """One artifact from all sources."""
    shipped = tree.glob(language.sources)
    option = "" if set(sources) <= set(shipped) else _option(language, name, "sources", _globs(sources))
    return [_found(language, name, sources, tree, option)]


def _single(language: LanguageRecipe, sources: list[str], tree: Tree, name: str) -> list[Found]:
    """One artifact from the file that is a program or stands highest; for independent files (WAT), one each."""
    option = next((o.name for o in language.options if o.type == "globs"), "")
    if language.name == "wat" and len(sources) > 1:
        named = [(_stem(s, name), s) for s in sources]
        return [_found(language, stem, [s], tree, _option(language, stem, option, [s])) for stem, s in named]
    root = min(sources, key=lambda s: (not _is_program(language, [s], tree), s.count("/"), s))
    default = next((n for pattern in language.sources for n in tree.glob([pattern])), "")
    return [_found(language, name, [root], tree, "" if root == default else _option(language, name, option, [root]))]


def _found(language: LanguageRecipe, name: str, sources: list[str], tree: Tree, option: str) -> Found:
    program = _is_program(language, sources, tree)
    kind = "command" if program else "reactor"
    target = "wasip1" if program and "wasip1" in language.targets else language.targets[0]
    many = f"{len(sources)} {language.title} files" if len(sources) > 1 else sources[0]
    why = f"{many}, {'with a start' if program else 'without a start'}"
    block = (
        f"# guessed by `wbuild init` from {json.dumps(why)[1:-1]}\n[artifact.{key(name)}]\n"
        f'lang = "{language.name}"\n{_PATH}\ntarget = "{target}"\nkind = "{kind}"\n{option}'
    )
    return Found(name=name, language=language, block=block, why=why)


def _is_program(language: LanguageRecipe, sources: Iterable[str], tree: Tree) -> bool:
    pattern = _MAIN.get(language.name)
    return pattern is not None and any(pattern.search(tree.texts.get(source, "")) for source in sources)


def _option(language: LanguageRecipe, name: str, option: str, globs: list[str]) -> str:
    return f"\n[artifact.{key(name)}.{language.name}]\n{option} = {json.dumps(globs)}\n"


def _globs(sources: list[str]) -> list[str]:
    """One glob for each top folder."""
    tops = sorted({s.split("/")[0] if "/" in s else "" for s in sources})
    ending = splitext(sources[0])[1]
    return [f"{top}/**/*{ending}" if top else f"*{ending}" for top in tops]


def _stem(source: str, fallback: str) -> str:
    stem = splitext(basename(source))[0]
    return stem if not name_problem(stem) else f"{fallback}-{dirname(source) or 'module'}"
