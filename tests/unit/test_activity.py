"""What goes on, as lines."""

from __future__ import annotations

import pytest

from wbuild.terminal.activity import Board, Row, size_of


def board(**rows: Row) -> Board:
    made = Board(total=12, done=4)
    for key, row in rows.items():
        made.add(key, row)
    return made


def lines(made: Board, now: float, *, height: int = 24, plain: bool = False) -> list[str]:
    return [" ".join(line.split()) for line in made.lines(now, height=height, plain=plain)]


def test_short_steps_are_never_shown() -> None:
    made = board(a=Row(verb="compile", label="hello", begun=10.0))
    assert lines(made, 10.05) == []
    assert lines(made, 12.34) == ["compile hello 2.3 s", "4 of 12 steps · 0:02"]
    made.remove("a")
    assert lines(made, 13.0) == []


def test_columns_are_those_of_finished_steps() -> None:
    made = board(a=Row(verb="compile", label="hello", begun=0.0), b=Row(verb="compile", label="x" * 60, begun=0.0))
    first, second, _ = made.lines(61.0, height=24, plain=True)
    assert first == f"  compile   {'hello':<42} 61.0 s"
    assert second == f"  compile   {'x' * 41}~ 61.0 s"


def test_a_download_has_a_bar_and_the_time_left() -> None:
    made = board(a=Row(verb="download", label="zig 1.0", begun=0.0, total=80_000_000))
    assert lines(made, 1.0) == ["download zig 1.0 ────━━━───────────── 80.0 MB 1.0 s", "4 of 12 steps · 0:01"]
    made.sample("a", 2.0, 20_000_000)
    assert lines(made, 2.0)[0] == "download zig 1.0 ━━━━━─────────────── 20.0 of 80.0 MB 0:06 left"
    made.sample("a", 4.0, 40_000_000)
    assert lines(made, 4.0, plain=True)[0] == "download zig 1.0 ##########---------- 40.0 of 80.0 MB 0:04 left"
    assert lines(made, 400.0)[0].endswith(" 13:16 left")
    made.sample("a", 401.0, 80_000_000)
    assert lines(made, 402.5)[0] == "download zig 1.0 unpacking 1.5 s"


def test_downloads_are_added_up() -> None:
    made = board(
        a=Row(verb="download", label="zig 1.0", begun=0.0, total=80_000_000),
        b=Row(verb="download", label="node 1.0", begun=0.0, total=40_000_000),
    )
    made.sample("a", 1.0, 30_000_000)
    assert lines(made, 3700.0)[-1] == "4 of 12 steps · 2 downloads, 30.0 of 120.0 MB · 1:01:40"
    made.sample("gone", 1.0, 1)


def test_more_than_the_terminal_is_high() -> None:
    made = board(**{str(i): Row(verb="compile", label=str(i), begun=0.0) for i in range(30)})
    shown = lines(made, 1.0, height=10)
    assert len(shown) == 9
    assert shown[-2:] == ["and 23 more", "4 of 12 steps · 0:01"]


@pytest.mark.parametrize(("sizes", "text"), [((999,), "1.0 kB"), ((1_500_000,), "1.5 MB"), ((500, 2_000_000), "0.0 of 2.0 MB")])
def test_sizes(sizes: tuple[int, ...], text: str) -> None:
    assert size_of(*sizes) == text
