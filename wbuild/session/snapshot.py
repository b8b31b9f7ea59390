"""What stands in a project's root: names, links that lead out of it, and places in its manifests."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from posixpath import join, normpath

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.doors.walk import Walked
from wbuild.errors import Place
from wbuild.model.written import Artifact
from wbuild.nothing_to_do import UNREADABLE
from wbuild.session.project import Project, content_of, shown
from wbuild.session.record import Watch
from wbuild.steps.tree import Closed, Kind, Link, Part, Tree
from wbuild.text.project_names import DIST, MANIFEST, WORK
from wbuild.toml.decode import LARGEST, read
from wbuild.toml.locate import Path as Where
from wbuild.toml.locate import PlaceIndex, index, place


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a project."""

    tree: Tree
    folders: tuple[str, ...]
    """Every folder that was entered, the root itself as ""."""
    links: Mapping[str, str]
    """Links to folders: name → where they point, as they say it."""


def own(project: Project) -> frozenset[str]:
    """What wbuild keeps in a project, relative to its root: never an input that nobody names."""
    folder = project.manifest.folder
    return frozenset({WORK, normpath(join(folder, WORK)), normpath(join(folder, DIST))})


def look(files: Files, root: Path, own: Collection[str] = (WORK, DIST), watch: Watch | None = None) -> Snapshot:
    """Everything below `root`; what is looked at later is taken down in `watch` too. Raises MachineError."""
    eye = _Eye(files=files, root=root, own=frozenset(own), watch=watch)
    walked = eye.walk("")
    part = eye.part(walked)
    astray = frozenset(name for name in walked.links if name not in part.links)
    folders = tuple(walked.folders)
    tree = Tree(
        names=part.names,
        folders=folders[1:],
        astray=astray,
        links=part.links,
        closed=part.closed,
        elsewhere=eye.kind,
        opened=cache(eye.opened),
        seen=eye.seen,
    )
    pointing = {name: target[2:] for name, target in walked.links.items() if target.startswith("d")}
    return Snapshot(tree=tree, folders=folders, links=pointing)


@dataclass(frozen=True, kw_only=True)
class _Eye:
    """What looks into the folders of a project, and takes down what it has seen."""

    files: Files
    root: Path
    own: frozenset[str]
    watch: Watch | None

    @cached_property
    def real(self) -> str:
        """The path of the root once all links are followed."""
        return os.path.realpath(self.root)

    def walk(self, start: str, *, everything: bool = False) -> Walked:
        """Look at a folder and all below it. Raises MachineError."""
        found = self.files.walk(self.root, start, own=self.own, everything=everything)
        if self.watch is not None:
            self.watch.tree(self.root, found.listings, self.own)
            self.watch.file(*(self.root / tag for tag in found.tags))
            unreadable = {name: [UNREADABLE] for name, why in found.closed.items() if Closed.of(why).why == "unreadable"}
            self.watch.tree(self.root, unreadable)
            for name, target in found.links.items():
                if target.startswith("d"):
                    self.watch.listing(self.root / name)
        return found

    def part(self, walked: Walked) -> Part:
        """What was found in a walk, as globs take it: names, folders, links with the places that they lead to."""
        closed = {name: Closed.of(why) for name, why in sorted(walked.closed.items())}
        links = {name: self._link(name, said) for name, said in sorted(walked.links.items())}
        return Part(
            names=tuple(sorted(walked.files)),
            folders=tuple(sorted(walked.folders)),
            links={name: link for name, link in links.items() if link is not None},
            closed=closed,
        )

    def opened(self, folder: str) -> Part:
        """What stands below a folder that was not entered; nothing where there is none. Raises MachineError."""
        if not (self.root / folder).is_dir():
            return Part()
        return self.part(self.walk(folder, everything=True))

    def seen(self, folder: str) -> None:
        """Everything below a folder counts."""
        if self.watch is not None:
            self.watch.whole(self.root / folder)

    def kind(self, name: str) -> Kind:
        """What stands at a name; what lies behind a link out of the project is no file of it."""
        path = self.root / name
        if path.is_dir():
            return "folder"
        return "file" if path.is_file() and self._inside(os.path.realpath(path.parent)) is not None else ""

    def _link(self, name: str, said: str) -> Link | None:
        """A link with the place that it leads to; None for one that leads out of the project."""
        target = self._inside(os.path.realpath(self.root / name))
        return None if target is None else Link(said, target if said.startswith("d") else "")

    def _inside(self, path: str) -> str | None:
        """A path without links, relative to the root; None for one that lies out of it."""
        if path == self.real:
            return "."
        return path[len(self.real) + 1 :].replace(os.sep, "/") if path.startswith(self.real.rstrip(os.sep) + os.sep) else None


def places(project: Project) -> Callable[[Artifact, Where], Place | None]:
    """Where an artifact's keys stand: its manifest is read again, because only problems need to know."""

    @cache
    def spans(file: Path) -> tuple[str, PlaceIndex]:
        with machine_errors(file, "read"):
            text = read(content_of(file, LARGEST), shown(file)).text
        return text, index(text)

    def where(artifact: Artifact, keys: Where) -> Place | None:
        file = project.folder / artifact.member / MANIFEST
        text, found = spans(file)
        return place(text, shown(file), found.span(("artifact", artifact.name, *keys), "value" if keys else "key"))

    return where
