"""A few rounds of `tests.real.random_edits`; it goes on for as long as one likes by its command."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.real.random_edits import PARTS, Rounds

SECONDS = 20.0
"""For each language, after its first build."""


@pytest.mark.parametrize("name", list(PARTS))
def test_F66_after_random_edits_a_build_equals_that_of_a_copy_which_knows_nothing(name: str, tmp_path: Path) -> None:
    """F66, F74: the property behind every key."""
    rounds = Rounds(folder=tmp_path, names=[name], seed=1)
    assert rounds.rounds(time.monotonic() + SECONDS) > 0
