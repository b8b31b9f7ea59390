"""Fetch steps, outputs that a tool leaves elsewhere, and the forecast of a run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer, fake_doors
from tests.unit.engine_world import World, builtin_step, compile_step, ends, tool_step
from wbuild.cache import Cache
from wbuild.doors.clock import SystemClock
from wbuild.doors.interfaces import Command
from wbuild.doors.network import HttpNetwork
from wbuild.engine import Engine
from wbuild.errors import ProvisionError, StepError
from wbuild.model.planned import Plan, Scratch, SharedCache, State, Step

FETCH = tool_step("fetch", ["app.lock"], ["out/fetch.stamp"], ["fetch", (SharedCache("npm"),)], network=True, client="npm")
USE = tool_step("use", ["out/fetch.stamp"], ["out/x"], ["use"], results={"out/x": (State("target/x"),)}, state="npm/app")


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.put("app.lock", "1")
    made.runner.respond = lambda c: Answer(files={".wbuild/state-dirs/npm/app/target/x": "used"} if c.argv[0] == "use" else {})
    return made


def network(world: World, *, offline: bool = False) -> Engine:
    env = {"HOME": "/home/somebody", "NPM_TOKEN": "canary-1"}
    doors = fake_doors(runner=world.runner, files=world.files, clock=SystemClock(), client_env=env, offline=offline)
    cache = Cache(world.cache_root, world.files)
    return Engine(root=world.root, doors=doors, store=world.store, cache=cache, on_event=world.events.append)


def statuses(engine: Engine, *steps: Step) -> list[str]:
    return [result.status for result in engine.execute(Plan(steps=steps, products=()))]


def test_a_step_of_no_plan_sees_the_network_and_is_never_remembered(world: World) -> None:
    engine = network(world)
    engine.once(FETCH)
    engine.once(FETCH)
    assert [command.argv[0] for command in world.runner.seen] == ["fetch", "fetch"]
    assert world.runner.seen[0].env["NPM_TOKEN"] == "canary-1"
    assert statuses(engine, FETCH, USE) == ["ran", "ran"]


def test_a_step_of_no_plan_that_fails(world: World) -> None:
    world.runner.respond = lambda _: Answer(code=3, stderr="no such package\n")
    with pytest.raises(StepError) as caught:
        network(world).once(FETCH)
    (problem,) = caught.value.problems
    assert (problem.code, problem.detail) == ("WB492", "no such package\n")
    with pytest.raises(ProvisionError, match="--offline forbids it"):
        network(world, offline=True).once(FETCH)


def test_a_lock_file_reaches_private_addresses_only_through_the_users_configuration(world: World) -> None:
    lock = '{"packages": {"node_modules/a": {"resolved": "http://169.254.169.254/latest/meta-data"}}}'
    step = tool_step("fetch", ["app/package-lock.json"], ["out/fetch.stamp"], ["fetch"], network=True, client="npm")
    world.put("app/package-lock.json", lock)
    for name in ("", "169.254.169.254"):
        doors = fake_doors(runner=world.runner, files=world.files, network=HttpNetwork(env={}, hosts=lambda n=name: frozenset({n})))  # type: ignore[misc]
        engine = replace(network(world), doors=doors)
        (result,) = engine.execute(Plan(steps=(step,), products=()))
        assert (result.status, result.problem and result.problem.code) == (("ran", None) if name else ("failed", "WB421"))
        assert len(world.runner.seen) == bool(name)


def test_a_fetch_step_runs_when_its_lock_file_changed_or_what_it_fetched_is_gone(world: World) -> None:
    engine = network(world)
    assert statuses(engine, FETCH, USE) == ["ran", "ran"]
    assert statuses(engine, FETCH, USE) == ["cached", "cached"]
    world.put("app.lock", "2")
    assert statuses(engine, FETCH, USE) == ["ran", "ran"]
    world.put("app.lock", "1")
    assert statuses(engine, FETCH, USE) == ["cached", "cached"]
    shutil.rmtree(world.cache_root / "shared")
    assert statuses(engine, FETCH, USE) == ["ran", "cached"]
    assert statuses(network(world, offline=True), FETCH, USE) == ["cached", "cached"]


def test_the_engine_names_the_files_without_which_a_fetch_step_runs_again(world: World) -> None:
    plan = Plan(steps=(FETCH, USE), products=())
    assert statuses(network(world), *plan.steps) == ["ran", "ran"]
    (mark,) = network(world).marks(plan)
    assert mark.is_relative_to(world.cache_root / "shared")
    mark.unlink()
    assert statuses(network(world), *plan.steps) == ["ran", "cached"]
    assert mark.is_file()
    assert network(world).marks(Plan(steps=(USE,), products=())) == ()


def test_a_fetch_step_is_never_answered_by_the_action_cache(world: World, tmp_path: Path) -> None:
    step = replace(FETCH, action=tool_step("x", [], [], ["fetch", (State("vendor"),)]).action, state="npm/app")
    assert statuses(network(world), step) == ["ran"]
    assert not (world.cache_root / "cache-v1/ac").exists()
    assert statuses(network(world), step) == ["cached"]
    shutil.rmtree(world.root / ".wbuild")
    assert statuses(network(world), step) == ["ran"]


def test_F116_only_fetch_steps_see_the_clients_configuration_and_nobody_is_shown_it(world: World) -> None:
    world.runner.respond = lambda c: ends(1, said="cannot reach it")
    results = network(world).execute(Plan(steps=(FETCH, tool_step("other", [], ["y"])), products=()))
    by_name = {command.argv[0]: command for command in world.runner.seen}
    seen = dict(by_name["fetch"].env)
    away = {seen.pop(name) for name in ("TMPDIR", "TEMP", "TMP")}
    assert len(away) == 1
    assert not away.pop().startswith(str(world.root))  # the project's configuration has no say there
    assert seen == {"HOME": "/home/somebody", "NPM_TOKEN": "canary-1"}
    assert "NPM_TOKEN" not in by_name["other"].env
    problem = results[0].problem
    assert problem is not None
    assert problem.code == "WB492"
    assert "canary" not in repr(results)
    assert not any("canary" in path.read_text() for path in world.root.rglob("*") if path.is_file())


REFUSALS = {
    "error: failed to get successful HTTP response from `http://h/x`, got 401": "401",
    "  token rejected for `house`, please run `cargo login --registry house`": "no token",
    "authenticated registries require a credential-provider to be configured": "no token",
    "npm error code E403": "403",
    "go: reading https://h/@v/v1.0.0.mod: 401 Unauthorized": "401",
}


@pytest.mark.parametrize("said", REFUSALS)
def test_F17_a_registry_that_refuses_is_told_with_a_hint_about_credentials(said: str, world: World) -> None:
    world.runner.respond = lambda c: ends(1, said=said)
    (result,) = network(world).execute(Plan(steps=(FETCH,), products=()))
    problem = result.problem
    assert problem is not None
    assert (problem.code, problem.message) == ("WB425", f"make of {FETCH.label} failed: the registry refuses it ({REFUSALS[said]})")
    assert "credentials" in problem.hint


def test_F116_what_a_client_says_is_kept_without_credentials(world: World) -> None:
    said = "GET https://me:hunter2@h/x //h/:_authToken=hunter2 Authorization: Basic aHVudGVyMg== canary-1\n"
    world.runner.respond = lambda c: ends(1, said=said)
    (result,) = network(world).execute(Plan(steps=(FETCH,), products=()))
    kept = (world.root / result.log).read_text()
    assert "GET https://***@h/x" in kept
    for text in (kept, repr(result)):
        assert not any(secret in text for secret in ("hunter2", "aHVudGVyMg", "canary"))


def test_F22_offline_a_fetch_step_that_is_needed_fails(world: World) -> None:
    results = network(world, offline=True).execute(Plan(steps=(FETCH, USE), products=()))
    assert [result.status for result in results] == ["failed", "skipped"]
    assert results[0].problem is not None
    assert results[0].problem.code == "WB493"
    assert not world.runner.seen


def test_F22_offline_a_client_that_can_do_without_the_network_is_asked_to(world: World) -> None:
    step = replace(FETCH, offline={"NPM_OFFLINE": "true"})
    assert statuses(network(world, offline=True), step, USE) == ["ran", "ran"]
    assert world.runner.seen[0].env["NPM_OFFLINE"] == "true"
    assert statuses(network(world), step, USE) == ["cached", "cached"]
    world.put("app.lock", "2")
    assert statuses(network(world), step) == ["ran"]
    assert "NPM_OFFLINE" not in world.runner.seen[-1].env


def test_F22_what_such_a_client_lacks_is_told(world: World) -> None:
    world.runner.respond = lambda c: ends(1, said="no copy of words 1.0")
    step = replace(FETCH, offline={"NPM_OFFLINE": "true"})
    (result,) = network(world, offline=True).execute(Plan(steps=(step,), products=()))
    assert result.problem is not None
    assert (result.problem.code, result.problem.detail.strip()) == ("WB493", "no copy of words 1.0")
    assert "wbuild fetch" in result.problem.hint


def test_a_result_in_the_state_directory_stays_there_and_one_in_the_scratch_folder_moves(world: World) -> None:
    def respond(command: Command) -> Answer:
        return Answer(files={command.argv[1]: command.argv[0]})

    world.runner.respond = respond
    kept = tool_step("kept", [], ["out/kept"], ["kept", (State("k"),)], results={"out/kept": (State("k"),)}, state="s")
    moved = tool_step("moved", [], ["out/moved"], ["moved", (Scratch("target/m"),)], results={"out/moved": (Scratch("target/m"),)})
    assert world.statuses(kept, moved) == {"kept": "ran", "moved": "ran"}
    assert (world.read("out/kept"), world.read("out/moved")) == ("kept", "moved")
    assert world.read(".wbuild/state-dirs/s/k") == "kept"
    assert world.statuses(kept, moved) == {"kept": "cached", "moved": "cached"}


def contents(root: Path) -> dict[Path, tuple[int, int]]:
    """(size, time of the last change) of everything below a folder; looking at a file may change the time of the last access."""
    return {path: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in sorted(root.rglob("*"))}


def forecast(world: World, *steps: Step) -> Mapping[str, tuple[str, ...]]:
    before = contents(world.root)
    found = world.engine().forecast(Plan(steps=steps, products=()))
    assert contents(world.root) == before
    assert not world.runner.seen
    return found


def test_a_forecast_says_what_would_run_and_why(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(a_c='#include "x.h"', b_c="int b;", x_h="x")
    steps = [
        compile_step("a.c", headers=["x.h"]),
        compile_step("b.c"),
        builtin_step("link", ["out/a.c.o", "out/b.c.o"], ["out/app"], does="join"),
    ]
    first = forecast(world, *steps)
    assert first == {
        "app:compile:a.c": ("first build",),
        "app:compile:b.c": ("first build",),
        "link": ("out/a.c.o would be made first",),
    }
    world.run(*steps)
    world.runner.seen.clear()
    assert forecast(world, *steps) == dict.fromkeys(first, ())
    world.write(x_h="y")
    changed = forecast(world, *steps)
    assert changed["app:compile:a.c"] == ("inputs x.h: changed",)
    assert changed["app:compile:b.c"] == ()
    world.write(x_h="x")
    world.forget_outputs()
    assert forecast(world, *steps)["link"] == ("output out/app: would be restored",)
    (world.root / "b.c").unlink()
    assert forecast(world, *steps)["app:compile:b.c"] == ("b.c is missing",)


def test_a_forecast_knows_optional_and_fetch_steps(world: World) -> None:
    world.runner.respond = lambda c: ends(1) if c.argv[0] == "opt" else Answer()
    steps = [
        FETCH,
        tool_step("opt", ["out/fetch.stamp"], ["c1"], optional=True),
        tool_step("check", ["c1"], ["o1"], optional=True),
        builtin_step("select", ["out/fetch.stamp", "o1"], ["best"], does="join"),
    ]
    assert forecast(world, *steps)["fetch"] == ("first build",)
    world.run(*steps)
    world.runner.seen.clear()
    assert forecast(world, *steps) == {"fetch": (), "opt": (), "check": (), "select": ()}
