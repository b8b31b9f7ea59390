"""On a terminal: what goes on is shown while it goes on, and nothing of it stays."""

from __future__ import annotations

import os
import re
import shutil
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.cli.terminal import end_all, start
from tests.cli.toys import Shell, shell, wheel, with_toys
from tests.server import Server, status

WHEEL = "toytools-1.0-py3-none-any.whl"
BALLAST = 2_000_000


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project of two artifacts that was locked; its tools are not in the store."""
    folder = tmp_path_factory.mktemp("terminal")
    place = shell(folder / "work", folder / "home")
    wheel(place.home / "wheels", BALLAST)
    with_toys(place, one="say one\n", two="say two\n").run("lock").ends(0)
    return place


@pytest.fixture(scope="module")
def filled(locked: Shell) -> Path:
    """A store with the tools."""
    store = locked.home / "store"
    locked.run("tools", "install", env={"WBUILD_STORE": str(store)}).ends(0)
    return store


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """What a failed test leaves running would fail another one."""
    yield
    end_all()


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    """A fresh copy, with an empty store."""
    place = shell(tmp_path / "work", tmp_path / "home")
    shutil.copytree(locked.folder, place.folder, dirs_exist_ok=True)
    place.env["PIP_FIND_LINKS"] = locked.env["PIP_FIND_LINKS"]
    return place


def screenshot(text: str) -> list[str]:
    """Lines without what differs from run to run: times, and how wide columns are."""
    text = re.sub(r"\b\d+\.\d s\b", "{s}", text)
    text = re.sub(r"\b\d+:\d\d\b", "{clock}", text)
    return [re.sub(r"[ \u202f]+", " ", line).strip() for line in text.splitlines() if line.strip()]


def test_running_steps_stand_below_and_finished_ones_scroll_above(project: Shell, filled: Path) -> None:
    go = {name: project.meeting / name for name in ("one", "two")}
    for name, path in go.items():
        project.write(f"{name}/{name}.toy", f"say {name}\nwait {path}\n")
    terminal = start(project, "build", "-j2", WBUILD_STORE=str(filled))
    shown = terminal.until(lambda text: "compile one" in text and "compile two" in text and "0 of 8 steps" in text)
    assert sorted(screenshot(shown)) == ["0 of 8 steps · {clock}", "compile one {s}", "compile two {s}"]  # two threads: any order
    assert not terminal.cursor_shown()
    go["one"].touch()
    shown = terminal.until(lambda text: "compile one" in text and "4 of 8 steps" in text)  # all of one's
    assert screenshot(shown)[0] == "compile one {s}"
    assert screenshot(shown)[-2] == "compile two {s}"
    go["two"].touch()
    assert terminal.end() == 0
    assert terminal.cursor_shown()
    lines = screenshot(terminal.text)
    assert lines[:2] == ["compile one {s}", "compile two {s}"]
    assert lines[2].startswith("artifact language")
    lacking = "no names of functions, though the profile's debug asks for it: the toolchain wrote none"
    assert lines[5:7] == [f"one: {lacking}", f"two: {lacking}"]
    assert lines[-2:] == ["dist/dev/one.wasm", "dist/dev/two.wasm"]
    assert len(lines) == 9, lines


class SlowIndex:
    """A package index that sends half of the wheel, and the other half when it is told to."""

    def __init__(self, data: bytes) -> None:
        self.server = Server()
        self.go = threading.Event()
        link = f'<a href="/files/{WHEEL}">{WHEEL}</a>'.encode()
        self.server.scripts["/simple/toytools/"] = status(200, {"Content-Type": "text/html"}, link)
        self.server.scripts[f"/files/{WHEEL}"] = self._answer
        self._data = data

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(self._data)))
        handler.end_headers()
        half = len(self._data) // 2
        handler.wfile.write(self._data[:half])
        handler.wfile.flush()
        self.go.wait(60)
        handler.wfile.write(self._data[half:])

    def environment(self) -> dict[str, str]:
        return {"PIP_INDEX_URL": f"{self.server.base}/simple/", "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": ""}


def test_downloads_show_bytes_and_time_left(project: Shell, locked: Shell) -> None:
    index = SlowIndex((locked.home / "wheels" / WHEEL).read_bytes())
    terminal = start(project, "tools", "install", "toycc", **index.environment())
    shown = terminal.until(lambda text: re.search(r"1\.0 of 2\.0 MB .* left\n.*\d:\d\d", text) is not None)
    assert re.fullmatch(r"download toycc 1\.0 ━{9,10}─{10,11} 1\.0 of 2\.0 MB \{clock\} left", screenshot(shown)[0])
    index.go.set()
    assert terminal.end() == 0
    assert screenshot(terminal.text) == ["tools toycc 1.0 (2 MB) new in the store", *screenshot(terminal.text)[1:]]
    assert "━" not in terminal.text
    assert terminal.cursor_shown()
    index.server.server.shutdown()
    index.server.server.server_close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_leaves_a_sane_terminal(project: Shell, filled: Path, number: signal.Signals, code: int) -> None:
    project.write("one/one.toy", f"wait {project.meeting / 'never'}\n")
    terminal = start(project, "build", WBUILD_STORE=str(filled))
    terminal.until(lambda text: "of 8 steps" in text)
    assert not terminal.cursor_shown()
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert terminal.cursor_shown()
    assert "of 8 steps" not in terminal.text


def test_a_failure_stands_above_what_still_runs(project: Shell, filled: Path) -> None:
    project.write("one/one.toy", f"wait {project.meeting / 'go'}\n")
    project.write("two/two.toy", "fail two is wrong\n")
    terminal = start(project, "build", "-j2", "--keep-going", WBUILD_STORE=str(filled))
    shown = terminal.until(lambda text: "two is wrong" in text and "of 8 steps" in text)
    assert shown.index("error[WB101]") < shown.index("two is wrong") < shown.index("compile   one")
    (project.meeting / "go").touch()
    assert terminal.end() == 1
    assert terminal.cursor_shown()


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "true"}, {"GITHUB_ACTIONS": "true", "CI": "true"}])
def test_plain_lines_where_lines_cannot_change(project: Shell, filled: Path, env: dict[str, str]) -> None:
    project.env |= env
    terminal = start(project, "build", term=env.get("TERM", "xterm"), WBUILD_STORE=str(filled))
    assert terminal.end() == 0
    assert b"\x1b[?25l" not in terminal.raw
    assert sorted(screenshot(terminal.text)[:2]) == ["compile one {s}", "compile two {s}"]


def test_rich_is_imported_only_to_show_something(project: Shell, filled: Path) -> None:
    project.env |= {"WBUILD_STORE": str(filled), "PYTHONPROFILEIMPORTTIME": "1"}
    project.write("one/one.toy", f"wait {project.meeting / 'go'}\n")
    terminal = start(project, "build")
    terminal.until(lambda _: b"rich.live" in terminal.raw)
    (project.meeting / "go").touch()
    assert terminal.end() == 0
    again = start(project, "build")
    assert again.end() == 0
    assert b"wbuild.nothing_to_do" in again.raw
    assert b"rich" not in again.raw
    project.write("one/one.toy", "say something new\n")
    assert "| rich" not in re.sub(" +", " ", project.run("build").ends(0).err)


def test_github_folds_what_tools_say(project: Shell, filled: Path) -> None:
    project.write("one/one.toy", "say one\nwarn ::error::not for the runner\n")
    project.write("two/two.toy", "fail two is wrong\n")
    env = {"WBUILD_STORE": str(filled), "GITHUB_ACTIONS": "true"}
    done = project.run("build", "--keep-going", env=env).ends(1)
    groups = re.findall(r"^::group::(.*)\n::stop-commands::(\w+)\n(.*)\n::(\w+)::\n::endgroup::$", done.err, re.MULTILINE)
    assert sorted((title, body) for title, _, body, _ in groups) == [
        ("output: compile of one (2 lines)", "::error::not for the runner"),
        ("output: compile of two failed: exit 1", "two is wrong"),
    ]
    assert all(begin == end for _, begin, _, end in groups)


def test_gitlab_folds_what_tools_say(project: Shell, filled: Path) -> None:
    project.write("two/two.toy", "fail two is wrong\n")
    done = project.run("build", "two", env={"WBUILD_STORE": str(filled), "GITLAB_CI": "true"}).ends(1)
    assert re.search(
        r"\x1b\[0Ksection_start:\d+:wbuild_1\[collapsed=true\]\n?\r?\x1b\[0Koutput: compile of two failed: exit 1\n"
        r"two is wrong\n\x1b\[0Ksection_end:\d+:wbuild_1\n?\r?\x1b\[0K\n",
        done.err,
    )


def test_a_watching_build_leaves_the_terminal_alone_while_it_waits(project: Shell, filled: Path) -> None:
    terminal = start(project, "build", "--watch", WBUILD_STORE=str(filled))
    terminal.until(lambda text: text.endswith("Ctrl-C ends"))
    assert terminal.cursor_shown()
    project.write("one/one.toy", "say more\n")
    terminal.until(lambda text: "rebuilt one in" in text)
    assert terminal.cursor_shown()
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert terminal.text.splitlines()[-1].startswith("rebuilt one in")


def test_a_shell_in_the_folder_of_a_failed_step(project: Shell, filled: Path) -> None:
    project.write("two/two.toy", "fail two is wrong\n")
    terminal = start(project, "build", "--shell", WBUILD_STORE=str(filled), SHELL="/bin/sh")
    terminal.until(lambda text: text.endswith("(wbuild) $"))
    said = bytes(terminal.raw).decode()
    assert "shell in .wbuild/tmp/two.wasip1-compile-" in said
    repeat = next(line for line in said.splitlines() if line.startswith("to repeat the step: "))
    terminal.type("echo in=$PWD home=$HOME path=$PATH time=$SOURCE_DATE_EPOCH user=[$USER]\n")
    terminal.until(lambda text: "user=[]" in text and text.endswith("(wbuild) $"))
    said = bytes(terminal.raw).decode().replace("\r", "")
    folder = re.search(r"^in=(\S+) home=(\S+) path=(\S+) time=0 user=\[\]$", said, re.MULTILINE)
    assert folder is not None
    assert folder[2] == f"{folder[1]}/home"
    assert folder[3] == str(project.folder / ".wbuild/empty")
    terminal.type(repeat.removeprefix("to repeat the step: ").strip() + "; echo it ended with $?\n")
    terminal.until(lambda text: "two is wrong\nit ended with 1" in text and text.endswith("(wbuild) $"))
    assert Path(folder[1]).is_dir()
    terminal.type("exit 7\n")
    assert terminal.end() == 1
    assert terminal.cursor_shown()


def test_no_shell_when_nothing_failed_or_no_program_did(project: Shell, filled: Path) -> None:
    terminal = start(project, "build", "--shell", WBUILD_STORE=str(filled), SHELL="/bin/sh")
    assert terminal.end() == 0
    assert "shell in" not in terminal.text


def test_a_shell_that_does_not_exist(project: Shell, filled: Path) -> None:
    project.write("two/two.toy", "fail two is wrong\n")
    terminal = start(project, "build", "--shell", WBUILD_STORE=str(filled), SHELL="/nowhere/sh")
    assert terminal.end() == 2
    assert "error[WB229]: SHELL names /nowhere/sh, which is no program" in terminal.text


def test_a_shell_needs_a_terminal(project: Shell) -> None:
    assert "error[WB229]: --shell needs a terminal" in project.run("build", "--shell").ends(2).err


def test_F82_a_closed_terminal_ends_the_tools_too(project: Shell, filled: Path) -> None:
    pid = project.meeting / "pid"
    project.write("one/one.toy", f"sleep {pid}\n")
    shown = start(project, "build", WBUILD_STORE=str(filled))
    shown.until(lambda text: "compile one" in text)
    while not (pid.exists() and pid.read_text()):
        shown.read(0.05)
    os.close(shown.master)
    assert shown.process.wait(timeout=60) == 143
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
