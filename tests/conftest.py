"""Unit and golden tests are sealed from processes, network and home; `cli` and `real` tests are not, and say so by their folder."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

OPEN_FOLDERS = {"cli", "real", "bench"}
LATE = ("cli", "real")
"""Folders of the tests that take long: what is quick runs first, and its failures show in a minute."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One file is tested in this process, several side by side."""
    given = [Path(argument.partition("::")[0]) for argument in config.args]
    return 0 if len(given) == 1 and given[0].is_file() else min(os.cpu_count() or 1, 4)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder decides the marker, so that `-m "not real"` cannot miss one, and the order."""
    for item in items:
        folder = Path(str(item.fspath)).parent.name
        if folder in LATE:
            item.add_marker(folder)
    items.sort(key=lambda item: LATE.index(name) if (name := Path(str(item.fspath)).parent.name) in LATE else -1)


def _refuse(*_args: object, **_kwargs: object) -> NoReturn:
    raise AssertionError("a sealed test reached for the world; move it to tests/cli or tests/real")


@pytest.fixture(autouse=True)
def sealed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No process, no socket, an empty home for everything outside tests/cli and tests/real."""
    folder = Path(str(request.node.fspath)).parent.name
    if folder not in OPEN_FOLDERS:
        monkeypatch.setattr(subprocess, "Popen", _refuse)
        monkeypatch.setattr(socket.socket, "connect", _refuse)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
