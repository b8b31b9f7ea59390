"""A cache that strangers have filled: whatever stands in it, builds come out right, commands end, and nothing outside of it changes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine_world import World, compile_step
from wbuild.cache import Cache
from wbuild.cache.inventory import summary, verify
from wbuild.cache.keys import canonical, digest
from wbuild.cache.sealed_json import decode, encode, entry_of
from wbuild.cache.sweep import SweepLimits, discard, sweep
from wbuild.doors.files import RealFiles
from wbuild.errors import MachineError

files = RealFiles()
STEPS = [compile_step("a.c"), compile_step("b.c", headers=("b.h",))]
EXPECTED = {"out/a.c.o": "int odd;", "out/b.c.o": "int b;"}
KINDS = ("ac", "sets", "cas")
BAD_DIGESTS: tuple[object, ...] = ("../../precious.txt", "/etc/passwd", "", ".", "a" * 5000, "A" * 64, "é" * 64, "0" * 63, "a\0b", "0" * 64)
BAD_DIGESTS += (5, [], {}, True)


def build(folder: Path) -> World:
    """A world that was built once, with a precious file beside its cache."""
    world = World(folder)
    world.write(a_c="int odd;", b_c='#include "b.h"', b_h="int b;")
    world.run(*STEPS)
    (folder / "precious.txt").write_text("precious")
    (folder / "others").mkdir()
    (folder / "others" / ("ab" * 32)).write_text("precious")
    os.utime(folder / "others" / ("ab" * 32), (0, 0))
    return world


def check(world: World) -> None:
    """Build as a new clone would: the right outputs, and nothing of others changed; then the commands."""
    folder = world.cache_root.parent
    world.forget_outputs()
    results = world.run(*STEPS)
    assert {result.status for result in results.values()} <= {"ran", "cached"}
    assert {path: world.read(path) for path in EXPECTED} == EXPECTED
    summary(world.cache_root)
    sweep(world.cache_root, files, SweepLimits(size=1 << 40), dry=True)
    count, damage = verify(world.cache_root, files)
    assert count >= len(damage)
    discard(world.cache_root, files, damage)
    assert verify(world.cache_root, files)[1] == ()
    sweep(world.cache_root, files, SweepLimits(size=0), patience=0)
    world.forget_outputs()
    world.run(*STEPS)
    assert {path: world.read(path) for path in EXPECTED} == EXPECTED
    assert (folder / "precious.txt").read_text() == "precious"
    assert [path.read_text() for path in (folder / "others").iterdir()] == ["precious"]


def sealed(text: bytes) -> bytes:
    """A file with a digest of itself that is right, whatever it says."""
    return text + b"\n" + digest(text).encode() + b"\n"


def listed(world: World, kind: str) -> list[Path]:
    return sorted(path for path in (world.cache_root / "cache-v1" / kind).rglob("*") if path.is_file())


@pytest.mark.parametrize("bad", BAD_DIGESTS, ids=lambda bad: repr(bad)[:20])
@pytest.mark.parametrize("where", ["output", "log", "names", "name of an output"])
def test_what_is_no_digest_never_becomes_a_path(bad: object, where: str, tmp_path: Path) -> None:
    world = build(tmp_path)
    for path in listed(world, "ac"):
        body: dict[str, Any] = decode(path.read_bytes()) or {}
        if where == "output":
            body["outputs"] = dict.fromkeys(body["outputs"], bad)
        elif where == "name of an output":
            body["outputs"] = dict.fromkeys([str(bad)], "0" * 64)
        elif where == "log":
            body["log"] = bad
        else:
            body["action"]["names"] = bad
        path.write_bytes(encode(body))
    check(world)


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 200_000,
        b"{nope",
        b"\xff\xfe",
        b'{"seconds":' + b"9" * 5000 + b"}",
        b'{"sets":[5]}',
        b'{"sets":[["/dev/zero"],["../../precious.txt"],["a\\u0000b"],[7]]}',
        b'{"action":[],"outputs":[]}',
        b"[]",
    ],
    ids=lambda text: text[:12].decode("latin-1"),
)
def test_an_entry_of_any_form_with_a_right_digest_is_a_miss_that_is_healed(text: bytes, tmp_path: Path) -> None:
    world = build(tmp_path)
    for kind in ("ac", "sets"):
        for path in listed(world, kind):
            path.write_bytes(sealed(text))
    check(world)


@pytest.mark.parametrize("seconds", ["abc", None, True, -1, [], "1e999", 10**15, float(10**300)])
def test_seconds_of_any_form_do_no_harm(seconds: object, tmp_path: Path) -> None:
    world = build(tmp_path)
    for path in listed(world, "ac"):
        path.write_bytes(encode({**(decode(path.read_bytes()) or {}), "seconds": seconds}))
    check(world)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _zero(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _precious(path: Path) -> None:
    path.symlink_to(path.parents[4] / "precious.txt")


def _dangling(path: Path) -> None:
    path.symlink_to(path.parents[4] / "nothing")


def _folder(path: Path) -> None:
    (path / "deep" / "er").mkdir(parents=True)
    (path / "deep" / "file").write_text("x")


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize("plant", [_fifo, _zero, _precious, _dangling, _folder])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_not_followed_and_goes(plant: Callable[[Path], None], kind: str, tmp_path: Path) -> None:
    world = build(tmp_path)
    for path in listed(world, kind):
        path.unlink()
        plant(path)
    check(world)


@pytest.mark.parametrize("kind", ["ac", "sets"])
def test_a_huge_entry_is_not_read(kind: str, tmp_path: Path) -> None:
    world = build(tmp_path)
    for path in listed(world, kind):
        _sparse(path)
    check(world)


@pytest.mark.parametrize("place", ["ac", "cas", "sets", "runs", "cas/*", "ac/*"])
def test_nothing_is_read_written_or_removed_through_a_link(place: str, tmp_path: Path) -> None:
    world = build(tmp_path)
    for folder in sorted((world.cache_root / "cache-v1").glob(place)):
        files.remove(folder)
        folder.symlink_to(tmp_path / "others")
    check(world)


@pytest.mark.parametrize("name", ["growth", "swept", "runs/1-deadbeef", "runs/notes.txt"])
@pytest.mark.parametrize("plant", [_fifo, _zero, _dangling])
def test_the_books_of_a_cache_may_be_anything(plant: Callable[[Path], None], name: str, tmp_path: Path) -> None:
    world = build(tmp_path)
    path = world.cache_root / "cache-v1" / name
    files.remove(path)
    path.parent.mkdir(exist_ok=True)
    plant(path)
    cache = Cache(world.cache_root, files)
    assert cache.total() == 0 or name != "growth"
    with cache.running():
        cache.store_bytes(b"new")
    check(world)


def test_a_lock_that_is_a_link_signs_nobodys_file(tmp_path: Path) -> None:
    world = build(tmp_path)
    lock = world.cache_root / "cache-v1.lock"
    lock.unlink(missing_ok=True)
    lock.symlink_to(tmp_path / "precious.txt")
    with pytest.raises(MachineError, match="cannot lock"):
        sweep(world.cache_root, files, SweepLimits(size=0))
    lock.unlink()
    os.link(tmp_path / "precious.txt", lock)
    sweep(world.cache_root, files, SweepLimits(size=0))
    assert (tmp_path / "precious.txt").read_text() == "precious"


def test_numbers_in_the_book_of_growth_are_numbers(tmp_path: Path) -> None:
    cache = Cache(tmp_path, files)
    cache.store_bytes(b"x")
    (tmp_path / "cache-v1/growth").write_bytes(b"12\n" + b"9" * 5000 + b"\n-3\nx\n\xff\n30\n")
    assert cache.total() == 42


_WORDS = [bad for bad in BAD_DIGESTS if isinstance(bad, str)]
_SCALARS = st.none() | st.booleans() | st.integers(-5, 1 << 40) | st.sampled_from([*_WORDS, "a.c"])
_KEY = st.sampled_from(["a", "../b"])
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEY, inner), max_leaves=4)
_KEYS = st.sampled_from(["action", "outputs", "log", "seconds", "sets", "inputs", "read", "names", "env", "texts", "tools", "other"])


def _rewritten(path: Path, key: str, value: object, *, inside: bool) -> None:
    """An entry with one part replaced and its digest made anew."""
    try:
        body: Any = json.loads(path.read_bytes().partition(b"\n")[0])
    except ValueError:
        body = {}
    target = body["action"] if inside and isinstance(body, dict) and isinstance(body.get("action"), dict) else body
    if isinstance(target, dict):
        target[key] = value
    path.write_bytes(sealed(canonical(body)))


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_damage_and_anything_planted_is_healed_and_touches_nothing_else(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = build(Path(folder).resolve())
        for _ in range(data.draw(st.integers(1, 4))):
            kind = data.draw(st.sampled_from(KINDS))
            found = [path for path in listed(world, kind) if not path.is_symlink()]
            if not found:
                continue
            path = data.draw(st.sampled_from(found))
            how = data.draw(st.sampled_from(["bytes", "cut", "rewritten", "planted", "copied"]))
            if how == "bytes":
                path.write_bytes(data.draw(st.binary(max_size=40)))
            elif how == "cut":
                path.write_bytes(path.read_bytes()[: data.draw(st.integers(0, 40))])
            elif how == "rewritten" and kind != "cas":
                _rewritten(path, data.draw(_KEYS), data.draw(_VALUES), inside=data.draw(st.booleans()))
            elif how == "planted":
                path.unlink()
                data.draw(st.sampled_from([_fifo, _zero, _precious, _dangling, _folder]))(path)
            else:
                other = path.with_name(data.draw(st.sampled_from(["f" * 64, "x", "-rf"])))
                if not other.exists():
                    other.write_bytes(path.read_bytes())
        check(world)


def test_a_sound_entry_is_still_read(tmp_path: Path) -> None:
    world = build(tmp_path)
    assert all(entry_of(decode(path.read_bytes()) or {}) for path in listed(world, "ac"))
    world.forget_outputs()
    assert {result.status for result in world.run(*STEPS).values()} == {"cached"}
