"""`wbuild compare`: which artifacts keep one contract, what is added up, which value is the best."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.goldens import golden
from tests.reports import ARTIFACT, product, weighed
from wbuild.errors import Problem, UsageError
from wbuild.model.happened import CheckVerdict, Comparison, Contract, Result, Sizes
from wbuild.model.planned import Product
from wbuild.model.written import Check
from wbuild.report.compare import Measured, build_seconds, contract, groups, start_check, text
from wbuild.report.to_json import render_comparison


def keeping(name: str, *checks: str, **rest: object) -> Product:
    declared = tuple(Check(name=check, **rest) for check in checks)  # type: ignore[arg-type]
    return product(replace(ARTIFACT, name=name, checks=declared))


def names(found: Sequence[Sequence[Product]]) -> list[list[str]]:
    return [[member.artifact.name for member in members] for members in found]


def passed(**fuel: int) -> tuple[CheckVerdict, ...]:
    return tuple(CheckVerdict(name=name, runtime="wasmtime", status="passed", fuel=number) for name, number in fuel.items())


def test_artifacts_with_the_same_checks_belong_together() -> None:
    found = [keeping("a", "x", "y"), keeping("lone", "z"), keeping("b", "y", "x"), keeping("bare"), keeping("c", "w"), keeping("d", "w")]
    assert names(groups(found, named=False)) == [["a", "b"], ["c", "d"]]
    assert names(groups([found[0], found[2]], named=True)) == [["a", "b"]]
    assert names(groups([found[1]], named=True)) == [["lone"]]


def test_what_cannot_be_compared() -> None:
    with pytest.raises(UsageError, match="no two artifacts declare the same checks") as nothing:
        groups([keeping("a", "x"), keeping("b", "y")], named=False)
    with pytest.raises(UsageError, match=r'a and b do not declare the same checks: "y", "z"') as differ:
        groups([keeping("a", "x", "y"), keeping("b", "x", "z")], named=True)
    with pytest.raises(UsageError, match="bare declares no check") as bare:
        groups([keeping("a", "x"), keeping("bare")], named=True)
    assert [error.value.problems[0].code for error in (nothing, differ, bare)] == ["WB253", "WB254", "WB253"]


def test_build_time_is_that_of_the_runs_that_made_it() -> None:
    def ended(step: str, verb: str, seconds: float, took: float | None) -> Result:
        return Result(step=step, verb=verb, label="a", artifact="a", status="ran", seconds=seconds, took=took)

    steps = [
        ended("c", "compile", 9.0, 2.0),
        ended("l", "link", 0.01, 3.0),
        ended("f", "fetch", 50.0, None),
        ended("t", "check", 9.0, None),
    ]
    made = replace(product(), steps=("c", "l", "f", "t"))
    by_step = {result.step: result for result in steps}
    assert build_seconds(made, by_step) == 5.0
    assert build_seconds(made, {**by_step, "c": replace(steps[0], status="failed")}) is None
    assert build_seconds(made, {}) is None


def test_start_up_is_taken_with_the_cheapest_check_that_ends_well() -> None:
    usage = Check(name="usage", exit=2)
    declared = replace(ARTIFACT, checks=(Check(name="big"), usage, Check(name="small"), Check(name="odd")))
    reports = [
        weighed("a", checks=passed(big=90, usage=1, small=10, odd=1)),
        weighed("b", checks=(*passed(big=50, usage=1, small=20), CheckVerdict(name="odd", runtime="wasmtime", status="failed"))),
    ]
    assert start_check(reports, [product(declared)], "wasmtime") == "small"
    assert start_check([], [product(declared)], "wasmtime") == ""


def compared() -> Contract:
    wrong = (*passed(x=1), CheckVerdict(name="y", runtime="wasmtime", status="failed", message="exit code 1, expected 0"))
    missing = Problem(code="WB430", message="rarecc cannot be had on linux-x86_64: nobody builds it").about("rare")
    small = Sizes(raw=9, gzip=9, brotli=9, zstd=9)
    rows = [
        Measured(report=weighed("as", category="wasm-native", checks=passed(x=5, y=6)), tool="node", version="24.1.0", build_seconds=3.25),
        Measured(
            report=weighed("c", checks=passed(x=12_000_000, y=1)),
            tool="zig",
            version="0.17.1",
            build_seconds=12.5,
            starts=(0.003, 0.001, 0.002),
        ),
        Measured(report=weighed("wrong", status="failed", sizes=small, checks=wrong), tool="zig", version="0.17.1", build_seconds=0.5),
        Measured(
            report=weighed("rare", status="skipped", sizes=None, choice=None, problems=(missing,)),
            tool="rarecc",
            version="",
            build_seconds=None,
        ),
    ]
    return contract(["x", "y"], rows, runtime="wasmtime", start="x")


def test_the_table() -> None:
    made = Comparison(project="shop", profile="release", wbuild="0.1.0", platform="linux-x86_64", contracts=(compared(),))
    golden("report/compare.txt", text(made))
    document = json.loads(render_comparison(made))
    assert document["schema"] == "wbuild.compare/1"
    assert [row["name"] for row in document["contracts"][0]["artifacts"]] == ["c", "wrong", "rare", "as"]
    assert document["contracts"][0]["artifacts"][0]["start_ms"] == 2.0
