"""A tool that the machine has: found on PATH, in the key of every step that uses it, and never more than itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.toys import RECIPES, Shell, plain, with_toys

SYSTEM = """
[[route]]
source = "system"
package = "toycc"
bin = { toycc = ["{self}/toycc"] }
"""


def put(folder: Path, *, note: str = "") -> None:
    """The toys' program as `toycc` in a folder."""
    text = (Path(__file__).parent / "toytools.py").read_text("utf-8")
    folder.mkdir(exist_ok=True)
    (folder / "toycc").write_text(f"#!{sys.executable} -I\n{text}# {note}\n", "utf-8")
    (folder / "toycc").chmod(0o755)


@pytest.fixture
def project(place: Shell) -> Shell:
    """A project of the toys whose compiler comes from pypi, or from the machine."""
    with_toys(place, hello="say hello\nenv PATH\n", locked=False)
    place.write("recipes/toycc.toml", RECIPES["toycc"].rstrip() + "\n" + SYSTEM)
    put(place.home / "path")
    place.env["PATH"] = os.pathsep.join(["/nowhere", str(place.home / "path")])
    return place


def test_the_machines_own_compiler(project: Shell) -> None:
    project.run("lock").ends(0)
    assert 'source = "system"' not in project.read("wbuild.lock")
    locked = project.run("lock", "--update", "toycc", "--sources", "system,pypi").ends(0)
    assert "toycc 1.0 → >=1" in locked.err
    assert '[tool.toycc.any]\nsource = "system"\npackage = "toycc"\nversion = ">=1"\n' in project.read("wbuild.lock")
    project.run("lock", "--check").ends(0)

    assert "compile hello" in plain(project.run("build").ends(0).err)
    module = (project.folder / "dist/dev/hello.wasm").read_bytes()
    assert b"hello\n" in module
    assert str(project.home / "path").encode() not in module
    assert "compile hello" not in plain(project.run("build").ends(0).err)

    put(project.home / "path", note="another compiler that says the same version")
    again = project.run("build", "--explain").ends(0)
    assert "other files of the same version" in again.err
    looked = project.run("tools", "where", "toycc").ends(4)  # a recipe of the project starts nothing while somebody only looks
    assert "toycc is the machine's own, and only a build looks for it" in looked.err

    (project.home / "path" / "toycc").unlink()
    gone = project.run("build").ends(4)
    assert "this machine has no toycc on its PATH" in gone.err
    assert "wbuild lock --update toycc --sources registry" in gone.err
    project.run("lock", "--update", "toycc", "--sources", "registry").ends(0)
    project.run("build").ends(0)


def test_a_project_inside_of_the_tools_folder_is_still_watched(project: Shell) -> None:
    put(project.home.parent)
    project.env["PATH"] = str(project.home.parent)
    project.run("lock", "--sources", "system,pypi").ends(0)
    project.run("build").ends(0)
    project.write("hello/hello.toy", "say goodbye\n")
    project.run("build").ends(0)
    assert b"goodbye" in (project.folder / "dist/dev/hello.wasm").read_bytes()


def test_too_old(project: Shell) -> None:
    project.write("recipes/toycc.toml", (RECIPES["toycc"].rstrip() + "\n" + SYSTEM).replace('">=1"', '">=2"'))
    refused = project.run("lock", "--sources", "system,pypi").ends(4)
    assert "toycc is 1.0; wanted is the machine's own toycc, from version 2 on" in refused.err.replace("\n", " ")


def test_a_source_that_does_not_exist(project: Shell) -> None:
    assert "--sources: 'sytem' is not a list of" in project.run("lock", "--sources", "sytem").ends(2).err
    assert "allow one of its own: pypi" in project.run("lock", "--sources", "npm").ends(4).err
    assert " sources system WBUILD_SOURCES" in plain(project.run("config", env={"WBUILD_SOURCES": "system"}).ends(0).out)
