"""Awkward cases that every build tool meets sooner or later; the list is that of ninja's own tests, the answers are this engine's.

| ninja's case | here |
|---|---|
| restat: a command leaves an output as it was | test_F73_of_two_outputs_only_the_changed_one_counts |
| restat in the middle of a chain | test_F73_dirty_again_above_an_unchanged_output |
| restat of a missing file, of a missing input | test_F73_an_output_that_is_gone_comes_back_without_a_step |
| order-only dependencies, phony targets | test_an_input_that_only_orders_is_an_input, test_a_step_without_outputs_runs_once |
| a generated header, deps discovered late | test_a_generated_header_is_made_before_it_is_read |
| dyndep: what is read depends on another output | test_a_read_set_that_follows_an_output |
| a depfile that is missing, empty, malformed | test_a_dependency_file_that_does_not_say_counts_as_everything |
| a depfile naming missing files, folders, odd names | test_a_dependency_file_naming_what_is_no_file_is_believed_once |
| a depfile of many megabytes | test_a_huge_dependency_file |
| an interrupted command leaves half an output | test_F71_half_an_output_of_a_failed_step_is_never_put_in_place |
| an output that is a folder | test_F64_an_output_that_is_not_there_fails_the_step in test_engine.py |
| a folder in the place of an output | test_a_folder_in_the_place_of_an_output_is_left_alone |
| two outputs, one of them not written | test_F64_one_of_two_outputs_is_missing |
| the command line changed, and changed back | test_reasons_are_the_difference_of_two_keys in test_engine.py |
| a rule or target renamed | test_a_step_by_another_name_is_the_same_step |
| a missing source | test_a_missing_source_is_named in test_engine.py |
| build log and deps log cut at every byte, of another version | test_the_record_of_files_cut_anywhere, test_a_cached_record_cut_anywhere |
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, builtin_step, compile_step, compiler, ends, tool_step
from wbuild.doors.interfaces import Command
from wbuild.model.planned import JSON, In, Out, Step


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def halves(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Before and after the first colon."""
    head, _, tail = (inputs[0] or b"").partition(b":")
    return [head, tail]


def says(world: World, depfile: str | None) -> None:
    """Let the compiler write this dependency file, or none."""

    def respond(command: Command) -> Answer:
        answer = compiler(command)
        dep = command.argv[command.argv.index("-MF") + 1]
        files = {name: text for name, text in answer.files.items() if name != dep}
        return replace(answer, files=files if depfile is None else {**files, dep: depfile})

    world.runner.respond = respond


def test_F73_of_two_outputs_only_the_changed_one_counts(world: World) -> None:
    world.settings["builtins"]["halves"] = halves
    world.put("in", "a:b")
    steps = [
        builtin_step("split", ["in"], ["head", "tail"], does="halves"),
        builtin_step("use head", ["head"], ["h"], does="join"),
        builtin_step("use tail", ["tail"], ["t"], does="join"),
    ]
    world.run(*steps)
    before = (world.root / "head").stat()
    world.put("in", "a:c")
    assert world.statuses(*steps) == {"split": "ran", "use head": "cached", "use tail": "ran"}
    assert (world.root / "head").stat() == before


def test_F73_dirty_again_above_an_unchanged_output(world: World) -> None:
    """The end of a chain has another dirty input: it runs once, although the middle is as it was."""
    world.write(a_c="a// 1", b_c="b")
    steps = [
        compile_step("a.c"),
        compile_step("b.c"),
        builtin_step("middle", ["out/a.c.o"], ["m"], does="join"),
        builtin_step("end", ["m", "out/b.c.o"], ["e"], does="join"),
    ]
    world.run(*steps)
    world.write(a_c="a// 2", b_c="bb")
    assert list(world.statuses(*steps).values()) == ["ran", "ran", "cached", "ran"]
    assert world.started.count("end") == 1
    assert world.read("e") == "abb"


def test_F73_an_output_that_is_gone_comes_back_without_a_step(world: World) -> None:
    world.write(a_c="a// 1")
    steps = [compile_step("a.c"), builtin_step("link", ["out/a.c.o"], ["out/app"], does="join")]
    world.run(*steps)
    world.write(a_c="a// 2")
    world.forget_outputs()
    assert world.statuses(*steps) == {"app:compile:a.c": "ran", "link": "cached"}
    assert world.read("out/app") == "a"


def test_an_input_that_only_orders_is_an_input(world: World) -> None:
    """There are no order-only inputs: whoever waits for a file has it in its key."""
    world.put("stamp.in", "1")
    steps = [builtin_step("stamp", ["stamp.in"], ["stamp"], does="join"), builtin_step("after", ["stamp"], ["x"], does="join")]
    world.run(*steps[::-1])
    assert world.started == ["stamp", "after"]
    world.put("stamp.in", "2")
    assert world.statuses(*steps) == {"stamp": "ran", "after": "ran"}


def test_a_step_without_outputs_runs_once(world: World) -> None:
    world.put("in", "1")
    step = tool_step("lint", ["in"], [], ["lint", (In("in"),)])
    world.runner.respond = lambda _: Answer()
    for text, status in (("1", "ran"), ("1", "cached"), ("2", "ran"), ("1", "cached")):
        world.put("in", text)
        assert world.statuses(step) == {"lint": status}


def test_a_generated_header_is_made_before_it_is_read(world: World) -> None:
    world.write(a_c='#include "gen/g.h"', b_c="b")
    world.put("g.in", "1")
    steps = [compile_step(f"{name}.c", headers=["gen/g.h"]) for name in "ab"]
    steps.append(builtin_step("generate", ["g.in"], ["gen/g.h"], does="join"))
    assert set(world.statuses(*steps).values()) == {"ran"}
    assert world.read("out/a.c.o") == "1"
    world.put("g.in", "2")
    assert world.statuses(*steps) == {"app:compile:a.c": "ran", "app:compile:b.c": "cached", "generate": "ran"}
    (world.root / "gen/g.h").unlink()
    assert set(world.statuses(*steps).values()) == {"cached"}


def test_a_read_set_that_follows_an_output(world: World) -> None:
    world.write(a_c='#include "gen/which.h"', x_h="x1", y_h="y1")
    world.put("which", '#include "x.h"')
    steps = [
        builtin_step("which", ["which"], ["gen/which.h"], does="join"),
        compile_step("a.c", headers=["gen/which.h", "x.h", "y.h"]),
    ]
    world.run(*steps)
    world.write(y_h="y2")
    assert world.statuses(*steps)["app:compile:a.c"] == "cached"
    world.put("which", '#include "y.h"')
    assert world.statuses(*steps)["app:compile:a.c"] == "ran"
    world.write(x_h="x2")
    assert world.statuses(*steps)["app:compile:a.c"] == "cached"
    world.write(y_h="y3")
    assert world.statuses(*steps)["app:compile:a.c"] == "ran"
    assert world.read("out/a.c.o") == "y3"


@pytest.mark.parametrize("depfile", [None, "", "\n", "# a comment: x.h\n", "x.h y.h", "\0\xff\\"])
def test_a_dependency_file_that_does_not_say_counts_as_everything(depfile: str | None, world: World) -> None:
    world.write(a_c='#include "x.h"', x_h="x", y_h="y")
    says(world, depfile)
    step = compile_step("a.c", headers=["x.h", "y.h"])
    assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.statuses(step) == {"app:compile:a.c": "cached"}
    for name in ("x.h", "y.h"):
        world.put(name, "other")
        assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.read("out/a.c.o") == "other"


@pytest.mark.parametrize("name", ["gone.h", "folder", ".", "x.h\0", "out.o:", "x" * 5000])
def test_a_dependency_file_naming_what_is_no_file_is_believed_once(name: str, world: World) -> None:
    world.write(a_c='#include "x.h"', x_h="x")
    (world.root / "folder").mkdir()
    says(world, f"out.o: a.c x.h {name}\n")
    step = compile_step("a.c", headers=["x.h"])
    for text in ("x", "y", "y"):
        world.write(x_h=text)
        result = world.run(step)["app:compile:a.c"]
        assert (result.status, result.kept) == ("ran", False)
        assert [note.partition(", which")[2] for note in world.notes] == [" is no file: its result is used, but not kept"]
        assert world.read("out/a.c.o") == text
    world.runner.respond = compiler
    assert world.run(step)["app:compile:a.c"].kept
    assert world.statuses(step) == {"app:compile:a.c": "cached"}


def test_a_huge_dependency_file(world: World) -> None:
    world.write(a_c='#include "x.h"', x_h="x")
    says(world, "out.o: a.c \\\n" + " x.h \\\n" * 50_000 + " ./x.h\n")
    step = compile_step("a.c", headers=["x.h"])
    assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.statuses(step) == {"app:compile:a.c": "cached"}
    world.write(x_h="y")
    assert world.statuses(step) == {"app:compile:a.c": "ran"}


def test_F71_half_an_output_of_a_failed_step_is_never_put_in_place(world: World) -> None:
    world.put("in", "1")
    step = tool_step("make", ["in"], ["x"], ["make", (Out("x"),)])
    world.runner.respond = lambda command: Answer(files={command.argv[1]: "whole"})
    world.run(step)
    world.put("in", "2")
    world.runner.respond = lambda command: Answer(code=1, files={command.argv[1]: "ha"})
    assert world.statuses(step) == {"make": "failed"}
    assert world.read("x") == "whole"
    world.runner.respond = lambda command: Answer(files={command.argv[1]: "whole 2"})
    assert world.statuses(step) == {"make": "ran"}
    assert world.read("x") == "whole 2"


def test_a_folder_in_the_place_of_an_output_is_left_alone(world: World) -> None:
    world.write(a_c="a")
    world.put("out/a.c.o/mine.txt", "precious")
    for _ in range(2):
        problem = world.run(compile_step("a.c"))["app:compile:a.c"].problem
        assert problem is not None
        assert problem.code.startswith("WB6")
        assert "out/a.c.o" in problem.message
        assert world.read("out/a.c.o/mine.txt") == "precious"
    (world.root / "out/a.c.o/mine.txt").unlink()
    (world.root / "out/a.c.o").rmdir()
    assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "cached"}


def test_a_folder_in_the_place_of_an_output_that_is_not_made_is_left_alone(world: World) -> None:
    world.put("c1/mine.txt", "precious")
    step = tool_step("opt", [], ["c1"], ["opt", (Out("c1"),)], optional=True)
    world.runner.respond = lambda _: ends(1)
    for _ in range(2):
        problem = world.run(step)["opt"].problem
        assert problem is not None
        assert problem.code == "WB645"
        assert world.read("c1/mine.txt") == "precious"
    (world.root / "c1").rename(world.root / "elsewhere")
    assert world.statuses(step) == {"opt": "none"}


def test_F64_one_of_two_outputs_is_missing(world: World) -> None:
    step = tool_step("make", [], ["x", "y"], ["make", (Out("x"),), (Out("y"),)])
    world.runner.respond = lambda command: Answer(files={command.argv[1]: "x"})
    for _ in range(2):
        assert world.statuses(step) == {"make": "failed"}
        assert not (world.root / "x").exists()
    world.runner.respond = lambda command: Answer(files={command.argv[1]: "x", command.argv[2]: "y"})
    assert world.statuses(step) == {"make": "ran"}


def test_a_step_by_another_name_is_the_same_step(world: World) -> None:
    world.write(a_c="odd")
    step = compile_step("a.c")
    world.run(step)
    result = world.run(replace(step, name="app:other", label="other"))["app:other"]
    assert result.status == "cached"
    assert world.read(result.log) == "warning: odd\n"


def _two(world: World) -> list[Step]:
    world.write(a_c='#include "x.h"', x_h="x")
    return [compile_step("a.c", headers=["x.h"]), builtin_step("link", ["out/a.c.o"], ["out/app"], does="join")]


def test_the_record_of_files_cut_anywhere(world: World) -> None:
    steps = _two(world)
    world.run(*steps)
    path = world.root / ".wbuild/index"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert set(world.statuses(*steps).values()) == {"cached"}, length
        assert world.notes, length
    world.write(x_h="y")
    assert set(world.statuses(*steps).values()) == {"ran"}


def test_a_cached_record_cut_anywhere(world: World) -> None:
    steps = _two(world)
    world.run(*steps)
    for kind in ("ac", "sets"):
        for name in [path.relative_to(world.cache_root) for path in (world.cache_root / "cache-v1" / kind).rglob("*") if path.is_file()]:
            path = world.cache_root / name
            whole = path.read_bytes()
            for length in range(0, len(whole), 7):
                path.write_bytes(whole[:length])
                assert sorted(world.statuses(*steps).values()) == ["cached", "ran"], (name, length)
                assert world.read("out/app") == "x"
            assert set(world.statuses(*steps).values()) == {"cached"}


def test_F59_times_of_files_decide_nothing(world: World) -> None:
    """A clock that jumps, a file from the future, and an edit that keeps size and time."""
    steps = _two(world)
    world.run(*steps)
    for when in (0, 1, 4_000_000_000 * 10**9):
        for name in ("a.c", "x.h", "out/a.c.o", "out/app"):
            os.utime(world.root / name, ns=(when, when))
        assert set(world.statuses(*steps).values()) == {"cached"}
    for text in ("y", "z", "y"):
        info = (world.root / "x.h").stat()
        world.write(x_h=text)
        os.utime(world.root / "x.h", ns=(info.st_atime_ns, info.st_mtime_ns))
        world.run(*steps)
        assert world.read("out/app") == text
