"""What builds depend on besides the project: wbuild's own code and recipes; and files of which is known late that they were read."""

from __future__ import annotations

import os
from pathlib import Path

from wbuild import nothing_to_do
from wbuild.session.own_code import build_id, own_files, recipe_folders
from wbuild.session.record import Watch

OLD = 1_600_000_000


def test_own_files_are_code_and_recipes_without_what_python_keeps() -> None:
    names = [path.as_posix() for path in own_files()]
    assert any(name.endswith("wbuild/session/own_code.py") for name in names)
    assert any(name.endswith("toolchains/tools/zig.toml") for name in names)
    assert not [name for name in names if "__pycache__" in name]
    assert names == list(dict.fromkeys(names))


def test_a_new_recipe_is_seen_by_the_names_in_its_folder() -> None:
    found = {folder.name for folder in recipe_folders()}
    assert {"tools", "languages", "runtimes", "hosts"} <= found


def test_one_wbuild_has_one_name() -> None:
    assert build_id() == build_id()
    assert len(build_id()) == 64


def test_a_file_that_may_have_changed_since_the_run_began_counts_as_gone(tmp_path: Path) -> None:
    old, young = tmp_path / "old", tmp_path / "young"
    old.write_text("x")
    os.utime(old, (OLD, OLD))
    watch = Watch()
    young.write_text("y")
    watch.late([old, young, tmp_path / "absent"])
    # the time at which anybody last changed an inode cannot be set back, so a file that was written just now is young in any case
    assert watch.files[str(young)] is None
    assert watch.files[str(tmp_path / "absent")] is None
    assert str(young) not in watch.young
    known = dict(watch.files)
    watch.late([young])
    assert watch.files == known


def test_a_watch_sees_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("x")
    watch = Watch()
    watch.file(path, tmp_path / "b")
    watch.listing(tmp_path)
    assert watch.same_files()
    assert watch.same_folders()
    (tmp_path / "b").write_text("")
    assert not watch.same_files()
    assert not watch.same_folders()
    watch.wrote(tmp_path / "b")
    assert watch.same_files()
    assert watch.same_folders()
    path.write_text("y")
    assert not watch.same_files()
    assert nothing_to_do.stamp(str(path)) is not None
