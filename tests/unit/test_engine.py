"""The engine: what runs, what does not, and what a failure means."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, builtin_step, compile_step, compiler, ends, pin, tool_step
from wbuild.doors.interfaces import Command
from wbuild.engine import Interrupted, StepStarted
from wbuild.errors import ArtifactError, BugError, MachineError, ProvisionError
from wbuild.model.planned import JSON, FirstUse, In, Late, Out, Python, RunnerPath, Scratch, SharedCache, State, Step, Tool, ToolPath


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_second_run_runs_nothing(world: World) -> None:
    world.write(a_c="int a;", b_c="int b;")
    steps = [compile_step("a.c"), compile_step("b.c"), builtin_step("link", ["out/a.c.o", "out/b.c.o"], ["out/app"], does="join")]
    assert set(world.statuses(*steps).values()) == {"ran"}
    assert world.read("out/app") == "int a;int b;"
    assert set(world.statuses(*steps).values()) == {"cached"}
    assert not world.runner.seen
    assert not world.started
    assert set(world.finished) == {"app:compile:a.c", "app:compile:b.c", "link"}
    assert not (world.root / ".wbuild/tmp").exists() or not list((world.root / ".wbuild/tmp").iterdir())


def test_F73_touch_and_comments_change_nothing_downstream(world: World) -> None:
    world.write(a_c="int a; // one")
    steps = [compile_step("a.c"), builtin_step("link", ["out/a.c.o"], ["out/app"], does="join")]
    world.run(*steps)
    (world.root / "a.c").touch()
    assert set(world.statuses(*steps).values()) == {"cached"}
    before = (world.root / "out/a.c.o").stat()
    world.write(a_c="int a; // another")
    assert world.statuses(*steps) == {"app:compile:a.c": "ran", "link": "cached"}
    assert (world.root / "out/a.c.o").stat() == before


def test_only_what_depends_on_an_edited_header_runs(world: World) -> None:
    world.write(a_c='#include "x.h"', b_c="int b;", x_h="int x;")
    steps = [compile_step("a.c", headers=["x.h"]), compile_step("b.c", headers=["x.h"])]
    world.run(*steps)
    world.write(x_h="int xx;")
    results = world.run(*steps)
    assert {name: result.status for name, result in results.items()} == {"app:compile:a.c": "ran", "app:compile:b.c": "cached"}
    assert results["app:compile:a.c"].reasons == ("inputs x.h: changed",)
    assert world.read("out/a.c.o") == "int xx;"


def test_a_new_header_that_shadows_an_old_one_is_noticed(world: World) -> None:
    world.write(a_c='#include "x.h"')
    world.put("second/x.h", "old")
    world.run(compile_step("a.c", headers=["second/x.h"]))
    world.put("first/x.h", "new")
    result = world.run(compile_step("a.c", headers=["first/x.h", "second/x.h"]))["app:compile:a.c"]
    assert (result.status, result.reasons) == ("ran", ("candidates first/x.h: added",))
    assert world.read("out/a.c.o") == "new"
    (world.root / "first/x.h").unlink()
    assert world.run(compile_step("a.c", headers=["second/x.h"]))["app:compile:a.c"].status == "cached"
    assert world.read("out/a.c.o") == "old"


def test_reasons_are_the_difference_of_two_keys(world: World) -> None:
    world.write(a_c="int a;")
    assert world.run(compile_step("a.c", "-D1"))["app:compile:a.c"].reasons == ("first build",)
    assert world.run(compile_step("a.c", "-D2"))["app:compile:a.c"].reasons == ("argv: -D1 → -D2",)
    assert [event.reasons for event in world.events if isinstance(event, StepStarted)] == [("argv: -D1 → -D2",)]
    newer = world.run(compile_step("a.c", "-D2", pins=(pin(version="1.1"),)))["app:compile:a.c"]
    assert newer.reasons == ("tools cc: 1.0 → 1.1",)
    other = world.run(compile_step("a.c", "-D2", pins=(pin(version="1.1", content="b"),)))["app:compile:a.c"]
    assert other.reasons == ("tools cc: other files of the same version",)  # F69
    assert world.run(compile_step("a.c", "-D1"))["app:compile:a.c"].status == "cached"
    world.settings["epoch"] = 5
    assert world.run(compile_step("a.c", "-D1"))["app:compile:a.c"].reasons == ("env SOURCE_DATE_EPOCH: 0 → 5",)


def test_reasons_compare_with_the_last_build_of_the_same_profile(world: World) -> None:
    world.write(a_c="int a;")
    dev = compile_step("a.c", "-O1")
    argv = ((ToolPath("cc", "cc"),), ("-Oz",), ("-o",), (Out("release/a.o"),), ("-MF",), (Scratch("deps.d"),), (In("a.c"),))
    release = compile_step("a.c", action=Tool(argv=argv), outputs=("release/a.o",))
    for step in (dev, release):
        assert world.run(step)["app:compile:a.c"].reasons == ("first build",)
    world.write(a_c="int b;")
    for step in (dev, release):
        assert world.run(step)["app:compile:a.c"].reasons == ("inputs a.c: changed",)


def test_F74_outputs_edited_or_deleted_are_restored(world: World) -> None:
    world.write(a_c="int a;")
    world.run(compile_step("a.c"))
    (world.root / "out/a.c.o").write_text("edited")
    result = world.run(compile_step("a.c"))["app:compile:a.c"]
    assert (result.status, result.reasons) == ("cached", ("output out/a.c.o: changed, restored",))
    (world.root / "out/a.c.o").unlink()
    result = world.run(compile_step("a.c"))["app:compile:a.c"]
    assert (result.status, result.reasons) == ("cached", ("output out/a.c.o: missing, restored",))
    assert world.read("out/a.c.o") == "int a;"
    assert (world.root / "out/a.c.o").stat().st_nlink == 1


@pytest.mark.parametrize(
    ("files", "what"),
    [({}, "is missing"), ({"x/inner": "a"}, "is not a file"), ({"x": ""}, "is empty")],
    ids=["missing", "folder", "empty"],
)
def test_F64_an_output_that_is_not_there_fails_the_step(world: World, files: Mapping[str, str], what: str) -> None:
    step = tool_step("make x", [], ["x.wasm"], ["make", (Out("x.wasm"),)])
    world.runner.respond = lambda c: Answer(files={f"{c.argv[1]}{name.removeprefix('x')}": text for name, text in files.items()})
    for _ in range(2):
        result = world.run(step)["make x"]
        assert result.status == "failed"
        assert result.problem is not None
        assert result.problem.code == "WB104"
        assert result.problem.message == f"make of make x ended well, but its output x.wasm {what}"
    assert world.runner.seen  # not cached


def test_F66_an_input_that_changes_while_the_step_runs_is_used_but_not_kept(world: World) -> None:
    world.write(a_c='#include "x.h"', x_h="int x;")

    def meanwhile(command: Command) -> Answer:
        answer = compiler(command)
        world.write(**{edited: "int edited;"})
        return answer

    for edited in ("a_c", "x_h"):
        world.write(a_c='#include "x.h"', x_h=f"int {edited};")
        world.runner.respond = meanwhile
        assert world.statuses(compile_step("a.c", headers=["x.h"])) == {"app:compile:a.c": "ran"}
        assert world.notes == [f"{edited.replace('_', '.')} changed during compile of app a.c: its result is used, but not kept"]
        world.runner.respond = compiler
        assert world.statuses(compile_step("a.c", headers=["x.h"])) == {"app:compile:a.c": "ran"}
        assert world.read("out/a.c.o") == "int edited;"


def test_F66_a_file_that_no_pattern_lists_and_that_changes_while_it_is_read_is_noticed(world: World) -> None:
    world.write(a_c='#include "x.h"', x_h="int x;")
    os.utime(world.root / "x.h", (1, 1))

    def meanwhile(command: Command) -> Answer:
        answer = compiler(command)
        world.put("x.h", "int edited;")
        return answer

    world.runner.respond = meanwhile
    assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "ran"}
    assert world.notes == ["x.h changed during compile of app a.c: its result is used, but not kept"]
    world.runner.respond = compiler
    assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "ran"}
    assert world.read("out/a.c.o") == "int edited;"


@pytest.mark.parametrize("edited", ["a.c", "x.h"])
def test_F66_a_file_that_is_edited_and_edited_back_while_the_step_runs_is_noticed(world: World, edited: str) -> None:
    before = {"a.c": '#include "x.h"', "x.h": "int x;"}
    for name, text in before.items():
        world.put(name, text)
    step = compile_step("a.c", headers=["x.h"])

    def meanwhile(command: Command) -> Answer:
        world.put(edited, "int other;")
        answer = compiler(command)
        world.put(edited, before[edited])
        dep = command.argv[command.argv.index("-MF") + 1]
        return replace(answer, files={**answer.files, dep: "a.o: a.c x.h\n"})

    world.runner.respond = meanwhile
    assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.read("out/a.c.o") == "int other;"
    assert world.notes == [f"{edited} changed during compile of app a.c: its result is used, but not kept"]
    world.runner.respond = compiler
    assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.read("out/a.c.o") == "int x;"
    assert world.statuses(step) == {"app:compile:a.c": "cached"}


@pytest.mark.parametrize("back", [False, True])
def test_F66_an_input_of_a_builtin_that_changes_while_it_runs(world: World, back: bool) -> None:
    def join(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
        if editing:
            world.put("a.txt", "other")
        if editing and back:
            world.put("a.txt", "one")
        return inputs

    world.settings["builtins"] = {"join": join}
    step = builtin_step("join", ["a.txt"], ["joined"], does="join")
    world.put("a.txt", "one")
    editing = True
    assert world.statuses(step) == {"join": "ran"}
    assert world.read("joined") == "one"
    assert world.notes == ["a.txt changed during join of join: its result is used, but not kept"]
    editing = False
    assert world.statuses(step) == {"join": "ran"}
    assert world.read("joined") == ("one" if back else "other")
    assert world.statuses(step) == {"join": "cached"}


def test_F65_a_new_file_of_nobody_knows_whom_keeps_a_result_out_of_the_cache(world: World) -> None:
    """Where the system has no fences: it may be an editor's, so the result is used."""
    world.put("src/a.c", "int a;")
    step = compile_step("src/a.c")
    file = ""
    world.runner.respond = lambda command: Answer(files={**compiler(command).files, **({file: "x"} if file else {})})
    for file in ("src/a.c.bak", "core", ""):
        assert world.statuses(step) == {"app:compile:src/a.c": "ran"}
        assert world.notes == ([f"{file} appeared during compile of app src/a.c: its result is used, but not kept"] if file else [])
        assert world.read("out/src/a.c.o") == "int a;"
    world.put("src/another.c", "x")
    assert world.statuses(step) == {"app:compile:src/a.c": "cached"}


@pytest.mark.parametrize("folder", ["", "new/"])
def test_F65_what_wbuild_writes_itself_is_no_new_file(folder: str, world: World) -> None:
    world.write(a_c="a", b_c="b")
    steps = [tool_step(n, [f"{n}.c"], [f"{folder}{n}.wasm"], ["make", (Out(f"{folder}{n}.wasm"),)]) for n in "ab"]
    both = threading.Barrier(2, timeout=60)

    def respond(command: Command) -> Answer:
        both.wait()
        if "b.wasm" in command.argv[1]:
            for _ in range(3000):
                if (world.root / folder / "a.wasm").exists():
                    break
                time.sleep(0.01)
        return Answer(files={command.argv[1]: "made"})

    world.runner.respond = respond
    assert world.statuses(*steps) == {"a": "ran", "b": "ran"}
    assert world.notes == []
    assert world.statuses(*steps) == {"a": "cached", "b": "cached"}


def test_F71_failures_are_never_cached(world: World) -> None:
    step = tool_step("t", [], ["x"])
    for answer, code, words in (
        (ends(3, said="bad thing"), "WB101", "make of t failed: exit 3"),
        (ends(143, signal=15, timed_out=True), "WB103", "make of t failed: time-out after 1800 s"),
        (ends(139, signal=11), "WB102", "make of t failed: killed by signal 11"),
    ):
        world.runner.respond = partial(lambda given, _: given, answer)
        for _ in range(2):
            problem = world.run(step)["t"].problem
            assert problem is not None
            assert (problem.code, problem.message) == (code, words)
            assert len(world.runner.seen) == 1


@pytest.mark.parametrize("answer", [ends(137, signal=9), ends(137)])
def test_F84_a_compiler_killed_for_memory_says_so(world: World, answer: Answer) -> None:
    world.runner.respond = lambda _: answer
    problem = world.run(tool_step("t", [], ["x"]))["t"].problem
    assert problem is not None
    assert (problem.code, problem.message) == ("WB102", "make of t failed: killed by signal 9 (out of memory?)")
    assert problem.hint.startswith("run fewer steps at once (-j); to repeat it: cd ")


def test_a_failing_tool_is_shown_as_it_is_with_its_command_line(world: World) -> None:
    world.write(a_c="#error it's wrong")
    result = world.run(compile_step("a.c", "-Dit's"))["app:compile:a.c"]
    problem = result.problem
    assert problem is not None
    assert problem.message == "compile of app a.c failed: exit 1"
    assert problem.detail == "a.c: error: #error it's wrong"
    assert world.read(result.log) == problem.detail
    tool = world.store.path(pin()) / "cc"
    scratch = ".wbuild/tmp/app-compile-a.c-"
    assert problem.hint.startswith(f"to repeat it: cd {world.root} && env -i HOME={world.root}/{scratch}")
    assert f" {tool} '-Dit'\"'\"'s' -o {scratch}" in problem.hint
    assert list((world.root / ".wbuild/tmp").iterdir())  # kept for repeating it
    assert not (world.root / "out/a.c.o").exists()


def test_F85_endless_odd_output_is_cut_in_the_message(world: World) -> None:
    world.runner.respond = lambda _: Answer(code=1, stderr=b"\xff" * 200_000)
    problem = world.run(tool_step("t", [], ["x"]))["t"].problem
    assert problem is not None
    assert len(problem.detail) < 70_000
    assert "bytes left out, all of it is in" in problem.detail


def test_dependants_of_a_failure_are_skipped_and_others_go_on(world: World) -> None:
    world.write(a_c="#error", b_c="int b;")
    steps = [
        compile_step("a.c"),
        compile_step("b.c"),
        builtin_step("link a", ["out/a.c.o"], ["a"], does="join"),
        builtin_step("measure a", ["a"], ["m"], does="join"),
        builtin_step("link b", ["out/b.c.o"], ["b"], does="join"),
    ]
    results = world.run(*steps)
    assert [r.status for r in results.values()] == ["failed", "ran", "skipped", "skipped", "ran"]
    assert [r.problem.message for r in results.values() if r.status == "skipped" and r.problem] == ["compile of app a.c failed"] * 2
    assert set(world.finished) == set(results)


def test_fail_fast_starts_nothing_new(world: World) -> None:
    world.write(**{f"s{n}_c": "#error" for n in range(40)})
    world.settings["fail_fast"] = True
    results = world.run(*(compile_step(f"s{n}.c") for n in range(40)), builtin_step("all", ["s0.c"], ["x"], does="join"))
    counted = [r.status for r in results.values()]
    assert counted.count("failed") >= 1
    assert counted.count("skipped") > 20
    assert {r.problem.code for r in results.values() if r.problem and r.status == "skipped"} == {"WB107"}


def test_after_a_failure_other_artifacts_go_on(world: World) -> None:
    world.settings.update(keep_going=False, jobs=1)
    world.write(a_c="#error", **{f"{name}{n}_c": "int x;" for name in "bc" for n in range(20)})
    failing = [compile_step("a.c"), *(compile_step(f"b{n}.c") for n in range(20))]
    other = [compile_step(f"c{n}.c", artifact="other") for n in range(20)]
    results = world.run(*failing, *other)
    assert {r.status for r in results.values() if r.artifact == "other"} == {"ran"}
    assert [r.status for r in results.values()].count("skipped") > 10


def test_an_optional_no_is_cached_and_absent_downstream(world: World) -> None:
    world.write(m_wasm="module")
    world.put("c1", "old candidate of an earlier run")
    steps = [
        tool_step("opt", ["m.wasm"], ["c1"], optional=True),
        tool_step("check", ["c1"], ["outcome"], optional=True),
        builtin_step("strip", ["c1"], ["s1"], does="through"),
        builtin_step("select", ["m.wasm", "s1", "outcome"], ["best"], does="join"),
    ]
    world.runner.respond = lambda _: ends(1)
    for expected in ("ran", "cached"):
        results = world.run(*steps)
        assert [r.status for r in results.values()] == ["none", "none", "none", expected]
        assert not any(r.degraded for r in results.values())
        assert len(world.runner.seen) == (1 if expected == "ran" else 0)
        assert world.read("best") == "module"
        assert not (world.root / "c1").exists()


@pytest.mark.parametrize("answer", [ends(143, signal=15, timed_out=True), ends(139, signal=11), ends(137), ends(0)])
def test_F71_an_optional_step_that_was_prevented_counts_for_this_run_only(world: World, answer: Answer) -> None:
    world.write(m_wasm="module")
    steps = [
        tool_step("opt", ["m.wasm"], ["c1"], ["opt", (Out("c1"),)], optional=True),
        builtin_step("select", ["m.wasm", "c1"], ["best"], does="join"),
    ]
    world.runner.respond = lambda _: answer
    results = world.run(*steps)
    assert [(r.status, r.degraded) for r in results.values()] == [("none", True), ("ran", True)]
    assert "make of opt made nothing" in world.notes[0]
    world.runner.respond = lambda c: Answer(files={c.argv[1]: "better"})
    results = world.run(*steps)
    assert [(r.status, r.degraded) for r in results.values()] == [("ran", False), ("ran", False)]
    assert world.read("best") == "modulebetter"


def test_what_a_limit_of_time_decided_is_used_and_never_kept(world: World) -> None:
    def steps(*, optional: bool) -> list[Step]:
        check = tool_step("check", [], ["outcome"], ["check", (Out("outcome"),)], optional=optional, transient=75)
        return [check, builtin_step("select", ["outcome"], ["best"], does="join")]

    world.runner.respond = lambda c: Answer(code=75, files={c.argv[1]: "slow"})
    for optional in (True, False):
        for _ in range(2):
            results = world.run(*steps(optional=optional))
            assert results["check"].status == "ran"
            assert [r.degraded for r in results.values()] == [optional, optional]
            assert world.read("best") == "slow"
    world.runner.respond = lambda c: Answer(files={c.argv[1]: "fast"})
    results = world.run(*steps(optional=True))
    assert [(r.status, r.degraded) for r in results.values()] == [("ran", False), ("ran", False)]
    assert set(world.statuses(*steps(optional=True)).values()) == {"cached"}


def test_a_program_that_needs_what_was_not_made_fails(world: World) -> None:
    world.runner.respond = lambda _: ends(1)
    results = world.run(tool_step("opt", [], ["c1"], optional=True), tool_step("use", ["c1"], ["x"]))
    assert results["use"].problem is not None
    assert results["use"].problem.code == "WB105"


def test_late_words_are_read_before_the_key_is_made(world: World) -> None:
    feature = builtin_step("features", ["m.wasm"], ["f.json"], {"text": '{"words": ["--a", "--b"], "n": 3}'}, does="join")
    opt = tool_step("opt", ["m.wasm"], ["o"], ["opt", (Late("f.json", "words"),), ("--n=", Late("f.json", "n")), (Out("o"),)])
    world.write(m_wasm="")
    world.runner.respond = lambda c: Answer(files={c.argv[-1]: " ".join(c.argv[1:-1])})
    world.run(feature, opt)
    assert world.read("o") == "--a --b --n=3"
    fewer = builtin_step("features", ["m.wasm"], ["f.json"], {"text": '{"n": 3, "words": []}'}, does="join")
    result = world.run(fewer, opt)["opt"]
    assert (result.status, result.reasons) == ("ran", ("argv: --a --b removed",))
    assert world.statuses(feature, opt)["opt"] == "cached"
    wrong = builtin_step("features", ["m.wasm"], ["f.json"], {"text": '{"n": 3}'}, does="join")
    problem = world.run(wrong, opt)["opt"].problem
    assert problem is not None
    assert problem.code == "WB903"


def test_a_step_sees_only_what_it_declares(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "canary")
    world.put("in.txt", "x")
    step = tool_step(
        "t",
        ["in.txt"],
        ["x"],
        [(Python(),), (RunnerPath("wat.py"),), (SharedCache("zig"),), (State("obj"),), (Scratch("request.json"),), (Out("x"),)],
        env={"CACHE": (SharedCache("zig"),), "MODE": ("fast",)},
        texts={"request.json": '{"a": 1}'},
        stdin="in.txt",
        state="zig/app",
    )
    seen: list[str] = []

    def respond(command: Command) -> Answer:
        seen.append((command.cwd / command.argv[4]).read_text())
        assert list((world.root / ".wbuild/empty").iterdir()) == []
        assert Path(command.env["HOME"]).is_dir()
        assert Path(command.env["TMPDIR"]).is_dir()
        assert (command.cwd / command.argv[3]).parent.is_dir()
        return Answer(files={command.argv[-1]: "made"})

    world.runner.respond = respond
    assert world.statuses(step) == {"t": "ran"}
    command = world.runner.seen[0]
    assert seen == ['{"a": 1}']
    assert command.stdin == world.root / "in.txt"
    assert command.argv[2] == str(world.cache_root / "shared/zig")
    assert command.argv[3] == ".wbuild/state-dirs/zig/app/obj"
    assert set(command.env) == {
        *("HOME", "TMPDIR", "PATH", "LANG", "LC_ALL", "TZ", "SOURCE_DATE_EPOCH"),
        *("CACHE", "MODE"),
    }
    assert command.env["PATH"] == str(world.root / ".wbuild/empty")
    assert world.statuses(step) == {"t": "cached"}


def test_a_tool_is_asked_for_once_and_only_when_something_runs(world: World) -> None:
    world.write(a_c="a", b_c="b")
    steps = [compile_step("a.c"), compile_step("b.c")]
    world.run(*steps)
    assert world.store.asked == [("cc",)]
    world.store.asked.clear()
    world.run(*steps)
    assert world.store.asked == []


def test_a_tool_that_cannot_be_had_fails_every_step_that_needs_it(world: World) -> None:
    world.write(a_c="a", b_c="b")
    world.store.failing["cc"] = ProvisionError("WB403", "cannot reach the origin of cc")
    results = world.run(compile_step("a.c"), compile_step("b.c"), builtin_step("other", ["a.c"], ["x"], does="join"))
    assert [r.status for r in results.values()] == ["failed", "failed", "ran"]
    assert {r.problem.code for r in results.values() if r.problem} == {"WB403"}
    assert len(world.store.asked) == 1


FIRST = FirstUse(cache="zig-1", key="c.wasip1", message="zig builds its libc once")


def slow(world: World, seconds: float, *, code: int = 0) -> None:
    """Programs that take this long."""

    def respond(command: Command) -> Answer:
        time.sleep(seconds)
        return replace(compiler(command), code=code)

    world.runner.respond = respond


def test_first_use_is_said_once_per_machine(world: World) -> None:
    world.settings["patience"] = 0.02
    slow(world, 0.5)
    world.write(a_c="a", b_c="b")
    steps = [compile_step("a.c", first_use=FIRST), compile_step("b.c", first_use=FIRST)]
    world.run(*steps)
    assert world.notes == ["zig builds its libc once"]
    world.write(a_c="a2")
    world.run(*steps)
    assert world.notes == []
    world.store.path(steps[0].pins[0]).mkdir(parents=True)  # installed again
    world.write(a_c="a3")
    world.run(*steps)
    assert world.notes == ["zig builds its libc once"]


def test_a_first_use_that_is_quick_needs_no_word(world: World) -> None:
    world.write(a_c="a")
    world.run(compile_step("a.c", first_use=FIRST))
    assert world.notes == []


def test_a_first_use_that_fails_is_not_remembered(world: World) -> None:
    world.settings["patience"] = 0.02
    slow(world, 0.5, code=1)
    world.write(a_c="a")
    for _ in range(2):
        world.run(compile_step("a.c", first_use=FIRST))
        assert world.notes == ["zig builds its libc once"]


def test_what_a_builtin_raises_is_the_steps_problem(world: World) -> None:
    def refuse(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> NoReturn:
        raise ArtifactError("WB301", "not a module", hint="look")

    def wrong(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> NoReturn:
        raise KeyError("oops")

    world.settings["builtins"] = {"refuse": refuse, "wrong": wrong}
    world.write(m_wasm="x")
    results = world.run(*(builtin_step(n, ["m.wasm"], [n], does=n) for n in ("refuse", "wrong", "unknown")))
    problems = [r.problem for r in results.values() if r.problem]
    assert [p.code for p in problems] == ["WB301", "WB901", "WB904"]
    assert not problems[1].detail
    assert "Traceback" in world.read(problems[1].hint.removeprefix("details are in ").partition(";")[0])


def test_a_log_comes_back_with_the_result(world: World) -> None:
    world.write(a_c="odd")
    log = world.run(compile_step("a.c"))["app:compile:a.c"].log
    assert world.read(log) == "warning: odd\n"
    (world.root / log).unlink()
    assert world.run(compile_step("a.c"))["app:compile:a.c"].log == log
    assert world.read(log) == "warning: odd\n"
    world.write(a_c="fine")
    assert world.run(compile_step("a.c"))["app:compile:a.c"].log == ""


def test_F67_a_file_of_no_declared_tool_keeps_the_result_out_of_the_cache(world: World, tmp_path: Path) -> None:
    world.write(a_c="int a;")

    def foreign(command: Command) -> Answer:
        answer = compiler(command)
        dep = command.argv[command.argv.index("-MF") + 1]
        inside = f"{world.store.path(pin())}/include/stdio.h {world.root}/a.c"
        return Answer(files={**answer.files, dep: f"x: a.c {inside} /usr/include/odd.h\n"})

    world.runner.respond = foreign
    for _ in range(2):
        assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "ran"}
        assert world.notes == ["compile of app a.c reads /usr/include/odd.h, which belongs to no declared tool: its result is not kept"]


def test_ctrl_c_ends_everything_and_tells_what_had_ended(world: World) -> None:
    world.write(a_c="a", b_c="b")
    begun = threading.Event()

    def respond(command: Command) -> Answer:
        if "b.c" not in command.argv:
            return compiler(command)
        begun.set()
        for _ in range(500):
            if world.runner.cancelled:
                return ends(130)
            threading.Event().wait(0.01)
        raise AssertionError("not cancelled")

    def on_event(event: object) -> None:
        if isinstance(event, StepStarted) and event.step.name.endswith("b.c"):
            begun.wait()
            raise KeyboardInterrupt

    world.runner.respond = respond
    world.settings["on_event"] = on_event
    with pytest.raises(Interrupted) as caught:
        world.run(compile_step("a.c"), compile_step("b.c"))
    assert caught.value.results[-1].status == "failed"
    assert not (world.root / "out/b.c.o").exists()
    del world.settings["on_event"]
    world.runner.cancelled = False
    world.runner.respond = compiler
    assert world.statuses(compile_step("a.c"), compile_step("b.c"))["app:compile:b.c"] == "ran"


def test_one_project_is_built_by_one_at_a_time(world: World) -> None:
    world.settings["lock_timeout"] = 0.1
    lock = world.root / ".wbuild" / "lock"
    with world.files.lock(lock, what="x", timeout=1, say=print), pytest.raises(MachineError, match="to build in this project"):
        world.run()


def test_a_wrong_plan_is_a_bug(world: World) -> None:
    with pytest.raises(BugError, match="two steps make x"):
        world.run(builtin_step("a", [], ["x"], does="join"), builtin_step("b", [], ["x"], does="join"))
    with pytest.raises(BugError, match="wait for each other: a, b"):
        world.run(builtin_step("a", ["y"], ["x"], does="join"), builtin_step("b", ["x"], ["y"], does="join"))


def test_a_missing_source_is_named(world: World) -> None:
    problem = world.run(compile_step("gone.c"))["app:compile:gone.c"].problem
    assert problem is not None
    assert (problem.code, problem.message) == ("WB105", "compile of app gone.c needs gone.c, which is not there")


def test_a_project_moved_elsewhere_finds_everything_in_the_cache(world: World, tmp_path: Path) -> None:
    world.write(a_c='#include "x.h"', x_h="int x;")
    step = compile_step("a.c", headers=["x.h"], env={"D": (State(),)}, state="s", inputs=("a.c",))
    world.run(step)
    world.root = tmp_path / "elsewhere"
    world.root.mkdir()
    world.write(a_c='#include "x.h"', x_h="int x;")
    assert world.statuses(step) == {"app:compile:a.c": "cached"}
    assert world.read("out/a.c.o") == "int x;"


def test_a_read_set_counts_only_with_the_files_that_were_there(world: World) -> None:
    """Each of two builds saw half of it: what they read, together, would hide the shadowing header."""
    world.write(a_c='#include "x.h"', x_h='#include "y.h"')
    world.put("second/y.h", "old")
    world.run(compile_step("a.c", headers=["second/y.h", "x.h"]))
    world.put("first/y.h", "new")
    world.write(x_h='#include "second/y.h"')
    step = compile_step("a.c", headers=["first/y.h", "second/y.h", "x.h"])
    world.run(step)
    assert world.read("out/a.c.o") == "old"
    world.write(x_h='#include "y.h"')
    assert world.statuses(step) == {"app:compile:a.c": "ran"}
    assert world.read("out/a.c.o") == "new"
