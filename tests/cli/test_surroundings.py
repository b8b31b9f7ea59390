"""States of the process that few users have on purpose: no home, no current folder, narrow encodings, closed streams."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.cli.toys import Done, Shell, with_toys

NOBODY = """
import pwd, runpy
def unknown(*_): raise KeyError
pwd.getpwuid = pwd.getpwnam = unknown
runpy.run_module("wbuild", run_name="__main__")
"""
"""wbuild as a user of whom the list of users knows nothing."""
UNIX = pytest.mark.skipif(sys.platform == "win32", reason="there every user has a home, and a folder that is in use cannot be removed")


def start(place: Shell, argv: Sequence[str], env: Mapping[str, str], cwd: Path | None = None) -> Done:
    done = subprocess.run([sys.executable, *argv], cwd=cwd or place.folder, env=dict(env), capture_output=True, check=False)
    return Done(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode("utf-8", "backslashreplace"))


@pytest.fixture
def homeless(place: Shell) -> dict[str, str]:
    """An environment without a home, but with the toys' wheels."""
    return {name: value for name, value in place.env.items() if name != "HOME"}


@UNIX
def test_F56_a_user_without_a_home_needs_a_store_and_a_cache(place: Shell, homeless: dict[str, str], tmp_path: Path) -> None:
    """F56."""
    with_toys(place, a="say 1\n")
    done = start(place, ["-c", NOBODY, "build"], homeless).ends(6)
    assert "error[WB653]" in done.err
    assert "WBUILD_STORE and WBUILD_CACHE" in done.err
    named = {**homeless, "WBUILD_STORE": str(tmp_path / "s"), "WBUILD_CACHE": str(tmp_path / "c")}
    assert "error[WB440]" in start(place, ["-c", NOBODY, "build"], named).ends(4).err  # nowhere could stand that the toys are meant
    done = start(place, ["-c", NOBODY, "trust"], named).ends(6)
    assert "error[WB615]" in done.err
    assert "XDG_DATA_HOME" in done.err
    named |= {"XDG_DATA_HOME": str(tmp_path / "d")}
    start(place, ["-c", NOBODY, "trust"], named).ends(0)
    assert start(place, ["-c", NOBODY, "build"], named).ends(0).out == "dist/dev/a.wasm\n"
    for command in ("config", "languages", "tools list", "plan", "explain"):
        start(place, ["-c", NOBODY, *command.split()], named).ends(0)


@UNIX
def test_F56_commands_that_need_no_folder_work_without_a_home(place: Shell, homeless: dict[str, str]) -> None:
    """F56."""
    for command in ("config", "languages", "explain WB204", "schema"):
        start(place, ["-c", NOBODY, *command.split()], homeless).ends(0)


@UNIX
def test_a_path_below_a_home_that_is_not_there(place: Shell, homeless: dict[str, str]) -> None:
    env = {**homeless, "WBUILD_STORE": "~nobody-of-that-name/s", "WBUILD_CACHE": "/tmp"}
    with_toys(place, a="say 1\n")
    assert "error[WB652]" in start(place, ["-c", NOBODY, "build"], env).ends(6).err


@UNIX
def test_a_current_folder_that_is_gone(place: Shell, tmp_path: Path) -> None:
    with_toys(place, a="say 1\n")
    gone = tmp_path / "gone"
    gone.mkdir()
    run = f"import os, runpy, sys; os.rmdir({str(gone)!r}); runpy.run_module('wbuild', run_name='__main__')"
    done = start(place, ["-c", run, "build"], place.env, cwd=gone).ends(6)
    assert done.err.splitlines()[0] == "error[WB651]: the current folder has been removed"
    for _ in range(2):  # the second has nothing to do
        gone.mkdir()
        assert start(place, ["-c", run, "-C", str(place.folder), "build"], place.env, cwd=gone).ends(0).out.endswith("dist/dev/a.wasm\n")


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-16", "cp932"])
def test_any_encoding_of_standard_output(encoding: str, place: Shell) -> None:
    with_toys(place, mäin="say 1\n")
    place.write("wbuild.toml", place.read("wbuild.toml").replace("[artifact.mäin]", "[artifact.main]"))
    place.trust()
    env = {**place.env, "PYTHONIOENCODING": encoding}
    for command in ("plan", "build --opt", "build --opt", "size main", "explain", "languages", "config"):
        start(place, ["-m", "wbuild", *command.split()], env).ends(0)
    for command in ("plan --format json", "size main --format json", "build --format json"):
        text = start(place, ["-m", "wbuild", *command.split()], env).ends(0).out
        assert "schema" in json.loads(text)
    assert "mäin" in start(place, ["-m", "wbuild", "plan", "--format", "json"], env).out


@UNIX
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_programs_run_with_streams_that_were_closed(closed: str, place: Shell) -> None:
    with_toys(place, a="say 1\n")
    place.run("build").ends(0)
    line = f"exec '{sys.executable}' -m wbuild run a {closed}"
    done = subprocess.run(["/bin/sh", "-c", line], cwd=place.folder, env=place.env, check=False, capture_output=True, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
