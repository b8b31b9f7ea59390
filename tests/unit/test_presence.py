"""Who is at work: seen while it lasts, and no longer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from wbuild.doors import locks
from wbuild.doors.files import RealFiles

files = RealFiles()


def test_work_is_seen_while_it_goes_on(tmp_path: Path) -> None:
    assert files.oldest(tmp_path / "runs") is None
    with files.present(tmp_path / "runs"):
        (first,) = (tmp_path / "runs").iterdir()
        os.utime(first, (1000, 1000))
        with files.present(tmp_path / "runs"):
            assert files.oldest(tmp_path / "runs") == 1000
    assert files.oldest(tmp_path / "runs") is None
    assert list((tmp_path / "runs").iterdir()) == []


def test_what_a_killed_process_left_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "1-deadbeef").write_bytes(b"")
    assert files.oldest(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_was_tidied_away_before_it_was_locked_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = locks.attempt
    made: list[Path] = []

    def removed_at_once(path: Path) -> int | None:
        handle = real(path)
        made.append(path)
        if len(made) == 1:
            path.unlink()
        return None if len(made) == 2 else handle

    monkeypatch.setattr(locks, "attempt", removed_at_once)
    before = time.time() - 1
    with files.present(tmp_path):
        monkeypatch.setattr(locks, "attempt", real)
        assert len(made) == 3
        assert (files.oldest(tmp_path) or 0) > before


def test_where_nothing_can_be_written_work_goes_on_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with files.present(tmp_path / "file" / "runs"):
        pass
    assert files.oldest(tmp_path / "file" / "runs") is None
