"""A project as it is found on disk: the nearest wbuild.toml, its recipes, its catalogue, its files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from wbuild.catalog import load as catalogs
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import UnfitError, read
from wbuild.errors import Problem, UsageError
from wbuild.manifest.boundary import BoundaryFacts
from wbuild.manifest.load import Member, early_project, load
from wbuild.model.shipped import Catalog
from wbuild.model.written import Manifest
from wbuild.nothing_to_do import project_folder
from wbuild.session import shipped_data
from wbuild.session.pattern_matches import matching
from wbuild.session.record import Watch
from wbuild.session.shipped_data import recipe_texts
from wbuild.steps.tree import matches
from wbuild.text.project_names import DIST, GIT, MANIFEST, PASSED
from wbuild.toml.decode import LARGEST

TEXT: Final = 32 << 20
"""Bytes of a project file that a driver reads: lock files of large workspaces have a few MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project that was found: its folder, its manifest, and the catalogue with its own recipes."""

    folder: Path
    """The folder that holds wbuild.toml."""
    root: Path
    """The folder that no path of the project leads out of: that of wbuild.toml, or one above it that `project.root` names."""
    manifest: Manifest
    catalog: Catalog
    recipes: tuple[Path, ...]
    """The files of the recipes that the project brings."""
    member: str = ""
    """Folder, relative to `folder`, of the member in which the command was started; "" outside of members."""

    def named(self, path: Path) -> str:
        """A path relative to the root (POSIX)."""
        return Path(os.path.relpath(path, self.root)).as_posix()


def find(start: Path) -> Path:
    """Folder of the project at or above `start`, with its lock and dist/. Raises UsageError when there is none."""
    return home(start)[0]


def home(start: Path, watch: Watch | None = None) -> tuple[Path, str]:
    """Folder of the project at or above `start`, and of the member that `start` is in, relative to it; "" outside of members.

    The nearest wbuild.toml decides, or the one above it that has its folder among its members. Raises UsageError when there is none.
    """
    nearest = project_folder(str(start))
    if nearest is None:
        hint = "`wbuild init --lang c NAME` makes a project; -C DIR looks elsewhere"
        raise UsageError("WB270", f"no {MANIFEST} in {shown(start)} or above", hint=hint)
    folder = Path(nearest)
    for above in folder.parents:
        if watch is not None:
            watch.file(above / MANIFEST)
        if (above / MANIFEST).is_file() and folder in members_of(above):
            return above, folder.relative_to(above).as_posix()
    return folder, ""


def members_of(folder: Path) -> tuple[Path, ...]:
    """Folders of the members of another project; none when its manifest cannot be read, which is its own matter."""
    try:
        content = read(folder / MANIFEST, LARGEST, follow=True)
        return members(folder, early_project(content, MANIFEST, facts(folder)).members)[0]
    except (OSError, UsageError):
        return ()


def member_to_be(folder: Path, target: Path) -> bool:
    """Whether a folder without a wbuild.toml would be a member of the project in `folder` with one."""
    content = _content(folder / MANIFEST)
    globs = early_project(content, shown(folder / MANIFEST), facts(folder)).members
    return target != folder and any(matches(glob, target.relative_to(folder).as_posix()) for glob in globs)


def members(folder: Path, globs: tuple[str, ...]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Folders with a wbuild.toml that `project.members` names, sorted, and the entries that match none."""
    found: dict[Path, None] = {}
    unmatched: list[str] = []
    for glob in globs:
        found_here = sorted(path for path in matching(folder, glob) if _is_member(folder, path))
        found.update(dict.fromkeys(found_here))
        unmatched += [] if found_here else [glob]
    return tuple(found), tuple(unmatched)


def _is_member(folder: Path, path: Path) -> bool:
    inside = path.relative_to(folder).parts
    passed = PASSED.intersection(inside)
    return bool(inside) and not passed and inside[0] != DIST and (path / MANIFEST).is_file() and not _escapes(folder, str(path), ".")


def open_project(start: Path, watch: Watch | None = None) -> Project:
    """The project at or above `start`. Raises UsageError with all problems of its manifests or recipes. `watch` notes what is read."""
    watch = watch or Watch()
    folder, member = home(start, watch)
    watch.file(folder / MANIFEST)
    catalog, recipes = _catalog(folder, watch)
    manifest = load_manifest(folder, catalog, watch=watch)
    root = folder.joinpath(*[".."] * _depth(manifest.folder)).resolve() if manifest.folder != "." else folder
    return Project(folder=folder, root=root, manifest=manifest, catalog=catalog, recipes=recipes, member=member)


def _catalog(folder: Path, watch: Watch) -> tuple[Catalog, tuple[Path, ...]]:
    """The catalogue with a project's own recipes, and their files. Raises UsageError."""
    early = early_project(_content(folder / MANIFEST), shown(folder / MANIFEST), facts(folder))
    recipes = tuple(_recipes(folder, early.recipes))
    watch.file(*recipes)
    if not recipes:
        return shipped_data.catalog(), ()
    return catalogs.load(recipe_texts(), {path.relative_to(folder).as_posix(): text_of(path) for path in recipes}), recipes


def load_manifest(folder: Path, catalog: Catalog, *, replaced: Mapping[Path, str] | None = None, watch: Watch | None = None) -> Manifest:
    """The manifest of the project in `folder`, with its members. `replaced`: texts to read in place of files, or of files to come.

    Raises UsageError with all problems, MachineError.
    """
    texts = replaced or {}
    content = texts.get(folder / MANIFEST) or _content(folder / MANIFEST)
    early = early_project(content, shown(folder / MANIFEST), facts(folder))
    folders, unmatched = members(folder, early.members)
    added = [path.parent for path in texts if path.parent != folder and path.parent not in folders]
    folders = (*folders, *added)
    unmatched = tuple(glob for glob in unmatched if not any(matches(glob, path.relative_to(folder).as_posix()) for path in added))
    (watch or Watch()).file(*(path / MANIFEST for path in folders))
    found = [
        Member(
            folder=path.relative_to(folder).as_posix(),
            file=shown(path / MANIFEST),
            content=texts.get(path / MANIFEST) or _content(path / MANIFEST),
        )
        for path in folders
    ]
    return load(content, shown(folder / MANIFEST), replace(facts(folder), unmatched=unmatched), catalog, found)


def _content(path: Path) -> bytes:
    return content_of(path, LARGEST)


def content_of(path: Path, limit: int) -> bytes:
    """The bytes of a file that people keep. Raises UsageError for what is no file or is too large, MachineError."""
    with machine_errors(path, "read"):
        try:
            return read(path, limit, follow=True)
        except UnfitError as error:
            raise UsageError("WB201", f"cannot read {shown(path)}: {error.strerror}", hint="put an ordinary text file there") from None


def catalog_of(start: Path) -> Catalog:
    """The catalogue with the recipes of the project around `start`; the shipped one outside of any."""
    if project_folder(str(start)) is None:
        return shipped_data.catalog()
    return _catalog(home(start)[0], Watch())[0]


def readable_catalog(start: Path) -> tuple[Catalog, tuple[Problem, ...]]:
    """`catalog_of` as far as it can be read, and what is wrong with the rest: editors need the schema most while a manifest is wrong."""
    try:
        return catalog_of(start), ()
    except UsageError as error:
        problems = error.problems
    folder = home(start)[0]
    try:
        globs = early_project(_content(folder / MANIFEST), shown(folder / MANIFEST), facts(folder)).recipes
    except UsageError:
        globs = ()
    found = (path for glob in globs for path in sorted(matching(folder, glob)) if path.is_file() and not _escapes(folder, str(path), "."))
    local = {path.relative_to(folder).as_posix(): text_of(path) for path in found}
    return _as_far_as_right(local), problems


def _as_far_as_right(local: Mapping[str, str]) -> Catalog:
    """The catalogue with those of the local recipes that are right."""
    try:
        return catalogs.load(recipe_texts(), local)
    except UsageError as error:
        wrong = {problem.place.file for problem in error.problems if problem.place} & set(local)
        return _as_far_as_right({name: text for name, text in local.items() if wrong and name not in wrong})


def facts(folder: Path) -> BoundaryFacts:
    """What the text of a manifest in `folder` cannot tell: its place, the repository around it, which paths leave it through links."""
    real = folder.resolve()
    repository = next((p.as_posix() for p in (real, *real.parents) if (p / GIT).exists()), "")
    return BoundaryFacts(folder=real.as_posix(), repository=repository, escapes=partial(_escapes, folder))


def shown(path: Path) -> str:
    """A path as people would type it here."""
    try:
        relative = os.path.relpath(path)
    except OSError:  # the current folder has gone
        return str(path)
    return str(path) if relative.startswith(f"..{os.sep}..{os.sep}..") else relative


def _escapes(folder: Path, path: str, root: str) -> bool:
    """Whether a path leads out of the root once symlinks are followed."""
    return not Path(os.path.realpath(folder / path)).is_relative_to(os.path.realpath(folder / root))


def _depth(folder: str) -> int:
    return len(folder.split("/"))


def _recipes(folder: Path, globs: tuple[str, ...]) -> Iterator[Path]:
    """Recipe files of the project. Raises UsageError for a glob without any."""
    for glob in globs:
        found = sorted(path for path in matching(folder, glob) if path.is_file() and not _escapes(folder, str(path), "."))
        if not found:
            raise UsageError("WB274", f"project.recipes: nothing matches {glob}", hint="correct the glob, or take it out")
        yield from found


def text_of(path: Path) -> str:
    """Content of a text file. Raises UsageError for what is no file or is too large, MachineError."""
    return content_of(path, TEXT).decode("utf-8", "surrogateescape")
