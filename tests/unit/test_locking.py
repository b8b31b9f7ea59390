"""wbuild.lock of a project: made, kept, brought up to date, refused; and what people are told about it."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from tests.provision import package, pinned
from tests.unit.session_world import WAT, Shop
from wbuild.errors import ProvisionError, UsageError
from wbuild.model.locked import Lock, LockedTool
from wbuild.nothing_to_do import ASIDE
from wbuild.session.asked import Asked
from wbuild.session.locked import locked
from wbuild.session.locking import Locking
from wbuild.session.opened import opened
from wbuild.session.progress import Progress
from wbuild.session.record import Watch

MAKER = """\
type = "tool"
name = "maker"
summary = "Makes modules"

[[route]]
source = "pypi"
package = "maker"
bin = { mk = ["{self}/maker/bin/maker"] }
"""


def locking(shop: Shop, *, may_not: bool = False, write: bool = True, looking: bool = False) -> Locking:
    project, call = shop.open(), shop.another()
    world = call.world().looking(project.root) if looking else call.world()
    return Locking(world=world, project=project, console=call.console, locked=may_not, write=write)


def test_a_lock_is_made_where_there_is_none_and_holds_every_platform(shop: Shop) -> None:
    watch = Watch()
    made = locking(shop).fitting(watch)
    assert {name: tool.version for name, tool in made.tools.items()} == {"binaryen": "124.0.0", "node": "24.1.0", "wasmtime": "45.0.0"}
    assert len(made.tools["wasmtime"].platforms) == 5
    assert made.toolchains == {"wat": "wat2wasm"}
    assert "note: wrote wbuild.lock: binaryen 124.0.0, node 24.1.0, wasmtime 45.0.0\n" in shop.err
    assert watch.files[str(shop.root / "wbuild.lock")] is not None


def test_a_lock_that_fits_is_taken_as_it_is(shop: Shop) -> None:
    text = shop.lock()
    shop.source.versions["wasmtime"] = ["46.0.0"]
    shop.source.resolved.clear()
    assert locking(shop).fitting().tools["wasmtime"].version == "45.0.0"
    assert (shop.read("wbuild.lock"), shop.source.resolved, shop.err) == (text, [], "")


def test_a_lock_is_brought_in_step_with_the_manifest_and_keeps_the_rest(shop: Shop) -> None:
    shop.lock()
    shop.source.versions |= {"wasmtime": ["45.0.0", "46.0.0"], "binaryen": ["124.0.0", "125.0.0"]}
    shop.write("wbuild.toml", WAT + '\n[tools]\nwasmtime = "46.0.0"\n')
    made = locking(shop).fitting()
    assert (made.tools["wasmtime"].version, made.tools["binaryen"].version) == ("46.0.0", "124.0.0")
    assert "updated wbuild.lock: wasmtime 45.0.0 → 46.0.0\n" in shop.err


def test_locked_refuses_a_lock_that_is_missing(shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        locking(shop, may_not=True).fitting()
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB271", "there is no wbuild.lock")
    assert not (shop.root / "wbuild.lock").exists()


def test_locked_refuses_a_lock_that_does_not_fit_and_says_why(shop: Shop) -> None:
    shop.lock()
    shop.write("wbuild.toml", WAT + '\n[tools]\nwasmtime = "46.0.0"\n')
    with pytest.raises(UsageError) as caught:
        locking(shop, may_not=True).fitting()
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB272", "wbuild.lock does not fit wbuild.toml")
    assert problem.detail == "  wasmtime: 45.0.0 is locked, wbuild.toml wants 46.0.0"


def test_a_look_resolves_in_memory_and_says_so(shop: Shop) -> None:
    assert locking(shop, write=False).fitting().tools["wasmtime"].version == "45.0.0"
    assert "note: wbuild.lock does not exist: resolved in memory, nothing was written\n" in shop.err
    assert not (shop.root / "wbuild.lock").exists()
    shop.lock()
    shop.write("wbuild.toml", WAT + '\n[tools]\nwasmtime = "45.0.1"\n')
    shop.source.versions["wasmtime"] = ["45.0.1"]
    locking(shop, write=False).fitting()
    assert "wbuild.lock does not fit wbuild.toml: resolved in memory" in shop.err


def test_offline_says_what_is_missing(shop: Shop) -> None:
    shop.settings["offline"] = True
    with pytest.raises(ProvisionError, match=r"offline, and not in wbuild\.lock"):
        locking(shop).fitting()


def test_a_damaged_lock_is_refused_with_its_place(shop: Shop) -> None:
    shop.write("wbuild.lock", "schema = [")
    with pytest.raises(UsageError) as caught:
        locking(shop).read()
    place = caught.value.problems[0].place
    assert place is not None
    assert place.file == "wbuild.lock"


def test_only_the_named_blocks_are_resolved_again(shop: Shop) -> None:
    shop.lock()
    shop.source.versions |= {"wasmtime": ["45.0.0", "46.0.0"], "binaryen": ["124.0.0", "125.0.0"]}
    door = locking(shop)
    before = door.read()
    after = door.resolve(before, frozenset({"binaryen"}))
    assert door.changes(before, after) == "binaryen 124.0.0 → 125.0.0"


def test_changes_in_words(shop: Shop) -> None:
    def of(**versions: str) -> Lock:
        return Lock(tools={name: LockedTool(name=name, version=version, platforms={}) for name, version in versions.items()}, toolchains={})

    words = locking(shop).changes
    assert words(None, of(zig="1", npm="")) == "npm unavailable, zig 1"
    assert words(of(zig="1", go="2", rust=""), of(zig="1", go="", rust="3")) == "go 2 → unavailable, rust unavailable → 3"
    assert words(of(zig="1", go="2"), of(zig="1")) == "without go"
    assert words(of(zig="1"), of(zig="1")) == "same versions"


def test_what_killed_processes_left_of_a_lock_goes_and_what_is_being_written_stays(shop: Shop) -> None:
    door = locking(shop)
    lock = door.resolve(None)
    old, young = (shop.write(f"{ASIDE}{number}-0123abcd", "half") for number in (1, 2))
    past = time.time() - 7200
    os.utime(old, (past, past))
    door.save(lock)
    assert door.read() == lock
    assert (old.exists(), young.exists()) == (False, True)


def test_nothing_that_the_project_brings_is_started_while_it_is_looked_at(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["tools/maker.toml"]'))
    shop.write("tools/maker.toml", MAKER)
    shop.source.versions["maker"] = ["1.0.0"]
    door, data = locking(shop, looking=True), package("maker")
    pin = replace(pinned("maker", data), source="pypi", bin={"mk": ("{self}/maker/bin/maker",)})
    shop.source.files[pin.files[0].name] = data
    shop.archives.contents[pin.files[0].name] = {"maker/bin/maker": "x"}
    progress = Progress(console=door.console, root=shop.root)
    with pytest.raises(ProvisionError, match="nothing that a recipe of the project brings is started while the project is looked at"):
        door._install(pin, "mk", progress)
    assert shop.source.fetched == []
    assert locking(shop)._install(pin, "mk", progress)[0].endswith(f"{pin.identity}/maker/bin/maker")


def test_the_second_stage_has_the_pins_of_this_machine(shop: Shop) -> None:
    found = locked(opened(shop.another(), Asked(), Watch()))
    assert found.kit.pin("wasmtime").version == "45.0.0"
    assert found.kit.platform == "linux-x86_64"
    assert not found.store.has(found.kit.pin("wasmtime"))
    shop.ci = True
    shop.write("wbuild.lock", "")
    (shop.root / "wbuild.lock").unlink()
    with pytest.raises(UsageError, match=r"there is no wbuild\.lock"):
        locked(opened(shop.another(), Asked(), Watch()))
