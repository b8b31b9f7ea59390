from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbuild.text import show


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.00 KiB"),
        (1280, "1.25 KiB"),
        (10235, "10.0 KiB"),
        (41902, "40.9 KiB"),
        (102399, "100 KiB"),
        (1048063, "1023 KiB"),
        (1048064, "1.00 MiB"),
        (3 << 40, "3.00 TiB"),
        (5 << 50, "5120 TiB"),
    ],
)
def test_sizes_have_three_digits(number: int, text: str) -> None:
    assert show.size(number) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (12345, "12.3 k"), (999_600, "1.00 M"), (2 * 10**9, "2.00 G")])
def test_counts_have_three_digits(number: int, text: str) -> None:
    assert show.count(number) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(0, 10, "0 %"), (996, 1000, "99 %"), (1000, 1000, "100 %"), (1001, 1000, "101 %"), (1, 0, "over 100 %")]
)
def test_a_share_is_100_only_at_the_limit(part: int, whole: int, text: str) -> None:
    assert show.percent(part, whole) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (100, 100, "="),
        (1000, 804, "−19.6 %"),
        (1000, 1001, "+0.1 %"),
        (10**6, 10**6 - 1, "−<0.1 %"),
        (10**6, 10**6 + 1, "+<0.1 %"),
        (1, 2000, "+199900 %"),
        (0, 5, "+∞ %"),
    ],
)
def test_a_change_has_a_sign(before: int, after: int, text: str) -> None:
    assert show.signed_percent(before, after) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain/path\\x", "plain/path\\x"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("two\nlines\t", "two\\nlines\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\x9b31m", "\\x9b31m"),
        ("\ud800", "\\ud800"),
        ("naïve 字", "naïve 字"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_F117_nothing_reaches_the_terminal_that_it_obeys(text: str, shown: str) -> None:
    assert show.escape(text) == shown


@given(st.text(), st.integers(min_value=2, max_value=40))
def test_escaped_text_is_harmless_and_within_its_columns(text: str, cap: int) -> None:
    shown = show.escape(text, cap=cap)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert show.width(shown) <= cap


def test_wide_and_combining_characters_count_as_terminals_do() -> None:
    assert show.width("字a") == 3
    assert show.width("e\u0301") == 1
