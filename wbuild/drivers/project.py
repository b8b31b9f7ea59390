"""The driver of languages whose own tool builds a whole project: cargo, go, asc.

The tool decides what it compiles; wbuild reads the project files only as far as it must know what to ask for, where the module
will be, and which files may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.drivers import asconfig, cargo, gomod, prebuilt
from wbuild.drivers.assembly import assemble, locking
from wbuild.drivers.build import Build, BuildFacts, DependencyLock
from wbuild.drivers.named import responses
from wbuild.drivers.readers import READERS
from wbuild.errors import UsageError
from wbuild.manifest.artifact import usual_kind
from wbuild.model.language_recipe import LanguageRecipe, LockRecipe, ProjectName
from wbuild.model.planned import Step
from wbuild.model.written import Artifact, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class LockToMake:
    """A lock file of dependencies that a build needs and that is not there, or not in step."""

    lock: DependencyLock
    recipe: LockRecipe
    step: Step


def _untold(_: Build) -> None:
    """Project files of this format do not tell the kind of what is built from them."""


def _no_more(_: Artifact) -> tuple[str, ...]:
    """Nothing besides what is read for every artifact."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFormat:
    """How the project files of one tool are read. A further format is a module and a line in `FORMATS`."""

    read: Callable[[Build], BuildFacts]
    """Reads the project files around an artifact, and gives the facts that its build needs. Raises UsageError."""
    texts: tuple[str, ...]
    """Globs of the files that `read` and `kind` look into, relative to the project's root."""
    above: tuple[str, ...] = ()
    """Files that the tool looks for in every folder above the project, relative to each folder."""
    kind: Callable[[Build], Kind | None] = _untold
    """The kind of what is built, if they tell. Raises UsageError."""
    named: Callable[[Artifact], tuple[str, ...]] = _no_more
    """Globs of further files that one artifact names, relative to its folder."""


FORMATS: Final[Mapping[ProjectName, ProjectFormat]] = {
    "cargo": ProjectFormat(read=cargo.read, texts=cargo.TEXTS, above=cargo.ABOVE, kind=cargo.kind),
    "go": ProjectFormat(read=gomod.read, texts=gomod.TEXTS, kind=gomod.kind, named=gomod.kind_texts),
    "wasm": ProjectFormat(read=prebuilt.read, texts=prebuilt.TEXTS, kind=prebuilt.kind, named=prebuilt.named),
    "asconfig": ProjectFormat(read=asconfig.read, texts=asconfig.TEXTS, above=asconfig.ABOVE),
}


def steps(build: Build, out: str) -> Sequence[Step]:
    """See `Driver.steps`."""
    facts = FORMATS[build.language.project].read(build)
    if facts.lock is not None and facts.lock.problem:
        recipe = build.toolchain.lock
        folder = dirname(facts.lock.file) or "."
        hint = f"run `wbuild lock`, or `{recipe.by_hand}` in {folder}, and commit the file" if recipe else f"make it in {folder}"
        raise build.problem("WB228", facts.lock.problem, hint)
    return assemble(build, out, (), facts)


def lock_to_make(build: Build) -> LockToMake | None:
    """The lock file that is missing or does not fit the project files, if the recipe says how it is made. Raises UsageError."""
    recipe = build.toolchain.lock
    facts = FORMATS[build.language.project].read(build) if recipe else BuildFacts()
    if recipe is None or facts.lock is None or not facts.lock.problem:
        return None
    return LockToMake(lock=facts.lock, recipe=recipe, step=locking(build, facts, facts.lock, recipe))


def kind(build: Build) -> Kind:
    """The kind of an artifact that says none: what its project files tell, else the usual one of the language."""
    known = FORMATS.get(build.language.project)
    try:
        told = known.kind(build) if known else None
    except UsageError:  # `steps` raises the same, beside everything else that is wrong
        told = None
    return told or usual_kind(build.language, (build.toolchain,), build.artifact.targets)


def above(language: LanguageRecipe) -> tuple[str, ...]:
    """Files that the language's tool looks for in every folder above the project; relative to each folder."""
    known = FORMATS.get(language.project)
    return known.above if known else ()


def texts(language: LanguageRecipe, artifact: Artifact, base: str) -> tuple[str, ...]:
    """Globs of the files whose text `Tree.texts` must hold for an artifact in the folder `base`."""
    found = [*responses(artifact)]
    known = FORMATS.get(language.project)
    if known:
        found += [*known.texts, *(normpath(join(base, glob)) for glob in known.named(artifact))]
    for reader in (READERS[reads] for reads in dict.fromkeys(toolchain.reads for toolchain in language.toolchains)):
        if reader.within_root or base not in ("", "."):
            found += reader.texts
    return tuple(found)
