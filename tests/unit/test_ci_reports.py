"""Folders of reports: what is read, what is passed over, and where reading ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.reports import report, weighed
from wbuild.ci.reports import durations, joined
from wbuild.errors import UsageError
from wbuild.report.to_json import render_index, written


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def hollow(path: Path, size: int) -> None:
    """A file of zeros that takes no room."""
    with path.open("wb") as file:
        os.truncate(file.fileno(), size)


def test_reports_anywhere_below_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "a/release/report.json", written(report(weighed("a"))))
    write(tmp_path / "b/report.json", written(report(weighed("b"))))
    write(tmp_path / "b/package.json", '{"name": "x"}')
    write(tmp_path / "b/list.json", "[1]")
    write(tmp_path / "b/notes.txt", written(report(weighed("c"))))
    outside = write(tmp_path.parent / f"{tmp_path.name}-outside/report.json", written(report(weighed("d"))))
    (tmp_path / "link.json").symlink_to(outside)
    (tmp_path / "folder").symlink_to(outside.parent)
    found = joined(tmp_path)
    assert [a.name for a in found.report.artifacts] == ["a", "b"]
    assert (found.remarks, found.exit) == ((), 0)


def test_a_damaged_report_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "a/report.json", written(report(weighed("a"))))
    write(tmp_path / "b\x1b[2J/report.json", '{"schema": "wbuild.report/1"}')
    hollow(tmp_path / "large.json", 17 << 20)
    found = joined(tmp_path)
    assert [a.name for a in found.report.artifacts] == ["a"]
    assert found.remarks == (
        "large.json is left out: it has more than 16 MiB",
        "b\\x1b[2J/report.json is left out: artifacts is no list",
    )
    assert found.exit == 1


def test_too_much_is_refused(tmp_path: Path) -> None:
    for number in range(9):
        hollow(tmp_path / f"{number}.json", 15 << 20)
    with pytest.raises(UsageError) as caught:
        joined(tmp_path)
    assert caught.value.problems[0].code == "WB295"


def test_durations_are_the_longest_that_reports_tell(tmp_path: Path) -> None:
    first = render_index(report(weighed("a", seconds=2.5), weighed("b", seconds=1.0)))
    write(tmp_path / "release/report.json", render_index(report(weighed("a", seconds=0.0)), first))
    write(tmp_path / "earlier/report.json", written(report(weighed("a", seconds=9.0))))
    write(tmp_path / "release/c.wasm.report.json", "{")
    assert durations(tmp_path) == {("a", "wasip1", "release"): 9.0, ("b", "wasip1", "release"): 1.0}
    assert durations(tmp_path / "release") == {("a", "wasip1", "release"): 0.0, ("b", "wasip1", "release"): 1.0}
    assert durations(tmp_path / "earlier/report.json") == {("a", "wasip1", "release"): 9.0}
    assert durations(tmp_path / "nowhere") == {}


def test_every_report_that_is_left_out_is_named_with_its_reason(tmp_path: Path) -> None:
    good = write(tmp_path / "a/report.json", written(report(weighed("a"))))
    (tmp_path / "b").mkdir()
    (tmp_path / "b/report.json").symlink_to(good)
    write(tmp_path / "c/report.json", '{"schema": "wbuild.report/99", "artifacts": []}')
    write(tmp_path / "d/report.json", "[]")
    found = joined(tmp_path)
    assert found.remarks == (
        "b/report.json is left out: it is a link, and links are not followed",
        "c/report.json is left out: it is no report of this version of wbuild",
        "d/report.json is left out: it is no report of this version of wbuild",
    )
    assert found.exit == 1


def test_a_cell_with_two_reports_that_differ_is_named(tmp_path: Path) -> None:
    text = written(report(weighed("a")))
    write(tmp_path / "1/report.json", text)
    write(tmp_path / "2/report.json", text)
    assert joined(tmp_path).exit == 0
    write(tmp_path / "2/report.json", text.replace('"status": "ok"', '"status": "failed"', 1))
    found = joined(tmp_path)
    assert found.exit != 0
    assert any("2 reports that differ" in remark for remark in found.remarks)


def test_an_earlier_report_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "a/report.json", written(report(weighed("a"))))
    with pytest.raises(UsageError) as caught:
        joined(tmp_path, tmp_path / "nowhere.json")
    assert caught.value.problems[0].code == "WB281"


def test_what_reports_are_compared_with(tmp_path: Path) -> None:
    write(tmp_path / "now/report.json", written(report(weighed("a", 90))))
    earlier = write(tmp_path / "before.json", written(report(weighed("a", 100))))
    (artifact,) = joined(tmp_path / "now", earlier).report.artifacts
    assert artifact.previous is not None
    assert artifact.previous.raw == 100


@pytest.mark.parametrize(("text", "code"), [(None, "WB281"), ("{", "WB294"), ("[]", "WB294"), ('{"schema": "wbuild.report/1"}', "WB294")])
def test_what_they_cannot_be_compared_with(text: str | None, code: str, tmp_path: Path) -> None:
    write(tmp_path / "now/report.json", written(report(weighed("a"))))
    if text is not None:
        write(tmp_path / "before.json", text)
    with pytest.raises(UsageError) as caught:
        joined(tmp_path / "now", tmp_path / "before.json")
    assert caught.value.problems[0].code == code


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        joined(tmp_path / "no")
    assert caught.value.problems[0].code == "WB293"


def test_a_report_that_is_no_ordinary_file_is_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path / "a/report.json", written(report(weighed("a"))))
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b/report.json")
    found = joined(tmp_path)
    assert (found.remarks[0], found.exit) == ("b/report.json is left out: it is no file", 1)
    assert durations(tmp_path)
