"""Several wbuilds at once on one project, one store and one cache."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.crowd import round_of
from tests.cli.toys import Shell, shell, with_toys
from tests.cli.watched import alive, made


@contextmanager
def started(place: Shell, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A wbuild that runs beside the test, and not after it."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "wbuild", *args], cwd=place.folder, env=place.env, stdout=pipe, stderr=pipe, text=True
    ) as run:
        try:
            yield run
        finally:
            run.kill()


def appeared(path: Path, run: subprocess.Popen[str]) -> None:
    """Wait for a file that a process makes."""
    while not path.exists():
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)


def test_F54_a_build_and_a_clean_wait_for_a_build(place: Shell) -> None:
    go = place.meeting / "go"
    project = with_toys(place, hello=f"say hello\nwait {go}\n")
    with started(project, "build") as first:
        appeared(go.with_name("go.waiting"), first)
        with started(project, "build", "--opt") as second, started(project, "clean") as third:
            for run, what in ((second, "build in"), (third, "clean")):
                assert run.stderr is not None
                line = next(line for line in run.stderr if "waiting for" in line)
                assert line.endswith(f"pid {first.pid} (this host) to {what} this project\n")
            go.touch()
            for run in (first, second, third):
                _, said = run.communicate(timeout=120)
                assert run.returncode == 0, said
    project.run("build").ends(0)
    assert (project.folder / "dist/dev/hello.wasm").read_bytes().startswith(b"\0asm")


@pytest.mark.parametrize("then", ["build", "clean"])
def test_F54_what_a_killed_build_leaves_is_tidied_up_by_the_next_one(place: Shell, then: str) -> None:
    project = with_toys(place, hello="say hello\n", slow=f"sleep {place.meeting}/started\n")
    half = project.folder / "dist/dev/.wb-4711-0123abcd"
    with started(project, "build", "-j", "2") as run:
        pid = int(made(project.meeting / "started"))
        try:
            appeared(project.folder / "dist/dev/hello.wasm", run)
            run.kill()
            run.wait()
            half.write_text("half")
            project.write("slow/slow.toy", "say slow\n")
            project.run(then).ends(0)
            assert not alive(pid)  # the killed one's keeper has ended it
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert not half.exists()
    if then == "build":
        assert sorted(p.name for p in half.parent.glob("*.wasm")) == ["hello.wasm", "slow.wasm"]
        assert not [*project.folder.glob(".wbuild/tmp/*")]


def test_F54_a_crowd(tmp_path: Path) -> None:
    assert round_of(tmp_path, 1, 20).count


def test_four_projects_with_one_empty_store_and_cache(tmp_path: Path) -> None:
    home = tmp_path / "home"
    projects = [with_toys(shell(tmp_path / name, home), hello="say hello\n", locked=False) for name in ("a", "b", "c", "d")]
    with ExitStack() as stack:
        runs = [stack.enter_context(started(project, "build", "--opt")) for project in projects]
        ends = [(run.communicate(timeout=240), run.returncode) for run in runs]
    assert [code for _, code in ends] == [0] * 4, ends
    assert len({(project.folder / "dist/release/hello.wasm").read_bytes() for project in projects}) == 1
    assert projects[0].run("cache", "verify").ends(0)
    assert projects[0].run("tools", "verify").ends(0)


def test_F123_a_reader_never_sees_half_an_artifact(place: Shell) -> None:
    texts = ["say one\npad 300000\n", "say two\npad 300000\n"]
    project = with_toys(place, hello=texts[0])
    out = project.folder / "dist/dev/hello.wasm"
    whole: set[bytes] = set()
    for text in texts:
        project.write("hello/hello.toy", text)
        project.run("build").ends(0)
        whole.add(out.read_bytes())
    assert len(whole) == 2
    for text in texts * 2:
        project.write("hello/hello.toy", text)
        with started(project, "build") as run:
            while run.poll() is None:
                assert out.read_bytes() in whole
            assert run.wait() == 0
