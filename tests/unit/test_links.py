"""A project's folders as globs see them: links, closed folders, folders that may not be listed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from wbuild import nothing_to_do
from wbuild.doors.files import RealFiles
from wbuild.doors.walk import SIGNATURE
from wbuild.errors import MachineError
from wbuild.session.record import Watch
from wbuild.session.snapshot import look
from wbuild.steps.tree import Tree


def project(root: Path, files: Sequence[str], links: dict[str, str] | None = None) -> Tree:
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(SIGNATURE if name.endswith("CACHEDIR.TAG") else name.encode())
    for name, target in (links or {}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)
    return look(RealFiles(), root).tree


def test_links_to_folders_of_the_project_are_followed(tmp_path: Path) -> None:
    tree = project(tmp_path, ["app/src/main.c", "shared/s.c", "shared/s.h"], {"app/src/shared": "../../shared"})
    assert tree.glob(["src/**/*.c"], base="app", wide=True) == ("app/src/main.c", "app/src/shared/s.c")
    assert tree.glob(["src/shared/s.c"], base="app") == ("app/src/shared/s.c",)
    assert tree.glob(["src/shared/*"], base="app") == ("app/src/shared/s.c", "app/src/shared/s.h")
    assert tree.below("app") == ("app/src/main.c", "app/src/shared/s.c", "app/src/shared/s.h")
    assert tree.kind("app/src/shared/s.c") == "file"
    assert tree.plain("app/src/shared/s.c") == "shared/s.c"
    assert tree.leading(["app"]) == {"app/src/shared": "d/../../shared"}


def test_a_file_that_two_ways_lead_to_counts_once(tmp_path: Path) -> None:
    tree = project(tmp_path, ["src/common/c.c", "src/x/x.c"], {"src/a": "common", "src/b": "common"})
    assert tree.glob(["src/**/*.c"]) == ("src/common/c.c", "src/x/x.c")
    assert tree.glob(["src/a/*.c", "src/b/*.c"]) == ("src/a/c.c",)
    assert tree.glob(["src/b/c.c"]) == ("src/b/c.c",)


def test_loops_and_links_to_a_parent_end(tmp_path: Path) -> None:
    links = {"src/up": "..", "src/self": "self", "src/here": ".", "other/back": "../src", "src/there": "../other"}
    tree = project(tmp_path, ["top.c", "src/a.c", "other/o.c"], links)
    assert tree.glob(["src/**/*.c"]) == ("src/a.c", "src/there/o.c")
    assert tree.glob(["src/up/*.c"]) == ("src/up/top.c",)
    assert tree.below("src") == ("src/a.c", "src/there/o.c")


def test_many_ways_through_many_links_take_no_longer(tmp_path: Path) -> None:
    links = {f"f{n}/{side}": f"../f{n + 1}" for n in range(40) for side in ("left", "right")}
    tree = project(tmp_path, ["f0/a.c", "f40/end.c"], links)
    assert [Path(name).name for name in tree.below("f0")] == ["a.c", "end.c"]
    assert len(tree.glob(["f0/**/*.c"])) == 2
    assert len(tree.leading(["f0"])) == 80


def test_a_link_out_of_the_project_is_astray(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/x.c").write_text("")
    tree = project(tmp_path / "p", ["a.c"], {"ext": "../out", "ext.c": "../out/x.c"})
    assert tree.astray == {"ext", "ext.c"}
    assert tree.glob(["**/*.c"]) == ("a.c", "ext.c")
    assert tree.glob(["ext/x.c"]) == ()


def test_a_folder_behind_a_link_is_a_project_too(tmp_path: Path) -> None:
    tree = project(tmp_path, ["real/app/Cargo.toml", "real/app/src/main.rs"], {"app": "real/app"})
    assert tree.below("app") == ("app/Cargo.toml", "app/src/main.rs")
    assert tree.glob(["src/*.rs"], base="app") == ("app/src/main.rs",)


CLOSED = ["src/a.js", "node_modules/m/i.js", "node_modules/m/node_modules/n/j.js", "target/CACHEDIR.TAG", "target/t.js", "dist/d.js"]


def test_wide_patterns_pass_by_what_written_ones_enter(tmp_path: Path) -> None:
    tree = project(tmp_path, [*CLOSED, ".git/hook.js", "sub/.git"])
    assert tree.glob(["**/*.js"], wide=True) == ("src/a.js",)
    written = ("node_modules/m/i.js", "node_modules/m/node_modules/n/j.js", "src/a.js", "target/t.js")
    assert tree.glob(["**/*.js"]) == written
    assert tree.glob(["node_modules/m/*.js"]) == ("node_modules/m/i.js",)
    assert tree.glob(["dist/*"]) == ("dist/d.js",)
    assert tree.glob([".git/*", "sub/.git"]) == (".git/hook.js", "sub/.git")
    assert tree.glob(["*/.git"]) == ("sub/.git",)


def test_nobody_looks_into_a_closed_folder_for_nothing(tmp_path: Path) -> None:
    project(tmp_path, CLOSED)
    watch = Watch()
    tree = look(RealFiles(), tmp_path, watch=watch).tree
    tree.glob(["src/**/*.js", "*.js"])
    tree.glob(["**/*.js"], exclude=["node_modules/**", "target/**"])
    assert {Path(folder).name for folder in watch.folders} == {tmp_path.name, "src"}
    tree.glob(["node_modules/m/*.js"])
    assert str(tmp_path / "node_modules/m") in watch.folders
    assert str(tmp_path / "node_modules") not in watch.folders
    (tmp_path / "node_modules/m/new.js").write_text("")
    assert not watch.same_folders()


def test_below_a_folder_that_a_guest_sees_everything_counts(tmp_path: Path) -> None:
    files = ["d/dist/x", "d/target/x", "d/node_modules/x", "d/.git/x", "d/.wbuild/x", "d/c/CACHEDIR.TAG", "d/c/x", "d/sub/.git"]
    project(tmp_path, files)
    watch = Watch()
    tree = look(RealFiles(), tmp_path, watch=watch).tree
    assert tree.below("d", whole=True) == tuple(sorted(files))
    assert watch.same_folders()
    (tmp_path / "d/.git/y").write_text("")
    assert not watch.same_folders()
    assert ".wbuild" not in " ".join(tree.below(".", whole=True)).replace("d/.wbuild", "")


def test_git_that_comes_to_where_a_guest_sees_it_is_noticed(tmp_path: Path) -> None:
    project(tmp_path, ["d/x"])
    watch = Watch()
    look(RealFiles(), tmp_path, watch=watch).tree.below("d", whole=True)
    (tmp_path / "d/.git").mkdir()
    assert not watch.same_folders()


def test_an_unreadable_folder_is_an_error_only_where_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("pgdata"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    project(tmp_path, ["a.c", "pgdata/x.c"])
    monkeypatch.setattr(os, "scandir", refusing)
    watch = Watch()
    tree = look(RealFiles(), tmp_path, watch=watch).tree
    assert watch.same_folders()
    assert tree.glob(["**/*.c"], wide=True) == tree.glob(["*.c"]) == ("a.c",)
    for exclude in ("pgdata/**", "pgdata"):
        assert tree.glob(["**/*.c"], exclude=[exclude]) == ("a.c",)
    for pattern in ("**/*.c", "pgdata/*.c"):
        with pytest.raises(MachineError, match=r"cannot list .*pgdata: Permission denied"):
            tree.glob([pattern])
    with pytest.raises(MachineError):
        tree.below("pgdata", whole=True)
    monkeypatch.undo()
    assert not watch.same_folders()


def test_links_are_in_the_listings_with_their_targets(tmp_path: Path) -> None:
    project(tmp_path, ["v1/x.c", "v2/x.c", "a.h", "b.h"], {"current": "v1", "c.h": "a.h", "later.h": "made.h"})
    watch = Watch()
    look(RealFiles(), tmp_path, watch=watch)
    for name, other, target in (("current", "v2", "v1"), ("c.h", "b.h", "a.h")):
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to(other)
        assert not watch.same_folders()
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to(target)
        assert watch.same_folders()
    (tmp_path / "made.h").write_text("")
    assert not watch.same_folders()
    assert nothing_to_do.listing(str(tmp_path / "v1")) == ["x.c"]
