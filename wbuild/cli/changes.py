"""`--changed-since REF`: the artifacts that a change concerns, found by planning what was and what is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from posixpath import join, normpath

from wbuild import catalog as catalogs
from wbuild import lock as locks
from wbuild.changes import concerned
from wbuild.cli.data import recipe_texts
from wbuild.cli.git import Git
from wbuild.cli.locking import LOCK
from wbuild.cli.project import Project, facts, names_below
from wbuild.errors import WbuildError
from wbuild.fast import MANIFEST
from wbuild.kit import Kit
from wbuild.manifest import load, recipe_globs
from wbuild.model.locked import Lock, Platform
from wbuild.model.planned import Plan
from wbuild.model.shipped import Catalog
from wbuild.model.written import Manifest
from wbuild.plan import Context, Request, make_plan
from wbuild.tree import NEVER_INPUTS, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which of these artifacts changed."""

    project: Project
    lock: Lock
    vendor: Mapping[str, tuple[str, ...]]
    """Names of the files of vendored sources."""
    profiles: tuple[str, ...]
    buildable: Mapping[Platform, tuple[str, ...]]
    """Platform → artifacts to look at, in the manifest's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A project at one commit, or as it is."""

    manifest: Manifest
    catalog: Catalog
    lock: Lock
    tree: Tree
    environ: Mapping[str, str]

    def plan(self, name: str, profile: str, platform: Platform) -> Plan:
        kit: Kit = locks.kit(self.lock, platform)
        context = Context(
            manifest=self.manifest,
            catalog=self.catalog,
            toolchains=dict(self.lock.toolchains),
            kit=kit,
            tree=self.tree,
            environ=self.environ,
        )
        return make_plan(context, Request(artifacts=(name,), profile=profile, check_always=True))


def changed_since(ref: str, question: Question, git: Git) -> tuple[frozenset[str], str]:
    """Names of the artifacts that differ from the newest commit in common with `ref`, and a remark for people ("" for none).

    Raises UsageError for a revision that git does not know.
    """
    base = git.base(ref)
    changed = git.changed(base)
    found, _ = names_below(git.world.doors.files, question.project.root)
    project = question.project
    tree = Tree(names=found, vendor=question.vendor)
    environ = git.world.environ
    now = _State(manifest=project.manifest, catalog=project.catalog, lock=question.lock, tree=tree, environ=environ)
    remark = ""
    was: _State | None = None
    try:
        was = _state_at(base, question, git, _names_before(found, changed, git.names(base)))
    except WbuildError as error:
        remark = f"{MANIFEST} or {LOCK} of {ref} cannot be used, so everything counts as changed: {error.problems[0].message}"
    differing: set[str] = set()
    asked = [(name, profile, platform) for platform, names in question.buildable.items() for name in names for profile in question.profiles]
    for name, profile, platform in asked:
        planned = _planned(now, name, profile, platform)
        # What cannot be planned is built all the same, so that its own job says why.
        if planned is None or concerned(_planned(was, name, profile, platform), planned, changed):
            differing.add(name)
    return frozenset(differing), remark


def _planned(state: _State | None, name: str, profile: str, platform: Platform) -> Plan | None:
    """The plan of an artifact; None where it cannot be made."""
    try:
        return state.plan(name, profile, platform) if state else None
    except WbuildError:
        return None


def _names_before(now: Iterable[str], changed: frozenset[str], tracked: frozenset[str]) -> tuple[str, ...]:
    """Files before the change: what was tracked, and what is here and did not change (files that git ignores)."""
    never = frozenset(NEVER_INPUTS)
    kept = {name for name in tracked if never.isdisjoint(name.split("/"))}
    return tuple(sorted(kept | (set(now) - changed)))


def _state_at(commit: str, question: Question, git: Git, names: tuple[str, ...]) -> _State:
    """The project in a commit. Raises WbuildError when there was none that can be used."""
    project = question.project
    folder = project.manifest.folder
    known = facts(project.folder)
    content = git.text(commit, normpath(join(folder, MANIFEST))) or b""
    tree = Tree(names=names, vendor=question.vendor)
    recipes = {}
    for path in tree.glob(recipe_globs(content, MANIFEST, known), base=folder):
        relative = path if folder == "." else path.removeprefix(f"{folder}/")
        recipes[relative] = (git.text(commit, path) or b"").decode("utf-8", "surrogateescape")
    catalog = catalogs.load(recipe_texts(), recipes)
    lock = (git.text(commit, normpath(join(folder, LOCK))) or b"").decode("utf-8", "replace")
    return _State(
        manifest=load(content, MANIFEST, known, catalog),
        catalog=catalog,
        lock=locks.decode(lock, catalog, LOCK),
        tree=tree,
        environ=git.world.environ,
    )
