"""The list of faults with a test is fresh."""

from __future__ import annotations

from tests.faults import PAGE, page


def test_the_list_of_faults_is_fresh() -> None:
    assert page() == PAGE.read_text("utf-8"), "run `python -m tests.faults`"
