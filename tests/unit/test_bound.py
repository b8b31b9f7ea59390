"""What only this user's wbuild can have left in a place: marks, indexes, state directories; and where `out` may go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doors import FakeClock
from wbuild.doors.files import RealFiles
from wbuild.doors.seal import inode_of, sealed, unsealed
from wbuild.engine.failure import replaceable
from wbuild.engine.index import Index
from wbuild.engine.statedirs import StateDirs
from wbuild.errors import UsageError
from wbuild.manifest.control import controls

KEY = b"k" * 32


@given(content=st.binary(), other=st.binary(), inode=st.integers(0, 1 << 63), changed=st.sampled_from(["key", "path", "inode", "content"]))
def test_what_is_sealed_is_believed_as_it_was_left_and_no_other_way(content: bytes, other: bytes, inode: int, changed: str) -> None:
    path = Path("/p/.wbuild/index")
    data = sealed(KEY, path, content, inode)
    assert unsealed(KEY, path, data, inode) == content
    assert unsealed(KEY, path, other, inode) is None
    key, elsewhere = b"l" * 32 if changed == "key" else KEY, Path("/q/.wbuild/index") if changed == "path" else path
    data = data + b"x" if changed == "content" else data
    assert unsealed(key, elsewhere, data, inode + (changed == "inode")) is None


def states(root: Path, key: bytes = KEY) -> StateDirs:
    return StateDirs(marks=root / "marks", files=RealFiles(), key=key)


def test_a_state_directory_that_a_project_brings_is_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "states/cargo"
    folder.mkdir(parents=True)
    (folder / "fresh").write_text("says Fresh")
    states(tmp_path).prepare(folder)
    assert not any(folder.iterdir())


def test_what_this_user_left_stays_from_run_to_run(tmp_path: Path) -> None:
    folder = tmp_path / "states/cargo"
    first = states(tmp_path)
    first.prepare(folder)
    (folder / "made").write_text("by cargo")
    first.prepare(folder)
    again = states(tmp_path)
    assert again.known(folder)
    again.prepare(folder)
    assert (folder / "made").exists()


@pytest.mark.parametrize("how", ["another user", "another folder in its place", "no mark"])
def test_what_this_user_did_not_leave_there_goes(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "states/cargo"
    states(tmp_path).prepare(folder)
    (folder / "made").write_text("by cargo")
    if how == "another folder in its place":
        folder.rename(tmp_path / "before")
        folder.mkdir()
        (folder / "made").write_text("by somebody")
    elif how == "no mark":
        for mark in (tmp_path / "marks").iterdir():
            mark.unlink()
    later = states(tmp_path, b"l" * 32 if how == "another user" else KEY)
    assert not later.known(folder)
    later.prepare(folder)
    assert not any(folder.iterdir())
    assert later.known(folder)


def test_a_tool_that_makes_its_directory_anew_keeps_it(tmp_path: Path) -> None:
    folder = tmp_path / "states/zig"
    run = states(tmp_path)
    run.prepare(folder)
    folder.rename(tmp_path / "before")
    folder.mkdir()
    (folder / "made").write_text("by zig")
    run.prepare(folder)
    assert (folder / "made").exists()
    assert states(tmp_path).known(folder)


def test_an_index_of_somebody_else_is_as_good_as_none(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = Index(tmp_path, RealFiles(), FakeClock(), KEY)
    index.actions["step"] = "a" * 64
    index.save(path)
    assert Index(tmp_path, RealFiles(), FakeClock(), KEY).load(path)
    other = Index(tmp_path, RealFiles(), FakeClock(), b"l" * 32)
    assert not other.load(path)
    assert not other.actions


def test_the_number_of_what_is_no_folder_is_0(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    assert inode_of(tmp_path)
    assert not any(map(inode_of, (tmp_path / "file", tmp_path / "link", tmp_path / "none")))


CONTROL = [
    ".git/config",
    ".GIT/hooks/x",
    ".gitignore",
    "a/.gitattributes",
    ".github/workflows/x.yml",
    "GIT~1/config",
    ".envrc",
    "x/Makefile",
]
CONTROL += [
    "makefile",
    "MAKEFILE",
    "sub/wbuild.toml",
    "WBUILD.LOCK",
    "package.json",
    ".gitlab-ci.yml",
    ".WBUILD/lock",
    ".vscode/tasks.json",
]
CONTROL += [".g\u200cit/config", ".git. /config", "Cargo.toml", ".cargo/config.toml", "\uff0egit/config", "Makefile::$DATA"]


@pytest.mark.parametrize("path", CONTROL)
def test_names_that_tools_obey_are_known_in_any_case(path: str) -> None:
    assert controls(path)


@pytest.mark.parametrize("path", ["bin/main.wasm", "web/app.wasm", ".output/app.wasm", "a.git/x.wasm", "build/x.wasm", "config/x.wasm"])
def test_ordinary_places_are_none(path: str) -> None:
    assert not controls(path)


def test_out_replaces_wasm_and_its_own(tmp_path: Path) -> None:
    for name, data in {"a.wasm": b"\0asm\1\0\0\0", "thesis.txt": b"my only copy", "empty": b""}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "out.lnk").symlink_to("a.wasm")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "away").symlink_to(tmp_path.parent)
    for name in ("a.wasm", "new.wasm", "out.lnk"):
        replaceable(tmp_path, name, "")
    replaceable(tmp_path, "thesis.txt", RealFiles().sha256(tmp_path / "thesis.txt"))
    for name in ("thesis.txt", "empty", "fifo", "away/x.wasm"):
        with pytest.raises(UsageError, match="WB252"):
            replaceable(tmp_path, name, "")
