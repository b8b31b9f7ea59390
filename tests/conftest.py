"""Unit and golden tests are sealed from processes, network and home; `cli` and `real` tests are not, and say so by their folder."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

OPEN_FOLDERS = {"cli", "real", "bench"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder decides the marker, so that `-m "not real"` cannot miss one."""
    for item in items:
        folder = Path(str(item.fspath)).parent.name
        if folder in ("cli", "real"):
            item.add_marker(folder)


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
