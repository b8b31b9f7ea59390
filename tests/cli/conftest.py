"""A shell in an empty folder; the store of the toys is shared by a session's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell


@pytest.fixture
def place(tmp_path: Path) -> Shell:
    """A shell in an empty folder, with an empty home."""
    return shell(tmp_path / "work", tmp_path / "home")
