"""Caches of tools that two users share, that are read-only or full: a note, a folder of this user's own, and no failed build."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, compile_step, ends, tool_step
from tests.unit.test_store_beliefs import ROOT, STRANGER, as_stranger
from wbuild.cache import Cache
from wbuild.cache.folders import Folders
from wbuild.doors.files import RealFiles
from wbuild.doors.machine import refusal
from wbuild.doors.regular import append
from wbuild.engine.disk_space import out_of_room
from wbuild.errors import MachineError
from wbuild.model.planned import SharedCache, Step

only_root = pytest.mark.skipif(not ROOT, reason="only root can be somebody else")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="wbuild-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def cached_step() -> Step:
    """A step of a tool with a cache of its own."""
    step = compile_step("a.c")
    return replace(step, env={"CC_CACHE": (SharedCache("cc"),)})


def test_the_shared_folder_serves_while_it_can(tmp_path: Path) -> None:
    said: list[str] = []
    cache = Cache(tmp_path, RealFiles(), more=(tmp_path / "more",))
    assert cache.shared("zig") == cache.ready("zig", said.append) == tmp_path / "shared/zig"
    assert (tmp_path / "shared/zig").is_dir()
    assert [path.name for path in (tmp_path / "shared").iterdir()] == ["zig"]
    assert said == []


@pytest.mark.parametrize("what", ["file", "link", "link above"])
def test_what_is_no_folder_of_ones_own_does_not_serve(what: str, tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    (tmp_path / "shared").mkdir()
    if what == "file":
        (tmp_path / "shared/zig").write_text("x")
    elif what == "link":
        (tmp_path / "shared/zig").symlink_to(others)
    else:
        (tmp_path / "shared").rmdir()
        (tmp_path / "shared").symlink_to(others)
    said: list[str] = []
    cache = Cache(tmp_path, RealFiles(), more=(tmp_path / "more",))
    made = cache.ready("zig", said.append)
    assert made in (tmp_path / f"shared-{os.geteuid()}/zig", tmp_path / "more/zig")
    assert len(said) == 1
    assert list(others.iterdir()) == []


def test_a_folder_that_is_full_is_left_for_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.is_relative_to(tmp_path / "one"):
            raise OSError(28, "No space left on device", str(path))
        append(path, data)

    monkeypatch.setattr("wbuild.cache.folders.append", full)
    said: list[str] = []
    places = Folders((tmp_path / "one", tmp_path / "two"), None)
    assert places.ready("zig", said.append) == places.folder("zig") == tmp_path / "two/zig"
    assert "No space left" in said[0]
    with pytest.raises(OSError, match="No space"):
        Folders((tmp_path / "one",), None).ready("zig", said.append)


@only_root
@pytest.mark.parametrize("mode", [0o1777, 0o555])
def test_another_users_cache_gives_hits_and_its_tools_run_in_folders_of_ones_own(mode: int, open_folder: Path) -> None:
    first = World(open_folder)
    first.write(a_c="int a;", b_c="int b;")
    first.run(cached_step())
    for folder in (open_folder / "cache", open_folder / "cache/shared"):
        folder.chmod(mode)
    os.chown(open_folder, STRANGER, STRANGER)
    shutil.rmtree(open_folder / "project")

    def work() -> object:
        world = World(open_folder)
        world.write(a_c="int a;", b_c="int b;")
        other = replace(cached_step(), name="b", label="b", inputs=("b.c",), outputs=("out/b.o",))
        other = replace(other, action=compile_step("b.c").action, outputs=("out/b.c.o",))
        results = world.run(cached_step(), other)
        return [[result.status for result in results.values()], world.notes, world.runner.seen[-1].env["CC_CACHE"]]

    statuses, notes, folder = as_stranger(work)
    assert statuses == ["cached", "ran"]
    own = open_folder / "cache" / f"shared-{STRANGER}" if mode == 0o1777 else open_folder / "project/.wbuild/shared"
    assert folder == str(own / "cc")
    assert len([note for note in notes if note.startswith("caches of tools in ")]) == 1
    assert len([note for note in notes if note.startswith("the cache cannot be written")]) <= 1


FULL = ["ld: final link failed: No space left on device", "error: NoSpaceLeft", "write failed (os error 28)", "ENOSPC: no space"]


def failing(said: str, free: int, tmp_path: Path) -> tuple[str, str]:
    """Code and message of a step that failed with so many bytes free."""

    class Files(RealFiles):
        def free(self, path: Path) -> int:
            return free

    world = World(tmp_path)
    world.files = Files()
    world.write(a_c="int a;")
    world.runner.respond = lambda _: ends(1, said=said)
    problem = world.run(compile_step("a.c"))["app:compile:a.c"].problem
    assert problem is not None
    return problem.code, f"{problem.message}\n{problem.detail}"


@pytest.mark.parametrize("said", FULL)
def test_F55_a_step_that_says_that_the_disk_is_full_is_the_machines_fault(said: str, tmp_path: Path) -> None:
    code, message = failing(f"{said}\n" * 200, 20 << 20, tmp_path)
    assert code == "WB610"
    assert str(tmp_path / "project") in message
    assert message.count("\n") == 1


def test_F55_a_step_that_dies_silently_on_a_full_disk_is_too(tmp_path: Path) -> None:
    assert failing("", 0, tmp_path)[0] == "WB610"


@pytest.mark.parametrize("said", ["a.c:1: error: undeclared ENOSPC", 'a.c:1: error: "No space left on device"', ""])
def test_with_room_on_the_disk_a_failed_step_is_a_failed_step(said: str, tmp_path: Path) -> None:
    assert failing(said, 10 << 30, tmp_path)[0] == "WB101"


def test_a_quota_is_told_by_words_alone(tmp_path: Path) -> None:
    step = tool_step("x", (), ("out/x",))
    found = out_of_room(step, "write: Disk quota exceeded", [tmp_path], lambda _: 1 << 40)
    assert isinstance(found, MachineError)
    assert "quota" in found.problems[0].message


def test_what_the_system_refuses_anywhere_names_the_file() -> None:
    found = refusal(OSError(28, "No space left on device", "/x/y"))
    assert found is not None
    assert "/x/y" in found.problems[0].message
    assert refusal(OSError(2, "No such file", "/x")) is None
    assert refusal(OSError(28, "No space left on device")) is None


def test_a_builtin_that_meets_a_full_disk_is_no_bug(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write(a_c="int a;")

    def full(_: object) -> Answer:
        raise OSError(28, "No space left on device", "/tmp/x")

    world.runner.respond = full
    problem = world.run(compile_step("a.c"))["app:compile:a.c"].problem
    assert problem is not None
    assert problem.code == "WB610"
