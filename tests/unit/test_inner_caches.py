"""Tools whose own caches decide by times of files: what they know of files with another content is dropped before they start."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, ends, tool_step
from wbuild.doors.interfaces import Command, Exit
from wbuild.engine.inner_caches import RECORD, Changes, parts_of
from wbuild.model.planned import InnerCache, Out, State, Step, Tool, Word

UNIT = "0123456789abcdef"
BOOK = f"target/wasm32/release/.fingerprint/app-{UNIT}"
WORDS: tuple[Word, ...] = (("cargo",), ("-o",), (Out("out/app"),), (State(),))
PARTS = {"app": ("app",), "lib": ("app", "lib"), "app/inner": ("inner",)}


def cargo(command: Command) -> Answer:
    """Builds app/src/*.rs, and believes in its fingerprint when that is not older than they are; `boom` is an error."""
    out, state = command.argv[2:4]
    book = command.cwd / state / BOOK
    sources = sorted((command.cwd / "app/src").glob("*.rs"))
    if not book.is_file() or any(path.stat().st_mtime > book.stat().st_mtime for path in sources):
        text = "".join(path.read_text() for path in sources)
        if "boom" in text:
            return Answer(code=1, stderr="boom")
        book.parent.mkdir(parents=True, exist_ok=True)
        book.write_text(text)
    return Answer(files={out: book.read_text()})


def step(**more: object) -> Step:
    inner = InnerCache(name="cargo", parts={"app": ("app",)})
    made = tool_step("compile", ["app/src/main.rs"], ["out/app"], WORDS, state="rust/app", inner_cache=inner)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.runner.respond = cargo
    made.put("app/src/main.rs", "first!")
    return made


def _renamed(path: Path, text: str) -> None:
    other = path.with_suffix(".new")
    other.write_text(text)
    shutil.copystat(path, other)
    other.replace(path)


def _in_place(path: Path, text: str) -> None:
    times = path.stat()
    with path.open("r+") as file:
        file.write(text)
        file.truncate()
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("swap", [_renamed, _in_place], ids=["renamed", "the same inode"])
@pytest.mark.parametrize("seconds", [-86400.0, 0.0, 86400.0], ids=["older", "equal", "future"])
def test_content_decides_whatever_its_time_says(world: World, swap: Callable[[Path, str], None], seconds: float) -> None:
    source = world.root / "app/src/main.rs"
    world.run(step())
    for text in ("other!", "third!", "first!"):  # as long as the first
        swap(source, text)
        times = source.stat().st_mtime + seconds
        os.utime(source, (times, times))
        world.run(step())
        assert world.read("out/app") == text


def test_what_did_not_change_stays(world: World) -> None:
    world.run(step())
    book = world.root / ".wbuild/state-dirs/rust/app" / BOOK
    before = book.stat().st_ino
    world.run(replace(step(), env={}, texts={"another": "key"}))
    assert book.stat().st_ino == before


def test_two_profiles_share_one_state_directory(world: World) -> None:
    dev, release = step(), step(action=Tool(argv=(*WORDS, ("--release",))))
    source = world.root / "app/src/main.rs"
    world.run(dev)
    _renamed(source, "other!")
    world.run(release)
    assert world.read("out/app") == "other!"
    _renamed(source, "first!")
    world.run(dev)  # from the cache: cargo does not run
    assert world.read("out/app") == "first!"
    _renamed(source, "third!")
    world.run(dev)
    assert world.read("out/app") == "third!"


def test_a_failed_run_has_seen_what_it_was_given(world: World) -> None:
    source = world.root / "app/src/main.rs"
    world.run(step())
    _renamed(source, "boom!!")
    assert world.statuses(step()) == {"compile": "failed"}
    _renamed(source, "again!")
    world.run(step())
    assert world.read("out/app") == "again!"


@pytest.mark.parametrize("end", [ends(code=-9, signal=9), Answer(exit=Exit(code=130, cancelled=True)), ends(timed_out=True)])
def test_after_a_killed_run_nobody_knows_what_was_seen(world: World, end: Answer) -> None:
    source = world.root / "app/src/main.rs"
    world.run(step())

    def killed(command: Command) -> Answer:
        source_was = source.read_text()
        _renamed(source, "during")
        (command.cwd / command.argv[3] / BOOK).unlink(missing_ok=True)
        cargo(command)
        _renamed(source, source_was)
        return end

    world.runner.respond = killed
    _renamed(source, "other!")
    world.run(step())
    world.runner.respond = cargo
    world.run(step())
    assert world.read("out/app") == "other!"


def test_a_file_that_changes_and_changes_back_while_the_tool_runs(world: World) -> None:
    source = world.root / "app/src/main.rs"

    def meanwhile(command: Command) -> Answer:
        _renamed(source, "during")
        answer = cargo(command)
        _renamed(source, "first!")
        return answer

    world.runner.respond = meanwhile
    world.run(step())
    world.runner.respond = cargo
    world.run(step())
    assert world.read("out/app") == "first!"


@pytest.mark.parametrize("record", ["", "{", '{"conditions": 1, "files": []}'])
def test_a_record_that_is_gone_or_damaged_is_as_good_as_none(world: World, record: str) -> None:
    world.run(step())
    (found,) = (world.root / ".wbuild/state-dirs/rust/app").glob(f"{RECORD}*")
    found.write_text(record) if record else found.unlink()
    _renamed(world.root / "app/src/main.rs", "other!")
    world.run(step())
    assert world.read("out/app") == "other!"


def test_other_variables_drop_everything(world: World) -> None:
    world.run(step())
    fetched = world.root / ".wbuild/state-dirs/rust/app/target/release/.fingerprint/dep-fedcba9876543210"
    fetched.mkdir(parents=True)
    world.run(step(env={"MODE": ("other",)}))
    assert not fetched.exists()


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (["app/src/main.rs"], {"app"}),
        (["lib/src/a/b.rs"], {"app", "lib"}),
        (["app/inner/lib.rs"], {"inner"}),
        (["app/data.txt"], {"app", "lib", "inner"}),
        (["shared/x.rs"], {"app", "lib", "inner"}),
        ([], set()),
    ],
)
def test_a_source_is_that_of_its_package_and_anything_else_may_be_read_by_all(files: list[str], named: set[str]) -> None:
    changes = Changes(files=frozenset(files))
    assert parts_of(InnerCache(name="cargo", parts=PARTS), changes, (".rs",)) == named


def test_a_package_whose_name_begins_like_another_keeps_its_own(world: World) -> None:
    world.run(step())
    book = world.root / ".wbuild/state-dirs/rust/app" / BOOK
    (book.parent / f"app-more-{UNIT}").mkdir()
    (built := book.parent.parent / f"build/app-{UNIT}").mkdir(parents=True)
    _renamed(world.root / "app/src/main.rs", "other!")
    world.run(step())
    assert (book.parent / f"app-more-{UNIT}").is_dir()
    assert not built.exists()


def test_c_that_build_scripts_compile_is_compiled_again(world: World) -> None:
    world.run(step())
    manifest = world.root / ".wbuild/state-dirs/rust/app/zig/h/0123456789abcdef0123456789abcdef"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("")
    world.run(replace(step(), texts={"another": "key"}))
    assert manifest.exists()
    _renamed(world.root / "app/src/main.rs", "other!")
    world.run(step())
    assert not manifest.exists()
