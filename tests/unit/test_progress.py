"""What people read while a build runs: one line for each step that was worth the wait."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.reports import PIN, plan, product, results
from wbuild.engine.events import Note, StepFinished, StepStarted
from wbuild.errors import Problem
from wbuild.model.happened import Result, Status
from wbuild.session.progress import SPACE, Progress, grouped, time_text
from wbuild.store import StoreEvent
from wbuild.terminal.console import Console


def listening(root: Path, **console: object) -> Progress:
    return Progress(console=Console(out=io.StringIO(), err=io.StringIO(), **console), root=root, plan=plan(product()))  # type: ignore[arg-type]


def said(progress: Progress) -> str:
    assert isinstance(progress.console.err, io.StringIO)
    return progress.console.err.getvalue()


def ended(verb: str = "compile", status: Status = "ran", **fields: object) -> StepFinished:
    found = Result(step=verb, verb=verb, label="hello", artifact="hello", status=status, seconds=1.25)
    return StepFinished(result=replace(found, **fields))  # type: ignore[arg-type]


def start(progress: Progress, number: int = 0, *reasons: str) -> None:
    progress(StepStarted(step=progress.plan.steps[number], reasons=reasons))


def test_a_step_that_ran_has_a_line_and_one_from_the_cache_has_none(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress(ended())
    progress(ended(status="cached"))
    assert said(progress) == f"  compile   hello{' ' * 37} 1.2 s\n"


def test_those_who_want_to_know_more_see_every_step(tmp_path: Path) -> None:
    progress = listening(tmp_path, verbosity=1)
    progress(ended(status="cached"))
    progress(ended("measure"))
    assert [line.split() for line in said(progress).splitlines()] == [["compile", "hello", "cached"], ["measure", "hello", "1.2", "s"]]


def test_a_failure_is_shown_once(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    problem = Problem(code="WB101", message="compile hello exited with 1")
    progress(ended(status="failed", problem=problem))
    progress(ended("judge", status="failed", problem=problem))
    assert said(progress) == "error[WB101]: compile hello exited with 1\n"
    assert progress.shown == [problem]


@pytest.mark.parametrize(("explain", "verbosity", "lines"), [(False, 0, 0), (True, 0, 1), (False, 2, 2)])
def test_why_steps_run(explain: bool, verbosity: int, lines: int, tmp_path: Path) -> None:
    progress = listening(tmp_path, verbosity=verbosity)
    progress.explain = explain
    start(progress, 0, "argv: -O2 -> -Os")
    start(progress, 2, "first build")
    assert said(progress).count("because") == lines
    if lines:
        assert said(progress).startswith("  because   hello: argv: -O2 -> -Os\n")


def test_notes_are_said_once(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    for _ in range(2):
        progress(Note(message="odd"))
    assert said(progress) == "note: odd\n"


def test_moments_for_a_timeline(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress.moments = []
    event = Note(message="odd")
    progress(event)
    assert [what for _, what in progress.moments] == [event]


def store_event(kind: str, **fields: object) -> StoreEvent:
    return StoreEvent(kind=kind, pin=PIN, **fields)  # type: ignore[arg-type]


def test_tools_that_come_into_the_store(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    for kind in ("download", "progress", "installed", "failed"):
        progress(store_event(kind))
    assert said(progress).splitlines() == ["  download  zig 0.17.1 (1 byte)", f"  tools     zig 0.17.1 (1 byte){' ' * 23} new in the store"]
    progress(store_event("waiting"))
    assert said(progress).splitlines()[-1].startswith("note: ")


def test_on_a_terminal_a_download_is_a_row_with_what_has_arrived(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress.console.go_live()
    progress(store_event("download"))
    assert [row.label for row in progress.console.board.rows.values()] == ["zig 0.17.1"]
    progress(store_event("progress", arrived=1))
    progress(store_event("failed"))
    assert not progress.console.board.rows
    progress.console.calm()


def put(root: Path, name: str, **document: object) -> None:
    (root / name).write_text(json.dumps(document))


def test_what_the_optimizer_gained(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress.plan = plan(replace(product(), steps=("select",)))
    put(tmp_path, "s.json", compiled=52148, before=50000, after=40000)
    progress(ended("select"))
    lines = said(progress).splitlines()
    assert lines[0].split(maxsplit=2)[2] == f"52{SPACE}148 → 50{SPACE}000 B  −4.1 %"
    assert lines[1].split(maxsplit=2)[:2] == ["optimize", "hello"]
    assert lines[1].endswith(f"50{SPACE}000 → 40{SPACE}000 B  −20.0 %")


@pytest.mark.parametrize("text", ["", "[1]", '{"compiled": 1}', "{"])
def test_a_choice_that_cannot_be_read_is_not_shown(text: str, tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress.plan = plan(replace(product(), steps=("select",)))
    if text:
        (tmp_path / "s.json").write_text(text)
    progress(ended("select"))
    assert said(progress) == ""


def test_how_the_checks_went_once_all_verdicts_are_in(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    made = replace(product(), verdicts=("a.json", "b.json", "c.json"), steps=("judge",))
    progress.plan = plan(made, replace(made, file="dist/other.wasm", target="freestanding", steps=()))
    progress.begun[made.file, "check"] = 0.0
    put(tmp_path, "a.json", status="passed")
    put(tmp_path, "b.json", status="failed")
    put(tmp_path, "c.json", status="passed")
    for number in range(3):
        assert said(progress) == "", number
        progress(ended("judge"))
    (line,) = said(progress).splitlines()
    assert line.startswith("  check     hello (wasip1) ")
    assert "2 passed, 1 failed  " in line


def test_verdicts_that_were_all_known_are_not_news(tmp_path: Path) -> None:
    progress = listening(tmp_path)
    progress(ended("judge", status="cached"))
    assert said(progress) == ""


@pytest.mark.parametrize(
    ("fold", "verbosity", "shown"), [("", 0, ""), ("", 1, "odd\n"), ("github", 0, "::group::output: compile of hello")]
)
def test_what_a_tool_said_although_all_went_well(fold: str, verbosity: int, shown: str, tmp_path: Path) -> None:
    progress = listening(tmp_path, fold=fold, verbosity=verbosity)
    (tmp_path / "log.txt").write_text("odd\n")
    progress(ended(log="log.txt"))
    assert shown in said(progress)
    assert ("odd" in said(progress)) is bool(shown)


def test_numbers_for_people() -> None:
    assert (time_text(1.26), grouped(1234567), grouped(12)) == ("1.3 s", f"1{SPACE}234{SPACE}567", "12")
    assert results()
