"""What a driver is asked: build one artifact for one target in one profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Protocol

from wbuild.errors import Place, UsageError
from wbuild.model.language_recipe import LanguageRecipe, ToolchainRecipe
from wbuild.model.planned import JSON, Step
from wbuild.model.written import Artifact, Debug, Kind, Level, Target
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Tree, without
from wbuild.steps.words import Value
from wbuild.toml.locate import Path


def _nowhere(_artifact: Artifact, _keys: Path) -> None:
    return None


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
    needs: Mapping[str, str] = field(default_factory=dict)
    """Artifact that it needs → the file of that one, relative to the project's root."""
    foreign: tuple[str, ...] = ()
    """Folders of other artifacts below `base`: never inputs of this one."""
    places: Callable[[Artifact, Path], Place | None] = _nowhere
    """Where the value at a path below an artifact's table stands."""

    @property
    def kind(self) -> Kind:
        """command or reactor; the plan has settled it before a driver is asked."""
        assert self.artifact.kind is not None
        return self.artifact.kind

    @property
    def section_rules(self) -> dict[str, JSON]:
        """What goes of the custom sections, as arguments of builtins say it (`builtins.strip.rules`)."""
        artifact = self.artifact
        return {"debug": self.debug, "keep": [*artifact.keep_sections], "drop": [*artifact.drop_sections]}

    def path(self, relative: str) -> str:
        """A path of the manifest, which is relative to the artifact's folder, relative to the project's root."""
        return normpath(join(self.base, relative))

    def problem(self, code: str, message: str, hint: str) -> UsageError:
        """A problem of this artifact, to be raised."""
        return UsageError(code, f"artifact.{self.artifact.name}: {message}", hint=hint)

    def readable(self, names: Iterable[str]) -> tuple[str, ...]:
        """Files that may be read: `names` and the artifact's `inputs`, without its `exclude`; sorted."""
        artifact, tree = self.artifact, self.tree
        extra = tree.glob(artifact.inputs, base=self.base, exclude=artifact.exclude)
        return tuple(sorted({*without(names, artifact.exclude, base=self.base), *extra}))

    def own(self, patterns: Iterable[str], *, wide: bool) -> list[str]:
        """Files of this artifact that match, without those of artifacts in folders below it. `wide`: the patterns are the recipe's."""
        found = self.tree.glob(patterns, base=self.base, exclude=self.artifact.exclude, wide=wide)
        foreign = {name for folder in self.foreign for name in self.tree.below(folder)}
        return [name for name in found if name not in foreign]

    def place(self, keys: Path) -> Place | None:
        """Where one of the artifact's values stands, or the nearest thing around it; the artifact itself without keys."""
        return self.places(self.artifact, keys)


def below(tree: Tree, folder: str, sources: str) -> tuple[str, ...]:
    """Files below a folder, those of closed folders (`node_modules`, one with a CACHEDIR.TAG) too when a source names such a one."""
    names = tree.below(folder)
    inside = "" if folder in ("", ".") else f"{folder}/"
    closed = [name for name, how in tree.closed.items() if how.why == "aside" and name.startswith(inside)]
    if not closed:
        return names
    texts = [tree.texts.get(name, "") for name in names if name.endswith(sources)]
    opened = [one for one in closed if any(_names(text, one.removeprefix(inside), sources) for text in texts)]
    return tuple(sorted({*names, *(name for one in opened for name in tree.below(one, whole=True))})) if opened else names


def _names(text: str, folder: str, sources: str) -> bool:
    """Whether a source may read what is in a closed folder. What cargo has made itself (`target`) is no source of anything."""
    parts = folder.split("/")
    if sources != ".go":
        return parts[-1] != "target" and parts[-1] in text and re.search(f'["/]{re.escape(parts[-1])}["/]', text) is not None
    embeds = (line for line in text.split("\n") if line.startswith("//go:embed")) if "//go:embed" in text else ()
    return parts[-1] in text or any("*" in line or any(part in line for part in parts) for line in embeds)


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyLock:
    """The lock file that the ecosystem's own client needs for a build."""

    file: str
    """The path of the lock file, relative to the project's root."""
    reads: tuple[str, ...]
    """The files that the client reads to make it, an older lock file included."""
    problem: str = ""
    """Why it cannot be used as it is; "" when it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """What a build reads, and what its project files say."""

    inputs: tuple[str, ...] = ()
    """Files surely read besides the primary sources."""
    candidates: tuple[str, ...] = ()
    """Files that may be read."""
    roots: tuple[str, ...] = ()
    """Folders and files outside of the artifact's own folder that are read too: path dependencies, what sources name."""
    listed: tuple[str, ...] = ()
    """Folders that are only listed, for patterns of a project file (members of a workspace)."""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folder or file of the project → parts of a tool's own cache that come from it; see `InnerCache`."""
    fetched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folder that the project has brought along from registries → parts of a tool's own cache that come from it; see `InnerCache`."""
    own_code: bool = False
    """Programs of the project itself run while it is compiled, and may read whatever they like."""
    documents: bool = True
    """Documentation beside the sources may be read; False where what is read is told, or named by the sources."""
    brings_code: bool = True
    """The project or its dependencies may bring programs that run while it is compiled."""
    locks: tuple[str, ...] | None = None
    """Lock files of the project's own dependencies; () when it has none. None: the globs of the recipe find them."""
    lock: DependencyLock | None = None
    """The one of `locks` that `wbuild` can make."""
    scope: Mapping[str, Value] = field(default_factory=dict)
    """Meaning of placeholders that only this driver knows."""


class Driver(Protocol):
    """A way of compiling; runs nothing, writes nothing, sees files only through the tree."""

    def steps(self, build: Build, out: str) -> Sequence[Step]:
        """Steps from sources to a module, below the folder `out`; the last one's first output is the module.

        Raises UsageError for what the manifest asks and the recipe or the tree cannot give.
        """
        ...
