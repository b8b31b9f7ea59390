"""What a killed run leaves in a project, and what the next one does about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, compile_step, compiler
from wbuild.doors import locks
from wbuild.doors.interfaces import Command
from wbuild.model.planned import Plan

HALF = ".wb-4711-0123abcd"


class KilledError(BaseException):
    """Stands for SIGKILL: nothing tidies up."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.write(a_c="int a;")
    return world


def killed(world: World) -> None:
    """A run that ends in the middle, with files in its folders that are not whole."""

    with pytest.raises(KilledError), world.engine().executed(Plan(steps=(compile_step("a.c"),), products=())):
        raise KilledError
    for folder in ("out", ".wbuild", ".wbuild/log", ".wbuild/marks", ".wbuild/state-dirs/cc"):
        world.put(f"{folder}/{HALF}", "half")


def test_files_that_are_not_whole_go(world: World) -> None:
    killed(world)
    for name in ("out/.wb-notes", "out/.wb-1-mine.txt", f"src/{HALF}"):
        world.put(name, "somebody's")
    world.write(a_c="int b;")
    world.run(compile_step("a.c"))
    left = sorted(path.relative_to(world.root).as_posix() for path in world.root.rglob(".wb-*"))
    assert left == ["out/.wb-1-mine.txt", "out/.wb-notes", f"src/{HALF}"]


def test_those_of_other_artifacts_go_too(world: World) -> None:
    killed(world)
    world.write(b_c="int b;")
    world.run(compile_step("b.c", outputs=("other/b.o",), action=compile_step("b.c").action))
    assert not (world.root / "out" / HALF).exists()


def test_after_a_run_that_ended_in_order_nothing_is_looked_for(world: World) -> None:
    world.run(compile_step("a.c"))
    world.put(f"out/{HALF}", "half")
    world.run(compile_step("a.c"))
    assert (world.root / "out" / HALF).exists()


def test_a_damaged_mark_is_no_harm(world: World) -> None:
    outside = world.root.parent / HALF
    outside.write_text("somebody's")
    for content in (b"", b"\xff\0/\0..\0out/../..\0\0", str(world.root.parent).encode()):
        (world.root / ".wbuild").mkdir(exist_ok=True)
        (world.root / ".wbuild/running").write_bytes(content)
        assert world.run(compile_step("a.c"))["app:compile:a.c"].problem is None
        assert not (world.root / ".wbuild/running").exists()
    assert outside.exists()


def test_results_are_told_before_anybody_else_can_build(world: World) -> None:
    free: list[bool] = []

    def look(_: object) -> None:
        handle = locks.attempt(world.root / ".wbuild/lock")
        free.append(handle is not None)

    def respond(command: Command) -> Answer:
        look(command)
        return compiler(command)

    world.runner.respond = respond
    world.settings["jobs"] = 1
    with world.engine().executed(Plan(steps=(compile_step("a.c"),), products=())) as results:
        look(results)
    assert free == [False, False]
