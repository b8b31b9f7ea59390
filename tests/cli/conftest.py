"""A shell in an empty folder; the store of the toys is shared by a session's tests."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell

if hasattr(signal, "SIGHUP"):  # a run under nohup ignores it, and so would every child
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def place(tmp_path: Path) -> Shell:
    """A shell in an empty folder, with an empty home."""
    return shell(tmp_path / "work", tmp_path / "home")
