"""Waiting for changes: a wait ends at a change or after a pulse, and what was looked at decides."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from wbuild import fast
from wbuild.cli.remember import Watch
from wbuild.doors.changes import FolderChanges


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
    folders = [f"f{number}" for number in range(100)]
    watch = Watch()
    watch.tree(project, [path.relative_to(project).as_posix() for path in files], ["", *folders])
    watch.file(*files)
    assert (len(watch.files), len(watch.folders)) == (10_000, 101)
    assert watch.same_files()
    assert watch.same_folders()
    (project / "f50/50.c").write_text("x")
    assert not watch.same_files()
    assert watch.same_folders()
    (project / "f50/new.c").write_text("x")
    assert not watch.same_folders()


def test_a_stamp_loses_its_digest_when_it_is_no_longer_young() -> None:
    recorded: fast.Stamp = [1, 5_000_000_000, 2, 3, "digest"]
    assert not fast.age(recorded, 6_000_000_000)
    assert recorded == [1, 5_000_000_000, 2, 3, "digest"]
    assert fast.age(recorded, 7_000_000_000)
    assert recorded == [1, 5_000_000_000, 2, 3]
    assert not fast.age(recorded, 8_000_000_000)
    assert not fast.age(None, 8_000_000_000)
