"""What a manifest names and is not there, and links that lead out of the project: said before anything runs, with the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.toys import Shell, copied, shell, with_toys

HELLO = '[artifact.hello]\nlang = "toy"\npath = "hello"\n'
CHECK = '\n[[artifact.hello.check]]\nstdin-file = "in.txt"\nstdout-file = "data/out.txt"\ndirs = { "/data" = "dta" }\n'


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), HELLO, hello="say hello\ninclude a.inc\n")
    place.write("hello/a.inc", "pad 10\n")
    place.run("lock").ends(0)
    place.run("tools", "install").ends(0)
    return place


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    return copied(locked, tmp_path)


@pytest.mark.parametrize("name", ["hello.toy", "a.inc"])
def test_F113_no_input_is_a_link_out_of_the_project(project: Shell, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("fail canary\n")
    project.run("build").ends(0)
    (project.folder / "hello" / name).unlink()
    (project.folder / "hello" / name).symlink_to(outside)
    done = project.run("build").ends(2)
    assert f'error[WB209]: artifact.hello: "hello/{name}" leaves the project through a symbolic link' in done.err
    assert " --> wbuild.toml:4:11\n" in done.err
    assert "canary" not in done.err


def test_F113_content_of_a_folder_for_a_check(project: Shell, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("x")
    (project.folder / "hello" / "data").mkdir()
    (project.folder / "hello" / "data" / "link").symlink_to(tmp_path / "outside")
    project.write("wbuild.toml", project.read("wbuild.toml") + '[[artifact.hello.check]]\ndirs = { "/" = "data" }\n')
    assert '"hello/data/link" leaves the project' in project.run("build", "--opt").ends(2).err


def test_F113_links_inside_the_project_are_fine(project: Shell) -> None:
    project.write("shared/a.inc", "pad 20\n")
    (project.folder / "hello/a.inc").unlink()
    (project.folder / "hello/a.inc").symlink_to("../shared/a.inc")
    (project.folder / "hello/more").symlink_to("../shared")
    project.run("build").ends(0)
    assert project.run("build").ends(0).err == project.run("build").ends(0).err


def test_F113_a_link_that_is_no_input_may_lead_anywhere(project: Shell, tmp_path: Path) -> None:
    (project.folder / "hello/python").symlink_to(tmp_path)
    (tmp_path / "file").write_text("")
    (project.folder / "hello/file").symlink_to(tmp_path / "file")
    project.run("build").ends(0)


def test_everything_that_is_not_there_is_said_at_once(project: Shell) -> None:
    project.write("hello/data/x.txt", "")
    project.write("wbuild.toml", project.read("wbuild.toml") + CHECK)
    done = project.run("build", "--opt").ends(2)
    assert [line for line in done.err.splitlines() if line.startswith(("error", "hint"))] == [
        'error[WB237]: artifact.hello.check[1].stdin-file: there is no file "in.txt"',
        "hint: paths are relative to hello/",
        'error[WB237]: artifact.hello.check[1].stdout-file: there is no file "data/out.txt"',
        'hint: did you mean "data/x.txt"?',
        'error[WB237]: artifact.hello.check[1].dirs."/data": there is no folder "dta"',
        'hint: did you mean "data"?',
    ]
    assert done.err.count(" --> wbuild.toml:") == 3
    assert not (project.folder / ".wbuild/out").exists()


def test_a_folder_that_is_not_there_is_not_one_without_sources(project: Shell) -> None:
    text = project.read("wbuild.toml")
    project.write("wbuild.toml", text.replace('path = "hello"', 'path = "helo"'))
    done = project.run("build").ends(2)
    assert 'error[WB233]: artifact.hello: there is no folder "helo"\n' in done.err
    assert 'path = "helo"\n' in done.err
    assert 'hint: did you mean "hello"?' in done.err
    (project.folder / "empty").mkdir()
    project.write("wbuild.toml", text.replace('path = "hello"', 'path = "empty"'))
    assert "error[WB233]: artifact.hello: no Toy sources in empty\n" in project.run("build").ends(2).err
