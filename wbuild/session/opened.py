"""The first stage of a session: a project as its manifest says it is, and what a command line asks of it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from wbuild.cache.layout import SWEPT, VERSION
from wbuild.manifest.needs import with_needed
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.outside_work import keep_outside
from wbuild.session.progress import Progress
from wbuild.session.project import Project, open_project
from wbuild.session.record import Watch
from wbuild.session.selection import select
from wbuild.session.work_folder import locked as locked_workdir
from wbuild.session.work_folder import prepare as prepare_workdir
from wbuild.session.world import World, config_paths
from wbuild.steps.environment import Surrounding, hidden_values
from wbuild.terminal.console import Console
from wbuild.text.project_names import DIST, WORK
from wbuild.text.redact import redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A project that was opened. Nothing of it has been looked at but its manifest and recipes."""

    world: World
    console: Console
    project: Project
    asked: Asked
    watch: Watch
    progress: Progress
    started: float
    """When the command began, in seconds of the monotonic clock."""
    chosen: tuple[str, ...]
    """The artifacts that the command line means."""
    names: tuple[str, ...]
    """The chosen artifacts together with all that they need."""

    @property
    def may_lock(self) -> bool:
        """Whether locks that are missing or do not fit may be made."""
        return not self.asked.keeps_locks(ci=self.world.ci)


def opened(common: Common, asked: Asked, watch: Watch) -> Opened:
    """Open the project around the current folder, with its `.wbuild` if the command writes. Raises WbuildError."""
    started = time.monotonic()
    world, console = common.world(**asked.flags), common.console
    watch.file(*config_paths(world.environ), world.cache / VERSION / SWEPT)
    project = open_project(common.start, watch)
    world.claim(project.folder, project.root, project.root / project.manifest.folder)
    if not asked.write:
        world = world.looking(project.root)
    _hide(world, console, project)
    chosen = select(project.manifest, project.catalog, asked.words, project.member)
    if asked.write:
        _prepare_folders(world, console, project)
    return Opened(
        world=world,
        console=console,
        project=project,
        asked=asked,
        watch=watch,
        progress=Progress(console=console, root=project.root, moments=[] if asked.timed else None),
        started=started,
        chosen=chosen,
        names=with_needed(project.manifest.artifacts, chosen),
    )


def _hide(world: World, console: Console, project: Project) -> None:
    """Have the console show no value that the project takes from the user's environment, but for plain names."""
    around = Surrounding(environ=world.environ, plain=world.plain_env)
    console.hide = redactor({}, hidden_values(project.manifest.artifacts, around))


def _prepare_folders(world: World, console: Console, project: Project) -> None:
    """Make `.wbuild`, where the user's setting says. Raises MachineError, UsageError."""
    world.trust.refuse_tracked(project.folder, WORK, DIST)
    if project.root != project.folder:
        world.trust.refuse_tracked(project.root, WORK)
    keep_outside(project.folder, project.manifest.project.name, world, console)
    for folder in dict.fromkeys((project.folder, project.root)):
        prepare_workdir(folder, world.doors.files, project.catalog, locked_workdir(world, console, folder, "prepare"))
