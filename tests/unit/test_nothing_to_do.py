"""The nothing-to-do path: it answers only when everything that was recorded still holds."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from wbuild import nothing_to_do
from wbuild.doors.files import RealFiles
from wbuild.doors.userkey import user_key
from wbuild.session.record import STATES_KEPT, Call, Said, Watch, record
from wbuild.session.snapshot import look

PLACES = {"HOME": "/home/me", "XDG_DATA_HOME": tempfile.mkdtemp()}
OLD = 1_600_000_000
SAID = Said(stdout="dist/x.wasm\n", plain="table\n", color="\x1b[1mtable\x1b[0m\n", choice="auto")


@dataclass
class Project:
    """A folder that was built with `wbuild build`."""

    root: Path
    environ: dict[str, str] = field(default_factory=lambda: {**PLACES, "WBUILD_JOBS": "2", "APP": "1", "OTHER": "x"})
    argv: tuple[str, ...] = ("build", "--opt")

    def write(self, name: str, text: str, *, age: bool = True) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if age:
            os.utime(path, (OLD, OLD))
        return path

    @property
    def key(self) -> bytes:
        return user_key(self.environ)

    def read_state(self) -> nothing_to_do.State:
        folder = nothing_to_do.open_folder(str(self.state.parent))
        return nothing_to_do.read_state(str(self.state), self.key, folder)

    def write_state(self, state: nothing_to_do.State, key: bytes = b"") -> None:
        folder = nothing_to_do.open_folder(str(self.state.parent))
        nothing_to_do.write_state(str(self.state), state, key or self.key, folder)

    def folder_instead(self, name: str) -> None:
        (self.root / name).unlink()
        (self.root / name).mkdir()

    def built(self) -> None:
        watch = Watch()
        watch.file(self.root / "wbuild.toml", self.root / "wbuild.lock", self.root / "src/a.c", self.root / "not-there")
        look(RealFiles(), self.root, watch=watch)
        watch.wrote(self.write("dist/x.wasm", "wasm"))
        record(
            Call(argv=self.argv, folder=self.root, environ=self.environ, key=self.key, own=(self.root / "dist",), variables=("APP",)),
            watch,
            SAID,
        )

    def nothing_to_do(self, *argv: str) -> bool:
        return nothing_to_do.try_nothing_to_do(argv or self.argv, self.environ) == 0

    @property
    def state(self) -> Path:
        (path,) = (path for path in (self.root / ".wbuild/state").iterdir() if not path.suffix)
        return path

    def part(self, name: str) -> bytes:
        return self.read_state()[name]

    def vouched(self) -> list[str]:
        """Names of the folders whose times vouch for the names in them."""
        times, paths = self.part("times"), self.part("folders").split(b"\0")[:-1]
        return sorted(Path(os.fsdecode(path)).name for index, path in enumerate(paths) if any(times[24 * index : 24 * index + 24]))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    project = Project(tmp_path / "p")
    for name in ("wbuild.toml", "wbuild.lock", "src/a.c", "src/b.h", "docs/x.md"):
        project.write(name, name)
    monkeypatch.chdir(project.root)
    project.built()
    return project


def test_prints_what_was_said(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert project.nothing_to_do()
    said = capsys.readouterr()
    assert (said.out, said.err) == ("dist/x.wasm\n", "table\n")
    assert project.nothing_to_do()


CHANGES: dict[str, Callable[[Project], object]] = {
    "an input": lambda p: p.write("src/a.c", "other"),
    "an input, same size and time": lambda p: p.write("src/a.c", "src/A.c"),
    "an input is gone": lambda p: (p.root / "src/a.c").unlink(),
    "an input is a folder": lambda p: p.folder_instead("src/a.c"),
    "the manifest": lambda p: p.write("wbuild.toml", "# changed"),
    "the lock": lambda p: p.write("wbuild.lock", "# changed"),
    "an output": lambda p: p.write("dist/x.wasm", "tampered"),
    "an output is gone": lambda p: (p.root / "dist/x.wasm").unlink(),
    "a new file": lambda p: p.write("src/new.h", ""),
    "a new file elsewhere": lambda p: p.write("docs/new.c", ""),
    "a new folder": lambda p: (p.root / "include").mkdir(),
    "a file that is no input is gone": lambda p: (p.root / "docs/x.md").unlink(),
    "a file becomes a folder": lambda p: p.folder_instead("docs/x.md"),
    "what was not there": lambda p: p.write("not-there", ""),
    "a declared variable": lambda p: p.environ.update(APP="2"),
    "a declared variable is gone": lambda p: p.environ.pop("APP"),
    "a variable of wbuild": lambda p: p.environ.update(WBUILD_STORE="/elsewhere"),
    "CI": lambda p: p.environ.update(CI="true"),
    "home": lambda p: p.environ.update(HOME="/home/you"),
    "the state is cut": lambda p: p.state.write_bytes(p.state.read_bytes()[:-3]),
    "the state is empty": lambda p: p.state.write_bytes(b""),
    "the state is of another kind": lambda p: p.state.write_text("[1]"),
    "a bit of the state": lambda p: p.state.write_bytes(p.state.read_bytes().replace(b"table", b"tabls")),
    "a nearer manifest": lambda p: os.chdir(p.write("src/wbuild.toml", "").parent),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_takes_the_full_path(change: str, project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    CHANGES[change](project)
    assert not project.nothing_to_do()
    assert capsys.readouterr() == ("", "")


def test_other_variables_and_ignored_folders_do_not_matter(project: Project) -> None:
    project.environ.update(OTHER="y", NEW="1")
    project.write(".wbuild/log/x.txt", "")
    project.write("dist/other", "")
    project.write(".git/index", "")
    assert project.nothing_to_do()


@pytest.mark.parametrize("argv", [("build",), ("build", "--opt", "-v"), ("build", "--opt", "x"), ("plan",), (), ("--help",)])
def test_only_the_same_command_line(argv: tuple[str, ...], project: Project) -> None:
    assert nothing_to_do.try_nothing_to_do(argv, project.environ) is None


def test_only_from_the_same_folder(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root / "src")
    assert not project.nothing_to_do()


def test_from_another_folder_with_its_own_record(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    project.argv = ("-C", "p", "build")
    project.built()
    assert project.nothing_to_do()
    assert nothing_to_do.try_nothing_to_do(("build", "-C", "p"), project.environ) is None
    assert nothing_to_do.try_nothing_to_do(("-C", "p", "build", "--", "-C"), project.environ) is None
    assert nothing_to_do.try_nothing_to_do(("build", "-C"), project.environ) is None


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that the test wrote has aged."""
    now = time.time_ns() + 10 * nothing_to_do.RACY_NS
    monkeypatch.setattr(time, "time_ns", lambda: now)


def test_a_young_file_is_hashed(project: Project) -> None:
    path = project.write("src/a.c", "young", age=False)
    project.built()
    assert project.nothing_to_do()
    assert str(path).encode() in project.part("young")
    path.write_text("YOUNG")
    state = project.read_state()
    stamps = [nothing_to_do.stamp(name.decode()) for name in state["files"].split(b"\0")[:-1]]
    state["stamps"] = nothing_to_do.number_list(number for found in stamps if found for number in found)
    project.write_state(state)  # as if the clock were too coarse to tell
    assert not project.nothing_to_do()


def test_a_file_that_has_aged_is_not_hashed(project: Project, later: None) -> None:
    assert project.part("young")
    assert project.nothing_to_do()
    assert project.part("young") == b""
    assert project.nothing_to_do()
    project.write("src/a.c", "src/A.c")
    assert not project.nothing_to_do()


def test_times_of_a_folder_vouch_for_its_names_once_they_have_aged(project: Project) -> None:
    assert project.nothing_to_do()
    assert not {"p", "src", "docs"} & {*project.vouched()}


@pytest.mark.parametrize("change", ["a new file", "a new folder", "a file that is no input is gone", "a file becomes a folder"])
def test_names_for_which_times_vouch(change: str, project: Project, later: None) -> None:
    assert project.nothing_to_do()
    assert {"p", "src", "docs"} <= {*project.vouched()}
    assert project.nothing_to_do()
    CHANGES[change](project)
    assert not project.nothing_to_do()


def test_a_folder_whose_times_have_changed_is_listed(project: Project, later: None) -> None:
    assert project.nothing_to_do()
    project.write("docs/new", "").unlink()
    assert project.nothing_to_do()


def test_times_never_vouch_for_links(project: Project, later: None) -> None:
    """What they point to decides whether they are listed, and as what."""
    (project.root / "docs/link").symlink_to("../.wbuild/there")
    project.built()
    assert project.nothing_to_do()
    assert "docs" not in project.vouched()
    project.write(".wbuild/there", "")
    assert not project.nothing_to_do()


def test_times_never_vouch_where_the_system_keeps_none(project: Project, later: None, monkeypatch: pytest.MonkeyPatch) -> None:
    look, kept = os.stat, str(project.state.parent)

    def stat(path: str | bytes) -> object:
        found = look(path)
        return SimpleNamespace(st_dev=found.st_dev, st_mtime_ns=0) if path == kept else found

    monkeypatch.setattr(os, "stat", stat)
    assert project.nothing_to_do()
    assert project.vouched() == []


def test_where_nothing_can_be_written_there_is_nothing_to_do_either(project: Project, later: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "replace", full)
    monkeypatch.setattr(os, "utime", full)
    for _ in range(2):
        assert project.nothing_to_do()
    assert project.vouched() == []


def test_a_change_after_it_was_looked_at_is_seen(project: Project) -> None:
    watch = Watch()
    path = project.root / "src/a.c"
    watch.file(path)
    path.write_text("changed while the build ran")
    watch.file(path)
    record(Call(argv=project.argv, folder=project.root, environ=project.environ, key=project.key, variables=()), watch, SAID)
    assert not project.nothing_to_do()


def test_files_that_the_build_makes_inside_the_tree(project: Project) -> None:
    watch = Watch()
    watch.file(project.root / "wbuild.toml")
    look(RealFiles(), project.root, watch=watch)
    watch.wrote(project.write("src/copy.wasm", "wasm"))
    record(Call(argv=project.argv, folder=project.root, environ=project.environ, key=project.key, variables=()), watch, SAID)
    assert project.nothing_to_do()
    (project.root / "src/copy.wasm").unlink()
    assert not project.nothing_to_do()


def test_links(project: Project) -> None:
    (project.root / "src/link.h").symlink_to("b.h")
    (project.root / "loop").symlink_to("loop")
    (project.root / "folder").symlink_to("docs")
    project.built()
    assert project.nothing_to_do()
    (project.root / "src/link.h").unlink()
    assert not project.nothing_to_do()


def test_F113_links_to_folders_are_part_of_the_state(project: Project) -> None:
    project.built()
    (project.root / "src/folder").symlink_to("../docs")
    assert not project.nothing_to_do()
    project.built()
    assert project.nothing_to_do()
    (project.root / "src/folder").unlink()
    (project.root / "src/folder").symlink_to("/")
    assert not project.nothing_to_do()


def test_names_that_are_not_text(project: Project) -> None:
    name = os.fsencode(str(project.root)) + b"/src/\xff\n.h"
    Path(os.fsdecode(name)).write_text("")
    project.built()
    assert project.nothing_to_do()


def test_F116_secrets_are_not_in_the_state(project: Project) -> None:
    """F116."""
    project.environ.update(WBUILD_TOKEN="canary-1", APP="canary-2")
    project.built()
    assert project.nothing_to_do()
    assert b"canary" not in project.state.read_bytes()


def test_few_states_are_kept(project: Project) -> None:
    for number in range(STATES_KEPT + 5):
        project.argv = ("build", f"a{number}")
        project.built()
    assert len(list((project.root / ".wbuild/state").iterdir())) == STATES_KEPT


def test_a_state_that_this_user_has_not_left_is_not_believed(project: Project) -> None:
    """A repository can hold any bytes at a place that can be guessed; it cannot hold what only this user's key makes."""
    project.built()
    state = project.read_state()
    empty = {**state, **dict.fromkeys(("absent", "files", "stamps", "young", "folders", "listings", "times"), b"")}
    project.write_state(empty)  # even from this user: a state is about the manifest
    assert not project.nothing_to_do()
    project.write_state(state)
    assert project.nothing_to_do()
    project.write_state(state, b"somebody else's")
    assert not project.nothing_to_do()


def test_a_state_holds_in_the_folder_only_in_which_it_was_left(project: Project) -> None:
    project.built()
    states = project.root / ".wbuild/state"
    copy = project.root / ".wbuild/copy"
    shutil.copytree(states, copy)
    states.rename(project.root / ".wbuild/before")
    copy.rename(states)
    assert not project.nothing_to_do()


def test_a_link_in_place_of_a_folder_of_wbuild_takes_the_long_way(project: Project) -> None:
    project.built()
    assert project.nothing_to_do()
    (project.root / "dist").rename(project.root.parent / "elsewhere")
    (project.root / "dist").symlink_to(project.root.parent / "elsewhere")
    assert not project.nothing_to_do()


@pytest.mark.parametrize("environ", [{"HOME": "/proc/none", "XDG_DATA_HOME": ""}])
def test_without_a_key_no_state_is_believed(project: Project, environ: dict[str, str]) -> None:
    project.built()
    project.environ.update(environ)
    assert not project.nothing_to_do()
