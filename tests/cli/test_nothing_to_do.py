"""The nothing-to-do path says so only where a full run runs no step: random changes, each judged by a full run."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell, with_toys
from wbuild.fast import try_nothing_to_do

ARGV = ("-q", "build", "--opt")
ROUNDS = 25
SOURCES = {"one": "say one\ninclude a.inc\n", "two": "say two\nenv MODE\n"}


def _touch(place: Shell, rng: random.Random) -> None:
    path = place.folder / rng.choice(["one/one.toy", "one/a.inc", "two/two.toy", "wbuild.toml", "dist/release/one.wasm"])
    os.utime(path, ns=(rng.randrange(10**18), rng.randrange(10**18)))


def _edit(place: Shell, rng: random.Random) -> None:
    place.write(rng.choice(["one/a.inc", "two/two.toy", "node_modules/x.inc"]), f"say {rng.randrange(3)}\n")


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
    path = place.folder / "dist/release" / rng.choice(["one.wasm", "two.wasm"])
    path.unlink() if rng.random() < 0.5 else path.write_bytes(b"tampered")


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
    for path in (place.folder / ".wbuild/state").glob("*.json"):
        path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def _settings(place: Shell, rng: random.Random) -> None:
    place.env["WBUILD_CONFIG"] = str(place.folder.parent / "config.toml")
    (place.folder.parent / "config.toml").write_text(f"jobs = {rng.randrange(1, 3)}\n")


def _nothing(place: Shell, rng: random.Random) -> None:
    """So that there is something to find."""


CHANGES: list[Callable[[Shell, random.Random], None]] = [
    *[_nothing] * 4,
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


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_to_do_is_never_wrong(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    place = with_toys(shell(tmp_path / "work", tmp_path / "home"), **SOURCES)
    place.write("one/a.inc", "say 0\n")
    place.write(
        "wbuild.toml", place.read("wbuild.toml").replace('path = "two"\n', 'path = "two"\nenv = { MODE = { from = "APP_MODE" } }\n')
    )
    place.env["APP_MODE"] = "0"
    place.run(*ARGV).ends(0)
    monkeypatch.chdir(place.folder)
    found = 0
    for number in range(ROUNDS):
        change = rng.choice(CHANGES)
        change(place, rng)
        said = f"seed {seed}, round {number}: {change.__name__}"
        if try_nothing_to_do(ARGV, place.env) is not None:
            found += 1
            full = place.run("-v", *ARGV[1:]).ends(0)
            assert not re.search(r"  \d+\.\d s$", full.err, re.MULTILINE), f"{said}\n{full.err}"
        else:
            assert place.run(*ARGV).code in (0, 3), said
    assert found >= 3


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
