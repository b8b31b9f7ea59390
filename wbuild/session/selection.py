"""Which artifacts a command means: names, globs, `lang:`, `category:`, `tag:`, `target:`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final

from wbuild.errors import Problem, UsageError
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Manifest, Target
from wbuild.text.names import quoted
from wbuild.text.nearest import nearest
from wbuild.text.project_names import MANIFEST

_WILD: Final = frozenset("*?[")
FILE_ENDINGS: Final = (".wasm", ".wat")
STDIN: Final = "-"
"""The word for standard input."""


def is_file(word: str) -> bool:
    """Whether a word names a file instead of an artifact."""
    return word == STDIN or "/" in word or "\\" in word or word.endswith(FILE_ENDINGS)


def select(manifest: Manifest, catalog: Catalog, words: Sequence[str], member: str = "") -> tuple[str, ...]:
    """Names of the artifacts that any of `words` means, in the manifest's order; without words all, in a member all of it.

    Raises UsageError for every word that matches nothing.
    """
    own = [a for a in manifest.artifacts if not member or a.member == member]
    if not manifest.artifacts or not (words or own):
        file = f"{member}/{MANIFEST}" if member else MANIFEST
        raise UsageError("WB267", f"{file} declares no artifact", hint="`wbuild init --lang c NAME` adds one")
    if not words:
        return tuple(a.name for a in own)
    chosen: set[str] = set()
    problems: list[Problem] = []
    for word in words:
        found = {a.name for a in manifest.artifacts if _matches(a, word, catalog)}
        chosen |= found
        if not found:
            problems.append(_nothing(manifest, catalog, word))
    if problems:
        raise UsageError.of(tuple(problems))
    return tuple(a.name for a in manifest.artifacts if a.name in chosen)


def choose_targets(manifest: Manifest, names: Sequence[str], targets: Sequence[str]) -> tuple[Target, ...]:
    """The targets to build, each declared by a chosen artifact. Raises UsageError with the list of declared ones."""
    declared = tuple(dict.fromkeys(t for a in manifest.artifacts if a.name in names for t in a.targets))
    for target in targets:
        if target not in declared:
            raise UsageError("WB268", f"no chosen artifact declares target {quoted(target)}", hint=f"declared: {', '.join(declared)}")
    return tuple(t for t in declared if t in targets)


def _matches(artifact: Artifact, word: str, catalog: Catalog) -> bool:
    prefix, colon, value = word.partition(":")
    if colon and prefix in _FIELDS:
        return value in _FIELDS[prefix](artifact, catalog)
    return artifact.name == word or (bool(_WILD & set(word)) and fnmatchcase(artifact.name, word))


def _languages(artifact: Artifact, catalog: Catalog) -> tuple[str, ...]:
    recipe = catalog.languages.get(artifact.lang)
    return (artifact.lang, *(recipe.aliases if recipe else ()))


def _categories(artifact: Artifact, catalog: Catalog) -> tuple[str, ...]:
    recipe = catalog.languages.get(artifact.lang)
    return (recipe.category,) if recipe else ()


_FIELDS: Final[Mapping[str, Callable[[Artifact, Catalog], Sequence[str]]]] = {
    "lang": _languages,
    "category": _categories,
    "tag": lambda artifact, _: artifact.tags,
    "target": lambda artifact, _: artifact.targets,
}


def _nothing(manifest: Manifest, catalog: Catalog, word: str) -> Problem:
    """Nothing matches: with the nearest of what would."""
    prefix, colon, value = word.partition(":")
    if colon and prefix in _FIELDS:
        known = list(dict.fromkeys(v for a in manifest.artifacts for v in _FIELDS[prefix](a, catalog)))
        lead = f"{prefix}:"
    else:
        value, known, lead = word, [a.name for a in manifest.artifacts], ""
    near = nearest(value, known)
    hint = f"did you mean {quoted(lead + near)}?" if near else f"there is: {', '.join(lead + name for name in known[:12]) or 'none'}"
    return Problem(code="WB267", message=f"no artifact matches {quoted(word)}", hint=hint)
