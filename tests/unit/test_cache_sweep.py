"""The cache keeps its limit, and whoever uses it meanwhile loses nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine_world import World, compile_step
from tests.unit.test_cache import key
from wbuild.cache import Cache, ResultEntry
from wbuild.cache.copies import idle_copies, note_use, own_name, remove
from wbuild.cache.inventory import look, summary, verify
from wbuild.cache.keys import action_digest, digest
from wbuild.cache.layout import STEADY
from wbuild.cache.sweep import SweepLimits, Swept, discard, sweep
from wbuild.doors.files import RealFiles
from wbuild.errors import MachineError

files = RealFiles()
DAY = 86_400.0


class Shelf:
    """A cache with results of a known age."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.base = root / "cache-v1"
        self.cache = Cache(root, files)

    def add(self, name: str, *contents: bytes, days: float = 10) -> str:
        """A result that was last used so many days ago; its action."""
        evidence = key(action=(name,)).evidence({})
        found = {str(number): self.cache.store_bytes(data) for number, data in enumerate(contents)}
        self.cache.keep(evidence, ResultEntry(outputs=found))
        for content in found.values():
            self.age("cas", content, days)
        self.age("ac", action_digest(evidence), days)
        return action_digest(evidence)

    def path(self, kind: str, name: str) -> Path:
        return self.base / kind / name[:2] / name

    def age(self, kind: str, name: str, days: float) -> None:
        moment = time.time() - days * DAY
        os.utime(self.path(kind, name), (moment, moment))

    def sweep(self, size: int | None = None, age: float | None = None, *, dry: bool = False) -> Swept:
        return sweep(self.root, files, SweepLimits(size=size, age=age), patience=0, dry=dry)

    def has(self, action: str) -> bool:
        return self.path("ac", action).is_file()

    def contents(self) -> set[bytes]:
        return {path.read_bytes() for path in (self.base / "cas").rglob("*") if path.is_file()}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def test_the_least_recently_used_go_until_the_limit_holds(shelf: Shelf) -> None:
    old = shelf.add("old", b"o" * 1000, days=3)
    new = shelf.add("new", b"n" * 1000, days=1)
    whole = look(shelf.base).size
    assert shelf.sweep(whole).results == 0
    done = shelf.sweep(whole - 1)
    assert (done.results, done.contents, done.spared) == (1, 1, 0)
    assert (shelf.has(old), shelf.has(new)) == (False, True)
    assert done.left == look(shelf.base).size == shelf.cache.total() == whole - done.freed
    assert shelf.cache.find(new) is not None
    assert shelf.cache.find(old) is None
    assert shelf.cache.healed == 0


def test_a_hit_makes_a_result_young_again_but_not_at_every_use(shelf: Shelf) -> None:
    action = shelf.add("a", b"a", days=3)
    shelf.cache.find(action)
    used = shelf.path("ac", action).stat().st_mtime
    assert time.time() - used < DAY
    moment = time.time() - STEADY / 2
    os.utime(shelf.path("ac", action), (moment, moment))
    shelf.cache.find(action)
    assert shelf.path("ac", action).stat().st_mtime == pytest.approx(moment)


def test_a_content_stays_while_any_result_names_it(shelf: Shelf) -> None:
    shelf.add("old", b"shared", b"own", days=3)
    new = shelf.add("new", b"shared", days=1)
    shelf.age("cas", digest(b"shared"), 3)
    assert shelf.sweep(age=2 * DAY).results == 1
    assert shelf.contents() == {b"shared"}
    assert shelf.has(new)


def test_what_nothing_names_goes_and_what_is_not_whole_after_a_day(shelf: Shelf) -> None:
    shelf.cache.store_bytes(b"orphan")
    young, old, top = (shelf.base / name for name in ("cas/aa/.wb-1-young", "cas/aa/.wb-1-old", ".wb-1-old"))
    young.parent.mkdir(parents=True)
    for path, age in ((young, 0.5 * DAY), (old, 2 * DAY), (top, 2 * DAY)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age,) * 2)
    assert shelf.sweep(10**9).contents == 1
    assert (young.exists(), old.exists(), top.exists()) == (True, False, False)


def test_a_dry_run_says_the_same_and_changes_nothing(shelf: Shelf) -> None:
    for number in range(5):
        shelf.add(str(number), bytes([number]) * 500, days=number + 1)
    before = sorted(shelf.base.rglob("*"))
    would = shelf.sweep(1500, dry=True)
    assert sorted(shelf.base.rglob("*")) == before
    assert shelf.sweep(1500) == would


def test_F54_what_a_running_build_may_use_stays(shelf: Shelf) -> None:
    old = shelf.add("old", b"old", days=3)
    used = shelf.add("used", b"used", days=3)
    with Cache(shelf.root, files).running():
        shelf.cache.find(used)
        stored = shelf.cache.store_bytes(b"no entry names it yet")
        done = shelf.sweep(0, age=0)
        assert (shelf.has(old), shelf.has(used)) == (False, True)
        assert (done.results, done.spared) == (1, 1)
        assert shelf.cache.restore(stored, shelf.root / "out")
        assert shelf.contents() == {b"used", b"no entry names it yet"}
    assert shelf.sweep(0).left == 0


def test_F54_a_content_that_a_build_found_there_stays_for_it(shelf: Shelf) -> None:
    shelf.add("old", b"same", days=3)
    with Cache(shelf.root, files).running():
        shelf.cache.store_bytes(b"same")  # it is there: nothing is written
        shelf.sweep(0)
        shelf.cache.keep(key(action=("new",)).evidence({}), ResultEntry(outputs={"x": digest(b"same")}))
    assert verify(shelf.root, files)[1] == ()


def test_F54_a_build_that_begins_during_a_sweep_is_seen(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shelf.add("first", b"1", days=3)
    second = shelf.add("second", b"2", days=2)
    build = Cache(shelf.root, files)
    running = build.running()
    real = RealFiles.remove

    def remove(self: RealFiles, path: Path) -> None:
        real(self, path)
        if path.name == first:
            running.__enter__()
            build.find(second)

    monkeypatch.setattr(RealFiles, "remove", remove)
    try:
        shelf.sweep(0)
    finally:
        running.__exit__(None, None, None)
    assert (shelf.has(first), shelf.has(second)) == (False, True)
    assert build.restore(digest(b"2"), shelf.root / "out")


def test_two_sweeps_at_once_are_one(shelf: Shelf) -> None:
    with files.lock(shelf.root / "cache-v1.lock", what="test", timeout=0, say=print), pytest.raises(MachineError):
        shelf.sweep(0)


def test_F78_a_build_over_the_limit_keeps_all_that_is_its_own(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put("big.c", "int x;" * 1000)
    before = Shelf(world.cache_root)
    old = before.add("old", b"o" * 3000, days=3)
    before.sweep(10**9)
    assert before.cache.total() > 3000
    world.settings["cache_limit"] = 4000
    assert world.statuses(compile_step("big.c")) == {"app:compile:big.c": "ran"}
    assert not before.has(old)
    assert before.cache.total() > 4000
    world.forget_outputs()
    assert world.statuses(compile_step("big.c")) == {"app:compile:big.c": "cached"}


def test_a_build_with_room_left_sweeps_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cache, "_sweep", lambda _self: pytest.fail("swept"))
    world = World(tmp_path)
    world.write(a_c="int a;")
    world.run(compile_step("a.c"))
    assert world.engine().cache.total() == sum(f.stat().st_size for f in (world.cache_root / "cache-v1").glob("*/??/*"))


def test_F70_verify_names_every_kind_of_damage_and_repair_leaves_a_sound_cache(shelf: Shelf) -> None:
    sound = shelf.add("sound", b"sound")
    for name, bytes_ in {"empty": b"", "flipped": b"flippeD"}.items():
        shelf.add(name, name.encode())
        shelf.path("cas", digest(name.encode())).write_bytes(bytes_)
    shelf.add("missing", b"missing")
    shelf.path("cas", digest(b"missing")).unlink()
    cut = shelf.path("ac", shelf.add("cut", b"cut"))
    cut.write_bytes(cut.read_bytes()[:-5])
    other = shelf.path("ac", shelf.add("other", b"other"))
    other.write_bytes(shelf.path("ac", sound).read_bytes())
    shelf.cache.remember("c" * 64, ["a.h"])
    shelf.path("sets", "c" * 64).write_bytes(b"{}")
    count, damage = verify(shelf.root, files)
    assert count == 6 + 5 + 1
    said = sorted(" ".join(found.what.split()[:1] + found.what.split()[2:]) for found in damage)
    assert [what for what in said if what.startswith("content")] == ["content is empty", "content is not what its name says"]
    assert len(said) == 8
    assert sum("which is missing or damaged" in what for what in said) == 3
    discard(shelf.root, files, damage)
    assert verify(shelf.root, files)[1] == ()
    assert shelf.has(sound)


def test_summary_counts_bytes_by_kind_and_shared_caches(shelf: Shelf) -> None:
    shelf.add("a", b"12345", days=2)
    shelf.cache.shared("zig").mkdir(parents=True)
    (shelf.cache.shared("zig") / "x").write_bytes(bytes(7))
    found = summary(shelf.root)
    assert (found.kinds["contents"].files, found.kinds["contents"].size, found.shared) == (1, 5, {"zig": 7})
    assert found.oldest == pytest.approx(time.time() - 2 * DAY, abs=DAY / 2)
    assert summary(shelf.root / "nowhere").size == 0


def test_F54_readers_beside_a_sweep_see_hits_or_misses_and_never_an_error(shelf: Shelf) -> None:
    actions = [shelf.add(str(n), f"content {n}".encode(), days=3) for n in range(60)]
    wrong: list[str] = []
    done = threading.Event()

    def read() -> None:
        reader = Cache(shelf.root, files)
        while not done.is_set():
            for number, action in enumerate(actions):
                entry = reader.find(action)
                out = shelf.root / "out" / str(number)
                if entry is not None and reader.restore(str(entry.outputs["0"]), out) and out.read_text() != f"content {number}":
                    wrong.append(action)

    thread = threading.Thread(target=_noting(read, wrong))
    thread.start()
    try:
        while shelf.sweep(0).left:
            pass
    finally:
        done.set()
        thread.join()
    assert wrong == []


def test_F54_a_content_that_goes_before_it_is_copied_is_a_miss(shelf: Shelf) -> None:
    class Late(RealFiles):
        def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
            source.unlink()
            return super().copy_verified(source, target, content)

    shelf.add("a", b"content", days=1)
    cache = Cache(shelf.root, Late())
    assert not cache.restore(digest(b"content"), shelf.root / "out")
    assert not (shelf.root / "out").exists()
    assert cache.healed == 0


def _noting(work: Callable[[], None], wrong: list[str]) -> Callable[[], None]:
    def noted() -> None:
        try:
            work()
        except Exception as error:
            wrong.append(repr(error))

    return noted


@settings(max_examples=40, deadline=None)
@given(
    results=st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 5), min_size=1, max_size=3)), max_size=8),
    limit=st.integers(0, 6000),
)
def test_any_sweep_leaves_a_sound_cache_below_its_limit(
    results: list[tuple[int, list[int]]], limit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("cache"))
    for number, (days, contents) in enumerate(results):
        shelf.add(str(number), *(bytes([content]) * 100 * content for content in contents), days=days + 1)
    done = shelf.sweep(limit)
    assert done.left <= limit
    assert done.left == look(shelf.base).size
    assert verify(shelf.root, files)[1] == ()
    assert set(look(shelf.base).contents) == {c for record in look(shelf.base).records for c in record.contents}


def test_own_copies_of_projects_that_are_gone_go(tmp_path: Path) -> None:
    root = tmp_path / "shared"
    projects = [tmp_path / name for name in ("here", "gone", "new")]
    copies = [root / own_name("zig", project) for project in projects]
    for project, own in zip(projects, copies, strict=True):
        (own / "o").mkdir(parents=True)
        note_use(own, project, files)
    projects[0].mkdir()
    half, unknown, plain = root / f"{copies[0].name}.17-18", root / f"go-of-{'0' * 16}", root / "zig"
    forged = root / f"go-of-{'1' * 16}"
    for folder in (half, unknown, plain, forged):
        folder.mkdir()
    forged.with_name(f".project-of-{forged.name}").write_text("/nowhere")
    assert list(idle_copies([root, tmp_path / "nothing"])) == []
    for path in root.iterdir():
        if not path.name.endswith(copies[2].name):
            os.utime(path, (time.time() - 2 * DAY,) * 2)
    idle = list(idle_copies([root]))
    assert {copy.path for copy in idle} == {copies[1], half}
    assert [copy.project for copy in idle if copy.whole] == [str(projects[1])]
    assert all(remove(copy, files) for copy in idle)
    assert {path.name for path in root.glob("zig*")} == {"zig", copies[0].name, copies[2].name}
    assert not any(copies[1].name in path.name for path in root.iterdir())
    for path in (unknown, forged):
        os.utime(path, (time.time() - 40 * DAY,) * 2)
    assert {copy.path for copy in idle_copies([root])} == {unknown, forged}
    found = summary(tmp_path, [root, tmp_path / "shared-1"])
    assert set(found.shared) == {copies[0].name, copies[2].name, "zig", unknown.name, forged.name}


def test_caches_in_other_folders_are_listed_too(tmp_path: Path) -> None:
    for folder in ("shared/zig", "shared-7/zig", "shared-7/go"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x").write_bytes(bytes(len(folder)))
    found = summary(tmp_path, [tmp_path / "shared", tmp_path / "shared-7"])
    assert found.shared == {"zig": 10, str(tmp_path / "shared-7/zig"): 12, "go": 11}
