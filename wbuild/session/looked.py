"""The third stage of a session: the project's files, with the texts that drivers read, and lock files of its dependencies."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import join, normpath

from wbuild import lock as locks
from wbuild.drivers.project import above as above_project
from wbuild.drivers.project import texts as project_texts
from wbuild.errors import ProvisionError
from wbuild.model.locked import Lock
from wbuild.plan.plan import BuildRequest, Context, locks_to_make
from wbuild.session.dependency_locks import DependencyLocks
from wbuild.session.locked import Locked
from wbuild.session.progress import Progress
from wbuild.session.project import Project
from wbuild.session.project_texts import FileTexts
from wbuild.session.record import Watch
from wbuild.session.selection import choose_targets
from wbuild.session.snapshot import look, own, places
from wbuild.session.work_folder import locked as locked_workdir
from wbuild.session.work_folder import prepare as prepare_workdir
from wbuild.session.world import World
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Texts, Tree
from wbuild.store import Store
from wbuild.terminal.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A project with all that a plan is made from."""

    locked: Locked
    context: Context
    request: BuildRequest


def looked(locked: Locked) -> Looked:
    """Look at the files of the project, and make lock files of dependencies that are missing. Raises WbuildError."""
    opened = locked.opened
    world, project, asked, watch = opened.world, opened.project, opened.asked, opened.watch
    found = look(world.doors.files, project.root, own(project), watch)
    vendor = vendor_names(project, opened.names, locked.kit, locked.store, opened.progress if asked.write else None)
    tree = project_files(project, opened.names, replace(found.tree, vendor=vendor), watch)
    context = context_of(world, project, locked.lock, locked.kit, tree)
    request = BuildRequest(
        artifacts=opened.chosen,
        profile=asked.profile,
        level=asked.level,
        targets=choose_targets(project.manifest, opened.chosen, asked.targets),
        checks=asked.checks,
        check_always=asked.check_always,
        runtimes=asked.runtimes,
        hosts=asked.hosts,
    )
    if opened.may_lock:
        locking = DependencyLocks(world=world, project=project, console=opened.console, store=locked.store)
        wanted = locks_to_make(context, request)
        context = locking.make(wanted, context, watch) if asked.write else locking.announce(wanted, context)
    return Looked(locked=locked, context=context, request=request)


def context_of(world: World, project: Project, lock: Lock, kit: Kit, tree: Tree) -> Context:
    """All that plans for this machine are made from, put together: manifest, recipes, pins, files and environment."""
    return Context(
        manifest=project.manifest,
        catalog=project.catalog,
        toolchains=dict(lock.toolchains),
        kit=kit,
        tree=tree,
        environ=world.environ,
        plain=world.plain_env,
        places=places(project),
    )


def lock_dependencies(world: World, console: Console, project: Project, lock: Lock, *, check: bool) -> None:
    """Make lock files of dependencies that are missing or do not fit; `check`: raise UsageError instead. Raises WbuildError."""
    if check:
        world = world.looking(project.root)
    names = tuple(artifact.name for artifact in project.manifest.artifacts)
    tree = project_files(project, names, look(world.doors.files, project.root, own(project)).tree, Watch())
    kit = locks.kit_here(lock, project.catalog, world.doors)
    context = context_of(world, project, lock, kit, tree)
    wanted = locks_to_make(context, BuildRequest(artifacts=names, profile="dev"))
    locking = DependencyLocks(world=world, project=project, console=console, store=world.open_store())
    if check:
        locking.refuse(wanted)
    elif wanted:
        prepare_workdir(project.folder, world.doors.files, project.catalog, locked_workdir(world, console, project.folder, "prepare"))
        locking.make(wanted, context, Watch())


def project_files(project: Project, chosen: tuple[str, ...], tree: Tree, watch: Watch) -> Tree:
    """The tree with the texts of the files (Cargo.toml, go.mod …) that the drivers of the chosen artifacts read, by any name that leads
    to them."""
    artifacts = [artifact for artifact in project.manifest.artifacts if artifact.name in chosen]
    languages = {artifact.lang: project.catalog.languages[artifact.lang] for artifact in artifacts}
    globs = [
        glob
        for artifact in artifacts
        for glob in project_texts(languages[artifact.lang], artifact, normpath(join(project.manifest.folder, artifact.path)))
    ]
    above = dict.fromkeys(name for language in languages.values() for name in above_project(language))
    names = [tree.plain(name) for name in tree.glob(dict.fromkeys(globs), wide=True)]
    texts = FileTexts(project.root, names, watch, above)
    home = Path(os.path.realpath(project.root)).as_posix()
    return replace(tree, texts=Texts(texts, tree.plain) if tree.links else texts, above=texts.above, home=home)


def vendor_names(project: Project, names: tuple[str, ...], kit: Kit, store: Store, progress: Progress | None) -> dict[str, tuple[str, ...]]:
    """Files of the vendored sources that the chosen artifacts use; they are fetched first, because globs need their names.

    Without `progress` nothing is fetched: raises ProvisionError for one that is not in the store.
    """
    used = [v for v in project.manifest.vendor if any(f"{{vendor.{v}}}" in repr(a) for a in project.manifest.artifacts if a.name in names)]
    pins = [kit.pin(f"vendor.{name}") for name in used]
    if progress is not None:
        store.ensure(pins, progress)
    for pin in pins:
        if not store.has(pin):
            raise ProvisionError(
                "WB433", f"{pin.name} {pin.version} is not in the store, and its files are sources", hint="run `wbuild fetch`"
            )
    return {name: tuple(sorted(_below(store.path(pin)))) for name, pin in zip(used, pins, strict=True)}


def _below(folder: Path) -> list[str]:
    return [Path(base, name).relative_to(folder).as_posix() for base, _, files in os.walk(folder) for name in files]
