"""Runtimes as `wbuild run` uses them: which one, at which version, how it is started, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import MADE, WAT, Shop
from wbuild.doors.interfaces import Command
from wbuild.errors import ProvisionError, StepError, UsageError
from wbuild.session import runtime
from wbuild.session.runtime import BAD_CALL, REFUSAL, ExportedFunction, Runtime, assembler, for_file, for_product, signature

OWN = """\
type = "runtime"
name = "own"
title = "Own"
tool = "wasmtime"
targets = ["freestanding"]
modes = ["invoke"]
check = ["{bin:wasmtime}", "{request}", "{outcome}"]
run = ["{bin:wasmtime}", "own", "{module}"]
"""


@pytest.fixture
def file(shop: Shop) -> Path:
    return shop.write("m.wasm", MADE)


def of_file(shop: Shop) -> Runtime:
    return for_file(shop.another(), None)


def test_a_module_runs_with_the_terminals_streams_and_its_exit_code_counts(shop: Shop, file: Path) -> None:
    shop.programs["exec"] = lambda command: Answer(code=7)
    assert of_file(shop).run(file, "add", ["1", "-2"]) == 7
    words = shop.runner.lines[-1]
    assert words[-6:] == (str(file), "--invoke", "add", "--", "1", "-2")
    assert words[words.index("--memory") + 1].lstrip("-").isdigit()
    assert shop.runner.seen[-1].cwd == shop.root


def refuse(shop: Shop, code: int, said: str, exports: object = ()) -> None:
    """From now on the runtime does not start the program."""

    def run(command: Command) -> Answer:
        Path(command.env[REFUSAL]).write_text(said)
        return Answer(code=code)

    shop.programs["exec"] = run
    shop.programs["exports"] = lambda command: Answer(stdout=json.dumps({"command": False, "functions": exports}))


def test_a_call_that_does_not_fit_names_what_there_is(shop: Shop, file: Path) -> None:
    functions = [
        {"name": "_initialize", "params": [], "results": []},
        {"name": "add", "params": ["i32", "i32"], "results": ["i32"]},
        {"name": "run", "params": [], "results": []},
    ]
    refuse(shop, BAD_CALL, "no export is called ad; there are add, run", functions)
    with pytest.raises(UsageError) as caught:
        of_file(shop).run(file, "ad", ())
    problem = caught.value.problems[0]
    assert (problem.code, problem.hint) == ("WB292", "it exports add(i32, i32) -> i32, run()")
    assert problem.message.startswith("Wasmtime does not run m.wasm: no export is called ad")
    refuse(shop, BAD_CALL, "nothing to call")
    with pytest.raises(UsageError) as caught:
        of_file(shop).run(file, None, ())
    assert caught.value.problems[0].hint == "it exports no function"


def test_a_module_that_the_runtime_does_not_take(shop: Shop, file: Path) -> None:
    refuse(shop, 1, "unknown import")
    with pytest.raises(StepError) as caught:
        of_file(shop).run(file, None, ())
    problem = caught.value.problems[0]
    assert (problem.code, problem.detail) == ("WB105", "unknown import")


def test_what_a_module_exports(shop: Shop, file: Path) -> None:
    found = of_file(shop)
    assert [function.name for function in found.functions(file)] == ["run"]
    assert found.is_command(file) is False
    shop.programs["exports"] = lambda command: Answer(code=1, stderr="no module")
    with pytest.raises(StepError):
        found.exports(file)


def test_a_program_that_is_not_waited_for(shop: Shop, file: Path) -> None:
    assert of_file(shop).start(file).code() == 0
    assert "--invoke" not in shop.runner.lines[-1]


def test_seconds_of_several_runs_of_a_check(shop: Shop) -> None:
    shop.programs["start"] = lambda command: Answer(stdout=json.dumps({"seconds": [0.5, 1]}))
    assert of_file(shop).starts("{}", shop.root) == (0.5, 1.0)
    assert (shop.runner.seen[-1].cwd, shop.runner.seen[-1].timeout) == (shop.root, runtime.START_LIMIT)
    shop.programs["start"] = lambda command: Answer(code=1)
    assert of_file(shop).starts("{}", shop.root) == ()


def test_the_version_of_the_project_is_used_inside_of_it(shop: Shop) -> None:
    shop.lock()
    shop.source.versions["wasmtime"] = ["46.0.0"]
    assert of_file(shop).pin.version == "45.0.0"


def test_outside_of_any_project_the_first_version_is_kept(shop: Shop) -> None:
    (shop.root / "wbuild.toml").unlink()
    assert of_file(shop).pin.version == "45.0.0"
    shop.source.versions["wasmtime"] = ["46.0.0"]
    shop.source.resolved.clear()
    assert of_file(shop).pin.version == "45.0.0"
    assert shop.source.resolved == []


def test_a_damaged_lock_of_the_user_is_refused_and_a_removed_one_made_again(shop: Shop) -> None:
    (shop.root / "wbuild.toml").unlink()
    found = of_file(shop)
    path = shop.folder / "home/.local/share/wbuild/wasmtime.lock"
    path.write_text(path.read_text().partition("\n[")[0])
    with pytest.raises(UsageError) as caught:
        of_file(shop)
    assert str(path) in caught.value.problems[0].message
    path.unlink()
    assert of_file(shop).pin == found.pin


def test_the_runtime_of_an_artifact(shop: Shop) -> None:
    session = shop.prepare()
    (product,) = session.plan.products
    assert for_product(session, product, None).recipe.name == "wasmtime"
    with pytest.raises(UsageError) as caught:
        for_product(session, product, "wasmtme")
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB278", "no runtime 'wasmtme' takes target freestanding")
    assert problem.hint == "there is: wasmtime"
    with pytest.raises(UsageError, match="no runtime 'other' takes a file"):
        for_file(shop.another(), "other")


def test_a_runtime_of_the_project_is_started_when_the_user_has_said_so(shop: Shop, file: Path) -> None:
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["own.toml"]'))
    shop.write("own.toml", OWN)
    with pytest.raises(ProvisionError, match="it is not started"):
        for_file(shop.another(), "own")
    shop.trusts = True
    found = for_file(shop.another(), "own")
    assert found.is_command(file) is True
    assert found.starts("{}", shop.root) == ()
    assert found.run(file, None, ()) == 0
    assert shop.runner.lines[-1][-2:] == ("own", str(file))


def test_text_is_assembled_by_the_tool_that_can(shop: Shop) -> None:
    out = shop.root / "out.wasm"
    assembler(shop.another()).assemble(shop.root / "add.wat", out, "add.wat")
    assert out.read_bytes() == MADE
    shop.programs["wat.py"] = lambda command: Answer(code=1, stderr=f"{command.argv[-2]}:1:1: no")
    with pytest.raises(StepError) as caught:
        assembler(shop.another()).assemble(shop.root / "add.wat", out, "the text")
    assert caught.value.problems[0].detail == "the text:1:1: no"


def test_functions_as_people_write_them() -> None:
    assert signature(ExportedFunction(name="f")) == "f()"
    assert signature(ExportedFunction(name="f", params=("i32", "f64"), results=("i32",))) == "f(i32, f64) -> i32"
