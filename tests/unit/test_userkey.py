"""The user's key: where it lies, who may read it, and that several processes agree on one."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import platformdirs
import pytest

from wbuild.doors import userkey
from wbuild.doors.userkey import data_folder, known_key, mac, process_key, user_key


def home(folder: Path) -> dict[str, str]:
    return {"HOME": str(folder)}


def test_it_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    environ = home(tmp_path)
    assert known_key(environ) == b""
    key = user_key(environ)
    assert len(key) == userkey.SIZE
    assert key == user_key(environ) == known_key(environ) != process_key()
    folder = Path(data_folder(environ))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["key"]


@pytest.mark.skipif(sys.platform != "linux", reason="the rules of XDG")
@pytest.mark.parametrize("name", ["", "data", "/somewhere/data", "  "])
def test_its_folder_is_the_one_that_platformdirs_names(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("XDG_DATA_HOME", name)
    expected = platformdirs.user_data_dir("wbuild", appauthor=False)
    if expected.startswith("/"):  # a relative folder would be another one in each project
        assert data_folder(os.environ) == expected
    assert data_folder(os.environ).startswith("/")


def test_of_several_that_make_it_at_once_all_get_the_same(tmp_path: Path) -> None:
    found: list[bytes] = []
    barrier = threading.Barrier(8)

    def get() -> None:
        barrier.wait()
        found.append(user_key(home(tmp_path)))

    threads = [threading.Thread(target=get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("spoil", ["short", "long", "readable", "link", "fifo", "folder"])
def test_what_is_no_key_of_this_user_alone_is_not_believed(tmp_path: Path, spoil: str) -> None:
    environ = home(tmp_path)
    first = user_key(environ)
    path = Path(data_folder(environ), "key")
    if spoil == "short":
        path.write_bytes(b"x")
    elif spoil == "long":
        path.write_bytes(first + b"x")
    elif spoil == "readable":
        path.chmod(0o644)
    else:
        path.unlink()
    if spoil == "link":
        (tmp_path / "mine").write_bytes(first)
        (tmp_path / "mine").chmod(0o600)
        path.symlink_to(tmp_path / "mine")
    elif spoil == "fifo":
        os.mkfifo(path)
    elif spoil == "folder":
        path.mkdir()
    assert known_key(environ) == b""
    again = user_key(environ)
    assert again != first
    assert (again == process_key()) == (spoil == "folder")
    assert user_key(environ) == again


@pytest.mark.parametrize("environ", [{"HOME": "/proc/none"}, {"HOME": "/dev/null"}, {"HOME": "relative"}])
def test_without_a_folder_it_is_one_for_this_process(environ: dict[str, str]) -> None:
    assert known_key(environ) == b""
    assert user_key(environ) == process_key()


def test_a_home_inside_the_project_holds_none(tmp_path: Path) -> None:
    environ = home(tmp_path / "home")
    user_key(environ)
    assert user_key(environ, [str(tmp_path)]) == process_key()
    assert known_key(environ, [str(tmp_path / "home")]) == b""
    assert known_key(environ, [str(tmp_path / "project")]) != b""


def test_what_is_bound_differs_by_key_purpose_and_parts() -> None:
    made = {
        mac(key, purpose, *parts) for key in (b"a", b"b") for purpose in ("x", "y") for parts in ([b"ab"], [b"a", b"b"], [b"a", b"", b"b"])
    }
    assert len(made) == 12
    assert mac(b"a", "x", b"ab") == mac(b"a", "x", b"ab")
