"""Programs of a wbuild that was killed: its keeper ends them, and nobody else's are ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cli.toys import Shell, with_toys
from tests.cli.watched import alive
from wbuild.doors.orphans import await_orphans

PARENT = """
import sys, time
from pathlib import Path
from wbuild.doors.interfaces import Command
from wbuild.doors.process import ProcessRunner
folder, program = Path(sys.argv[1]), sys.argv[2]
env = {"TMPDIR": str(folder / "tmp")}
ProcessRunner().run(Command(argv=(sys.executable, "-c", program), cwd=folder, env=env, own=folder), log=folder / "log")
"""
SLEEPS = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(600)"
LEAVES = (
    "import os, subprocess, sys, time\n"
    "code = \"import os, time; open('left', 'w').write(str(os.getpid())); time.sleep(600)\"\n"
    "subprocess.Popen([sys.executable, '-c', code], start_new_session=True)\n" + SLEEPS
)


@contextmanager
def sleeper(**env: str) -> Iterator[int]:
    """A process that sleeps, as soon as it has its own environment."""
    code = "import sys, time; print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-I", "-c", code], env=env, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def number(path: Path) -> int:
    for _ in range(1000):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError(path)


def ends(pid: int) -> bool:
    for _ in range(500):
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only there is it known what a process has started elsewhere")
def test_what_a_killed_wbuild_has_started_ends_with_it(tmp_path: Path) -> None:
    """In its process group, and what has left that; neighbours stay, also those that use the same folder for longer."""
    with ExitStack() as stack:
        staying = [stack.enter_context(sleeper(TMPDIR=place)) for place in (str(tmp_path / "tmp"), str(tmp_path), "/")]
        time.sleep(0.05)  # a tick of the system's clock
        with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), LEAVES]) as parent:
            pids = [number(tmp_path / "pid"), number(tmp_path / "left")]
            parent.send_signal(signal.SIGKILL)
        assert all(map(ends, pids))
        assert all(map(alive, staying))


def test_the_keeper_goes_with_a_wbuild_that_ends_in_order(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", PARENT, str(tmp_path), "open('pid', 'w').write('1')"], check=True, timeout=60)
    assert number(tmp_path / "pid") == 1


def test_a_mark_that_a_project_brings_ends_nobody(place: Shell) -> None:
    """Whatever lies in `.wbuild`: processes whose TMPDIR is there, or where a link leads, were not started by this wbuild."""
    with_toys(place, hello="say hello\n")
    place.write(".wbuild/running", "log")
    (place.folder / ".wbuild/tmp/x").mkdir(parents=True)
    with sleeper(TMPDIR=str(place.folder / ".wbuild/tmp/x")) as pid:
        place.run("trust")
        place.run("build").ends(0)
        place.run("clean").ends(0)
        assert alive(pid)


def test_a_next_run_waits_for_those_that_still_end(tmp_path: Path) -> None:
    with sleeper(TMPDIR=os.fspath(tmp_path / "x")) as pid:
        assert not await_orphans("TMPDIR", tmp_path, 0.1)
        assert await_orphans("TMPDIR", tmp_path / "x", 0.1)
        assert alive(pid)
    assert await_orphans("TMPDIR", tmp_path, 5)
