"""One more build of a session's plan, where everything is different that must not matter."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wbuild.cache import Cache
from wbuild.doors.machine import machine_errors
from wbuild.engine.folders import files_in, is_folder
from wbuild.engine.layout import Surroundings
from wbuild.model.happened import Result
from wbuild.model.planned import Product
from wbuild.report.difference import ComparedBuild
from wbuild.session.progress import Progress
from wbuild.session.session import Session
from wbuild.session.snapshot import Snapshot, look, own

PROJECT: Final = "project"
"""Folder of the project's copy, beside the cache of its build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One more build for comparison: everything that is different in it and must not matter."""

    title: str
    folder: str
    """The path of the project's copy below a temporary folder."""
    kept: str
    """The name of the folder that keeps artifacts which came out otherwise."""
    surroundings: Surroundings
    backwards: bool
    """Whether files are made in the reverse order of their names."""
    modified: int
    """The time of every file of the copy, in seconds since 1970."""
    alone: bool
    """Whether one step runs at a time, on one processor where the system can do that."""
    cold: bool
    """Whether what tools keep for all projects (their standard library) is built again too; downloads are used again in any case."""


ROUNDS: Final = (
    Round(
        title="the second build",
        folder="b",
        kept="second",
        surroundings=Surroundings(env={"TZ": "AAA-14", "LANG": "C", "LC_ALL": "C"}, umask=0o022, confined=True),
        backwards=False,
        modified=1_000_000_000,
        alone=True,
        cold=False,
    ),
    Round(
        title="the third build",
        folder="another/folder-with-a-longer-name/and-deeper",
        kept="third",
        surroundings=Surroundings(env={"TZ": "BBB+12", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}, umask=0o077),
        backwards=True,
        modified=1_700_000_000,
        alone=False,
        cold=True,
    ),
)
"""The zones are 26 hours apart, so that dates differ; they are written so that they need no database of zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild:
    """A build that was made, with its folder as it is now."""

    root: Path
    """The folder of the project, or of its copy."""
    about: ComparedBuild
    """When and in which surroundings it was built; the bytes of a product join it in `read`."""
    kept: str = ""
    """The folder that keeps its artifacts, as in `Round.kept`; "" for the first build, whose artifacts are in their place."""
    results: Sequence[Result] = ()
    """The results of the steps of one of the rounds; () for the first build, which succeeded."""

    def made(self, product: Product) -> bool:
        """Whether nothing failed on the way to a product."""
        return not any(r.step in product.steps and r.status in ("failed", "skipped") for r in self.results)

    def read(self, product: Product) -> ComparedBuild:
        """A product as this build has made it. Raises MachineError."""
        with machine_errors(self.root / product.file, "read"):
            return replace(self.about, data=(self.root / product.file).read_bytes())

    def content(self, name: str) -> bytes | None:
        """A file of the project, or what lies in a folder, as one text; None where there is none."""
        with suppress(OSError):
            if is_folder(name):
                return b"".join(f"{file}\n".encode() + (self.root / name / file).read_bytes() for file in files_in(self.root / name))
            return (self.root / name).read_bytes()
        return None


def build(session: Session, one: Round, root: Path) -> Rebuild:
    """Copy the project below `root` and run its plan there. A failed step is a result. Raises WbuildError where it cannot begin."""
    project, world, console = session.project, session.world, session.console
    files = world.doors.files
    console.step("verify", one.title, f"in another folder, {'in its own order' if one.alone else 'several steps at once'}")
    began = time.time()
    _copy(session, look(files, project.root, own(project)), one, root / PROJECT)
    cache = Cache(root / "cache", files, shared=None if one.cold else session.cache.shared("."))
    if one.cold:
        _link_downloads(session, cache)
    _lend_checks(session, cache)
    console.board.total, console.board.done = len(session.plan.steps), 0
    engine = replace(
        session.engine(),
        root=root / PROJECT,
        cache=cache,
        jobs=1 if one.alone else max(2, world.jobs),
        on_event=Progress(console=console, root=root / PROJECT, plan=session.plan),
        surroundings=one.surroundings,
    )
    try:
        with session.store.using(session.pins()), session.cache.running():
            results = engine.execute(session.plan)
    finally:
        console.calm()
    env = one.surroundings.env
    about = ComparedBuild(where=one.title, data=b"", paths=(str(root),), surroundings=env, began=began, ended=time.time())
    return Rebuild(root=root / PROJECT, about=about, kept=one.kept, results=results)


def _copy(session: Session, found: Snapshot, one: Round, root: Path) -> None:
    """The project's files, without what the plan makes, in the order of the round. Raises MachineError."""
    files, plan = session.world.doors.files, session.plan
    made = {path for step in plan.steps for path in step.outputs} | {product.copy for product in plan.products}
    read = {path for step in plan.steps for path in (*step.inputs, *step.candidates) if (session.project.root / path).is_file()}
    names = sorted({*found.tree.names, *map(found.tree.plain, read)} - made, reverse=one.backwards)
    for folder in sorted(found.folders, reverse=one.backwards):
        with machine_errors(root / folder, "make"):
            (root / folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        files.copy(session.project.root / name, root / name, durable=False)
        os.utime(root / name, (one.modified, one.modified))
    for name, target in found.links.items():
        with machine_errors(root / name, "write"):
            (root / name).symlink_to(target)


def _lend_checks(session: Session, cache: Cache) -> None:
    """Let a new cache know what came of checks: a module that comes out the same need not be run again. Raises MachineError."""
    actions = session.engine().actions(session.plan)
    for step in session.plan.steps:
        if step.verb == "check" and step.name in actions:
            session.cache.lend(actions[step.name], cache)


def _link_downloads(session: Session, cache: Cache) -> None:
    """Let a new cache have what fetch steps have brought into the machine's. Where links are not allowed it is fetched again."""
    for product in session.plan.products:
        language = session.project.catalog.languages[product.artifact.lang]
        for toolchain in (t for t in language.toolchains if t.name == product.toolchain and t.downloads):
            folder = session.kit.pin(toolchain.compiler).identity
            for name in toolchain.downloads:
                link, target = cache.shared(folder) / name, session.cache.shared(folder) / name
                if target.is_dir() and not link.is_symlink():
                    with suppress(OSError):
                        link.parent.mkdir(parents=True, exist_ok=True)
                        link.symlink_to(target, target_is_directory=True)
