"""Modules that something else has built: whether one is a program follows from what it exports.

The text of a Wasm file, for drivers, is the list of its exports, a name in each line (`session.project_texts`).
"""

from __future__ import annotations

from typing import Final

from wbuild.drivers.build import Build, BuildFacts
from wbuild.model.written import Artifact, Kind

__all__ = ["START", "TEXTS", "kind", "named", "read"]

TEXTS: Final = ()
START: Final = "_start"
_OPTION: Final = "file"
_USUAL: Final = "*.wasm"


def read(_: Build) -> BuildFacts:
    """Nothing is read besides the file itself."""
    return BuildFacts()


def kind(build: Build) -> Kind | None:
    """command for a module that exports `_start`; None where the file is not there, or is a component."""
    found = build.own(_globs(build.artifact), wide=True)
    text = build.tree.texts.get(found[0], "") if found else ""
    return None if not text else "command" if START in text.split("\n") else "reactor"


def named(artifact: Artifact) -> tuple[str, ...]:
    """Globs of the file, relative to the artifact's folder."""
    return _globs(artifact)


def _globs(artifact: Artifact) -> tuple[str, ...]:
    given = artifact.options.get(_OPTION)
    globs = tuple(map(str, given)) if isinstance(given, tuple) else (_USUAL,)
    return tuple(glob for glob in globs if not glob.startswith("{"))
