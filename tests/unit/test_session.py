"""From a command line to a plan, from a plan to what came out: a whole build with programs that are played."""

from __future__ import annotations

import json

import pytest

from tests.doors import Answer
from tests.unit.session_world import MADE, TEXT, WAT, Shop
from wbuild.errors import ProvisionError, UsageError
from wbuild.session import ending
from wbuild.session.session import Session, every_file, report_path

TWO = WAT + 'targets = ["freestanding", "wasip1"]\n\n[artifact.sub]\nlang = "wat"\n'
OWN = """\
type = "language"
name = "own"
title = "Own"
category = "compiled"
driver = "compiler"
extensions = [".own"]
targets = ["freestanding"]
sources = ["*.own"]
kind = "reactor"

[[toolchain]]
name = "own"
tools = ["wasmtime"]
targets = ["freestanding"]

[[toolchain.step]]
verb = "fetch"
network = true
locks = ["*.own"]
run = ["{bin:wat2wasm}", "{cache}"]

[[toolchain.step]]
verb = "compile"
run = ["{bin:wat2wasm}", "{in}", "{out}"]
"""


def test_a_build_leaves_the_artifact_and_a_document_beside_it(shop: Shop) -> None:
    session = shop.prepare()
    built = session.build()
    assert (shop.root / "dist/dev/add.wasm").read_bytes() == MADE
    assert [path.relative_to(shop.root).as_posix() for path in built.written] == ["dist/dev/add.wasm.report.json", "dist/dev/report.json"]
    document = json.loads(shop.read("dist/dev/add.wasm.report.json"))
    assert (document["schema"], document["name"], document["sizes"]["raw"]) == ("wbuild.artifact/1", "add", len(MADE))
    assert [a["file"] for a in json.loads(shop.read("dist/dev/report.json"))["artifacts"]] == ["dist/dev/add.wasm"]
    assert (built.report.exit, built.report.artifacts[0].status) == (0, "ok")


def test_a_second_build_takes_everything_from_the_cache(shop: Shop) -> None:
    shop.prepare().build()
    shop.runner.seen.clear()
    (shop.root / "dist/dev/add.wasm").unlink()
    built = shop.prepare().build()
    assert {result.status for result in built.results} <= {"cached", "fresh", "none"}
    assert not [line for line in shop.runner.lines if any("wat.py" in word for word in line)]
    assert (shop.root / "dist/dev/add.wasm").read_bytes() == MADE
    (made,) = built.report.artifacts
    assert made.measure
    assert made.previous == made.measure.sizes


def test_a_failed_program_is_a_result_and_the_exit_code(shop: Shop) -> None:
    shop.programs["wat.py"] = lambda command: Answer(code=1, stderr="add.wat:1: unknown operator")
    session = shop.prepare()
    built = session.build()
    assert (built.report.exit, built.report.artifacts[0].status) == (1, "failed")
    assert "add.wat:1: unknown operator" in shop.err
    assert session.progress.shown == [built.results[0].problem]


def test_why_a_step_runs_is_said_on_request(shop: Shop) -> None:
    with shop.prepare().built(explain=True):
        pass
    assert "  because   add: first build\n" in shop.err


def test_the_same_plan_for_names_and_targets(shop: Shop) -> None:
    shop.write("wbuild.toml", TWO)
    shop.write("add/add.wat", TEXT)
    shop.write("sub/sub.wat", TEXT)
    everything = shop.prepare()
    assert [product.file for product in everything.plan.products] == [
        "dist/dev/add.wasm",
        "dist/dev/add.wasip1.wasm",
        "dist/dev/sub.wasm",
    ]
    assert every_file(everything.project.manifest, "dev") == {product.file for product in everything.plan.products}
    assert [product.file for product in shop.prepare(words=("add",), targets=("wasip1",)).plan.products] == ["dist/dev/add.wasip1.wasm"]
    with pytest.raises(UsageError, match="no chosen artifact declares target"):
        shop.prepare(words=("sub",), targets=("wasip1",))


def test_the_profile_decides_where_artifacts_stand(shop: Shop) -> None:
    session = shop.prepare(profile="release", level="none")
    assert [(product.file, product.level) for product in session.plan.products] == [("dist/release/add.wasm", "none")]
    assert report_path("dist/release/add.wasm") == "dist/release/add.wasm.report.json"


def test_tools_of_the_plan(shop: Shop) -> None:
    assert [pin.name for pin in shop.prepare(profile="dev").pins()] == ["wasmtime"]
    assert [pin.name for pin in shop.prepare(profile="release").pins()] == ["wasmtime", "node", "binaryen"]


def test_what_this_platform_cannot_make_is_said_once(shop: Shop) -> None:
    shop.source.missing.add(("wasmtime", "linux-x86_64"))
    (problem,) = shop.prepare().unavailable()
    assert "wasmtime cannot be had on linux-x86_64: wasmtime has no build for it" in problem.message


@pytest.mark.parametrize(
    ("ci", "keep_going", "going", "fast"),
    [(False, None, False, False), (True, None, True, False), (False, True, True, False), (True, False, False, True)],
)
def test_what_goes_on_after_a_failure(ci: bool, keep_going: bool | None, going: bool, fast: bool, shop: Shop) -> None:
    shop.lock()
    shop.ci = ci
    session = shop.prepare(keep_going=keep_going)
    engine = session.engine()
    assert (engine.keep_going, engine.fail_fast) == (going, fast)
    assert session.locked is ci


def test_paths_are_those_that_people_would_type(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    session = shop.prepare()
    (product,) = session.plan.products
    assert session.path(product) == "dist/dev/add.wasm"
    monkeypatch.chdir(shop.folder)
    assert session.path(product) == "shop/dist/dev/add.wasm"


def test_fetch_steps_of_a_language_that_the_project_brings_wait_for_the_users_word(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nrecipes = ["own.toml"]\n\n[artifact.a]\nlang = "own"\n')
    shop.write("own.toml", OWN)
    shop.write("a.own", "x")
    with pytest.raises(ProvisionError, match="its steps that fetch are not started"):
        shop.prepare()
    shop.trusts = True
    assert any(step.network for step in shop.prepare().plan.steps)


def test_the_end_of_a_build_is_a_table_and_the_paths(shop: Shop) -> None:
    session = shop.prepare()
    ending.show(session, session.build().report)
    assert shop.out == "dist/dev/add.wasm\n"
    assert "33 B" in shop.err


def test_the_whole_report_as_one_document(shop: Shop) -> None:
    session = shop.prepare()
    ending.document(session, session.build().report, "json")
    assert json.loads(shop.out)["schema"] == "wbuild.report/1"


def test_problems_are_said_once(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + "\n[artifact.add.budget]\nraw = 10\n")
    session = shop.prepare(profile="release")
    report = session.build().report
    ending.problems(session, report)
    assert shop.err.count("error[WB3") == 1
    assert report.exit == 3


def test_artifacts_that_failed_have_no_path(shop: Shop) -> None:
    shop.write("wbuild.toml", TWO)
    shop.write("add/add.wat", TEXT)
    shop.write("sub/sub.wat", "(broken")
    shop.programs["wat.py"] = lambda command: Answer(code=1) if "sub/sub.wat" in command.argv else Answer(files={command.argv[-1]: MADE})
    session = shop.prepare(keep_going=True)
    report = session.build().report
    assert ending.paths(session, report) == ["dist/dev/add.wasm", "dist/dev/add.wasip1.wasm"]
    assert ending.paths(session, report, ("sub",)) == []


def test_where_the_time_went(shop: Shop) -> None:
    session = shop.prepare(timed=True)
    report = session.build().report
    ending.account(session, report, stats=False, trace=None)
    said = shop.err
    ending.account(session, report, stats=True, trace=shop.root / "trace.json")
    assert "assemble" in shop.err[len(said) :]
    events = json.loads(shop.read("trace.json"))["traceEvents"]
    assert any(event.get("name", "").startswith("assemble") for event in events)


def remembered(shop: Shop, session: Session) -> bool:
    """Whether a build with nothing to do is known after this one."""
    with session.built() as built:
        ending.remember(shop.call, session, built)
    folder = shop.root / ".wbuild/state"
    found = folder.is_dir() and any(not path.suffix for path in folder.iterdir())
    return bool(found)


def test_a_build_in_which_all_is_well_is_remembered(shop: Shop) -> None:
    assert remembered(shop, shop.prepare())


def test_a_build_with_a_failure_is_not(shop: Shop) -> None:
    shop.programs["wat.py"] = lambda command: Answer(code=1)
    assert not remembered(shop, shop.prepare())
