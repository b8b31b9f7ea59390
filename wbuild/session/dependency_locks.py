"""Lock files of the project's own dependencies (Cargo.lock, go.sum, package-lock.json): where one is missing or does not fit the
project files, the ecosystem's own client makes it before anything is planned, in a copy of the project, and it is moved in whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import dirname
from typing import Final

from wbuild import lock as locks
from wbuild.drivers.project import LockToMake
from wbuild.engine import Engine
from wbuild.errors import Problem, StepError, UsageError
from wbuild.lock.trust import refusal, refused
from wbuild.model.locked import Lock
from wbuild.plan.plan import BuildRequest, Context, locks_to_make
from wbuild.session.progress import Progress
from wbuild.session.project import TEXT, Project, content_of, shown, text_of
from wbuild.session.project_tree import context_of, project_tree
from wbuild.session.record import Watch
from wbuild.session.work_folder import locked as locked_workdir
from wbuild.session.work_folder import prepare as prepare_workdir
from wbuild.session.world import World
from wbuild.steps.tree import Texts
from wbuild.store import Store
from wbuild.terminal.console import Console
from wbuild.text.project_names import WORK

COPY: Final = "locking"
"""Folder below `.wbuild` that holds the copy of the project."""
DEPENDENCY_LOCK: Final = f"{COPY}.lock"
"""File beside it: one wbuild a project at a time has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyLocks:
    """Makes lock files in one project."""

    world: World
    project: Project
    console: Console
    store: Store

    def make(self, wanted: Sequence[LockToMake], context: Context, watch: Watch) -> Context:
        """What plans are made from, with these lock files. Raises ProvisionError, StepError, UsageError, MachineError."""
        texts = dict(context.tree.texts)
        for one in wanted:
            self._make(one)
            path = self.project.root / one.lock.file
            watch.wrote(path)
            if one.lock.file in texts:
                texts[one.lock.file] = text_of(path)
        return _with(context, wanted, texts)

    def announce(self, wanted: Sequence[LockToMake], context: Context) -> Context:
        """Say what `make` would do; what plans are made from, as if it had been done."""
        for one in wanted:
            self.console.note(f"{one.lock.problem}; `wbuild build` brings it in order with `{one.recipe.by_hand}`")
        return _with(context, wanted, {name: text for name, text in context.tree.texts.items() if name not in _files(wanted)})

    def refuse(self, wanted: Sequence[LockToMake]) -> None:
        """Raise UsageError for lock files that would have to be made (`wbuild lock --check`)."""
        if wanted:
            hint = "run `wbuild lock` and commit the files"
            raise UsageError.of(tuple(Problem(code="WB228", message=one.lock.problem, hint=hint) for one in wanted))

    def _make(self, wanted: LockToMake) -> None:
        artifact = next(one for one in self.project.manifest.artifacts if one.name == wanted.step.artifact)
        language = self.project.catalog.languages[artifact.lang]
        if refused(language, self.project.catalog, self.world.doors):
            raise refusal(language, "its lock file is not made")
        target = self.project.root / wanted.lock.file
        before = _content(target)
        with self._copy(wanted) as copy:
            if before is None and target.exists():  # another wbuild has made it in the meantime
                return
            self._run(wanted, copy)
            made = _content(copy / wanted.lock.file)
            if made is None and not wanted.recipe.may_lack:
                message = f"`{wanted.recipe.by_hand}` ended well, but made no {shown(target)}"
                raise UsageError("WB248", message, hint="does its configuration forbid lock files?")
            self.world.doors.files.write(target, made or b"")
        count = len(re.findall(f"^(?:{wanted.recipe.packages})", (made or b"").decode("utf-8", "replace"), re.MULTILINE))
        number = f"{count or 'no'} package{'' if count == 1 else 's'}"
        self.console.note(f"{'created' if before is None else 'updated'} {shown(target)} ({number})")

    def _run(self, wanted: LockToMake, copy: Path) -> None:
        """Start the client in the copy. Raises what ends it, with paths of the project and the command for people."""
        engine = Engine(
            root=copy,
            doors=self.world.doors,
            store=self.store,
            cache=self.world.open_cache(),
            on_event=Progress(console=self.console, root=copy),
            system_env=self.world.system_env,
        )
        try:
            engine.once(wanted.step)
        except StepError as error:
            folder = shown(self.project.root / dirname(wanted.lock.file))
            hint = f"to repeat it by hand: `{wanted.recipe.by_hand}` in {folder}"
            problems = (replace(p, hint=hint, detail=p.detail.replace(str(copy), str(self.project.root))) for p in error.problems)
            raise StepError.of(tuple(problems)) from None
        finally:
            self.console.calm()

    @contextmanager
    def _copy(self, wanted: LockToMake) -> Iterator[Path]:
        """A copy of what the client reads; it is gone afterwards."""
        files, folder = self.world.doors.files, self.project.folder
        copy = folder / WORK / COPY
        with dependency_lock(self.world, self.console, folder):
            files.remove(copy)
            try:
                for name in wanted.lock.reads:
                    make = files.copy if name == wanted.lock.file else files.twin
                    make(self.project.root / name, copy / name)
                (copy / dirname(wanted.lock.file)).mkdir(parents=True, exist_ok=True)
                yield copy
            finally:
                files.remove(copy)


def lock_dependencies(world: World, console: Console, project: Project, lock: Lock, *, check: bool) -> None:
    """Make lock files of dependencies that are missing or do not fit; `check`: raise UsageError instead. Raises WbuildError."""
    if check:
        world = world.looking(project.root)
    names = tuple(artifact.name for artifact in project.manifest.artifacts)
    kit = locks.kit_here(lock, project.catalog, world.doors)
    context = context_of(world, project, lock, kit, project_tree(world, project, names, Watch()))
    wanted = locks_to_make(context, BuildRequest(artifacts=names, profile="dev"))
    locking = DependencyLocks(world=world, project=project, console=console, store=world.open_store())
    if check:
        locking.refuse(wanted)
    elif wanted:
        prepare_workdir(project.folder, world.doors.files, project.catalog, locked_workdir(world, console, project.folder, "prepare"))
        locking.make(wanted, context, Watch())


def dependency_lock(world: World, console: Console, folder: Path) -> AbstractContextManager[None]:
    """What whoever has such a copy in a project holds. Raises MachineError at the time-out, UsageError for files of git there."""
    world.trust.refuse_tracked(folder, WORK)
    path = folder / WORK / DEPENDENCY_LOCK
    return world.doors.files.lock(path, what="lock dependencies", timeout=world.lock_timeout, say=console.note)


def _files(wanted: Sequence[LockToMake]) -> frozenset[str]:
    return frozenset(one.lock.file for one in wanted)


def _with(context: Context, wanted: Sequence[LockToMake], texts: dict[str, str]) -> Context:
    tree = context.tree
    names = tuple(sorted({*tree.names, *_files(wanted)}))
    return replace(context, tree=replace(tree, names=names, texts=Texts(texts, tree.plain) if tree.links else texts))


def _content(path: Path) -> bytes | None:
    return content_of(path, TEXT) if path.is_file() else None
