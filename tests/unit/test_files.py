"""Writing aside, hashing, locks, and the system's refusals as MachineError."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from wbuild import nothing_to_do
from wbuild.doors import locks
from wbuild.doors.files import RealFiles
from wbuild.doors.machine import machine_error
from wbuild.doors.walk import SIGNATURE
from wbuild.errors import MachineError

files = RealFiles()


def refuse(number: int) -> Callable[..., NoReturn]:
    def call(*_args: object, **_kwargs: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return call


def test_write_makes_folders_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.txt"
    files.write(path, "one")
    files.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in path.parent.iterdir()] == ["c.txt"]


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "WB610"), (errno.EROFS, "WB611"), (errno.EACCES, "WB611"), (errno.EIO, "WB613")]
)
def test_F123_a_refused_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str) -> None:
    path = tmp_path / "x"
    files.write(path, "old")
    monkeypatch.setattr(os, "fsync", refuse(number))
    with pytest.raises(MachineError) as caught:
        files.write(path, "new")
    assert caught.value.problems[0].code == code
    assert str(path) in caught.value.problems[0].message
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_copy_keeps_the_executable_bit_and_is_never_a_hard_link(tmp_path: Path) -> None:
    source, target = tmp_path / "s", tmp_path / "deep" / "t"
    source.write_bytes(b"x" * 3_000_000)
    source.chmod(0o555)
    files.copy(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o755
    assert target.stat().st_ino != source.stat().st_ino
    with pytest.raises(MachineError):
        files.copy(tmp_path / "none", target)


def test_move_replaces_and_crosses_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, target = tmp_path / "s", tmp_path / "new" / "t"
    source.write_text("1")
    files.move(source, target)
    source.write_text("2")
    real = Path.replace

    def other_device(self: Path, to: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return real(self, to)

    monkeypatch.setattr(Path, "replace", other_device)
    files.move(source, target)
    assert target.read_text() == "2"
    assert not source.exists()


def test_remove_takes_read_only_trees_and_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "tree" / "inner"
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")
    folder.chmod(0o500)
    files.remove(tmp_path / "tree")
    files.remove(tmp_path / "tree")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    files.remove(tmp_path / "link")
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]


def test_sha256_of_big_and_empty_files(tmp_path: Path) -> None:
    for content in (b"", b"x" * 2_500_000):
        (tmp_path / "f").write_bytes(content)
        assert files.sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def made(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def test_no_name_of_a_folder_is_special_but_those_of_git_and_wbuild(tmp_path: Path) -> None:
    made(tmp_path, "a.c", ".git/config", "dist/o", ".wbuild/q", "src/dist/o.c", "src/target/p.c", "src/.wbuild/q.c", "sub/.git", "sub/s.c")
    made(tmp_path, "node_modules/m/i.js", "build/x.c", "b/.wb-1-0123abcd", "cache/CACHEDIR.TAG", "cache/y.c", "tagged/CACHEDIR.TAG")
    (tmp_path / "cache/CACHEDIR.TAG").write_bytes(SIGNATURE + b"\n# made again at will")
    (tmp_path / "tagged/CACHEDIR.TAG").write_text("no signature")
    found = files.walk(tmp_path, own=(".wbuild", "dist"))
    plain = ["a.c", "build/x.c", "src/.wbuild/q.c", "src/dist/o.c", "src/target/p.c", "sub/s.c", "tagged/CACHEDIR.TAG"]
    assert sorted(found.files) == plain
    assert sorted(found.folders) == ["", "b", "build", "src", "src/.wbuild", "src/dist", "src/target", "sub", "tagged"]
    closed = {".git": "git", "sub/.git": "git", ".wbuild": "own", "dist": "own", "node_modules": "aside", "cache": "aside"}
    assert found.closed == closed
    assert sorted(found.tags) == ["cache/CACHEDIR.TAG", "tagged/CACHEDIR.TAG"]
    assert files.walk(tmp_path, "node_modules", everything=True).files == ["node_modules/m/i.js"]


def test_links_are_told_and_not_followed(tmp_path: Path) -> None:
    made(tmp_path, "a.c", "b/x.c")
    for name, target in {"loop": ".", "self": "self", "to-file": "a.c", "to-folder": "b", "gone": "nowhere", "b/.wb-link": "."}.items():
        (tmp_path / name).symlink_to(target)
    found = files.walk(tmp_path)
    assert sorted(found.files) == ["a.c", "b/x.c", "to-file"]
    assert found.links == {"gone": "-/nowhere", "loop": "d/.", "self": "-/self", "to-file": "f/a.c", "to-folder": "d/b"}
    lines = ["a.c", "b/", "gone/-/nowhere", "loop/d/.", "self/-/self", "to-file/f/a.c", "to-folder/d/b"]
    assert found.listings == {"": lines, "b": ["x.c"]}
    assert nothing_to_do.listing(str(tmp_path)) == lines


def test_what_a_listing_leaves_out(tmp_path: Path) -> None:
    made(tmp_path, "a", ".git/x", ".wbuild/x", "dist/x", "target/x")
    assert nothing_to_do.listing(str(tmp_path)) == [".wbuild/", "a", "dist/", "target/"]
    assert nothing_to_do.listing(str(tmp_path), nothing_to_do.HIDES_WORK | nothing_to_do.HIDES_DIST) == ["a", "target/"]
    assert nothing_to_do.listing(str(tmp_path), nothing_to_do.SHOWS_GIT | nothing_to_do.HIDES_WORK) == [".git/", "a", "dist/", "target/"]
    assert nothing_to_do.listing(str(tmp_path / "nowhere")) is None


def test_a_folder_that_may_not_be_listed_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "a.c", "pgdata/x.c")
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("pgdata"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = files.walk(tmp_path)
    assert (found.files, found.closed) == (["a.c"], {"pgdata": "unreadable Permission denied"})
    assert nothing_to_do.listing(str(tmp_path / "pgdata")) == [nothing_to_do.UNREADABLE]
    with pytest.raises(MachineError, match="cannot list"):
        files.walk(tmp_path, "pgdata")


def test_free_is_about_the_nearest_existing_parent(tmp_path: Path) -> None:
    assert files.free(tmp_path / "not" / "yet") > 0


def test_lock_excludes_threads_and_says_who_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "ANNOUNCE", 0.1)
    path, said, order = tmp_path / "l" / "lock", list[str](), list[str]()
    held = threading.Event()

    def holder() -> None:
        with files.lock(path, what="hold", timeout=1, say=said.append):
            held.set()
            while not said:
                time.sleep(0.01)
            order.append("first")

    thread = threading.Thread(target=holder)
    thread.start()
    held.wait()
    with files.lock(path, what="install zig", timeout=60, say=said.append):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert said == [f"waiting for pid {os.getpid()} (this host) to install zig"]
    assert path.exists()


def test_lock_gives_up_at_the_time_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        files.lock(path, what="x", timeout=1, say=print),
        pytest.raises(MachineError, match=r"waited 0\.2 s for pid") as caught,
        files.lock(path, what="build", timeout=0.2, say=print),
    ):
        raise AssertionError
    assert caught.value.problems[0].code == "WB603"
    with files.lock(path, what="x", timeout=0, say=print):
        pass


def test_F60_a_file_system_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.flock", refuse(errno.ENOLCK))
    with pytest.raises(MachineError, match="no locks"), files.lock(tmp_path / "lock", what="x", timeout=1, say=print):
        raise AssertionError


def test_a_twin_of_a_small_file_leaves_the_original_as_it_is_and_a_big_one_takes_no_space(tmp_path: Path) -> None:
    small, big = tmp_path / "small", tmp_path / "big"
    small.write_text("x")
    big.write_bytes(bytes(2 << 20))
    before = small.stat().st_ctime_ns
    for path in (small, big):
        files.twin(path, tmp_path / "copy" / "deep" / path.name)
        assert (tmp_path / "copy" / "deep" / path.name).read_bytes() == path.read_bytes()
    assert small.stat().st_ctime_ns == before
    assert (small.stat().st_nlink, big.stat().st_nlink) == (1, 2)


def test_a_twin_where_links_cannot_be_is_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(2 << 20))
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    files.twin(big, tmp_path / "copy" / "big")
    assert (tmp_path / "copy" / "big").stat().st_nlink == 1
    assert (tmp_path / "copy" / "big").stat().st_size == 2 << 20


@pytest.mark.parametrize("size", [0, 1, 100_000, 1_000_000])
def test_a_verified_copy_is_whole_or_not_there(size: int, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "a" / "target"
    data = os.urandom(size)
    source.write_bytes(data)
    assert files.copy_verified(source, target, hashlib.sha256(data).hexdigest()) == size
    assert target.read_bytes() == data
    for other in (source, tmp_path / "none", tmp_path):
        assert files.copy_verified(other, target, "0" * 64) is None
    assert target.read_bytes() == data
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_F74_a_verified_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"x" * 100_000)
    source.chmod(0o444)
    files.copy_verified(source, target, files.sha256(source))
    target.write_bytes(b"edited")
    assert source.read_bytes() == b"x" * 100_000
    assert target.stat().st_ino != source.stat().st_ino


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EOPNOTSUPP, errno.ENOSYS])
def test_where_the_system_cannot_copy_we_do(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "copy_file_range", refuse(number), raising=False)
    source = tmp_path / "source"
    source.write_bytes(os.urandom(200_000))
    assert files.copy_verified(source, tmp_path / "one", files.sha256(source)) == 200_000
    files.copy(source, tmp_path / "two", durable=False)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == source.read_bytes()


def test_what_the_system_refuses_while_it_copies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "copy_file_range", refuse(errno.ENOSPC), raising=False)
    source = tmp_path / "source"
    source.write_bytes(bytes(200_000))
    with pytest.raises(MachineError) as caught:
        files.copy_verified(source, tmp_path / "out" / "one", files.sha256(source))
    assert caught.value.problems[0].code == "WB610"
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_strict_umask_takes_nothing_from_files_that_others_read(size: int, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(size))
    source.chmod(0o700)
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "written", bytes(size))
        files.copy_verified(source, tmp_path / "copy", files.sha256(source))
    finally:
        os.umask(before)
    assert (tmp_path / "written").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o755


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away")
def test_what_a_container_left_is_told_with_its_folder_and_nothing_else_is_given_away(tmp_path: Path) -> None:
    work = tmp_path / ".wbuild"
    work.mkdir()
    os.chown(work, 54321, -1)
    error = machine_error(OSError(errno.EACCES, "denied"), work / "lock", "lock")
    assert error.problems[0].hint == (
        f"{work} belongs to user 54321, perhaps by a run in a container: give it to you (chown -R {os.geteuid()}), or remove it"
    )
    os.chown(tmp_path, 54321, -1)
    other = machine_error(OSError(errno.EACCES, "denied"), tmp_path / "x", "write")
    assert other.problems[0].hint == "check owner and permissions of this path and its folder"
