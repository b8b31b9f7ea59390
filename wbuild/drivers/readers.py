"""What a compiler may read besides the primary sources: one reader for each way in which sources say so.

A further way is a function here, or in a module of its own, and a line in `READERS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from wbuild.drivers import includes, zigbuild, zigsource
from wbuild.drivers.build import Build, BuildFacts
from wbuild.model.language_recipe import Reads

__all__ = ["READERS", "FilesRead", "SourceReader"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRead:
    """The files that may be read from some sources, as far as a reader knows."""

    facts: BuildFacts = field(default_factory=BuildFacts)
    globs: Sequence[str] = ("**/*",)
    """Files of the artifact's folder that may be read besides."""


class SourceReader(Protocol):
    """Finds what may be read from primary sources, and folders that are searched."""

    def __call__(self, build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderEntry:
    """A reader, and the files whose text it needs."""

    read: SourceReader
    texts: Sequence[str] = ()
    """Globs, relative to the project's root."""
    within_root: bool = True
    """Whether the reader looks into those files for an artifact in the root itself too."""


def _inputs(build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead:  # noqa: ARG001 - the form of a reader
    """The files that the globs in the language's `inputs` match."""
    return FilesRead(globs=build.language.inputs)


def _folder(build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead:  # noqa: ARG001 - the form of a reader
    """Everything in the artifact's folder."""
    return FilesRead()


def _imports(build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead:  # noqa: ARG001 - the form of a reader
    """What Zig sources say that they import; the whole folder where they do not say all."""
    said = zigsource.look(build.tree, sources, (*build.artifact.flags.compile, *build.artifact.flags.link))
    found = zigsource.facts(build, said)
    return FilesRead(facts=found, globs=()) if said.complete else FilesRead(facts=found)


def _build_zig(build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead:  # noqa: ARG001 - the form of a reader
    """The files that a build.zig and those that it names may read."""
    return FilesRead(facts=zigbuild.read(build))


def _includes(build: Build, sources: Sequence[str], folders: Sequence[str]) -> FilesRead:
    """The language's `inputs`, and where C-like sources lead upwards."""
    given = (value for value in build.artifact.options.values() if isinstance(value, tuple))
    defined = (*(str(word) for words in given for word in words), *build.artifact.flags.compile)
    single, found = includes.outside(build.tree, build.base, sources, folders, defined)
    return FilesRead(facts=BuildFacts(candidates=single, roots=(*found, *single)), globs=build.language.inputs)


READERS: Final[Mapping[Reads, ReaderEntry]] = {
    "inputs": ReaderEntry(read=_inputs),
    "folder": ReaderEntry(read=_folder),
    "imports": ReaderEntry(read=_imports, texts=zigsource.TEXTS),
    "build.zig": ReaderEntry(read=_build_zig),
    "includes": ReaderEntry(read=_includes, texts=includes.TEXTS, within_root=False),
}
