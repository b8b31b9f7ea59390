"""What is known of files: when a digest is taken over, and when a file is read again."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from tests.unit.engine_world import World, builtin_step, compile_step
from wbuild.doors.files import RealFiles
from wbuild.engine.index import Index


class WatchedFiles(RealFiles):
    """Real files that note which are read for their digest."""

    def __init__(self) -> None:
        self.read = list[str]()

    def sha256(self, path: Path) -> str:
        self.read.append(path.name)
        return super().sha256(path)


class Frozen:
    """A clock on which no file written now has aged."""

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0


def test_what_a_run_has_written_is_not_read_again_in_it(tmp_path: Path) -> None:
    files = WatchedFiles()
    index = Index(tmp_path, files, Frozen())
    (tmp_path / "made").write_bytes(b"12345")
    content = f"{hashlib.sha256(b'12345').hexdigest()}/5"
    index.record("made", content.partition("/")[0])
    assert index.blob("made") == content
    assert files.read == []
    index.save(tmp_path / "index")
    later = Index(tmp_path, files, Frozen())
    later.load(tmp_path / "index")
    assert later.blob("made") == content
    assert files.read == ["made"]  # it was too young to be known to another run


def test_F74_what_a_run_has_written_and_somebody_changed_is_no_longer_what_was_written(tmp_path: Path) -> None:
    index = Index(tmp_path, RealFiles(), Frozen())
    (tmp_path / "made").write_bytes(b"12345")
    index.record("made", hashlib.sha256(b"12345").hexdigest())
    (tmp_path / "made").write_bytes(b"54321")
    os.utime(tmp_path / "made", ns=(1, 1))
    assert index.blob("made") == f"{hashlib.sha256(b'54321').hexdigest()}/5"


def test_what_was_restored_is_not_read_again_to_look_up_the_steps_behind_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.files = files = WatchedFiles()
    world.write(a_c="int a;")
    steps = (compile_step("a.c"), builtin_step("link", ["out/a.c.o"], ["out/app"], does="join"))
    world.run(*steps)
    for folder in ("out", ".wbuild"):
        shutil.rmtree(world.root / folder)
    files.read.clear()
    assert set(world.statuses(*steps).values()) == {"cached"}
    assert files.read == ["a.c"]
