"""What build, check, run, size, plan and fetch have in common: from a command line to a plan, from a plan to a report."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import join, normpath

from wbuild import __version__
from wbuild import lock as locks
from wbuild.cache import Cache
from wbuild.cache.layout import SWEPT, VERSION
from wbuild.doors.regular import read
from wbuild.drivers.project import above as above_project
from wbuild.drivers.project import texts as project_texts
from wbuild.engine import Engine
from wbuild.errors import Problem, ProvisionError
from wbuild.lock.trust import refusal, refused
from wbuild.manifest.needs import with_needed
from wbuild.model.happened import Report, Result
from wbuild.model.locked import Lock, Pin
from wbuild.model.planned import Plan, Product
from wbuild.model.written import Level, Manifest
from wbuild.nothing_to_do import WORK
from wbuild.plan.plan import DIST, BuildRequest, Context, locks_to_make, make_plan, product_file
from wbuild.report import to_json
from wbuild.session.call import Common
from wbuild.session.dependency_locks import DependencyLocks
from wbuild.session.locking import Locking
from wbuild.session.outside_work import keep_outside
from wbuild.session.progress import Progress
from wbuild.session.project import TEXT, Project, open_project
from wbuild.session.project_texts import FileTexts
from wbuild.session.record import Watch
from wbuild.session.selection import choose_targets, select
from wbuild.session.snapshot import look, own, places
from wbuild.session.work_folder import locked as locked_workdir
from wbuild.session.work_folder import prepare as prepare_workdir
from wbuild.session.world import World, config_paths
from wbuild.steps.environment import Surrounding, hidden_values
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Texts, Tree
from wbuild.store import Store
from wbuild.terminal.console import Console
from wbuild.text.json_text import valid
from wbuild.text.redact import redactor


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command line asks for."""

    words: tuple[str, ...] = ()
    changed_since: str = ""
    """Of the chosen artifacts only those that differ from this git revision."""
    profile: str = "dev"
    level: Level | None = None
    targets: tuple[str, ...] = ()
    locked: bool | None = None
    """None: as CI decides."""
    keep_going: bool | None = None
    checks: bool = True
    check_always: bool = False
    runtimes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Hosts to judge by besides the declared ones."""
    flags: Mapping[str, object] = field(default_factory=dict)
    """Settings of the machine given as flags."""
    write: bool = True
    """False: change nothing on disk."""
    timed: bool = False
    """Remember what happened when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What came of a plan."""

    results: tuple[Result, ...]
    report: Report
    written: tuple[Path, ...]
    """Documents about it."""


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
        return self.world.ci if self.asked.locked is None else self.asked.locked

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
        """The same, for those who have nothing more to do meanwhile."""
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
        """What came out."""
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
        index = normpath(join(self.project.manifest.folder, DIST, report.profile, "report.json"))
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
    """The document beside an artifact."""
    return f"{file}.report.json"


def every_file(manifest: Manifest, profile: str) -> frozenset[str]:
    """Files of all artifacts and targets of a manifest in a profile, relative to the root."""
    return frozenset(product_file(manifest, artifact, target, profile) for artifact in manifest.artifacts for target in artifact.targets)


def prepare(common: Common, asked: Asked, watch: Watch | None = None) -> Session:
    """Open the project, bring its lock in step, look at its files, make the plan. Raises WbuildError. `watch` notes what is read."""
    started = time.monotonic()
    watch = Watch() if watch is None else watch
    world, console = common.world(**asked.flags), common.console
    watch.file(*config_paths(world.environ), world.cache / VERSION / SWEPT)
    project = open_project(common.start, watch)
    world.claim(project.folder, project.root, project.root / project.manifest.folder)
    if not asked.write:
        world = world.looking(project.root)
    hide(world, console, project)
    files = world.doors.files
    chosen = select(project.manifest, project.catalog, asked.words, project.member)
    names = with_needed(project.manifest.artifacts, chosen)
    if asked.write:
        _prepare_folders(world, console, project)
    locked = world.ci if asked.locked is None else asked.locked
    lock = Locking(world=world, project=project, console=console, locked=locked, write=asked.write).fitting(watch)
    store = world.open_store()
    kit = locks.kit_here(lock, project.catalog, world.doors)
    found = look(files, project.root, own(project), watch)
    progress = Progress(console=console, root=project.root, moments=[] if asked.timed else None)
    vendor = vendor_names(project, names, kit, store, progress if asked.write else None)
    tree = project_files(project, names, replace(found.tree, vendor=vendor), watch)
    context = context_of(world, project, lock, kit, tree)
    request = _request(project, chosen, asked)
    if not locked:
        locking = DependencyLocks(world=world, project=project, console=console, store=store)
        wanted = locks_to_make(context, request)
        context = locking.make(wanted, context, watch) if asked.write else locking.announce(wanted, context)
    if asked.changed_since:
        request = replace(request, artifacts=_changed(world, project, lock, context, request, asked.changed_since))
        if not request.artifacts:
            console.note(f"no chosen artifact differs from {asked.changed_since}: nothing to do")
    plan = make_plan(context, request)
    if asked.write:
        refuse_fetches(project, world, plan)
        made = {path for step in plan.steps for path in step.outputs}
        read = dict.fromkeys(name for step in plan.steps for name in (*step.inputs, *(() if step.depfile else step.candidates)))
        watch.file(*(project.root / name for name in read if name not in made))
    return Session(
        world=world,
        console=console,
        project=project,
        lock=lock,
        kit=kit,
        store=store,
        cache=world.open_cache(),
        plan=plan,
        asked=asked,
        watch=watch,
        progress=progress,
        started=started,
    )


def refuse_fetches(project: Project, world: World, plan: Plan) -> None:
    """Raise ProvisionError for fetch steps of a language that the project brings, before the user has said that it is meant."""
    fetching = {step.artifact for step in plan.steps if step.network}
    for product in plan.products:
        language = project.catalog.languages.get(product.language)
        if product.artifact.name in fetching and language and refused(language, project.catalog, world.doors):
            raise refusal(language, "its steps that fetch are not started")


def hide(world: World, console: Console, project: Project) -> None:
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


def context_of(world: World, project: Project, lock: Lock, kit: Kit, tree: Tree) -> Context:
    """What plans for this machine are made from."""
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


def _request(project: Project, names: tuple[str, ...], asked: Asked) -> BuildRequest:
    return BuildRequest(
        artifacts=names,
        profile=asked.profile,
        level=asked.level,
        targets=choose_targets(project.manifest, names, asked.targets),
        checks=asked.checks,
        check_always=asked.check_always,
        runtimes=asked.runtimes,
        hosts=asked.hosts,
    )


def _changed(world: World, project: Project, lock: Lock, context: Context, request: BuildRequest, ref: str) -> tuple[str, ...]:
    """The artifacts of a request that differ from a git revision."""
    from wbuild.plan.affected import affected
    from wbuild.session.changed_files import change_since, gone, through_links

    change = change_since(world, project, lock, ref)
    tree = replace(context.tree, names=tuple(sorted({*context.tree.names, *gone(project.root, change)})))
    whole = make_plan(replace(context, tree=tree), replace(request, checks=True, check_always=True, runtimes=()))
    touched = affected(through_links(project.root, whole, change), whole, project.manifest, lock, project.catalog)
    unknown = {product.artifact.name for product in whole.products if product.problem}
    return tuple(name for name in request.artifacts if name in touched or name in unknown)


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
