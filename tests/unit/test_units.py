from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbuild.text import units
from wbuild.text.units import FormError, show_bytes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (512, 512),
        (0, 0),
        ("512 B", 512),
        ("60 KiB", 61440),
        ("60KiB", 61440),
        ("60 kB", 60000),
        ("1.5 MiB", 1572864),
        ("0.1 kB", 100),
        ("2 GB", 2 * 10**9),
    ],
)
def test_sizes(text: object, value: int) -> None:
    assert units.size(text) == value


@pytest.mark.parametrize("text", ["60 KB", "60K", "60 k", "1 M", "1 Mb", "1 gb", "1 Kib"])
def test_ambiguous_sizes_name_both_units(text: str) -> None:
    with pytest.raises(FormError, match="could mean two sizes") as caught:
        units.size(text)
    assert "iB" in caught.value.hint
    assert "1024" in caught.value.hint or "bytes" in caught.value.hint


@pytest.mark.parametrize("text", ["", "60", "x", "-1 B", -1, 1.5, True, [], "60 XB", "1e3 B", "9" * 30 + " B", "٣ B"])
def test_what_is_no_size(text: object) -> None:
    with pytest.raises(FormError):
        units.size(text)


@pytest.mark.parametrize(("text", "value"), [("10s", 10.0), ("500ms", 0.5), ("1.5 s", 1.5), ("2min", 120.0), ("1 h", 3600.0)])
def test_durations(text: str, value: float) -> None:
    assert units.duration(text) == value


@pytest.mark.parametrize("text", [10, "10", "0s", "10 S", "1 day", "-1s"])
def test_what_is_no_duration(text: object) -> None:
    with pytest.raises(FormError):
        units.duration(text)


@pytest.mark.parametrize(("text", "value"), [(12, 12), ("12M", 12_000_000), ("1.5k", 1500), ("12", 12)])
def test_counts(text: object, value: int) -> None:
    assert units.count(text) == value


@pytest.mark.parametrize("text", ["12K", "0", 0, -3, True, "x"])
def test_what_is_no_count(text: object) -> None:
    with pytest.raises(FormError):
        units.count(text)


@pytest.mark.parametrize(("text", "value"), [("90 %", 0.9), ("90%", 0.9), ("0.5 %", 0.005), ("100 %", 1.0)])
def test_shares(text: str, value: float) -> None:
    assert units.share(text) == value


@pytest.mark.parametrize("text", ["0 %", "101 %", "0.9", 0.9, "x %"])
def test_what_is_no_share(text: object) -> None:
    with pytest.raises(FormError):
        units.share(text)


@given(st.integers(0, 1 << 50))
def test_shown_sizes_read_back(value: int) -> None:
    assert units.size(units.show_size(value)) == value


@given(st.integers(1, 10**12))
def test_shown_counts_and_durations_read_back(value: int) -> None:
    assert units.count(units.show_count(value)) == value
    assert units.duration(units.show_duration(value / 1000)) == value / 1000


@given(st.integers(1, 1000))
def test_shown_shares_read_back(value: int) -> None:
    assert units.share(units.show_share(value / 1000)) == value / 1000


@pytest.mark.parametrize(("size", "said"), [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1 kB"), (101_400_000, "101 MB")])
def test_bytes_of_a_download(size: int, said: str) -> None:
    assert show_bytes(size) == said
