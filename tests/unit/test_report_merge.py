"""Reports of several cells as one."""

from __future__ import annotations

from dataclasses import replace

from tests.reports import report, weighed
from wbuild.ci.merge import merge, remarks
from wbuild.ci.untrusted import Expected, ExpectedMatrix
from wbuild.errors import Problem
from wbuild.model.happened import Report, Sizes
from wbuild.report.labels import labelled
from wbuild.report.text import summary

BROKEN = Problem(code="WB101", message="compile red src/main.c exited with 1")
RED = replace(report(weighed("red", status="failed", sizes=None, choice=None, problems=(BROKEN,))), exit=1)


def cell(name: str, platform: str = "") -> Expected:
    return Expected(
        artifact=name, target="wasip1", profile="release", platform=platform, language="c", category="compiled", toolchain="zig"
    )


def test_F99_one_red_cell_of_three() -> None:
    made = merge([report(weighed("one")), RED, report(weighed("three"))])
    assert made.exit == 1
    assert [(a.name, a.status) for a in made.artifacts] == [("one", "ok"), ("red", "failed"), ("three", "ok")]
    table = summary(made)
    assert "one       c         compiled  wasip1  40.9 KiB" in table
    assert "red       c         compiled  wasip1  failed: compile red src/main.c exited with 1" in table
    assert "three" in table


def test_the_worst_exit_code_is_the_reports() -> None:
    codes = [0, 3, 1, 4]
    assert merge([replace(report(), exit=code) for code in codes]).exit == 4
    assert merge([report(weighed("a"))]).exit == 0


def test_a_cell_that_left_no_report_has_failed() -> None:
    made = merge([report(weighed("b"))], ExpectedMatrix(project="shop", cells=(cell("c"), cell("b"), cell("a"))))
    assert [(a.name, a.status) for a in made.artifacts] == [("c", "failed"), ("b", "ok"), ("a", "failed")]
    assert made.artifacts[0].problems[0].code == "WB191"
    assert made.exit == 1


def test_a_whole_matrix_without_any_job() -> None:
    made = merge([], ExpectedMatrix(project="shop", cells=()))
    assert (made.project, made.artifacts, made.exit) == ("shop", (), 0)


def test_a_failure_wins_over_the_same_cell_made_elsewhere() -> None:
    made = merge([report(weighed("red")), RED, report(weighed("red"))])
    assert [a.status for a in made.artifacts] == ["failed"]


def test_sizes_are_compared_with_an_earlier_report() -> None:
    old = Sizes(raw=1, gzip=1, brotli=1, zstd=1)
    earlier = report(weighed("a", sizes=old, platform="linux-x86_64"), weighed("gone"))
    made = merge([report(weighed("a", platform="macos-arm64"), weighed("b", previous=old))], earlier=earlier)
    assert {a.name: a.previous for a in made.artifacts} == {"a": old, "b": None}


def on(platform: str, profile: str = "release", sha256: str = "1") -> Report:
    return report(weighed("a", platform=platform, profile=profile, sha256=sha256))


def test_names_say_what_tells_artifacts_apart() -> None:
    def names(*reports: Report) -> list[str]:
        return [a.name for a in labelled(merge(reports)).artifacts]

    assert names(on("linux-x86_64")) == ["a"]
    assert names(on("linux-x86_64"), on("macos-arm64")) == ["a [linux-x86_64]", "a [macos-arm64]"]
    assert names(on("linux-x86_64"), on("linux-x86_64", "dev")) == ["a [dev]", "a [release]"]


def test_machines_that_do_not_make_the_same_file() -> None:
    same = merge([on("linux-x86_64"), on("macos-arm64")])
    assert remarks(same) == ()
    other = merge([on("linux-x86_64"), on("macos-arm64", sha256="2"), on("windows-x86_64")])
    assert remarks(other) == ("a (wasip1, release) is not the same file on linux-x86_64, windows-x86_64 and macos-arm64",)
