"""Values that a manifest takes from the environment: in the clear nowhere but in the step that was promised them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.toys import Shell, plain, with_toys

VALUE = "cAnArY-81c2-mine"
MANIFEST = """
[artifact.hello]
lang = "toy"
path = "hello"
env = { BUILD = { from = "BUILD_NAME" } }
"""


def holding(place: Shell) -> list[str]:
    """Files of the project and of the home that hold the value."""
    files = [path for folder in (place.folder, place.home) for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in files if VALUE.encode() in path.read_bytes())


def project(place: Shell, source: str) -> Shell:
    with_toys(place, MANIFEST)
    place.write("hello/hello.toy", source)
    place.env["BUILD_NAME"] = VALUE
    return place


def test_a_value_is_in_no_file_and_on_no_screen(place: Shell) -> None:
    here = project(place, "say hello\n")
    for line in ("build --explain", "build --explain", "plan --explain", "plan --format json", "-vv build --opt", "build --format json"):
        done = here.run(*line.split()).ends(0)
        assert VALUE not in done.out + done.err, line
    assert holding(here) == []
    here.env["BUILD_NAME"] = "cAnArY-another"
    explained = here.run("build", "--explain").ends(0).err
    assert "env BUILD: changed (never shown; results made with it stay yours" in " ".join(explained.split())
    assert "compile hello" not in plain(here.run("build").ends(0).err)


def test_a_failing_step_does_not_tell_it(place: Shell) -> None:
    here = project(place, f"fail it is {VALUE} here\n")
    (here.folder / "hello/hello.toy").chmod(0o644)
    done = here.run("build").ends(1)
    assert VALUE not in done.out + done.err
    assert "BUILD='***'" in done.err or "BUILD=***" in done.err
    assert set(holding(here)) <= {"hello.toy"}
    assert json.loads((here.folder / "dist/dev/report.json").read_text())


def test_a_plain_name_is_everybodys(place: Shell) -> None:
    here = project(place, "say hello\n")
    shown = here.run("plan", "--format", "json", env={"WBUILD_PLAIN_ENV": "BUILD_*"}).ends(0).out
    assert VALUE in shown
    here.run("build", env={"WBUILD_PLAIN_ENV": "BUILD_*"}).ends(0)
    assert holding(here)


@pytest.mark.parametrize("name", ["GH_PAT", "MYSQL_PWD", "SIGNING_PASSPHRASE", "NPM_TOKEN"])
def test_names_of_secrets_are_refused(place: Shell, name: str) -> None:
    here = project(place, "say hello\n")
    here.write("wbuild.toml", here.read("wbuild.toml").replace("BUILD_NAME", name))
    assert "looks like a credential" in " ".join(here.run("build").ends(2).err.split())
    here.write("wbuild.toml", here.read("wbuild.toml").replace(name, "DATABASE_URL"))
    done = here.run("build", env={"DATABASE_URL": "postgres://me:hunter22@db/x"}).ends(2)
    assert "an address with a name or a password in it" in " ".join(done.err.split())
    assert "hunter22" not in done.err
    assert isinstance(here.home, Path)
