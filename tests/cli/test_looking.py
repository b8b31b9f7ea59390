"""A project that somebody else wrote: looking starts nothing of it and writes nothing, and its own recipes wait for the user's word."""

from __future__ import annotations

import os

import pytest

from tests.cli.toys import Shell, with_toys

TOOL = """
type = "tool"
name = "mytool"
summary = "x"
versions = ">=1"
[probe]
bin = "mytool"
args = ["-c", "echo mytool 1.0; env > {mark}"]
expect = "mytool {{version}}"
[[route]]
source = "system"
package = "sh"
bin = {{ mytool = ["{{self}}/sh"] }}
"""
LANGUAGE = """
type = "language"
name = "mine"
title = "Mine"
category = "compiled"
driver = "compiler"
extensions = [".mine"]
targets = ["wasip1"]
sources = ["*.mine"]
[[toolchain]]
name = "mytool"
tools = ["mytool"]
targets = ["wasip1"]
[[toolchain.step]]
verb = "compile"
run = ["{bin:mytool}", "-c", "true", "{in}", "{out}"]
"""
LOOKING = [
    *(
        "plan",
        "plan --explain",
        "plan --opt --format json",
        "lock --check",
        "tools list",
        "tools info mytool",
        "tools verify",
        "tools gc --dry-run",
    ),
    *(
        "ci matrix",
        "ci cache-key",
        "languages",
        "hosts",
        "config",
        "explain WB440",
        "schema",
        "inspect m.wasm",
        "size m.wasm",
        "init --dry-run --lang c other",
    ),
    *("tools where mytool", "cache info", "trust --list"),
]
SECRETS = {"NPM_TOKEN": "cAnArY-1", "CARGO_REGISTRIES_X_TOKEN": "cAnArY-2", "https_proxy": "http://me:cAnArY-3@127.0.0.1:9"}


@pytest.fixture
def hostile(place: Shell) -> Shell:
    """Recipes whose probe leaves a mark, programs of PATH that lie in the project, and configuration that names programs."""
    mark = place.home / "mark"
    place.trusting = False
    with_toys(place, locked=False)
    place.write("recipes/mytool.toml", TOOL.format(mark=mark))
    place.write("recipes/mine.toml", LANGUAGE)
    place.write("a/a.mine", "x")
    place.write("wbuild.toml", '[project]\nname = "x"\nrecipes = ["recipes/*.toml"]\n[artifact.a]\nlang = "mine"\npath = "a"\n')
    place.write(".npmrc", f"git={mark}\n")
    place.write(".cargo/config.toml", f'[registry]\ncredential-provider = "{mark}"\n')
    (place.folder / "m.wasm").write_bytes(b"\0asm\1\0\0\0")
    for name in ("go", "rustc", "git", "node", "zig", "npm"):
        program = place.write(f"bin/{name}", f"#!/bin/sh\nenv > {mark}\n")
        program.chmod(0o755)
    place.write(".git/config", f'[core]\n\tfsmonitor = "touch {mark}"\n\thooksPath = bin\n')
    place.write(".git/HEAD", "ref: refs/heads/main\n")
    place.env |= {"PATH": os.pathsep.join([str(place.folder / "bin"), "/usr/bin", "/bin"]), "GITHUB_SHA": "0" * 40, **SECRETS}
    return place


def test_looking_starts_and_writes_nothing(hostile: Shell) -> None:
    before = hostile.files()
    for locked in (False, True):
        if locked:
            hostile.write("wbuild.lock", _lock(hostile))
            before = hostile.files()
        for line in LOOKING:
            done = hostile.run(*line.split())
            assert done.code in (0, 1, 2, 4), (line, done)
            assert not (hostile.home / "mark").exists(), f"{line} started something"
            assert hostile.files() == before, f"{line} wrote something"
            assert "cAnArY" not in done.out + done.err, line


def _lock(hostile: Shell) -> str:
    """The lock that the project brings along, as its author made it."""
    author = Shell(hostile.folder, hostile.home.parent / "author", {**hostile.env, "HOME": str(hostile.home.parent / "author")})
    author.home.mkdir()
    author.run("lock").ends(0)
    text = hostile.read("wbuild.lock")
    (hostile.home / "mark").unlink()  # it runs where its author lives
    return text


def test_recipes_wait_for_the_users_word(hostile: Shell) -> None:
    for line in ("build", "lock", "check", "fetch", "tools install", "run a"):
        done = hostile.run(*line.split(), "--no-locked" if line in ("build", "check") else "--offline" if line == "tools install" else "-q")
        assert done.code != 0, line
        assert not (hostile.home / "mark").exists(), line
    refused = hostile.run("build").ends(4)
    assert refused.err.count("error[WB440]") == 1
    said = " ".join(refused.err.split())
    assert "a recipe of this project that you have not trusted yet" in said
    assert "`wbuild trust` once: it allows the recipes of this project, as they are now, to fetch tools, to look for programs" in said

    hostile.run("trust").ends(0)
    hostile.run("lock").ends(0)
    seen = (hostile.home / "mark").read_text()
    assert "cAnArY" not in seen
    assert "HOME=" in seen
    (hostile.home / "mark").unlink()
    for line in LOOKING:
        hostile.run(*line.split())
        assert not (hostile.home / "mark").exists(), f"{line} started something"

    hostile.write("recipes/mytool.toml", hostile.read("recipes/mytool.toml").replace("env >", "env >>"))
    again = hostile.run("lock", "--update")
    assert again.code == 4
    assert "error[WB440]" in again.err
    assert not (hostile.home / "mark").exists()


def test_with_a_lock_of_strangers_nothing_is_installed_before(place: Shell) -> None:
    with_toys(place, hello="say hello\n", locked=False)
    place.run("build").ends(0)
    stranger = Shell(
        place.folder, place.home.parent / "stranger", {**place.env, "HOME": str(place.home.parent / "stranger")}, trusting=False
    )
    stranger.home.mkdir()
    refused = stranger.run("build").ends(4)
    assert "WB440" in refused.err
    store = stranger.home / ".cache/wbuild"
    assert not [path for path in store.rglob("*") if path.name == "main.py"]


OWN = """
type = "language"
name = "mine"
title = "Mine"
category = "compiled"
driver = "compiler"
extensions = [".mine"]
targets = ["wasip1"]
sources = ["*.mine"]
"""


HOST = """
type = "host"
name = "h"
title = "H"
targets = ["wasip1"]
source = ["x"]
date = "2026-01"
[module]
imports = {}
"""
CHAIN = """
[[toolchain]]
name = "zig"
tools = ["zig"]
targets = ["wasip1"]
[[toolchain.step]]
verb = "compile"
run = ["{bin:zig}", "{in}", "{out}"]
"""


def test_recipes_over_shipped_tools_need_nobodys_word(place: Shell) -> None:
    place.trusting = False
    place.write("recipes/mine.toml", OWN + CHAIN)
    place.write("recipes/host.toml", HOST)
    place.write("a/a.mine", "x")
    place.write("wbuild.toml", '[project]\nname = "x"\nrecipes = ["recipes/*.toml"]\n[artifact.a]\nlang = "mine"\npath = "a"\n')
    done = place.run("build")
    assert "WB440" not in done.err, done
    assert "trust" not in done.err
