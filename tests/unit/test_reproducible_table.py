"""The documentation says of every example whether it is reproducible; that it is true, `tests/real/test_reproducible.py` holds."""

from __future__ import annotations

from tests.reproducible_table import examples, rows, starters_of


def test_every_example_has_a_row_and_every_row_an_example() -> None:
    assert set(rows()) == {*examples(), *(starter.name for starter in starters_of())}


def test_a_row_says_yes_or_why_not() -> None:
    assert all(said == "byte-identical" or said.startswith("no: ") for said in rows().values())
