"""What several sealed tests are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.session_world import Shop


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A project of one artifact, from whose folder commands are started."""
    made = Shop(tmp_path)
    monkeypatch.chdir(made.root)
    return made
