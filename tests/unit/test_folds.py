"""Folded groups in the logs of continuous-integration systems."""

from __future__ import annotations

import io
import json
import re

import pytest

from wbuild.errors import StepError
from wbuild.session.world import fold_of, shows_progress
from wbuild.terminal.console import Console
from wbuild.terminal.folds import Fold, disarmed, folded


def test_github_obeys_nothing_inside_a_group() -> None:
    text = folded("github", "output: compile\nof one", "a\n::set-env name=PATH::/evil\n", number=1, now=0.0)
    found = re.fullmatch(
        r"::group::output: compile of one\n::stop-commands::(\w{32})\na\n::set-env name=PATH::/evil\n::(\w{32})::\n::endgroup::\n", text
    )
    assert found
    assert found[1] == found[2]
    other = re.search(r"stop-commands::(\w+)", folded("github", "", "", number=2, now=0.0))
    assert other
    assert other[1] != found[1]


def test_gitlab_groups_have_names_and_times() -> None:
    assert folded("gitlab", "output", "a\nb\n", number=3, now=1700000000.9) == (
        "\x1b[0Ksection_start:1700000000:wbuild_3[collapsed=true]\r\x1b[0Koutput\na\nb\n\x1b[0Ksection_end:1700000000:wbuild_3\r\x1b[0K\n"
    )


def test_elsewhere_nothing_is_folded() -> None:
    assert folded("", "output", "a\n", number=1, now=0.0) == "output\na\n"


@pytest.mark.parametrize("fold", ["", "github"])
def test_a_problem_folds_what_the_tool_said(fold: Fold) -> None:
    err = io.StringIO()
    console = Console(out=io.StringIO(), err=err, fold=fold)
    console.problems(StepError("WB101", "compile of one failed", hint="do it", detail="tool \x1b[2J says\n"))
    text = err.getvalue()
    assert "\x1b" not in text
    if fold:
        assert text.startswith("error[WB101]: compile of one failed\nhint: do it\n::group::output: compile of one failed\n")
        assert "\ntool \\x1b[2J says\n" in text
    else:
        assert text == "error[WB101]: compile of one failed\ntool \\x1b[2J says\nhint: do it\n"


@pytest.mark.parametrize(
    ("environ", "fold"),
    [
        ({}, ""),
        ({"GITHUB_ACTIONS": "true"}, "github"),
        ({"GITHUB_ACTIONS": "false"}, ""),
        ({"GITLAB_CI": "true", "CI": "true"}, "gitlab"),
    ],
)
def test_whose_log_it_is(environ: dict[str, str], fold: str) -> None:
    assert fold_of(environ) == fold


@pytest.mark.parametrize(
    ("environ", "terminal", "quiet", "shown"),
    [
        ({"TERM": "xterm"}, True, False, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False, True),
        ({"TERM": "xterm"}, False, False, False),
        ({"TERM": "xterm"}, True, True, False),
        ({"TERM": "dumb"}, True, False, False),
        ({}, True, False, False),
        ({"TERM": "xterm", "CI": "1"}, True, False, False),
    ],
)
def test_where_progress_is_shown(environ: dict[str, str], terminal: bool, quiet: bool, shown: bool) -> None:
    assert shows_progress(environ, terminal=terminal, quiet=quiet) is shown


@pytest.mark.parametrize(
    "line",
    [
        "::error::x",
        "  ::set-output name=a::b",
        "\u3000::x",
        "a ##[error] b",
        "##vso[task.setvariable]",
        "##teamcity[message]",
        "ok\n::warning::x",
    ],
)
def test_no_line_of_ours_is_a_command_of_a_ci_system(line: str) -> None:
    err, out = io.StringIO(), io.StringIO()
    console = Console(out=out, err=err, ci=True, fold="github")
    console.write(line)
    console.note(line)
    console.step("compile", line)
    console.page(line)
    console.result(line)
    console.table(lambda _: line)
    console.group(line, "text")
    for text in (out.getvalue(), err.getvalue()):
        lines = [one for one in text.split("\n") if one.lstrip().startswith("::") or "##" in one]
        assert all(one.startswith(("::group::", "::stop-commands::", "::endgroup::")) or one.strip(":").isalnum() for one in lines), lines


def test_json_stays_json() -> None:
    document = {"name": "##[error] ::x", "other": "\\##vso[x]", "lines": "a\n::b"}
    text = disarmed(json.dumps(document, indent=2))
    assert "##[" not in text
    assert json.loads(text) == document


def test_elsewhere_nothing_is_changed() -> None:
    err = io.StringIO()
    Console(out=io.StringIO(), err=err).write("::error::x ##[x]")
    assert err.getvalue() == "::error::x ##[x]\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "hostile",
    ["\x1b]8;;http://evil\x07x", "\x1b]52;c;eA==\x07", "\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "a\rb", "\u202egnp.exe", "\u2066x"],
)
def test_a_terminal_gets_nothing_to_obey(hostile: str) -> None:
    out, err = Terminal(), Terminal()
    console = Console(out=out, err=err, color=True)
    for say in (console.write, console.note, console.page, console.result, console.warning):
        say(hostile)
    console.step("compile", hostile)
    console.group(hostile, hostile)
    text = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue() + err.getvalue())
    assert not [char for char in text if char != "\n" and not char.isprintable()]
