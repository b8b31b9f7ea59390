"""Tools that keep a dependency file of their own: what it names counts besides all that is known to be read."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, tool_step
from wbuild.cache.keys import StepKey, action_digest
from wbuild.doors.interfaces import Command
from wbuild.model.planned import Out, State, Step, Word
from wbuild.session.project_texts import FileTexts
from wbuild.session.record import Watch

WORDS: tuple[Word, ...] = (("cargo",), ("-o",), (Out("out/app"),), (State("app.d"),))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A tool that joins the files named in app/list, and says so."""
    made = World(tmp_path)

    def build(command: Command) -> Answer:
        out, depfile = command.argv[2:4]
        names = (command.cwd / "app/list").read_text().split()
        found = []
        for path in (command.cwd / name for name in names):
            found += [file.read_text() for file in sorted(path.rglob("*")) if file.is_file()] if path.is_dir() else []
            found += [path.read_text()] if path.is_file() else []
        return Answer(files={out: "+".join(found), depfile: f"app.wasm: app/list {' '.join(names)}\n"})

    made.runner.respond = build
    made.put("app/list", "shared/a")
    aged(made, shared__a="1")
    return made


def aged(world: World, **texts: str) -> None:
    """Write files (`shared__a` is shared/a), and wait until they have surely not changed during the next run."""
    for name, text in texts.items():
        world.put(name.replace("__", "/"), text)
    time.sleep(0.06)


def step(**more: object) -> Step:
    made = {"candidates": ("app/list",), "state": "rust/app", "evidence": (State("app.d"),), "roots": ("app",), **more}
    return tool_step("compile", [], ["out/app"], WORDS, **made)


def test_a_file_that_only_the_tool_knows_of_is_read_by_content(world: World) -> None:
    first = world.run(step())["compile"]
    assert (first.status, first.kept, first.unlisted) == ("ran", True, ("shared/a",))
    again = world.run(step())["compile"]
    assert (again.status, again.unlisted) == ("cached", ("shared/a",))
    aged(world, shared__a="2")
    assert world.run(step())["compile"].reasons == ("inputs shared/a: changed",)
    assert world.read("out/app") == "2"
    aged(world, shared__a="1")
    assert world.statuses(step()) == {"compile": "cached"}
    assert world.read("out/app") == "1"


def test_another_machine_finds_the_result_by_what_was_read(world: World) -> None:
    world.run(step())
    shutil.rmtree(world.root / ".wbuild")
    world.forget_outputs()
    assert world.statuses(step()) == {"compile": "cached"}


def test_all_candidates_count_whatever_the_tool_says(world: World) -> None:
    aged(world, app__untold="1")
    world.run(step(candidates=("app/list", "app/untold")))
    aged(world, app__untold="2")
    assert world.statuses(step(candidates=("app/list", "app/untold"))) == {"compile": "ran"}


def test_a_file_outside_of_the_project_keeps_the_result_out_of_the_cache(world: World, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("1")
    world.put("app/list", str(tmp_path / "outside"))
    assert not world.run(step())["compile"].kept
    assert any(f"reads {tmp_path / 'outside'}" in note for note in world.notes)
    (tmp_path / "outside").write_text("2")
    world.run(step())
    assert world.read("out/app") == "2"


def test_a_folder_counts_by_its_names_and_what_is_in_it(world: World) -> None:
    aged(world, app__list="shared")
    world.run(step())
    assert world.statuses(step()) == {"compile": "cached"}
    changes: tuple[Callable[[], None], ...] = (
        lambda: aged(world, shared__sub__b="2"),
        lambda: aged(world, shared__a="3"),
        (world.root / "shared/empty").mkdir,
    )
    for change in changes:
        change()
        assert world.statuses(step()) == {"compile": "ran"}
        assert world.statuses(step()) == {"compile": "cached"}


def test_a_file_that_was_looked_for_counts_once_it_is_there(world: World) -> None:
    aged(world, app__list="shared/a shared/late")
    world.run(step())
    assert world.statuses(step()) == {"compile": "cached"}
    aged(world, shared__late="late")
    assert world.statuses(step()) == {"compile": "ran"}
    assert world.read("out/app") == "1+late"


def test_what_lies_in_the_roots_is_listed_already(world: World) -> None:
    aged(world, app__list="app app/missing app/list")
    assert world.run(step())["compile"].unlisted == ()


def test_a_tool_that_says_nothing_is_not_believed(world: World) -> None:
    world.runner.respond = lambda command: Answer(files={command.argv[2]: "x"})
    assert not world.run(step())["compile"].kept
    assert world.notes == ["make of compile does not say what it has read: its result is used, but not kept"]


def test_files_above_the_project_have_a_place_in_actions() -> None:
    def action(read: dict[str, str]) -> str:
        fields = {"action": ("cargo",), "env": {}, "texts": {}, "stdin": "", "tools": {}, "platform": "", "outputs": (), "inputs": ()}
        return action_digest(StepKey(**fields).evidence(read))  # type: ignore[arg-type]

    one, two = f"{'1' * 64}/1", f"{'2' * 64}/1"
    assert action({"../.cargo/config.toml": one}) == action({"{above}/1/.cargo/config.toml": one})
    assert len({action({f"{up}.cargo/config": blob}) for up in ("../", "../../", "") for blob in (one, two)}) == 6


def test_texts_are_read_when_asked_for_and_watched(tmp_path: Path) -> None:
    root = tmp_path / "home/project"
    root.mkdir(parents=True)
    (root / "a.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    (root / "b.rs").write_bytes(b"\xff")
    (tmp_path / ".cargo").mkdir()
    (tmp_path / ".cargo/config.toml").write_text("above")
    watch = Watch()
    texts = FileTexts(root, ["a.toml", "b.rs"], watch, [".cargo/config.toml"])
    assert texts.above == ("../../.cargo/config.toml",)
    assert (texts["a.toml"], texts["../../.cargo/config.toml"], texts.get("c"), texts.get("../x")) == (
        "a = 1\nb = 2\n",
        "above",
        None,
        None,
    )
    assert watch.files[str(root / "../.cargo/config.toml")] is None
    assert watch.files[str(root / "../../.cargo/config.toml")] is not None
    assert str(root / "b.rs") not in watch.files
    assert texts["b.rs"]
