"""What a driver is asked: build one artifact for one target in one profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Protocol

from wbuild.kit import Kit
from wbuild.model.planned import Step
from wbuild.model.shipped import LanguageRecipe, ToolchainRecipe
from wbuild.model.written import Artifact, Debug, Kind, Level, Target
from wbuild.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One artifact for one target in one profile, with everything that a driver may look at."""

    artifact: Artifact
    language: LanguageRecipe
    toolchain: ToolchainRecipe
    target: Target
    level: Level
    debug: Debug
    kit: Kit
    tree: Tree
    base: str
    """Folder of the artifact's sources, relative to the project's root."""
    foreign: tuple[str, ...] = ()
    """Folders of other artifacts below `base`: never inputs of this one."""

    @property
    def kind(self) -> Kind:
        """command or reactor."""
        return self.artifact.kind or self.language.kind

    def path(self, relative: str) -> str:
        """A path of the manifest, which is relative to the artifact's folder, relative to the project's root."""
        return normpath(join(self.base, relative))


class Driver(Protocol):
    """A way of compiling; runs nothing, writes nothing, sees files only through the tree."""

    def steps(self, build: Build, out: str) -> Sequence[Step]:
        """Steps from sources to a module, below the folder `out`; the last one's first output is the module.

        Raises UsageError for what the manifest asks and the recipe or the tree cannot give.
        """
        ...
