"""What stands in a project's root: names, links that lead out of it, and places in its manifests."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from wbuild.cli.project import Project, content_of, shown
from wbuild.decode import LARGEST, read
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import Place
from wbuild.fast import MANIFEST, folder_link
from wbuild.locate import Index, index, place
from wbuild.locate import Path as Where
from wbuild.model.written import Artifact
from wbuild.tree import Kind, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One look at a project."""

    tree: Tree
    folders: tuple[str, ...]
    """Every folder, the root itself as ""."""
    links: Mapping[str, str]
    """Links to folders, which are not entered: name → where they point, as they say it."""


def look(files: Files, root: Path) -> Found:
    """Everything below `root`. Raises MachineError."""
    names: list[str] = []
    folders = [""]
    links: list[str] = []
    for name, is_folder in files.walk(root, links.append):
        (folders if is_folder else names).append(name)
    real = Path(os.path.realpath(root))
    astray = frozenset(name for name in links if not Path(os.path.realpath(root / name)).is_relative_to(real))
    tree = Tree(names=tuple(sorted(names)), folders=tuple(folders[1:]), astray=astray, elsewhere=_kind_below(root))
    pointing = {name: target for name in links if (target := folder_link(str(root / name)))}
    return Found(tree=tree, folders=tuple(folders), links=pointing)


def _kind_below(root: Path) -> Callable[[str], Kind]:
    def kind(name: str) -> Kind:
        path = root / name
        return "folder" if path.is_dir() else "file" if path.is_file() else ""

    return kind


def places(project: Project) -> Callable[[Artifact, Where], Place | None]:
    """Where an artifact's keys stand: its manifest is read again, because only problems need to know."""

    @cache
    def spans(file: Path) -> tuple[str, Index]:
        with machine_errors(file, "read"):
            text = read(content_of(file, LARGEST), shown(file)).text
        return text, index(text)

    def where(artifact: Artifact, keys: Where) -> Place | None:
        file = project.folder / artifact.member / MANIFEST
        text, found = spans(file)
        return place(text, shown(file), found.span(("artifact", artifact.name, *keys), "value" if keys else "key"))

    return where
