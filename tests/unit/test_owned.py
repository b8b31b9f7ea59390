"""Folders that stay open between uses: a path leads where it leads now, not where it led."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wbuild.doors import owned
from wbuild.doors.files import RealFiles
from wbuild.errors import UsageError

FILES = RealFiles()


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder of a project's that is claimed, with a file in it that was just written."""
    known = owned._GROUNDS
    owned.claim(owned.Ground(base=str(tmp_path / "project"), names=frozenset({".wbuild"}), strict=True))
    folder = tmp_path / "project/.wbuild/dev"
    FILES.write(folder / "first", b"1", durable=False)
    yield folder
    owned._GROUNDS = known
    owned._FOLDERS.forget(str(tmp_path / "project"))


def test_a_folder_that_was_moved_away_is_not_written_any_more(work: Path) -> None:
    away = work.rename(work.with_name("away"))
    FILES.write(work / "second", b"2", durable=False)
    assert (names(work), names(away)) == (["second"], ["first"])


def test_a_folder_that_another_one_took_the_place_of(work: Path) -> None:
    away = work.rename(work.with_name("away"))
    work.mkdir()
    FILES.write(work / "second", b"2", durable=False)
    assert (names(work), names(away)) == (["second"], ["first"])


def test_a_folder_that_is_gone_is_made_again(work: Path) -> None:
    FILES.remove(work.parent)
    FILES.write(work / "second", b"2", durable=False)
    assert names(work) == ["second"]


@pytest.mark.parametrize("level", ["dev", ""])
def test_a_link_in_the_place_of_a_folder_is_refused(work: Path, tmp_path: Path, level: str) -> None:
    """The folder is known, and still there under another name."""
    outside = tmp_path / "outside"
    (outside / "dev").mkdir(parents=True)
    (outside / "dev/first").write_text("mine")
    place = work if level else work.parent
    place.rename(place.with_name("away"))
    place.symlink_to(outside / level)
    for use in (lambda: FILES.write(work / "first", b"2", durable=False), lambda: FILES.remove(work / "first"), lambda: FILES.names(work)):
        with pytest.raises(UsageError):
            use()
    assert (outside / "dev/first").read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="counts open files by /proc")
def test_only_so_many_folders_stay_open(work: Path) -> None:
    before = len(names(Path("/proc/self/fd")))
    for number in range(300):
        FILES.write(work / str(number) / "file", b"", durable=False)
    assert len(names(Path("/proc/self/fd"))) - before < 70
    assert all((work / str(number) / "file").exists() for number in range(300))
