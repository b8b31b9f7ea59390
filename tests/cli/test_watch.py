"""`build --watch`: what is built again, what is not, and what it survives."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.cli.toys import Shell, copied, shell, with_toys
from tests.cli.watched import Watched, alive, change, made, watched

WATCHING = r"watching .*; Ctrl-C ends"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project of two artifacts that was built once."""
    folder = tmp_path_factory.mktemp("watch")
    place = with_toys(shell(folder / "work", folder / "home"), one="say one\n", two="include x.inc\n")
    place.write("two/x.inc", "say two\n")
    place.run("build").ends(0)
    return place


@pytest.fixture
def project(built: Shell, tmp_path: Path) -> Shell:
    """A fresh copy, with the same store and an empty cache."""
    return copied(built, tmp_path, ".wbuild", "dist")


def test_only_what_is_affected_is_built_again(project: Shell) -> None:
    with watched(project) as build:
        assert build.turn() == "rebuilt one, two; 8 steps"
        build.until(WATCHING)
        change(project, "two/x.inc", "say another\n")
        assert build.turn() == "rebuilt two; 4 steps"
        change(project, "one/one.toy", "say more\n")
        assert build.turn() == "rebuilt one; 4 steps"
        assert b"more" in (project.folder / "dist/dev/one.wasm").read_bytes()
        assert build.end() == 130
        assert build.rest() == []


def test_paths_of_what_was_built_go_to_standard_output(project: Shell) -> None:
    with watched(project, "-q") as build:
        build.until("dist/dev/one.wasm")
        build.until("dist/dev/two.wasm")
        change(project, "two/x.inc", "say another\n")
        build.until("dist/dev/two.wasm")
        assert build.said == ["dist/dev/one.wasm\n", "dist/dev/two.wasm\n", "dist/dev/two.wasm\n"]


def test_what_is_no_input_and_its_own_outputs_start_nothing(project: Shell) -> None:
    project.write("wbuild.toml", project.read("wbuild.toml").replace('path = "one"', 'path = "one"\nout = "bin/one.wasm"'))
    with watched(project, "--opt") as build:
        build.turn()
        build.until(WATCHING)
        for text in ("a", "b", "c"):
            project.write("README.md", text)
            project.write(f"{text}/notes.txt", text)
            project.write(f"dist/{text}.txt", text)
            project.write(f".wbuild/{text}.txt", text)
            project.write(f"target/{text}.txt", text)
            change(project, "one/one.toy", f"say {text}\n")
            assert build.turn().startswith("rebuilt one; ")
        assert build.end() == 130
        assert b"c" in (project.folder / "bin/one.wasm").read_bytes()
        assert build.rest() == []


def test_editors_that_write_by_renaming(project: Shell) -> None:
    with watched(project) as build:
        build.until(WATCHING)
        for number in range(3):
            aside = project.write(f"two/.x.inc.swp{number}", f"say {number}\n")
            (project.folder / "two/x.inc").rename(project.folder / "two/x.inc~")
            aside.rename(project.folder / "two/x.inc")
            while build.turn() != "rebuilt two; 4 steps":  # the moment without the file may have been seen
                pass
            assert f"{number}\n".encode() in (project.folder / "dist/dev/two.wasm").read_bytes()


def test_a_file_that_no_pattern_lists_is_watched_once_it_was_read(project: Shell) -> None:
    project.write("two/two.toy", "include ../common/z.inc\n")
    project.write("common/z.inc", "say first\n")
    with watched(project, "two") as build:
        assert build.turn() == "rebuilt two; 4 steps"
        build.until(WATCHING)
        change(project, "common/z.inc", "say second\n")
        assert build.turn() == "rebuilt two; 4 steps"
        project.write("common/notes.txt", "nobody reads this")
        change(project, "common/z.inc", "fail two is wrong\n")
        assert build.turn() == "failed: two; 1 step"
        change(project, "common/z.inc", "say third\n")
        assert build.turn() == "rebuilt two; 4 steps"
        assert b"third\n" in (project.folder / "dist/dev/two.wasm").read_bytes()
        (project.folder / "common/z.inc").unlink()
        assert build.turn() == "failed: two; 1 step"
        assert build.end() == 130
        assert build.rest() == []


def _changes_while_it_is_read(project: Shell, name: str) -> None:
    """A file of `two` that changes after the compiler has read it is built again."""
    go = project.meeting / "go"
    project.write(name, f"say first\nwait {go}\n")
    with watched(project, "two") as build:
        made(project.meeting / "go.waiting")
        change(project, name, "say second\n")
        go.touch()
        assert build.turn() == "rebuilt two; 4 steps"
        assert build.turn() == "rebuilt two; 4 steps"
        assert b"second" in (project.folder / "dist/dev/two.wasm").read_bytes()


def test_F66_a_file_that_no_pattern_lists_and_that_changes_before_that_is_known_is_built_too(project: Shell) -> None:
    project.write("two/two.toy", "include ../common/z.inc\n")
    _changes_while_it_is_read(project, "common/z.inc")


def test_a_folder_that_goes_and_comes_back(project: Shell) -> None:
    two = project.folder / "two"
    with watched(project) as build:
        build.until(WATCHING)
        two.rename(project.folder / "away")
        build.until("error.WB233.: artifact.two: there is no folder .*")
        assert build.turn() == "not built; waiting for a change"
        two.mkdir()
        change(project, "two/y.inc", "say new\n")
        change(project, "two/two.toy", "include y.inc\n")
        while build.turn() != "rebuilt two; 4 steps":  # it may be seen before it is full
            pass
        change(project, "two/y.inc", "say newer\n")
        assert build.turn() == "rebuilt two; 4 steps"


def test_a_broken_manifest_is_reported_and_waited_for(project: Shell) -> None:
    whole = project.read("wbuild.toml")
    project.write("wbuild.toml", whole + "[artifact\n")
    with watched(project) as build:
        build.until("error.WB200.: not valid TOML: .*")
        assert build.turn() == "not built; waiting for a change"
        build.until(WATCHING)
        project.write("one/notes.txt", "this is no reason to say it again")
        change(project, "wbuild.toml", whole.replace('lang = "toy"', 'lang = "tyo"'))
        build.until("hint: did you mean .toy.*")
        assert build.turn() == "not built; waiting for a change"
        change(project, "one/one.toy", "say meanwhile\n")
        change(project, "wbuild.toml", whole)
        assert build.turn() == "rebuilt one, two; 8 steps"
        assert b"meanwhile" in (project.folder / "dist/dev/one.wasm").read_bytes()
        change(project, "wbuild.toml", whole + '\n[artifact.three]\nlang = "toy"\npath = "one"\n')
        assert build.turn().startswith("rebuilt three; ")
        (project.folder / "wbuild.toml").unlink()
        build.until("error.WB270.: no wbuild.toml in .*")
        assert build.turn() == "not built; waiting for a change"
        change(project, "wbuild.toml", whole)
        assert build.turn() == "nothing to do"


def test_a_broken_recipe_is_reported_and_waited_for(project: Shell) -> None:
    whole = project.read("recipes/toy.toml")
    with watched(project) as build:
        build.until(WATCHING)
        change(project, "recipes/toy.toml", whole.replace('driver = "compiler"', 'driver = "complier"'))
        assert build.turn() == "not built; waiting for a change"
        change(project, "recipes/toy.toml", whole)
        assert build.turn() == "nothing to do"


def test_a_lock_that_went_is_made_again(project: Shell) -> None:
    with watched(project) as build:
        build.until(WATCHING)
        (project.folder / "wbuild.lock").unlink()
        build.until("note: wrote wbuild.lock: .*")
        assert build.turn() == "nothing to do"
        change(project, "one/one.toy", "say new\n")
        assert build.turn() == "rebuilt one; 4 steps"


def test_a_failure_is_waited_out_and_what_the_cache_holds_comes_back(project: Shell) -> None:
    with watched(project) as build:
        build.until(WATCHING)
        change(project, "two/x.inc", "fail two is wrong\n")
        build.until("two is wrong")
        assert build.turn() == "failed: two; 1 step"
        change(project, "two/x.inc", "say two\n")
        assert build.turn() == "rebuilt two"
        assert b"two\n" in (project.folder / "dist/dev/two.wasm").read_bytes()


def test_F66_a_change_during_a_build_is_built_too(project: Shell) -> None:
    _changes_while_it_is_read(project, "two/x.inc")


def test_what_is_wrong_with_the_command_line_ends_it(project: Shell) -> None:
    assert "error[WB267]" in project.run("build", "--watch", "oen").ends(2).err
    assert "error[WB222]" in project.run("build", "--watch", "--profile", "tiny").ends(2).err
    assert "error[WB229]: --run names" in project.run("build", "--watch", "one", "--run", "two").ends(2).err
    assert "error[WB229]: --run goes with --watch" in project.run("build", "--run", "two").ends(2).err
    assert "error[WB229]" in project.run("build", "--watch", "--format", "json").ends(2).err
    assert "error[WB229]" in project.run("build", "--watch", "--shell").ends(2).err
    (project.folder / "wbuild.toml").unlink()
    assert "error[WB270]" in project.run("build", "--watch").ends(2).err


def test_the_projects_folder_goes(project: Shell, tmp_path: Path) -> None:
    with watched(project, "-C", str(project.folder)) as build:
        build.until(WATCHING)
        project.folder.rename(tmp_path / "elsewhere")
        build.until("error.WB229.: .* was watched, and has gone")
        assert build.process.wait(timeout=60) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_F82_signals_during_a_build_end_it(project: Shell, tmp_path: Path, number: signal.Signals, code: int) -> None:
    started = project.meeting / "started"
    project.write("one/one.toy", f"sleep {started}\n")
    with watched(project, "one") as build:
        pid = int(made(started))
        assert build.end(number) == code
        assert not alive(pid)
        assert build.rest() == []


def _pid(build: Watched) -> int:
    return int(build.until(r"pid \d+").split()[1])


SERVER = "say started\nserve\n"


def test_the_program_is_started_again_after_each_build_of_it(project: Shell) -> None:
    project.write("one/one.toy", SERVER)
    with watched(project, "--run", "one") as build:
        assert build.turn() == "rebuilt one, two; 8 steps"
        build.until("running one")
        first = _pid(build)
        change(project, "two/x.inc", "say another\n")
        assert build.turn() == "rebuilt two; 4 steps"
        change(project, "one/one.toy", "fail one is wrong\n")
        assert build.turn() == "failed: one; 1 step"
        assert alive(first)
        change(project, "one/one.toy", "say again\nserve\n")
        assert build.turn() == "rebuilt one; 4 steps"
        second = _pid(build)
        assert not alive(first)
        assert build.end() == 130
        assert not alive(second)
        assert [line for line in build.said if "dist/" in line] == []


def test_a_program_that_ends_by_itself_is_started_again_when_it_was_built(project: Shell) -> None:
    with watched(project, "one", "--run", "one") as build:
        build.until("one")
        build.until("one ended: exit 0")
        change(project, "one/one.toy", "say two\n")
        build.until("two")
        build.until("one ended: exit 0")
