"""Code that is already there → a proposal of artifacts. Pure: it sees names and texts of files only.

Build files come first, each in its own module (`cargo`, `gomod`, `node`, `zigbuild`, `cmake`, `makefile`, `python`); what is left is
guessed from sources alone. Dependencies and deploy files imply hosts by the data of host recipes. Texts are foreign: damaged, huge
and hostile ones lead to fewer guesses, never to an error. What is guessed is said in a comment of the manifest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, join, normpath
from typing import Final

from wbuild.init.survey import cargo, cmake, gomod, makefile, node, python, sources, zigbuild
from wbuild.init.survey.block import block
from wbuild.init.survey.deploy import implied
from wbuild.init.survey.guess import Code, Guess, fit_name, stays
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.shipped import Catalog
from wbuild.steps.tree import Tree

__all__ = ["FoundArtifact", "reads", "survey"]

_BUILD_FILES: Final[Mapping[str, Callable[[Code], Iterator[Guess]]]] = {
    "Cargo.toml": cargo.guesses,
    "go.mod": gomod.guesses,
    "asconfig.json": node.guesses,
    "build.zig": zigbuild.guesses,
    "CMakeLists.txt": cmake.guesses,
    "Makefile": makefile.guesses,
    "pyproject.toml": python.guesses,
}
_READ: Final = frozenset({*_BUILD_FILES, "package.json", *makefile.MANIFESTS})
_READ_PATHS: Final = (".cargo/config.toml", ".cargo/config")
_SOURCES_READ: Final = (".go",)
"""Endings of sources that are read whether their language is known or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArtifact:
    """One artifact that a folder seems to hold."""

    name: str
    language: LanguageRecipe | None
    """None for one that the catalogue does not have: `block` is a comment then."""
    lang: str
    path: str
    """The folder of its sources, relative to wbuild.toml."""
    block: str
    """The part of wbuild.toml that declares it."""
    why: str
    """The file that made it a guess, in words for people."""


def reads(name: str, catalog: Catalog) -> bool:
    """Whether a survey looks into a file."""
    endings = (*_SOURCES_READ, *(e for recipe in catalog.languages.values() if recipe.driver == "compiler" for e in recipe.extensions))
    deploy = {file for host in catalog.hosts.values() for file in host.implied_by.get("file", ())}
    return basename(name) in _READ | deploy or name.endswith(endings) or any(f"/{name}".endswith(f"/{path}") for path in _READ_PATHS)


def survey(tree: Tree, catalog: Catalog, folder_name: str, path: str = ".", taken: Iterable[str] = ()) -> tuple[FoundArtifact, ...]:
    """Artifacts for the code in `tree` (its `texts` hold those of the files that are `reads`). Empty when there is none.

    `tree` is that of one folder, which is `path` relative to wbuild.toml; `taken` are names that other artifacts have.
    """
    code = Code(tree, catalog.languages)
    guessed: list[Guess] = []
    claimed: frozenset[str] = frozenset()
    for detect in _BUILD_FILES.values():
        # The first build file that speaks of a source has it: CMakeLists.txt before a Makefile of the same folder.
        new = [guess for guess in detect(code) if guess.claims.isdisjoint(claimed) and stays(guess.folder) and "\\" not in guess.folder]
        guessed += new
        claimed = claimed.union(*(guess.claims for guess in new))
    guessed += sources.guesses(code, catalog, folder_name, claimed)
    used = {name.casefold() for name in taken}
    return tuple(_found(guess, code, catalog, _name(guess, folder_name, used), path) for guess in guessed)


def _found(guess: Guess, code: Code, catalog: Catalog, name: str, path: str) -> FoundArtifact:
    language = catalog.languages.get(guess.lang)
    return FoundArtifact(
        name=name,
        language=language,
        lang=guess.lang,
        path=normpath(join(path, guess.folder)),
        block=block(guess, implied(guess, code, catalog), language, name=name, path=path),
        why=guess.why,
    )


def _name(guess: Guess, fallback: str, taken: set[str]) -> str:
    """A name for the artifact that no other has, on systems that ignore case too."""
    wanted = fit_name(guess.name, fallback)
    number = 2
    name = wanted if wanted.casefold() not in taken else f"{wanted}-{guess.lang}"
    while name.casefold() in taken:
        name = f"{wanted}-{number}"
        number += 1
    taken.add(name.casefold())
    return name
