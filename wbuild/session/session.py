"""What build, check, run, size, plan and fetch have in common: from a command line to a plan, from a plan to a report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import join, normpath

from wbuild import __version__
from wbuild.cache import Cache
from wbuild.doors.regular import read
from wbuild.engine import Engine
from wbuild.errors import Problem
from wbuild.lock.trust import refusal, refused
from wbuild.model.happened import Report, Result
from wbuild.model.locked import Lock, Pin
from wbuild.model.planned import Plan, Product
from wbuild.model.written import Manifest
from wbuild.plan.plan import make_plan, product_file
from wbuild.report import to_json
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.locked import locked
from wbuild.session.looked import Looked, looked
from wbuild.session.opened import opened
from wbuild.session.progress import Progress
from wbuild.session.project import TEXT, Project
from wbuild.session.record import Watch
from wbuild.session.world import World
from wbuild.steps.kit import Kit
from wbuild.store import Store
from wbuild.terminal.console import Console
from wbuild.text.json_text import valid
from wbuild.text.project_names import DIST, REPORT, WORK


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The outcome of running a plan: results, the report, and the documents that were written."""

    results: tuple[Result, ...]
    report: Report
    written: tuple[Path, ...]
    """The paths of the documents about the build: one beside each artifact, and the index of the profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A project, opened, locked and planned."""

    world: World
    console: Console
    project: Project
    lock: Lock
    kit: Kit
    store: Store
    cache: Cache
    plan: Plan
    asked: Asked
    watch: Watch
    progress: Progress
    started: float

    @property
    def locked(self) -> bool:
        """Whether the lock may not change."""
        return self.asked.keeps_locks(ci=self.world.ci)

    def pins(self) -> tuple[Pin, ...]:
        """Every tool and vendored source of the plan, needed ones first."""
        objects = {id(pin): pin for step in self.plan.steps for pin in step.pins}
        return tuple({pin.identity: pin for pin in objects.values()}.values())

    def unavailable(self) -> tuple[Problem, ...]:
        """Why this platform cannot make some of the products."""
        return tuple(dict.fromkeys(product.problem for product in self.plan.products if product.problem))

    @contextmanager
    def built(self, *, explain: bool = False) -> Iterator[Built]:
        """Run the plan, and write beside the artifacts what came out; nobody else can build in this project before the `with` statement
        ends. Raises MachineError, Interrupted."""
        with self.executed(explain=explain) as results:
            report = self.report(results)
            yield Built(results=results, report=report, written=self.publish(report))

    def build(self) -> Built:
        """Build as `built` does, for those who have nothing more to do while nobody else may build."""
        with self.built() as built:
            return built

    @contextmanager
    def executed(self, *, explain: bool = False) -> Iterator[tuple[Result, ...]]:
        """Run the plan, as `Engine.executed` does. A failed step is a result. `explain`: say why each step runs."""
        self.progress.plan = self.plan
        self.progress.explain = explain
        self.console.board.total, self.console.board.done = len(self.plan.steps), 0
        try:
            with self.store.using(self.pins()), self.engine().executed(self.plan) as results:
                yield results
        finally:
            self.console.calm()
            if self.cache.healed:
                self.console.note(f"{self.cache.healed} damaged files of the cache were removed, and what they held was made again")

    def engine(self) -> Engine:
        """The engine for this project."""
        keep_going = self.world.ci if self.asked.keep_going is None else self.asked.keep_going
        return Engine(
            root=self.project.root,
            work=normpath(join(self.project.manifest.folder, WORK)),
            doors=self.world.doors,
            store=self.store,
            cache=self.cache,
            jobs=self.world.jobs,
            memory=self.world.memory,
            keep_going=keep_going,
            fail_fast=self.asked.keep_going is False,
            on_event=self.progress,
            epoch=self.world.epoch,
            lock_timeout=self.world.lock_timeout,
            system_env=self.world.system_env,
        )

    def report(self, results: tuple[Result, ...]) -> Report:
        """The report on the results of a plan, with what the steps have measured and the sizes of the build before."""
        from wbuild.report.assemble import FinishedRun, assemble  # compilers need not wait until it is loaded

        products = self.plan.products
        wanted = [path for p in products for path in (p.measure, p.select, *p.verdicts) if path]
        return assemble(
            self.plan,
            FinishedRun(
                project=self.project.manifest.project.name,
                profile=self.asked.profile,
                wbuild=__version__,
                results=results,
                texts=self._texts(wanted),
                previous={p.file: text for p in products if (text := self._text(report_path(p.file)))},
                seconds=time.monotonic() - self.started,
                healed=self.cache.healed,
                platform=self.world.doors.platform,
                locked=self.locked,
            ),
        )

    def publish(self, report: Report) -> tuple[Path, ...]:
        """Write the document beside each artifact and the index of the profile; the files written. Raises MachineError.

        Not synced: the nothing-to-do path compares them, and any other build writes them again.
        """
        files = self.world.doors.files
        index = normpath(join(self.project.manifest.folder, DIST, report.profile, REPORT))
        texts = {report_path(a.file): to_json.render_artifact(a) for a in report.artifacts}
        texts[index] = to_json.render_index(report, self._text(index), every_file(self.project.manifest, report.profile))
        for name, text in texts.items():
            files.write(self.project.root / name, valid(text), durable=False)
        return tuple(self.project.root / name for name in texts)

    def path(self, product: Product) -> str:
        """An artifact's file as it is printed: relative to the current folder, whole where that has gone."""
        path = self.project.root / product.file
        try:
            return os.path.relpath(path)
        except FileNotFoundError:
            return str(path)

    def _texts(self, names: list[str]) -> dict[str, str]:
        return {name: text for name in names if (text := self._text(name))}

    def _text(self, name: str) -> str:
        try:
            return read(self.project.root / name, TEXT).decode("utf-8")
        except (OSError, ValueError):
            return ""


def report_path(file: str) -> str:
    """The path of the document beside an artifact."""
    return f"{file}.report.json"


def every_file(manifest: Manifest, profile: str) -> frozenset[str]:
    """Files of all artifacts and targets of a manifest in a profile, relative to the root."""
    return frozenset(product_file(manifest, artifact, target, profile) for artifact in manifest.artifacts for target in artifact.targets)


def prepare(common: Common, asked: Asked, watch: Watch | None = None) -> Session:
    """Open the project, bring its lock in step, look at its files, make the plan. Raises WbuildError. `watch` notes what is read."""
    return planned(looked(locked(opened(common, asked, Watch() if watch is None else watch))))


def planned(looked: Looked) -> Session:
    """The last stage before a build: the plan. Raises WbuildError."""
    locked, context, request = looked.locked, looked.context, looked.request
    opened = locked.opened
    world, project, asked, watch = opened.world, opened.project, opened.asked, opened.watch
    if asked.changed_since:
        request = replace(request, artifacts=_changed(looked, asked.changed_since))
        if not request.artifacts:
            opened.console.note(f"no chosen artifact differs from {asked.changed_since}: nothing to do")
    plan = make_plan(context, request)
    if asked.write:
        refuse_fetches(project, world, plan)
        made = {path for step in plan.steps for path in step.outputs}
        read = dict.fromkeys(name for step in plan.steps for name in (*step.inputs, *(() if step.depfile else step.candidates)))
        watch.file(*(project.root / name for name in read if name not in made))
    return Session(
        world=world,
        console=opened.console,
        project=project,
        lock=locked.lock,
        kit=locked.kit,
        store=locked.store,
        cache=world.open_cache(),
        plan=plan,
        asked=asked,
        watch=watch,
        progress=opened.progress,
        started=opened.started,
    )


def refuse_fetches(project: Project, world: World, plan: Plan) -> None:
    """Raise ProvisionError for fetch steps of a language that the project brings, before the user has said that it is meant."""
    fetching = {step.artifact for step in plan.steps if step.network}
    for product in plan.products:
        language = project.catalog.languages.get(product.language)
        if product.artifact.name in fetching and language and refused(language, project.catalog, world.doors):
            raise refusal(language, "its steps that fetch are not started")


def _changed(looked: Looked, ref: str) -> tuple[str, ...]:
    """The artifacts of a request that differ from a git revision."""
    from wbuild.plan.affected import affected
    from wbuild.session.changed_files import change_since, gone, through_links

    opened, lock, context, request = looked.locked.opened, looked.locked.lock, looked.context, looked.request
    project = opened.project
    change = change_since(opened.world, project, lock, ref)
    tree = replace(context.tree, names=tuple(sorted({*context.tree.names, *gone(project.root, change)})))
    whole = make_plan(replace(context, tree=tree), replace(request, checks=True, check_always=True, runtimes=()))
    touched = affected(through_links(project.root, whole, change), whole, project.manifest, lock, project.catalog)
    unknown = {product.artifact.name for product in whole.products if product.problem}
    return tuple(name for name in request.artifacts if name in touched or name in unknown)
