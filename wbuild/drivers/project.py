"""The driver of languages whose own tool builds a whole project: cargo, go, asc.

The tool decides what it compiles; wbuild reads the project files only as far as it must know what to ask for, where the module
will be, and which files may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from wbuild.drivers import asconfig, cargo, gomod
from wbuild.drivers.build import Build, Facts
from wbuild.drivers.compiler import assemble
from wbuild.model.planned import Step
from wbuild.model.shipped import LanguageRecipe, ProjectName

READERS: Final[Mapping[ProjectName, Callable[[Build], Facts]]] = {"cargo": cargo.read, "go": gomod.read, "asconfig": asconfig.read}

_TEXTS: Final[Mapping[ProjectName, tuple[str, ...]]] = {"cargo": cargo.TEXTS, "go": gomod.TEXTS, "asconfig": asconfig.TEXTS}


def steps(build: Build, out: str) -> Sequence[Step]:
    """See `Driver.steps`."""
    return assemble(build, out, (), READERS[build.language.project](build))


def texts(language: LanguageRecipe) -> tuple[str, ...]:
    """Globs of the project files whose text `Tree.texts` must hold for a language."""
    return _TEXTS.get(language.project, ())
