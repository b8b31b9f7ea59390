"""A project as it is found on disk: the nearest wbuild.toml, its recipes, its catalogue, its files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from wbuild import catalog as catalogs
from wbuild.boundary import Facts
from wbuild.cli.data import recipe_texts
from wbuild.cli.remember import Watch
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import UsageError
from wbuild.fast import MANIFEST, project_folder
from wbuild.manifest import load, recipe_globs
from wbuild.model.shipped import Catalog
from wbuild.model.written import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a project says about itself."""

    folder: Path
    """Folder of wbuild.toml."""
    root: Path
    """The boundary of its paths."""
    manifest: Manifest
    catalog: Catalog
    recipes: tuple[Path, ...]
    """Its own recipes."""

    def named(self, path: Path) -> str:
        """A path relative to the root (POSIX)."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def find(start: Path) -> Path:
    """Folder of the nearest wbuild.toml. Raises UsageError when there is none."""
    folder = project_folder(str(start))
    if folder is None:
        hint = "`wbuild init --lang c NAME` makes a project; -C DIR looks elsewhere"
        raise UsageError("WB270", f"no {MANIFEST} in {shown(start)} or above", hint=hint)
    return Path(folder)


def open_project(start: Path, watch: Watch | None = None) -> Project:
    """The project at or above `start`. Raises UsageError with all problems of its manifest or recipes. `watch` notes what is read."""
    folder = find(start)
    file = folder / MANIFEST
    watch = watch or Watch()
    watch.file(file)
    with machine_errors(file, "read"):
        content = file.read_bytes()
    recipes = tuple(_recipes(folder, recipe_globs(content, shown(file), facts(folder))))
    watch.file(*recipes)
    catalog = catalogs.load(recipe_texts(), {path.relative_to(folder).as_posix(): text_of(path) for path in recipes})
    manifest = load(content, shown(file), facts(folder), catalog)
    root = folder.joinpath(*[".."] * _depth(manifest.folder)).resolve() if manifest.folder != "." else folder
    return Project(folder=folder, root=root, manifest=manifest, catalog=catalog, recipes=recipes)


def catalog_of(start: Path) -> Catalog:
    """The catalogue with the recipes of the project around `start`; the shipped one outside of any."""
    folder = project_folder(str(start))
    return open_project(start).catalog if folder else catalogs.load(recipe_texts(), {})


def facts(folder: Path) -> Facts:
    """What a manifest in `folder` cannot know."""
    real = folder.resolve()
    repository = next((p.as_posix() for p in (real, *real.parents) if (p / ".git").exists()), "")
    return Facts(folder=real.as_posix(), repository=repository, escapes=partial(_escapes, folder))


def shown(path: Path) -> str:
    """A path as people would type it here."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(f"..{os.sep}..{os.sep}..") else relative


def _escapes(folder: Path, path: str, root: str) -> bool:
    """Whether a path leads out of the root once symlinks are followed."""
    return not Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder / root))


def _depth(folder: str) -> int:
    return len(folder.split("/"))


def _recipes(folder: Path, globs: tuple[str, ...]) -> Iterator[Path]:
    """Recipe files of the project. Raises UsageError for a glob without any."""
    for glob in globs:
        found = sorted(path for path in folder.glob(glob) if path.is_file() and not _escapes(folder, str(path), "."))
        if not found:
            raise UsageError("WB274", f"project.recipes: nothing matches {glob}", hint="correct the glob, or take it out")
        yield from found


def text_of(path: Path) -> str:
    """Content of a file. Raises MachineError."""
    with machine_errors(path, "read"):
        return path.read_bytes().decode("utf-8", "surrogateescape")


def names_below(files: Files, root: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of all files and of all folders below `root`, the root itself among the folders as ""."""
    names: list[str] = []
    folders = [""]
    for name, is_folder in files.walk(root):
        (folders if is_folder else names).append(name)
    return tuple(sorted(names)), tuple(folders)
