"""Looking at a project's files: vendored sources, texts for drivers, and lock files of its own dependencies that are made first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.doors import Answer
from tests.unit.session_world import WAT, Shop
from wbuild.doors.interfaces import Command
from wbuild.errors import MachineError, ProvisionError, StepError, UsageError
from wbuild.session.dependency_locks import dependency_lock, lock_dependencies
from wbuild.session.locking import Locking

VENDORED = """\
[project]
name = "shop"

[vendor.lib]
from = "npm:lib"
version = "2.0.0"

[artifact.hello]
lang = "c"

[artifact.hello.c]
sources = ["hello.c", "{vendor.lib}/src/*.c"]
"""
MODULE = '[project]\nname = "shop"\n\n[artifact.srv]\nlang = "go"\n'
SUM = "host.example/dep v1.0.0 h1:abc=\nhost.example/dep v1.0.0/go.mod h1:def=\nhost.example/other v2.1.0 h1:x=\n"


def test_files_of_vendored_sources_are_fetched_and_looked_at(shop: Shop) -> None:
    shop.write("wbuild.toml", VENDORED)
    shop.write("hello.c", "int main(void) { return 0; }")
    session = shop.prepare()
    inputs = {word for step in session.plan.steps for word in (*step.inputs, *step.label.split())}
    assert any("src/lib.c" in word for word in inputs), inputs
    assert "lib" in {pin.package for pin in session.pins()}


def test_without_writing_nothing_is_fetched(shop: Shop) -> None:
    shop.write("wbuild.toml", VENDORED)
    shop.write("hello.c", "int main(void) { return 0; }")
    shop.lock()
    with pytest.raises(ProvisionError) as caught:
        shop.prepare(write=False)
    problem = caught.value.problems[0]
    assert (problem.code, problem.hint) == ("WB433", "run `wbuild fetch`")


def go(answer: Callable[[Command], Answer]) -> Callable[[Command], Answer]:
    """A go that answers `go list` so, and says its version otherwise."""
    return lambda command: answer(command) if "list" in command.argv else Answer(stdout="go1.25.0")


@pytest.fixture
def module(shop: Shop) -> Shop:
    """A Go module that requires others and has no go.sum; `go list` writes one."""
    shop.write("wbuild.toml", MODULE)
    shop.write("go.mod", "module shop\n\ngo 1.24\n\nrequire host.example/dep v1.0.0\n")
    shop.write("main.go", "package main\n\nfunc main() {}\n")
    shop.programs["go"] = go(lambda command: Answer(files={"go.sum": SUM}))
    return shop


def test_a_lock_file_that_is_missing_is_made_in_a_copy_and_moved_in_whole(module: Shop) -> None:
    session = module.prepare()
    assert module.read("go.sum") == SUM
    assert "note: created go.sum (2 packages)\n" in module.err
    (command,) = [command for command in module.runner.seen if "list" in command.argv]
    assert command.cwd != module.root
    assert not (module.root / ".wbuild/locking").exists()
    assert "go.sum" in {name for step in session.plan.steps for name in step.inputs}


def test_one_package_none_and_no_file_at_all(module: Shop) -> None:
    module.programs["go"] = lambda command: (
        Answer(files={"go.sum": SUM.partition("\n")[0]}) if "list" in command.argv else Answer(stdout="go1.25.0")
    )
    module.prepare()
    assert "note: created go.sum (1 package)\n" in module.err
    (module.root / "go.sum").unlink()
    module.programs["go"] = go(lambda command: Answer())
    module.prepare()
    assert "note: created go.sum (no packages)\n" in module.err


def test_a_look_says_what_a_build_would_do(module: Shop) -> None:
    module.prepare(write=False)
    assert "note: . has no go.sum; `wbuild build` brings it in order with `go list -mod=mod -deps ./...`\n" in module.err
    assert not (module.root / "go.sum").exists()


def test_locked_makes_none(module: Shop) -> None:
    module.lock()
    with pytest.raises(UsageError) as caught:
        module.prepare(locked=True)
    assert caught.value.problems[0].code == "WB228"
    assert not (module.root / "go.sum").exists()


def test_a_client_that_fails_says_how_to_repeat_it_by_hand(module: Shop) -> None:
    module.programs["go"] = lambda command: (
        Answer(code=1, stderr=f"{command.cwd}/go.mod: no such module") if "list" in command.argv else Answer(stdout="go1.25.0")
    )
    with pytest.raises(StepError) as caught:
        module.prepare()
    problem = caught.value.problems[0]
    assert problem.hint == "to repeat it by hand: `go list -mod=mod -deps ./...` in ."
    assert problem.detail is not None
    assert f"{module.root}/go.mod: no such module" in problem.detail
    assert not (module.root / "go.sum").exists()


def dependencies(shop: Shop, *, check: bool) -> None:
    call, project = shop.another(), shop.open()
    lock = Locking(world=call.world(), project=project, console=call.console, locked=False).fitting()
    lock_dependencies(call.world(), call.console, project, lock, check=check)


def test_the_command_that_locks_makes_and_checks_them(module: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        dependencies(module, check=True)
    assert [(p.code, p.message) for p in caught.value.problems] == [("WB228", ". has no go.sum")]
    dependencies(module, check=False)
    assert module.read("go.sum") == SUM
    assert module.read(".wbuild/.gitignore") == "*\n"
    dependencies(module, check=True)
    module.runner.seen.clear()
    dependencies(module, check=False)
    assert not [line for line in module.runner.lines if "list" in line]


def test_one_wbuild_a_project_at_a_time_makes_them(shop: Shop) -> None:
    shop.settings["lock-timeout"] = 0.0
    call = shop.another()
    with dependency_lock(call.world(), call.console, shop.root), pytest.raises(MachineError, match="lock dependencies"):
        dependency_lock(call.world(), call.console, shop.root).__enter__()


def test_projects_without_such_files_need_none(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT)
    dependencies(shop, check=True)


def test_a_client_that_may_not_leave_the_file_out(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nname = "shop"\n\n[artifact.web]\nlang = "assemblyscript"\n')
    shop.write("package.json", '{"name": "web", "devDependencies": {"assemblyscript": "0.28.0"}}')
    shop.write("asconfig.json", '{"entries": ["assembly/index.ts"], "targets": {"release": {"outFile": "x.wasm"}}}')
    shop.write("assembly/index.ts", "export function run(): void {}\n")
    with pytest.raises(UsageError) as caught:
        shop.prepare()
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB248", "`npm install --package-lock-only` ended well, but made no package-lock.json")
