"""What wbuild owns in a project: a project that somebody else wrote cannot lead it to other files."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.cli.toys import Done, Shell, copied

ROUNDS = int(os.environ.get("WBUILD_OWNED_ROUNDS", "6"))
PRECIOUS = {
    "tmp/important/thesis.txt": "x",
    "keep.txt": "my only copy",
    "lock": "17",
    "dev/hello.wasm": "mine",
    "state/x": "y",
    "x.txt": "z",
}
NAMES = ["", "tmp", "lock", "index", "state", "log", "out", "state-dirs", "running", "empty", ".gitignore", "out/dev", "locking.lock"]
COMMANDS = [("build",), ("build", "--opt"), ("clean",), ("build", "--verify-reproducible"), ("check",), ("lock",), ("plan",)]


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    place = copied(locked, tmp_path)
    place.run("trust")
    return place


@pytest.fixture
def victim(tmp_path: Path) -> Shell:
    """A folder with files that are somebody's only copies."""
    place = Shell(tmp_path / "victim", tmp_path)
    for name, text in PRECIOUS.items():
        place.write(name, text)
    return place


def untouched(victim: Shell) -> None:
    assert {name: text.decode() for name, text in victim.files().items()} == PRECIOUS
    folders = {path.relative_to(victim.folder).as_posix() for path in victim.folder.rglob("*") if path.is_dir()}
    assert folders == {"tmp", "tmp/important", "dev", "state"}


@pytest.mark.parametrize("name", [".wbuild", "dist", "dist/dev"])
@pytest.mark.parametrize("command", ["build", "clean"])
def test_F26_a_link_that_the_project_brings_is_not_followed(project: Shell, victim: Shell, name: str, command: str) -> None:
    (project.folder / name).parent.mkdir(exist_ok=True)
    (project.folder / name).symlink_to(victim.folder)
    done = project.run(command).ends(2)
    assert "error[WB249]" in done.err
    assert f"{project.folder / name} is a link" in done.err
    assert "`wbuild trust`" in done.err
    assert "WBUILD_WORK=DIR" in done.err
    untouched(victim)


@pytest.mark.parametrize("name", ["tmp", "log", "state", "out", "state-dirs", "lock", "index", "running", "empty"])
@pytest.mark.parametrize("command", ["build", "clean"])
def test_F26_a_link_deeper_inside_is_named_and_nothing_is_changed(project: Shell, victim: Shell, name: str, command: str) -> None:
    (project.folder / ".wbuild").mkdir()
    (project.folder / ".wbuild" / name).symlink_to(victim.folder / {"lock": "keep.txt", "index": "x.txt", "running": "x.txt"}.get(name, ""))
    done = project.run(command)
    untouched(victim)
    done.ends(2)
    assert f".wbuild/{name} is a link" in done.err


def test_a_link_that_is_meant_is_followed_as_long_as_it_leads_there(project: Shell, tmp_path: Path, victim: Shell) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (project.folder / ".wbuild").symlink_to(scratch)
    project.run("build").ends(2)
    done = project.run("trust").ends(0)
    assert f".wbuild → {scratch}" in done.err
    project.run("build").ends(0)
    assert "nothing to do" in project.run("build").ends(0).err or (scratch / "out").is_dir()
    assert str(scratch) in project.run("trust", "--list").ends(0).out
    (project.folder / ".wbuild").unlink()
    (project.folder / ".wbuild").symlink_to(victim.folder)
    project.run("build").ends(2)
    project.run("clean").ends(2)
    untouched(victim)
    (project.folder / ".wbuild").unlink()
    (project.folder / ".wbuild").symlink_to(scratch)
    project.run("clean").ends(0)
    assert not any(scratch.iterdir())
    project.run("trust", "--forget").ends(0)
    project.run("build").ends(2)


def test_a_record_of_trust_that_somebody_else_made_says_nothing(project: Shell, victim: Shell) -> None:
    (project.folder / ".wbuild").symlink_to(victim.folder)
    project.run("trust").ends(0)
    (project.home / ".local/share/wbuild/key").unlink()
    project.run("build").ends(2)
    untouched(victim)


def test_what_belongs_to_somebody_else_is_refused_with_a_way_out(project: Shell) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    (project.folder / ".wbuild").mkdir()
    os.chown(project.folder / ".wbuild", 12345, 12345)
    done = project.run("build").ends(6)
    assert "error[WB614]" in done.err
    assert "WBUILD_WORK=DIR" in done.err
    os.chown(project.folder, 12345, 12345)  # root in a container, over files of the user outside
    project.run("build").ends(0)


def _plant(project: Shell, victim: Shell, rng: random.Random) -> str:
    """Something hostile at a place of wbuild's; what it is."""
    top = rng.choice([".wbuild", ".wbuild", "dist"])
    name = rng.choice(NAMES) if top == ".wbuild" else rng.choice(["", "dev", "release", "dev/hello.wasm", "dev/report.json"])
    path = project.folder / top / name
    if any(above.is_symlink() for above in (path, *path.parents)):
        return "nothing"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    kind = rng.choice(["folder link", "file link", "dangling link", "fifo", "file"])
    if kind == "folder link":
        path.symlink_to(victim.folder)
    elif kind == "file link":
        path.symlink_to(victim.folder / rng.choice([*PRECIOUS]))
    elif kind == "dangling link":
        path.symlink_to(victim.folder / "new")
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.write_text("log\0../../victim\0out")
    return f"{kind} at {path}"


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_whatever_lies_there_nothing_outside_changes(project: Shell, victim: Shell, seed: int) -> None:
    """Random links, pipes and files in `.wbuild` and `dist`, then any command: it ends, in words, and the files outside stay."""
    rng = random.Random(seed)
    if rng.random() < 0.7:
        project.run("build").ends(0)
    planted = [_plant(project, victim, rng) for _ in range(rng.randint(1, 3))]
    for command in rng.sample(COMMANDS, 3):
        done: Done = project.run(*command)
        assert done.code in (0, 1, 2, 6), f"{planted} {command}: {done.code}\n{done.out}{done.err}"
        assert "Traceback" not in done.err
        untouched(victim)


def test_work_keeps_intermediate_files_outside(project: Shell, victim: Shell, tmp_path: Path) -> None:
    """The other way out of a link that is not meant: a folder of the user's, one marked folder in it for each project."""
    (project.folder / ".wbuild").symlink_to(victim.folder)
    project.run("build").ends(2)
    work = {"WBUILD_WORK": str(tmp_path / "work-of-mine")}
    project.run("build", env=work).ends(0)
    untouched(victim)
    (folder,) = (tmp_path / "work-of-mine").iterdir()
    assert (folder / "out").is_dir()
    assert os.path.realpath(project.folder / ".wbuild") == str(folder)
    project.run("build", env=work).ends(0)
    project.run("build").ends(0)
    project.run("clean", env=work).ends(0)
    assert not any(folder.iterdir())
    assert "inside of the project" in project.run("build", env={"WBUILD_WORK": "below"}).ends(2).err


def test_out_replaces_only_what_is_its_own(project: Shell) -> None:
    manifest = project.read("wbuild.toml")
    project.write("notes/thesis.txt", "my only copy")
    project.write("wbuild.toml", f'{manifest}out = "notes/thesis.txt"\n')
    done = project.run("build", "--opt").ends(2)
    assert "error[WB252]" in done.err
    assert project.read("notes/thesis.txt") == "my only copy"
    project.write("wbuild.toml", f'{manifest}out = "notes/thesis.txt"\nout-replaces = true\n')
    project.run("build", "--opt").ends(0)
    project.write("wbuild.toml", f'{manifest}out = ".GitHub/workflows/x.yml"\nout-replaces = true\n')
    assert "error[WB209]" in project.run("build", "--opt").ends(2).err
