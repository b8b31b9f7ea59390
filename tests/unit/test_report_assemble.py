from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from tests.modules import module
from tests.reports import ARTIFACT, DATA, PIN, plan, product, results, run, sizes_of, texts
from wbuild.errors import Problem
from wbuild.model.happened import CheckVerdict, Choice, Report, Result
from wbuild.model.written import Budget, Proposals
from wbuild.report.assemble import assemble, last_sizes
from wbuild.report.schema import report_schema
from wbuild.report.text import table
from wbuild.report.to_json import render_artifact, written


def codes(made: Report) -> list[str]:
    return [problem.code for artifact in made.artifacts for problem in artifact.problems]


def test_a_good_run() -> None:
    made = assemble(plan(product()), run())
    (hello,) = made.artifacts
    assert (made.exit, hello.status, hello.problems) == (0, "ok", ())
    assert hello.measure is not None
    assert hello.measure.sizes.raw == len(DATA) == sum(part.size for part in hello.measure.sections)
    assert hello.choice == Choice(chosen="Oz", before=90, compiled=100, after=len(DATA))
    assert hello.checks == (CheckVerdict(name="c", runtime="wasmtime", status="passed", fuel=55),)
    assert hello.tools == {"zig": PIN.identity}
    assert hello.seconds == 1.5
    assert hello.measure.exports == ("run",)
    assert [verdict.status for verdict in hello.budget] == ["ok"]
    assert made.results == results()


@pytest.mark.parametrize(("limit", "exit_code", "found"), [(len(DATA), 0, []), (len(DATA) - 1, 3, ["WB300"])])
def test_F122_over_budget_by_a_byte_is_exit_3_and_the_report_is_whole(limit: int, exit_code: int, found: list[str]) -> None:
    made = assemble(plan(product(replace(ARTIFACT, budget=Budget(raw=limit)))), run())
    assert (made.exit, codes(made)) == (exit_code, found)
    (hello,) = made.artifacts
    assert hello.measure is not None
    assert hello.status == ("failed" if exit_code else "ok")
    Draft202012Validator(report_schema()).validate(json.loads(written(made)))


def test_the_problem_of_a_budget_has_exact_numbers() -> None:
    made = assemble(plan(product(replace(ARTIFACT, budget=Budget(raw=len(DATA) - 1)))), run())
    (problem,) = made.artifacts[0].problems
    assert problem.message == f"hello is 1 B over its raw budget: {len(DATA)} B, limit {len(DATA) - 1} B"
    assert problem.hint == "`wbuild size hello` shows where the bytes are; or raise budget.raw"


def test_budgets_judge_optimized_profiles_only() -> None:
    made = assemble(plan(product(replace(ARTIFACT, budget=Budget(raw=10)), level="none")), run())
    assert made.exit == 0
    assert [verdict.status for verdict in made.artifacts[0].budget] == ["over"]


@pytest.mark.parametrize(
    ("status", "code", "said"), [("failed", "WB301", "failed on wasmtime"), ("error", "WB302", "could not run on wasmtime")]
)
def test_a_failed_check_is_exit_3(status: str, code: str, said: str) -> None:
    made = assemble(plan(product()), run(texts=texts(verdict={"status": status, "message": "exit code 1, expected 0"})))
    (problem,) = made.artifacts[0].problems
    assert (made.exit, problem.code, problem.message) == (3, code, f'check "c" of hello {said}')
    assert problem.detail == "exit code 1, expected 0"


@pytest.mark.parametrize("denied", ["sign-ext", "bulk-memory", "simd"])
def test_a_denied_proposal_is_exit_3(denied: str) -> None:
    data = module(code=b"\x41\x00\xc0\x1a" + b"\x41\x00" * 3 + b"\xfc\x0b\x00" + b"\xfd\x0c" + bytes(16) + b"\x1a", memory=(1, None))
    artifact = replace(ARTIFACT, proposals=Proposals(deny=(denied, "gc")))
    made = assemble(plan(product(artifact)), run(texts=texts(data)))
    assert (made.exit, codes(made)) == (3, ["WB303"])
    feature = {"bulk-memory": "bulk-memory-opt", "simd": "simd128"}.get(denied, denied)
    assert made.artifacts[0].problems[0].message.startswith(f"hello uses {feature}, which its proposals deny: instruction 0x")


def test_a_failed_step_decides_over_a_failed_artifact() -> None:
    problem = Problem(code="WB101", message="compile hello exited with 1")
    made = assemble(plan(product()), run(results=results("failed", problem), texts={}))
    assert (made.exit, codes(made)) == (1, ["WB101"])
    assert made.artifacts[0].status == "failed"
    fetch = Result(step="x:fetch", verb="fetch", label="x", artifact="x", status="failed", problem=Problem(code="WB401", message="offline"))
    assert assemble(plan(product()), run(results=(*results("failed", problem), fetch), texts={})).exit == 4


def test_figures_of_an_earlier_build_are_not_those_of_a_failed_one() -> None:
    problem = Problem(code="WB101", message="compile of hello failed: exit 1")
    compiled, measured = results("failed", problem)
    stopped = replace(measured, status="skipped", problem=Problem(code="WB106", message="compile of hello failed"))
    good = assemble(plan(product()), run()).artifacts[0]
    made = assemble(plan(product()), run(results=(compiled, stopped), previous={good.file: render_artifact(good)}))
    (hello,) = made.artifacts
    assert (made.exit, hello.status, codes(made)) == (1, "failed", ["WB101"])
    assert (hello.measure, hello.choice, hello.budget, hello.checks) == (None, None, (), ())
    assert hello.previous == sizes_of(good)
    assert table(made).splitlines()[1].endswith("wasip1  compile of hello failed: exit 1")


def test_what_was_only_skipped() -> None:
    stopped = Problem(code="WB101", message="stopped")
    made = assemble(plan(product()), run(results=results("skipped", stopped), texts={}))
    assert (made.exit, made.artifacts[0].status, codes(made)) == (1, "skipped", ["WB101"])
    made = assemble(plan(product()), run(results=(), texts={}))
    assert (made.exit, made.artifacts[0].status) == (0, "skipped")


def test_a_degraded_artifact_is_an_error_only_under_locked() -> None:
    degraded = results(degraded=True)
    made = assemble(plan(product()), run(results=degraded))
    assert made.artifacts[0].choice is not None
    assert (made.exit, made.artifacts[0].choice.degraded) == (0, True)
    assert assemble(plan(product()), run(results=degraded, locked=True)).exit == 1


def test_the_last_build_is_compared_even_after_a_failure() -> None:
    good = assemble(plan(product()), run()).artifacts[0]
    again = assemble(plan(product()), run(previous={good.file: render_artifact(good)})).artifacts[0]
    assert again.previous == sizes_of(good)
    failed = assemble(plan(product()), run(texts={}, previous={good.file: render_artifact(again)})).artifacts[0]
    assert failed.previous == sizes_of(good)
    assert last_sizes(render_artifact(failed)) == sizes_of(good)


@pytest.mark.parametrize("damaged", ["", "{", "[]", "7", '{"sizes": 3}', '{"sizes": {"raw": 1}}', '{"sizes": null}'])
def test_a_damaged_report_in_dist_is_no_report(damaged: str) -> None:
    assert last_sizes(damaged) is None
