"""Waiting for changes: a wait ends at a change or after a pulse, and what was looked at decides."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from wbuild import nothing_to_do
from wbuild.doors.changes import FolderChanges
from wbuild.doors.files import RealFiles
from wbuild.session.record import Watch
from wbuild.session.snapshot import look


def test_a_wait_ends_at_a_change(tmp_path: Path) -> None:
    found = FolderChanges([str(tmp_path)], pulse=3600)
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.02):  # nobody says when the system begins to listen
            (tmp_path / "a").write_text("x")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found.wait()
    finally:
        done.set()
        writer.join()
        found.close()


@pytest.mark.parametrize("folders", [[], ["gone"]])
def test_a_wait_ends_after_a_pulse_where_nothing_can_be_heard(tmp_path: Path, folders: list[str]) -> None:
    found = FolderChanges([str(tmp_path / name) for name in folders], pulse=0.02)
    try:
        found.wait()
        found.wait()
    finally:
        found.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Ten thousand files in a hundred folders."""
    for folder in range(100):
        (tmp_path / f"f{folder}").mkdir()
        for file in range(100):
            (tmp_path / f"f{folder}/{file}.c").write_text("")
    return tmp_path


def test_ten_thousand_files(project: Path) -> None:
    files = sorted(path for path in project.rglob("*.c"))
    watch = Watch()
    look(RealFiles(), project, watch=watch)
    watch.file(*files)
    assert (len(watch.files), len(watch.folders)) == (10_000, 101)
    assert watch.same_files()
    assert watch.same_folders()
    (project / "f50/50.c").write_text("x")
    assert not watch.same_files()
    assert watch.same_folders()
    (project / "f50/new.c").write_text("x")
    assert not watch.same_folders()


def test_a_file_is_hashed_until_it_is_no_longer_young(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.c"
    path.write_text("a")
    watch = Watch()
    watch.file(path, path)
    assert [*watch.young] == [str(path)]
    path.write_text("b")
    watch.files[str(path)] = nothing_to_do.stamp(str(path))  # as if the clock were too coarse to tell
    assert not watch.same_files()
    path.write_text("a")
    watch.files[str(path)] = nothing_to_do.stamp(str(path))
    assert watch.same_files()
    assert watch.young
    later = time.time_ns() + 2 * nothing_to_do.RACY_NS
    monkeypatch.setattr(time, "time_ns", lambda: later)
    assert watch.same_files()
    assert not watch.young
    assert watch.same_files()
