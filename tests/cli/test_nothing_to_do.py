"""The nothing-to-do path says so only where a full run runs no step: random changes, each judged by a full run.

By hand, for longer: WBUILD_NOTHING_ROUNDS=1000 in the environment.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_dependency_locks import CRATE, PACKAGE
from tests.cli.toys import Done, Shell, shell, with_toys
from wbuild.nothing_to_do import try_nothing_to_do

ARGV = ("-q", "build", "--opt")
ROUNDS = int(os.environ.get("WBUILD_NOTHING_ROUNDS", "12"))
MANIFEST = """members = ["services/*"]

[profile.tiny]
inherits = "release"
opt = "smallest"

[vendor.parts]
from = "pypi:toytools"
version = "1.0"

[artifact.one]
lang = "toy"
path = "one"
out = "bin/one.wasm"

[artifact.two]
lang = "toy"
path = "two"
env = { MODE = { from = "APP_MODE" } }
inputs = ["{vendor.parts}/toytools/ballast.bin"]

[artifact.words]
lang = "crate"
path = "words"
"""
FETCH = """[[toolchain.step]]
verb = "fetch"
network = true
run = ["{bin:toycc}", "version", "{cache}/crates"]
"""
TEXTS = {
    "one/one.toy": "say one\ninclude a.inc\n",
    "one/a.inc": "say 0\n",
    "two/two.toy": "say two\nenv MODE\n",
    "services/api/wbuild.toml": '[artifact.api]\nlang = "toy"\n',
    "services/api/api.toy": "say api\ninclude api.inc\n",
    "services/api/api.inc": "say 0\n",
    "words/Cargo.toml": f'{PACKAGE}a = "1"\n',
    "words/src/main.rs": "",
}
CALLS = [
    ("", "build --opt"),
    ("", "build --opt"),
    ("", "build"),
    ("", "build one words"),
    ("", "build --profile tiny one api"),
    ("", "build --opt=none --no-check lang:toy"),
    ("", "-C services/api build --opt"),
    ("services/api", "build"),
    ("one", "-C .. build --opt t*"),
]
"""Folder in which a command line is given, and its words."""


def _touch(place: Shell, rng: random.Random) -> None:
    names = ["one/one.toy", "one/a.inc", "two/two.toy", "wbuild.toml", "dist/release/one.wasm", "bin/one.wasm", "services/api/wbuild.toml"]
    path = place.folder / rng.choice([name for name in names if (place.folder / name).exists()])
    os.utime(path, ns=(rng.randrange(10**18), rng.randrange(10**18)))


def _edit(place: Shell, rng: random.Random) -> None:
    place.write(rng.choice(["one/a.inc", "two/two.toy", "services/api/api.inc", "node_modules/x.inc"]), f"say {rng.randrange(3)}\n")


def _same_size_and_time(place: Shell, rng: random.Random) -> None:
    path = place.folder / "one/a.inc"
    info = path.stat()
    with path.open("r+", encoding="utf-8") as file:
        file.write("say ")
        file.write(str(rng.randrange(10)))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))


def _new_file(place: Shell, rng: random.Random) -> None:
    place.write(rng.choice(["one/new.inc", "two/three.toy", "docs/readme.md", "dist/other.txt"]), f"say {rng.randrange(3)}\n")


def _remove(place: Shell, rng: random.Random) -> None:
    for name in rng.sample(["one/new.inc", "two/three.toy", "docs/readme.md"], 2):
        (place.folder / name).unlink(missing_ok=True)


def _output(place: Shell, rng: random.Random) -> None:
    path = place.folder / rng.choice(["dist/release/one.wasm", "dist/dev/two.wasm", "dist/tiny/api.wasm", "bin/one.wasm", "bin/one.wasm"])
    if path.exists():
        path.unlink() if rng.random() < 0.5 else path.write_bytes(b"tampered")


def _member(place: Shell, rng: random.Random) -> None:
    """The manifest of a member changes, or a folder becomes one, or is none any more."""
    more = place.folder / "services/more"
    if rng.random() < 0.5:
        place.write("services/api/wbuild.toml", f'[artifact.api]\nlang = "toy"\ntags = ["t{rng.randrange(2)}"]\n')
    elif more.exists():
        shutil.rmtree(more)
    else:
        place.write("services/more/more.toy", "say more\n")
        place.write("services/more/wbuild.toml", '[artifact.more]\nlang = "toy"\n')


def _tool(place: Shell, rng: random.Random) -> None:
    """A tool or a vendored source is removed from the store, or loses its receipt."""
    found = sorted((place.home / ".cache/wbuild/store-v2").glob(rng.choice(["toycc-*", "vendor.parts-*"])))
    for folder in found:
        (folder / "receipt.json").unlink() if rng.random() < 0.5 else shutil.rmtree(folder)


def _fetched(place: Shell, rng: random.Random) -> None:
    """What a package client has fetched is removed."""
    shutil.rmtree(place.home / ".cache/wbuild/shared", ignore_errors=True)


def _dependencies(place: Shell, rng: random.Random) -> None:
    if rng.random() < 0.5:
        (place.folder / "words/Cargo.lock").unlink(missing_ok=True)
    else:
        place.write("words/Cargo.toml", f'{PACKAGE}a = "{rng.randrange(1, 3)}"\n')


def _copy(place: Shell, rng: random.Random) -> None:
    """`out` names another file."""
    text = re.sub(r'out = ".*"', f'out = "bin/{rng.choice(["one", "other"])}.wasm"', place.read("wbuild.toml"))
    place.write("wbuild.toml", text)


def _profile(place: Shell, rng: random.Random) -> None:
    text = re.sub(r'opt = ".*"', f'opt = "{rng.choice(["size", "smallest"])}"', place.read("wbuild.toml"))
    place.write("wbuild.toml", text)


def _manifest(place: Shell, rng: random.Random) -> None:
    text = re.sub(r"budget = .*\n", "", place.read("wbuild.toml"))
    place.write("wbuild.toml", text.replace('lang = "toy"\n', f'lang = "toy"\nbudget = "{rng.randrange(1, 4)} KiB"\n', 1))


def _variable(place: Shell, rng: random.Random) -> None:
    place.env["APP_MODE"] = str(rng.randrange(3))


def _epoch(place: Shell, rng: random.Random) -> None:
    place.env["SOURCE_DATE_EPOCH"] = str(rng.randrange(2))


def _cache(place: Shell, rng: random.Random) -> None:
    if rng.random() < 0.5:
        shutil.rmtree(place.home / ".cache/wbuild/cache-v1", ignore_errors=True)
    else:
        place.run("cache", "gc", "--max", "0").ends(0)


def _recipe(place: Shell, rng: random.Random) -> None:
    text = place.read("recipes/toy.toml")
    place.write("recipes/toy.toml", f"{text.rstrip()}\n# {rng.randrange(3)}\n")


def _future(place: Shell, rng: random.Random) -> None:
    """The clock was wrong when these were written (F59)."""
    path = place.folder / rng.choice(["one/a.inc", "wbuild.lock", "recipes/toy.toml"])
    os.utime(path, ns=(4 * 10**18, 4 * 10**18 + rng.randrange(3)))


def _permissions(place: Shell, rng: random.Random) -> None:
    (place.folder / "one/a.inc").chmod(rng.choice([0o600, 0o644, 0o755]))


def _link(place: Shell, rng: random.Random) -> None:
    """A source becomes a link to another file, a folder a link to another folder."""
    path, folder = place.folder / "one/a.inc", place.folder / "docs/more"
    place.write("docs/other.inc", f"say {rng.randrange(3)}\n")
    path.unlink()
    path.symlink_to("../docs/other.inc")
    folder.unlink(missing_ok=True)
    folder.symlink_to(rng.choice(["../one", "../two"]))


def _state(place: Shell, rng: random.Random) -> None:
    for path in (place.folder / ".wbuild/state").iterdir():
        path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def _intermediate(place: Shell, rng: random.Random) -> None:
    shutil.rmtree(place.folder / ".wbuild" / rng.choice(["out", "keys"]), ignore_errors=True)


def _settings(place: Shell, rng: random.Random) -> None:
    place.env["WBUILD_CONFIG"] = str(place.folder.parent / "config.toml")
    (place.folder.parent / "config.toml").write_text(f"jobs = {rng.randrange(1, 3)}\n")


def _nothing(place: Shell, rng: random.Random) -> None:
    """So that there is something to find."""


CHANGES: list[Callable[[Shell, random.Random], None]] = [
    *[_nothing] * 4,
    _member,
    _tool,
    _fetched,
    _dependencies,
    _copy,
    _profile,
    _intermediate,
    _touch,
    _edit,
    _same_size_and_time,
    _new_file,
    _remove,
    _output,
    _manifest,
    _variable,
    _epoch,
    _cache,
    _recipe,
    _future,
    _permissions,
    _link,
    _state,
    _settings,
]


def project(folder: Path) -> Shell:
    """Artifacts with a copy, a variable, a vendored source, dependencies that are fetched, and a member with one of its own."""
    place = with_toys(shell(folder / "work", folder / "home"), MANIFEST)
    place.write("recipes/crate.toml", CRATE.replace("[[toolchain.step]]", f"{FETCH}[[toolchain.step]]", 1))
    for name, text in TEXTS.items():
        place.write(name, text)
    place.env["APP_MODE"] = "0"
    return place


def made(place: Shell) -> dict[str, bytes]:
    return {name: data for name, data in place.files().items() if name.endswith(".wasm") and not name.startswith(".wbuild/")}


def given(place: Shell, call: tuple[str, str], *more: str) -> Done:
    """A command line, given in its folder."""
    return place.run(*more, *call[1].split(), cwd=place.folder / call[0])


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_to_do_is_never_wrong(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    place = project(tmp_path)
    given(place, CALLS[0]).ends(0)
    found = 0
    for number in range(ROUNDS):
        change = rng.choice(CHANGES)
        change(place, rng)
        claims = []
        for call in dict.fromkeys(CALLS):
            monkeypatch.chdir(place.folder / call[0])
            if try_nothing_to_do(call[1].split(), place.env) is not None:
                claims.append(call)
        if claims:
            found += 1
            call = rng.choice(claims)
            before = made(place)
            full = given(place, call, "-v").ends(0)
            said = f"seed {seed}, round {number}: {change.__name__}, then {call}\n{full.err}"
            assert not re.search(r"  \d+\.\d s$", full.err, re.MULTILINE), said
            assert "new in the store" not in full.err, said
            assert made(place) == before, said
        call = rng.choice(CALLS)
        assert given(place, call).code in (0, 2, 3), f"seed {seed}, round {number}: {change.__name__}, then {call}"
    assert found >= 3


def test_what_was_fetched_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, words = project(tmp_path), ("build", "words")
    assert "fetch     words" in place.run(*words).ends(0).err
    monkeypatch.chdir(place.folder)
    assert try_nothing_to_do(words, place.env) == 0
    shutil.rmtree(place.home / ".cache/wbuild/shared")
    assert try_nothing_to_do(words, place.env) is None
    assert "fetch     words" in place.run(*words).ends(0).err
    assert try_nothing_to_do(words, place.env) == 0


def test_F67_a_result_that_is_not_kept_is_something_to_do(tmp_path: Path) -> None:
    """What it read belongs to nobody, so nobody watches it."""
    odd = tmp_path / "odd.inc"
    odd.write_text("say 1\n")
    place = with_toys(shell(tmp_path / "work", tmp_path / "home"), one=f"include {odd}\n")
    for _ in range(2):
        place.run(*ARGV).ends(0)
    first = (place.folder / "dist/release/one.wasm").read_bytes()
    odd.write_text("say 2\n")
    place.run(*ARGV).ends(0)
    assert (place.folder / "dist/release/one.wasm").read_bytes() != first


@pytest.mark.parametrize("file", ["node_modules/x.inc", "two/x.inc"])
def test_F67_a_file_that_nobody_lists_is_looked_at_again(file: str, tmp_path: Path) -> None:
    place = with_toys(shell(tmp_path / "work", tmp_path / "home"), one=f"include ../{file}\n", two="say two\n")
    place.write(file, "say 1\n")
    for _ in range(2):
        place.run(*ARGV, "one").ends(0)
    first = (place.folder / "dist/release/one.wasm").read_bytes()
    place.write(file, "say 2\n")
    place.run(*ARGV, "one").ends(0)
    assert (place.folder / "dist/release/one.wasm").read_bytes() != first
