"""What is shipped is byte for byte what was checked: cached results too, and after the copy."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.engine_world import World, builtin_step
from wbuild.cache import Cache, ResultEntry
from wbuild.cache.keys import digest
from wbuild.model.planned import JSON, Plan, Step

EVIL = b"another module"


def pick(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    return [inputs[1], b"why", inputs[1]]


def wrong(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    return [EVIL, b"why", EVIL]


def two(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    return [inputs[0], b"why", inputs[1]]


def step(does: str = "pick") -> Step:
    made = builtin_step("select", ["base", "better", "outcome"], ["dist/x.wasm", "why", "copy.wasm"], does=does)
    return replace(made, picks=("dist/x.wasm", "copy.wasm"), among=("base", "better"))


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.settings["builtins"] = {"pick": pick, "wrong": wrong, "two": two}
    made.write(base="base", better="better", outcome="outcome")
    return made


@pytest.mark.parametrize("outputs", [("dist/x.wasm",), ("copy.wasm",), ("dist/x.wasm", "copy.wasm")])
@pytest.mark.parametrize("content", [EVIL, b"outcome", b"base"])
def test_a_forged_entry_of_the_cache_ships_nothing(world: World, outputs: tuple[str, ...], content: bytes) -> None:
    if content == b"base" and len(outputs) == 2:
        pytest.skip("the module without optimizing was checked too")
    world.run(step())
    action = world.engine().actions(Plan(steps=(step(),), products=()))["select"]
    cache = Cache(world.cache_root, world.files)
    entry, remembered = cache.find(action), cache.remembered(action)
    assert entry is not None
    assert remembered is not None
    cache.store_bytes(content, digest(content))
    cache.keep(
        remembered.evidence, ResultEntry(outputs={**entry.outputs, **dict.fromkeys(outputs, digest(content))}, log="", seconds=0), action
    )
    for name in ("dist", ".wbuild"):
        shutil.rmtree(world.root / name)
    (world.root / "copy.wasm").unlink()
    assert world.run(step())["select"].status == "ran"
    assert (world.read("dist/x.wasm"), world.read("copy.wasm")) == ("better", "better")
    assert world.run(step())["select"].status == "cached"


@pytest.mark.parametrize("does", ["wrong", "two"])
def test_bytes_that_nobody_checked_are_an_error_of_integrity(world: World, does: str) -> None:
    problem = world.run(step(does))["select"].problem
    assert problem is not None
    assert problem.code == "WB561"
    assert problem.message == "dist/x.wasm is not what was checked: other bytes are there than in base or better"
