"""`--changed-since REF`: what git says is different, and what that touches."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from posixpath import join, normpath, relpath

from wbuild import lock as locks
from wbuild.errors import WbuildError
from wbuild.manifest.load import Member, load
from wbuild.model.locked import Lock
from wbuild.model.planned import Plan
from wbuild.model.written import Manifest
from wbuild.plan.affected import Change
from wbuild.session.git import Git
from wbuild.session.project import Project, facts
from wbuild.session.world import World
from wbuild.steps.tree import matches, upward
from wbuild.text.project_names import LOCK, MANIFEST


def change_since(world: World, project: Project, lock: Lock, ref: str) -> Change:
    """What differs from the commit at which this branch left `ref`. Raises UsageError where git is not there or refuses."""
    git = Git(world=world, folder=project.root)
    commit = git.base(ref)
    files = git.changed(commit)
    folder = project.manifest.folder
    manifests = {normpath(join(folder, member, MANIFEST)) for member in (".", *project.manifest.members)}
    globs = project.manifest.project.recipes
    recipes = {relpath(name, folder) for name in files}
    return Change(
        files=files,
        recipes=frozenset(name for name in recipes if any(matches(glob, name) for glob in globs)),
        manifest=project.manifest if files.isdisjoint(manifests) else _manifest(git, commit, project),
        lock=lock if normpath(join(folder, LOCK)) not in files else _lock(git, commit, project),
    )


def gone(root: Path, change: Change) -> tuple[str, ...]:
    """Files of a change that are no more: there is nothing, or a link that leads to no file of the project."""
    home = os.path.realpath(root)

    def is_gone(name: str) -> bool:
        path = join(home, name)
        if not os.path.islink(path):  # noqa: PTH114 - asked for every file of a change
            return not os.path.exists(path)  # noqa: PTH110 - as above
        target = os.path.realpath(path)
        return not target.startswith(f"{home}{os.sep}") or not os.path.exists(target)  # noqa: PTH110 - as above

    return tuple(sorted(filter(is_gone, change.files)))


def through_links(root: Path, plan: Plan, change: Change) -> Change:
    """The change, with every name of a plan that stands for a changed file elsewhere: git knows a file by one name only."""
    real_root = os.path.realpath(root)
    real = cache(os.path.realpath)
    found = set[str]()
    for name in {name for step in plan.steps for name in (*step.inputs, *step.candidates)}:
        folder, _, base = name.rpartition("/")
        place = join(real(join(real_root, folder)), base)
        place = os.path.realpath(place) if os.path.islink(place) else place  # noqa: PTH114 - asked for every file of a project
        if place.startswith(f"{real_root}{os.sep}"):
            own = place[len(real_root) + 1 :].replace(os.sep, "/")
            if own != name and not change.files.isdisjoint(upward(own)):
                found.add(name)
    return replace(change, files=change.files | found)


def _manifest(git: Git, commit: str, project: Project) -> Manifest | None:
    """The manifest as it was, read with the present recipes; None when it cannot be."""
    folder = project.manifest.folder
    content = git.file(commit, normpath(join(folder, MANIFEST)))
    found = []
    for member in project.manifest.members:
        text = git.file(commit, normpath(join(folder, member, MANIFEST)))
        found += [Member(folder=member, file=MANIFEST, content=text)] if text is not None else []
    try:
        return None if content is None else load(content, MANIFEST, replace(facts(project.folder), unmatched=()), project.catalog, found)
    except WbuildError:
        return None


def _lock(git: Git, commit: str, project: Project) -> Lock | None:
    content = git.file(commit, normpath(join(project.manifest.folder, LOCK)))
    try:
        return None if content is None else locks.decode(content.decode("utf-8", "replace"), project.catalog, LOCK)
    except WbuildError:
        return None
