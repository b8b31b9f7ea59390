"""Files that git tracks in what wbuild owns: never replaced, removed or believed, with ways out that work."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.toys import Shell, copied


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    place = copied(locked, tmp_path)
    place.run("trust")
    git(place.folder, "init", "-q")
    return place


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "protocol.file.allow=always")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def commit(project: Shell, *names: str) -> None:
    for name in names:
        project.write(name, "theirs")
    git(project.folder, "add", "-f", *names)


@pytest.mark.parametrize("name", ["dist/dev/hello.wasm", "dist/notes.txt", ".wbuild/state/x", ".wbuild/lock"])
@pytest.mark.parametrize("version", ["2", "4"])
def test_a_file_of_git_is_named_and_stays(project: Shell, name: str, version: str) -> None:
    git(project.folder, "config", "index.version", version)
    commit(project, name)
    before = project.files()
    for command in (("build",), ("build", "--opt"), ("clean",), ("check",)):
        done = project.run(*command).ends(2)
        assert "error[WB249]" in done.err
        assert f"{name} is tracked by git" in done.err
        assert project.files() == before
    project.run("plan").ends(0)


def test_clean_follows_no_report_of_a_repository(project: Shell) -> None:
    report = {"artifacts": [{"file": "dist/dev/theirs.bin"}]}
    commit(project, "dist/dev/theirs.bin", "dist/dev/report.json")
    project.write("dist/dev/report.json", json.dumps(report))
    project.run("clean").ends(2)
    assert (project.folder / "dist/dev/theirs.bin").read_text() == "theirs"


def test_the_ways_out_work_and_are_taken_once(project: Shell) -> None:
    commit(project, "dist/dev/hello.wasm", "dist/.gitkeep")
    done = project.run("build").ends(2)
    assert "git rm -r --cached dist" in done.err
    assert "`wbuild trust`" in done.err
    assert "files that git tracks in dist" in project.run("trust").ends(0).err
    project.run("build").ends(0)
    project.write("hello.toy", "say other\n")
    git(project.folder, "add", "-f", "dist")
    project.run("build").ends(0)
    project.run("clean").ends(0)
    assert not (project.folder / "dist/dev/hello.wasm").exists()
    project.run("trust", "--forget").ends(0)
    project.write("dist/dev/hello.wasm", "theirs")
    assert "dist/dev/hello.wasm is tracked" in project.run("build", "--no-check").ends(2).err
    git(project.folder, "commit", "-q", "-m", "theirs")
    git(project.folder, "rm", "-r", "-q", "--cached", "dist")
    assert (project.folder / "dist/dev/hello.wasm").read_text() == "theirs"
    done = project.run("build", "--no-check")
    assert "WB249" not in done.err


def test_trust_that_was_said_for_dist_says_nothing_about_the_work_folder(project: Shell) -> None:
    commit(project, "dist/dev/hello.wasm")
    project.run("trust").ends(0)
    commit(project, ".wbuild/x")
    assert ".wbuild/x is tracked by git" in project.run("build").ends(2).err


def test_a_worktree_a_submodule_and_a_subfolder(project: Shell, tmp_path: Path) -> None:
    commit(project, "dist/dev/hello.wasm")
    git(project.folder, "add", "wbuild.toml")
    git(project.folder, "commit", "-q", "-m", "theirs")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    git(outer, "submodule", "add", "-q", str(project.folder), "parts/hello")
    git(project.folder, "worktree", "add", "-q", str(tmp_path / "other"))
    inside = tmp_path / "whole"
    shutil.copytree(project.folder, inside / "parts/hello", ignore=shutil.ignore_patterns(".git", ".wbuild"))
    git(inside, "init", "-q")
    git(inside, "add", "-f", ".")
    for folder in (outer / "parts/hello", tmp_path / "other", inside / "parts/hello"):
        done = project.run("-C", str(folder), "clean").ends(2)
        assert "dist/dev/hello.wasm is tracked by git" in done.err


def test_a_worktree_for_pages_in_dist_is_named_with_its_own_command(project: Shell) -> None:
    project.write("dist/index.html", "theirs")
    git(project.folder / "dist", "init", "-q")
    git(project.folder / "dist", "add", "index.html")
    done = project.run("build").ends(2)
    assert "git -C dist rm -r --cached ." in done.err
    project.run("trust").ends(0)
    project.run("build").ends(0)
    assert (project.folder / "dist/index.html").read_text() == "theirs"
