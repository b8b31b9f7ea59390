"""Programs that builtins ask: started once, kept, started again after they died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.engine_world import World, builtin_step, pin
from wbuild.builtins.table import Ask
from wbuild.doors.interfaces import Command
from wbuild.model.planned import JSON, Builtin, Step, ToolPath


def told(args: Mapping[str, JSON], inputs: Sequence[bytes | None], ask: Ask) -> Sequence[bytes | None]:
    """An input, and what the program says about it."""
    (data,) = inputs
    assert data is not None
    return [data + ask(data) + str(args.get("text", "")).encode()]


def asking(name: str, source: str, *, version: str = "1.0") -> Step:
    """A step that joins its input and what the program says about it."""
    step = builtin_step(name, [source], [f"out/{name}"], does="told")
    assert isinstance(step.action, Builtin)
    return replace(step, action=replace(step.action, worker=((ToolPath("cc", "cc"),),)), pins=(pin(version=version),))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.settings["asking"] = {"told": told}
    made.put("a", "one")
    made.put("b", "three")
    made.runner.answer = lambda question: b"/%d" % len(question)
    return made


def started(world: World) -> Sequence[Command]:
    return world.runner.seen


def test_one_program_serves_all_steps_and_ends_with_the_run(world: World) -> None:
    assert world.statuses(asking("x", "a"), asking("y", "b")) == {"x": "ran", "y": "ran"}
    assert (world.read("out/x"), world.read("out/y")) == ("one/3", "three/5")
    assert len(started(world)) == 1
    assert all(conversation.stopped for conversation in world.runner.conversations)


def test_what_was_asked_before_is_not_asked_again(world: World) -> None:
    world.run(asking("x", "a"))
    world.forget_outputs()
    assert world.statuses(asking("x", "a")) == {"x": "cached"}
    assert started(world) == []
    assert world.statuses(asking("x", "a", version="2.0")) == {"x": "ran"}


def test_a_program_that_dies_fails_its_step_and_the_next_run_has_a_new_one(world: World) -> None:
    world.runner.answer = lambda _: None
    result = world.run(asking("x", "a"))["x"]
    assert result.problem is not None
    assert (result.status, result.problem.code) == ("failed", "WB102")
    world.runner.answer = lambda _: b"!"
    assert world.statuses(asking("x", "a")) == {"x": "ran"}
