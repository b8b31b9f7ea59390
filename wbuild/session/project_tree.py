"""What a plan is made from, as a project has it: its files with the texts that drivers read, vendored sources, the context of a plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from posixpath import join, normpath

from wbuild.drivers.project import above as above_project
from wbuild.drivers.project import texts as project_texts
from wbuild.errors import ProvisionError
from wbuild.model.locked import Lock
from wbuild.plan.plan import Context
from wbuild.session.progress import Progress
from wbuild.session.project import Project
from wbuild.session.project_texts import FileTexts
from wbuild.session.record import Watch
from wbuild.session.snapshot import look, own, places
from wbuild.session.world import World
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Texts, Tree
from wbuild.store import Store


def project_tree(world: World, project: Project, chosen: tuple[str, ...], watch: Watch) -> Tree:
    """The files of the project, with the texts of those (Cargo.toml, go.mod …) that the drivers of the chosen artifacts read, by any name
    that leads to them. Vendored sources are not among them: they have no say in lock files of dependencies."""
    tree = look(world.doors.files, project.root, own(project), watch).tree
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
