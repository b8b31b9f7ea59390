"""The driver of languages whose own tool builds a whole project: cargo, go, asc.

The tool decides what it compiles; wbuild reads the project files only as far as it must know what to ask for, where the module
will be, and which files may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Final

from wbuild.drivers import asconfig, cargo, gomod, includes, zigsource
from wbuild.drivers.build import Build, BuildFacts, DependencyLock
from wbuild.drivers.compiler import assemble, locking
from wbuild.drivers.named import responses
from wbuild.errors import UsageError
from wbuild.manifest.artifact import usual_kind
from wbuild.model.planned import Step
from wbuild.model.shipped import LanguageRecipe, LockRecipe, ProjectName
from wbuild.model.written import Artifact, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class LockToMake:
    """A lock file of dependencies that a build needs and that is not there, or not in step."""

    lock: DependencyLock
    recipe: LockRecipe
    step: Step


READERS: Final[Mapping[ProjectName, Callable[[Build], BuildFacts]]] = {"cargo": cargo.read, "go": gomod.read, "asconfig": asconfig.read}

_TEXTS: Final[Mapping[ProjectName, tuple[str, ...]]] = {"cargo": cargo.TEXTS, "go": gomod.TEXTS, "asconfig": asconfig.TEXTS}

_ABOVE: Final[Mapping[ProjectName, tuple[str, ...]]] = {"cargo": cargo.ABOVE, "asconfig": asconfig.ABOVE}

_KINDS: Final[Mapping[ProjectName, Callable[[Build], Kind | None]]] = {"cargo": cargo.kind, "go": gomod.kind}
"""Project files that tell the kind of what is built from them."""


def steps(build: Build, out: str) -> Sequence[Step]:
    """See `Driver.steps`."""
    facts = READERS[build.language.project](build)
    if facts.lock is not None and facts.lock.problem:
        recipe = build.toolchain.lock
        folder = dirname(facts.lock.file) or "."
        hint = f"run `wbuild lock`, or `{recipe.by_hand}` in {folder}, and commit the file" if recipe else f"make it in {folder}"
        raise build.problem("WB228", facts.lock.problem, hint)
    return assemble(build, out, (), facts)


def lock_to_make(build: Build) -> LockToMake | None:
    """The lock file that is missing or does not fit the project files, if the recipe says how it is made. Raises UsageError."""
    recipe = build.toolchain.lock
    facts = READERS[build.language.project](build) if recipe else BuildFacts()
    if recipe is None or facts.lock is None or not facts.lock.problem:
        return None
    return LockToMake(lock=facts.lock, recipe=recipe, step=locking(build, facts, facts.lock, recipe))


def kind(build: Build) -> Kind:
    """The kind of an artifact that says none: what its project files tell, else the usual one of the language."""
    reader = _KINDS.get(build.language.project)
    try:
        told = reader(build) if reader else None
    except UsageError:  # `steps` raises the same, beside everything else that is wrong
        told = None
    return told or usual_kind(build.language, (build.toolchain,), build.artifact.targets)


def above(language: LanguageRecipe) -> tuple[str, ...]:
    """Files that the language's tool looks for in every folder above the project; relative to each folder."""
    return _ABOVE.get(language.project, ())


def texts(language: LanguageRecipe, artifact: Artifact, base: str) -> tuple[str, ...]:
    """Globs of the files whose text `Tree.texts` must hold for an artifact in the folder `base`."""
    sources = gomod.kind_texts(artifact) if language.project == "go" else ()
    if any(toolchain.reads == "imports" for toolchain in language.toolchains):
        return (*zigsource.TEXTS, *responses(artifact))
    if base not in ("", ".") and any(toolchain.reads == "includes" for toolchain in language.toolchains):
        return (*includes.TEXTS, *responses(artifact))
    return (*_TEXTS.get(language.project, ()), *(normpath(join(base, glob)) for glob in sources), *responses(artifact))
