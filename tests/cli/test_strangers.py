"""Files of a project and of a cache that somebody else put there, in a black box: one line, no hang, no traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.toys import Shell, with_toys
from wbuild.cache.sealed_json import decode, encode


def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def deep(path: Path) -> None:
    path.write_text("x = " + "[" * 200_000)


@pytest.mark.parametrize("plant", [fifo, device, huge, deep])
@pytest.mark.parametrize("name", ["wbuild.lock", "wbuild.toml", "recipes/toy.toml"])
def test_a_file_of_a_project_that_cannot_be_read_is_one_error(name: str, plant: object, place: Shell) -> None:
    with_toys(place, one="say one\n")
    path = place.folder / name
    path.unlink(missing_ok=True)
    plant(path)  # type: ignore[operator]
    done = place.run("plan")
    assert done.code in (2, 6), done.err
    assert done.err.count("error[") == 1
    assert "Traceback" not in done.err
    assert len(done.err) < 2000


def test_an_entry_of_the_cache_deletes_nothing(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    precious = place.home / ".cache/wbuild/precious.txt"
    precious.write_text("precious")
    entries = [path for path in (place.home / ".cache/wbuild/cache-v1/ac").rglob("*") if path.is_file()]
    for path in entries:
        body = decode(path.read_bytes()) or {}
        outputs = body["outputs"]
        assert isinstance(outputs, dict)
        path.write_bytes(encode({**body, "outputs": dict.fromkeys(outputs, "../../precious.txt")}))
    place.run("clean").ends(0)
    place.run("build").ends(0)
    assert precious.read_text() == "precious"


def test_a_cache_that_strangers_filled_is_verified_repaired_and_swept(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    base = place.home / ".cache/wbuild/cache-v1"
    entries = [path for path in (base / "ac").rglob("*") if path.is_file()]
    entries[0].write_bytes(b"[" * 200_000)
    entries[1].unlink()
    fifo(entries[1])
    entries[2].unlink()
    device(entries[2])
    assert "error[WB551]" in place.run("cache", "verify").ends(5).err
    place.run("cache", "info").ends(0)
    place.run("cache", "gc").ends(0)
    place.run("cache", "verify", "--repair").ends(0)
    place.run("cache", "verify").ends(0)
    place.run("clean").ends(0)
    place.run("build").ends(0)
