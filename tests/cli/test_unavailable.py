"""A tool that this machine cannot have: the artifacts that need it say so, all others are built."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.toys import RECIPES, Shell, plain, with_toys

PROJECT = """
[artifact.hello]
lang = "toy"
path = "hello"

[artifact.rare]
lang = "rare"
path = "rare"
"""
RARE = RECIPES["toycc"].replace('"toycc"', '"rarecc"').replace("toycc =", "rarecc =")
LANGUAGE = RECIPES["toy"].replace('"toy"', '"rare"').replace("toycc", "rarecc").replace("*.toy", "*.rare")
REASON = "nobody builds it for this system"


@pytest.fixture
def project(place: Shell) -> Shell:
    """Two artifacts in two languages, locked; nothing is in the store."""
    with_toys(place, PROJECT, hello="say hello\n")
    place.write("recipes/rarecc.toml", RARE)
    place.write("recipes/rare.toml", LANGUAGE)
    place.write("rare/rare.rare", "say rare\n")
    place.run("lock").ends(0)
    return place


@pytest.fixture
def without(project: Shell) -> Shell:
    """The same, with a lock that has no `rarecc` for any platform."""
    block = re.compile(r"(\[tool\.rarecc\.any\]\n).*?\n\n", re.DOTALL)
    project.write("wbuild.lock", block.sub(rf'\1unavailable = "{REASON}"\n\n', project.read("wbuild.lock")))
    return project


def test_the_rest_is_built_and_the_reason_is_said(without: Shell) -> None:
    for options in ((), ("--locked",), ("--keep-going",)):
        done = without.run("build", *options).ends(4)
        assert done.out == "dist/dev/hello.wasm\n"
        assert len(re.findall(rf"error\[WB430\]: rare: rarecc cannot be had on \S+: {REASON}\n", done.err)) == 1
        assert re.search(rf" rare rare compiled wasip1 skipped: rarecc cannot be had on \S+: {REASON}\n", plain(done.err))
    without.run("build", "hello").ends(0)
    report = json.loads(without.run("build", "--format", "json").ends(4).out)
    assert {a["name"]: a["status"] for a in report["artifacts"]} == {"hello": "ok", "rare": "skipped"}
    assert without.run("build", "rare").ends(4).out == ""


def test_other_commands_do_what_they_can(without: Shell) -> None:
    assert "toycc" in without.run("plan").ends(4).out
    assert "error[WB430]: rare: rarecc" in without.run("fetch").ends(4).err
    assert without.run("build", "--offline", "hello").ends(0).out == "dist/dev/hello.wasm\n"
    assert "error[WB430]: rare: rarecc" in without.run("run", "rare").ends(4).err
    assert "hello" in without.run("size").ends(4).out


def test_a_tool_that_cannot_be_fetched(project: Shell) -> None:
    project.run("fetch", "hello").ends(0)
    for wheel in (project.home / "wheels").iterdir():
        wheel.unlink()
    done = project.run("build").ends(4)
    assert done.out == "dist/dev/hello.wasm\n"
    assert re.search(r" rare rare compiled wasip1 cannot download rarecc 1\.0", plain(done.err))
