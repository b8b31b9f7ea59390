"""Two artifacts with the same checks side by side, with toy tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import wbuild
from tests.cli.toys import Shell, plain, with_toys

SCHEMA = json.loads((Path(wbuild.__file__).parent / "schemas/compare.schema.json").read_text("utf-8"))
PROJECT = """
[[defaults.check]]
name = "says hello"
stdout = "hello\\n"

[artifact.long]
lang = "toy"

[artifact.short]
lang = "toy"

[artifact.other]
lang = "toy"
[[artifact.other.check]]
name = "says more"
stdout = "more\\n"
"""


@pytest.fixture
def project(place: Shell) -> Shell:
    return with_toys(place, PROJECT, long="say hello\npad 900\n", short="say hello\n", other="say more\n")


def test_the_best_of_each_column_is_marked(project: Shell) -> None:
    done = project.run("compare").ends(0)
    assert "note: not compared, since no other declares the same checks: other\n" in done.err
    assert "other" not in done.out
    head, long, short, *legend = plain(done.out).splitlines()
    assert head.split() == ["artifact", "language", "category", "tool", "raw", "gzip", "brotli", "fuel", "start", "build"]
    assert long.startswith(" long toy compiled toycc 1.0 ")
    assert " 7* 2.10 ms* " in short
    assert legend[0] == " * least of its column · fuel: instructions of the check on wasmtime"
    assert legend[1] == ' start: check "says hello" from instance to end, module compiled before, median of 3 runs here'


def test_build_time_is_remembered_and_start_up_is_in_no_report(project: Shell) -> None:
    first = json.loads(project.run("compare", "--format", "json").ends(0).out)
    again = json.loads(project.run("compare", "--format", "json").ends(0).out)
    Draft202012Validator(SCHEMA).validate(first)
    rows = [[row["build_seconds"] for row in found["contracts"][0]["artifacts"]] for found in (first, again)]
    assert rows[0] == pytest.approx(rows[1], abs=0.01)  # each step is remembered in milliseconds
    assert all("start_ms" not in path.read_text("utf-8") for path in project.folder.rglob("*.json"))


def test_artifacts_of_different_contracts_are_refused(project: Shell) -> None:
    done = project.run("compare", "short", "other").ends(2)
    assert 'error[WB254]: short and other do not declare the same checks: "says hello", "says more"' in done.err
    assert done.out == ""
    assert not (project.folder / "dist").exists()
    assert " other " in project.run("compare", "other").ends(0).out


def test_a_failed_check_stands_in_the_row_and_never_wins(project: Shell) -> None:
    project.write("short/short.toy", "say h\n")
    done = project.run("compare").ends(3)
    (row,) = [line for line in plain(done.out).splitlines() if line.startswith(" short ")]
    assert row.endswith(" 1 of 1 checks failed")
    assert "*" not in row
    assert 'error[WB301]: check "says hello" of short failed' in done.err
