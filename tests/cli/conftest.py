"""A shell in an empty folder; the store of the toys is shared by a session's tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell, with_toys
from wbuild.doors.fence import can_fence

if hasattr(signal, "SIGHUP"):  # a run under nohup ignores it, and so would every child
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a run in the background of a script does
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def place(tmp_path: Path) -> Shell:
    """A shell in an empty folder, with an empty home."""
    return shell(tmp_path / "work", tmp_path / "home")


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project with one artifact, locked, with its tools in the store: to be copied."""
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), hello="say hello\npad 300\n")
    place.run("trust")
    place.run("lock").ends(0)
    place.run("tools", "install").ends(0)
    return place


@pytest.fixture
def fences() -> None:
    """For tests of what only the system can refuse."""
    if not can_fence():
        pytest.skip("this kernel has no Landlock of version 2 (Linux 5.19 and newer): nobody can keep a tool from writing into the project")
