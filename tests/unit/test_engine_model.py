"""The engine against a model: random graphs; edits, damage, failures and sudden deaths. After each build the outputs equal a
clean build's, and no step ran whose action had been done before.

`WBUILD_MODEL_EXAMPLES=1000 pytest tests/unit/test_engine_model.py` looks further, each time elsewhere.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.engine_model import GENERATED, HEADERS, SOURCES, Foretold, Knobs, Node, facts, foretell, program, steps_of
from tests.unit.engine_world import World, join
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Command, Exit
from wbuild.model.happened import Result
from wbuild.model.planned import Plan, Step

LONG = os.environ.get("WBUILD_MODEL_EXAMPLES", "")
INCLUDES = ['#include "x.h"', '#include "y.h"', '#include "second/y.h"', f'#include "{GENERATED}"']
TEXTS = {
    **{name: ["", "one", "two // comment", "two", "#error", *INCLUDES, "".join(INCLUDES[:2])] for name in SOURCES},
    **{name: ["h1", "h2", "h3", *([*INCLUDES[1:3]] if name.endswith("x.h") else [])] for name in HEADERS},
    "g.txt": ["g1", "g2", "h3"],
}


class KilledError(Exception):
    """The process is gone: no door opens any more."""


class MortalFiles(RealFiles):
    """Files of a process that dies at a checkpoint between two operations, or in the middle of one that writes."""

    def __init__(self) -> None:
        self.left = -1
        """Operations until then; -1: it lives."""
        self._guard = threading.Lock()

    def tick(self, target: Path | None = None) -> None:
        """One operation. Raises KilledError for the last one and all after it."""
        with self._guard:
            if self.left == 0:
                self._die()
            self.left -= self.left > 0
            if self.left == 0:
                if target is not None and target.parent.is_dir():
                    target.with_name(f".wb-{os.getpid()}-{secrets.token_hex(4)}").write_text("half")
                self._die()

    def _die(self) -> NoReturn:
        raise KilledError

    def write(self, path: Path, data: bytes | str, *, durable: bool = True, program: bool = False) -> None:
        self.tick(path)
        super().write(path, data, durable=durable, program=program)

    def copy(self, source: Path, target: Path, *, durable: bool = True) -> None:
        self.tick(target)
        super().copy(source, target, durable=durable)

    def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
        self.tick(target)
        return super().copy_verified(source, target, content)

    def move(self, source: Path, target: Path) -> None:
        self.tick()
        super().move(source, target)

    def remove(self, path: Path) -> None:
        self.tick()
        super().remove(path)


@dataclass
class Project:
    """A world, what its user did, and what was done for them so far."""

    world: World
    graph: Sequence[Node]
    files: dict[str, str] = field(default_factory=dict)
    knobs: Knobs = field(default_factory=Knobs)
    blocked: set[str] = field(default_factory=set)
    done: set[object] = field(default_factory=set)
    """Keys of results that are in the cache."""
    maybe: set[object] = field(default_factory=set)
    """Keys of what a killed run may have done or not."""
    lost: set[str] = field(default_factory=set)
    """Outputs whose results somebody has damaged in the cache."""

    def write(self, name: str, text: str) -> None:
        self.files[name] = text
        self.world.put(name, text)

    def delete(self, name: str) -> None:
        if self.files.pop(name, None) is not None:
            (self.world.root / name).unlink()

    @property
    def steps(self) -> list[Step]:
        return steps_of(self.graph, self.files, self.knobs)

    def build(self) -> tuple[dict[str, Foretold], dict[str, Result]]:
        """One build, compared with the model."""
        steps, world = self.steps, self.world
        world.settings["epoch"] = self.knobs.epoch
        told = foretell(steps, self.files, self.knobs, frozenset(self.blocked))
        forecast = world.engine().forecast(Plan(steps=tuple(steps), products=()))
        results = world.run(*steps)
        assert not list(world.root.rglob(".wb-*"))
        for name, foretold in told.items():
            status = results[name].status
            assert status == foretold.said or (not foretold.said and status in ("ran", "cached")), (name, results[name], foretold)
            for path, text in foretold.made.items():
                there = world.root / path
                assert (there.read_text() if there.exists() else None) == text, path
        started = set(world.started)
        wanted = {name for name, foretold in told.items() if foretold.key is not None and foretold.key not in self.done}
        must = {name for name in wanted if told[name].key not in self.maybe}
        may = wanted | {step.name for step in steps if not self.lost.isdisjoint(step.outputs)}
        assert must <= started <= may, (sorted(must), sorted(started), sorted(may))
        assert all(forecast[name] for name in started)
        self.done |= {foretold.key for foretold in told.values() if foretold.key is not None and self._kept(foretold)}
        return told, results

    def _kept(self, told: Foretold) -> bool:
        """What fails is not kept, unless it only could not be put in place."""
        unblocked = foretell(self.steps, self.files, self.knobs)
        return any(other.key == told.key and other.made for other in unblocked.values())

    def killed(self, after: int) -> None:
        """A build that dies."""
        files = self.world.files
        assert isinstance(files, MortalFiles)
        self.maybe |= {told.key for told in foretell(self.steps, self.files, self.knobs).values()}
        files.left = after
        try:
            self.world.run(*self.steps)
        except KilledError:
            pass
        finally:
            files.left = -1


def project_in(folder: Path, graph: Sequence[Node]) -> Project:
    world = World(folder)
    files = world.files = MortalFiles()
    world.settings["builtins"] = {"join": join, "facts": facts}

    class Mortal(type(world.runner)):  # type: ignore[misc]
        def run(self, command: Command, *, log: Path) -> Exit:
            files.tick()
            done: Exit = super().run(command, log=log)
            files.tick()
            return done

    world.runner = Mortal(program)
    project = Project(world, graph)
    for name, text in {**dict.fromkeys(SOURCES, "one"), "x.h": "h1", "second/y.h": "h1", "g.txt": "g1"}.items():
        project.write(name, text)
    return project


def change(project: Project, kind: str, number: int, how: str) -> None:
    """One thing that a user, another program or a disk does."""
    world, names = project.world, sorted(TEXTS)
    name = names[number % len(names)]
    texts = TEXTS[name]
    if kind == "write":
        project.write(name, texts[number // len(names) % len(texts)])
    elif kind == "touch" and name in project.files:
        os.utime(world.root / name, ns=(number * 10**16, number * 10**16))
    elif kind == "delete":
        project.delete(name)
    elif kind == "rename" and (name in project.files) and name in HEADERS:
        text = project.files[name]
        project.delete(name)
        project.write(HEADERS[number % len(HEADERS)], text)
    elif kind == "knob":
        turns: list[dict[str, Any]] = [{"flag": "-D2"}, {"flag": "-D1"}, {"version": "1.1"}, {"epoch": number}]
        project.knobs = replace(project.knobs, **turns[number % 4])
    elif kind == "own":
        _own(world.root / ".wbuild", number)
    elif kind == "output":
        _output(project, number, how)
    elif kind == "cache":
        _cache(project, number, how)


def _own(folder: Path, number: int) -> None:
    """Something of the engine's own goes or is cut."""
    what = ["log", "keys", "index", "", "state-dirs", "tmp"][number % 6]
    path = folder / what
    if path.is_file():
        path.write_bytes(path.read_bytes()[: number % path.stat().st_size])
    else:
        shutil.rmtree(path, ignore_errors=True)


def _output(project: Project, number: int, how: str) -> None:
    outputs = sorted(path for step in project.steps for path in step.outputs if (project.world.root / path).is_file())
    if not outputs:
        return
    path = project.world.root / outputs[number % len(outputs)]
    if how == "cut":
        path.write_text("edited by hand")
        return
    path.unlink()
    if how == "folder":
        path.mkdir()
        project.blocked.add(outputs[number % len(outputs)])
    elif how == "link":
        path.symlink_to(project.world.root / "g.txt")


def _cache(project: Project, number: int, how: str) -> None:
    """Damage one file; note whose results are in it."""
    base = project.world.cache_root / "cache-v1"
    files = sorted(path for kind in ("ac", "cas", "sets") for path in (base / kind).rglob("*") if path.is_file())
    if not files:
        return
    path = files[number % len(files)]
    if "sets" in path.parts:
        project.lost.update(f"out/{source}.o" for source in SOURCES)
    for entry in (base / "ac").rglob("*"):
        data = entry.read_bytes().partition(b"\n")[0] if entry.is_file() else b""
        if data and (entry == path or path.name.encode() in data):
            try:
                project.lost.update(json.loads(data)["outputs"])
            except ValueError:  # damaged before
                continue
    data = path.read_bytes()
    if how == "cut":
        path.write_bytes(data[: number % (len(data) or 1)])
    elif how == "folder":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]) if data else b"x")
    else:
        path.unlink()


KINDS: Any = st.sampled_from(["join", "make", "pair", "maybe", "late", "state"])
graphs = st.lists(
    st.builds(Node, kind=KINDS, reads=st.lists(st.integers(0, 11), min_size=1, max_size=3).map(tuple)), min_size=1, max_size=6
)
CHANGES = ["write"] * 6 + ["touch", "delete", "rename", "rename", "knob", "own", "output", "output", "cache"]
changes = st.tuples(st.sampled_from(CHANGES), st.integers(0, 10_000), st.sampled_from(["cut", "delete", "folder", "link"]))
rounds = st.tuples(st.lists(changes, max_size=4), st.one_of(st.none(), st.integers(1, 60)))


@settings(
    max_examples=int(LONG or 40),
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(graph=graphs, history=st.lists(rounds, min_size=1, max_size=6))
def test_F74_outputs_equal_a_clean_build_and_nothing_is_done_twice(
    graph: list[Node], history: list[tuple[list[tuple[str, int, str]], int | None]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as fresh:
        project = project_in(Path(folder), graph)
        project.build()
        for edits, death in history:
            for path in project.blocked:
                (project.world.root / path).rmdir()
            project.blocked.clear()
            for kind, number, how in edits:
                change(project, kind, number, how)
            if death is not None:
                project.killed(death)
            told, _ = project.build()
        clean = project_in(Path(fresh), graph)
        for name in list(clean.files):
            clean.delete(name)
        for name, text in project.files.items():
            clean.write(name, text)
        clean.knobs = project.knobs
        again = clean.build()[0]
        for name, foretold in told.items():
            for path in foretold.made:
                there = [place.world.root / path for place in (project, clean)]
                assert again[name].made
                assert len({path.read_text() if path.exists() else None for path in there}) == 1
