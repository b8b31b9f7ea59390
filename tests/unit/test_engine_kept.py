"""What a failed step leaves behind, for a shell that looks at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.engine_world import World, builtin_step, compile_step


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_failed_program_leaves_its_folder_and_its_command(world: World) -> None:
    world.write(a_c="int a;", b_c="#error no")
    good, bad = compile_step("a.c"), compile_step("b.c", texts={"given.txt": "text"})
    assert world.run(good, bad)["app:compile:b.c"].status == "failed"
    engine = world.engine()
    assert not engine.left(good)
    assert engine.left(bad)
    left = engine.folder(bad) / "left.txt"
    left.write_text("by the program")
    started = next(command for command in world.runner.seen if "b.c" in command.argv)
    with engine.kept(bad) as command:
        assert command == started
        assert left.read_text() == "by the program"
    world.run(good)
    assert not engine.left(bad)
    with engine.kept(bad) as command:
        assert command == started
        assert (engine.folder(bad) / "given.txt").read_text() == "text"


def test_a_builtin_leaves_nothing(world: World) -> None:
    step = builtin_step("all", ["gone"], ["all"], does="join")
    assert world.run(step)["all"].status == "failed"
    assert not world.engine().left(step)
