"""Versions and specifiers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbuild.text.versions import SpecifierError, matches, newest, numbers, ordered, same


@pytest.mark.parametrize(
    ("version", "specifier", "expected"),
    [
        ("0.17.1", ">=0.16,<0.18", True),
        ("0.18", ">=0.16,<0.18", False),
        ("0.18.0", "<0.18", False),
        ("24.19.0", ">=22, <25", True),
        ("132.0.0", "==132", True),
        ("132.0.0", "!=132", False),
        ("131.0.0-nightly.20260721", ">=116", False),
        ("1.0rc1", "", False),
        ("9", ">8", True),
        ("10.0", ">9.9", True),
        ("1", "<=1.0.0", True),
    ],
)
def test_matches(version: str, specifier: str, expected: bool) -> None:
    assert matches(version, specifier) is expected


def test_newest_is_by_number_and_never_a_pre_release() -> None:
    assert newest(["9.0", "10.0", "10.0.1", "11.0.0-rc.1"], ">=9") == "10.0.1"
    assert newest(["1.0"], ">=2") is None
    assert newest([]) is None


@pytest.mark.parametrize("specifier", [">=", "~=1.0", ">=1.x", "1.0", ">=1.0 <2", "=>1", ">=1.0-rc1"])
def test_bad_specifiers_are_told(specifier: str) -> None:
    with pytest.raises(SpecifierError, match="is not one of"):
        matches("1.0", specifier)


def test_same_ignores_trailing_zeros() -> None:
    assert same("132", "132.0.0")
    assert same("1.0-beta", "1.0-beta")
    assert not same("1.0-beta", "1.0")
    assert not same("1", "1.0.1")
    assert numbers("v1.20.0") == (1, 20)


def test_ordered() -> None:
    assert ordered(["10", "9", "9.1", "x"]) == ["x", "9", "9.1", "10"]


@given(st.text(max_size=30))
def test_any_text_is_a_version_or_not(text: str) -> None:
    value = numbers(text)
    assert value is None or all(part >= 0 for part in value)
