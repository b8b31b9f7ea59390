"""Tools that nobody uses go; those that somebody uses never do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.provision import pinned
from tests.unit.test_store import NODE, ZIG, Bench
from wbuild.doors.files import RealFiles
from wbuild.model.locked import Pin
from wbuild.store import usage

DAY = 86_400.0
PIN = pinned("zig", ZIG)
OTHER = pinned("node", NODE)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.ensure(PIN, OTHER)
    return bench


def idle(bench: Bench, pin: Pin, days: float) -> None:
    """As if a pin was last used so long ago."""
    moment = time.time() - days * DAY
    for path in (bench.root / "store-v2/.used" / pin.identity, bench.store.path(pin) / "receipt.json"):
        os.utime(path, (moment, moment))


def collect(bench: Bench, age: float = 90 * DAY, *keep: Pin, dry: bool = False) -> list[str]:
    return [tree.identity for tree in bench.store.collect(age, keep, dry=dry)]


def test_only_what_was_not_used_for_long_goes(bench: Bench) -> None:
    assert collect(bench) == []
    idle(bench, PIN, 100)
    idle(bench, OTHER, 80)
    (would,) = bench.store.collect(90 * DAY, (), dry=True)
    assert (would.identity, would.size > 0, round(would.idle / DAY)) == (PIN.identity, True, 100)
    assert bench.store.has(PIN)
    assert collect(bench) == [PIN.identity]
    assert (bench.store.has(PIN), bench.store.has(OTHER)) == (False, True)
    assert bench.leftovers() == []
    bench.another().ensure((PIN,), bench.said.append)
    assert bench.store.has(PIN)
    assert collect(bench) == []


def test_what_is_kept_or_was_used_within_the_hour_stays(bench: Bench) -> None:
    assert collect(bench, 0) == []
    idle(bench, PIN, 100)
    idle(bench, OTHER, 100)
    assert collect(bench, 0, PIN) == [OTHER.identity]


def test_asking_for_a_tool_is_a_use(bench: Bench) -> None:
    idle(bench, PIN, 100)
    bench.another().ensure((PIN,), bench.said.append)
    assert collect(bench) == []


def test_F54_the_tools_of_a_running_build_stay_however_long_it_takes(bench: Bench) -> None:
    idle(bench, PIN, 100)
    with bench.store.using((PIN,)):
        (run,) = (bench.root / "store-v2" / usage.RUNS).iterdir()
        begun = time.time() - 2 * DAY
        os.utime(run, (begun, begun))
        idle(bench, PIN, 1)
        assert collect(bench, 0) == []
    assert collect(bench, 0) == [PIN.identity]


def test_F54_a_tool_that_is_used_in_the_moment_of_its_removal_comes_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    idle(bench, PIN, 100)
    real = RealFiles.move

    def move(self: RealFiles, source: Path, target: Path) -> None:
        real(self, source, target)
        if source == bench.store.path(PIN):
            (bench.root / "store-v2/.used" / PIN.identity).touch()  # whoever wants it saw it right before

    monkeypatch.setattr(RealFiles, "move", move)
    assert collect(bench) == []
    assert bench.store.has(PIN)
    assert bench.store.damage(PIN) == ()


def test_what_is_being_installed_stays(bench: Bench) -> None:
    idle(bench, PIN, 100)
    trees = bench.root / "store-v2"
    with bench.doors.files.lock(usage.lock_of(trees, PIN.identity), what="test", timeout=0, say=print):
        assert collect(bench) == []
    assert collect(bench) == [PIN.identity]


def test_what_killed_installations_left_goes_after_a_day(bench: Bench) -> None:
    trees = bench.root / "store-v2"
    young, old = usage.aside(trees, PIN.identity), usage.aside(trees, PIN.identity)
    for path, days in ((young, 0.5), (old, 2)):
        path.mkdir()
        os.utime(path, (time.time() - days * DAY,) * 2)
    assert collect(bench) == []
    assert (young.exists(), old.exists()) == (True, False)


def test_an_empty_store(tmp_path: Path) -> None:
    assert collect(Bench(tmp_path)) == []
