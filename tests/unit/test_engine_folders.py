"""Folders that steps make: steps over their files, what lies in the cache, what a prepare step puts into a tool's cache."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, builtin_step, ends, pin, tool_step
from wbuild.cache.keys import digest
from wbuild.doors.interfaces import Command
from wbuild.engine.folders import agrees, fits, lacking, listing
from wbuild.model.planned import Each, In, JoinedWords, Late, Launcher, Out, Plan, Scratch, SharedCache, Step, ToolPath

GEN = "out/gen/"
OBJ = "out/obj/"


def programs(command: Command) -> Answer:
    """`translate FOLDER SOURCE` makes a file of each line, `compile OUT DEPENDENCIES IN` works on one, `link OUT IN…` puts all together."""
    name, out, *words = command.argv
    if name == "translate":
        lines = [line.split(" ", 1) for line in (command.cwd / words[0]).read_text().splitlines()]
        return Answer(files={f"{out}/{file}": text for file, text in lines})
    if name == "link":
        return Answer(files={out: "+".join((command.cwd / word).read_text() for word in words)})
    dependencies, source = words
    text = (command.cwd / source).read_text()
    if "error" in text:
        return Answer(code=1, stderr=f"{source}: no")
    return Answer(files={out: text.upper(), dependencies: f"{out}: {source}\n"})


@pytest.fixture
def world(tmp_path: Path) -> World:
    found = World(tmp_path)
    found.runner.respond = programs
    found.put("main.x", "a.c one\nb.c two\nsub/c.c three\nall.h head\n")
    return found


TRANSLATE = tool_step("translate", ["main.x"], [GEN], ["translate", (Out(GEN),), (In("main.x"),)])
COMPILE = tool_step(
    "compile",
    [],
    [OBJ],
    ["compile", (Each("out"),), (Scratch("deps.d"),), (Each("in"),)],
    spread=Late(GEN, "**/*.c"),
    suffix=".o",
    depfile="deps.d",
    candidates=(GEN,),
)
LINK = tool_step("link", [OBJ], ["out/module.wasm"], ["link", (Out("out/module.wasm"),), (Late(OBJ, "**/*.o"),)])


def made(world: World, *steps: Step) -> list[str]:
    """The programs that a build starts, each with what it makes."""
    assert {result.status for result in world.run(*steps).values()} <= {"ran", "cached"}
    return sorted(f"{command.argv[0]} {command.argv[1].rpartition('/out/')[2]}" for command in world.runner.seen)


def test_a_step_runs_once_for_each_file_of_a_folder(world: World) -> None:
    steps = (TRANSLATE, COMPILE, LINK)
    assert made(world, *steps) == ["compile a.c.o", "compile b.c.o", "compile c.c.o", "link module.wasm", "translate gen"]
    assert world.read("out/module.wasm") == "ONE+TWO+THREE"
    assert world.started == ["translate", "compile", "link"]  # one step of the plan, whatever it is made of
    assert world.finished == ["translate", "compile", "link"]
    assert made(world, *steps) == []
    world.put("main.x", "a.c one\nb.c TWO!\nsub/c.c three\nall.h head\n")
    assert made(world, *steps) == ["compile b.c.o", "link module.wasm", "translate gen"]
    assert world.read("out/module.wasm") == "ONE+TWO!+THREE"


def test_a_file_that_is_made_no_longer_is_gone(world: World) -> None:
    made(world, TRANSLATE, COMPILE, LINK)
    world.put("main.x", "a.c one\nsub/d.c four\n")
    made(world, TRANSLATE, COMPILE, LINK)
    assert world.read("out/module.wasm") == "ONE+FOUR"
    assert sorted(path.relative_to(world.root / OBJ).as_posix() for path in (world.root / OBJ).rglob("*.o")) == ["a.c.o", "sub/d.c.o"]
    assert sorted(path.name for path in (world.root / GEN).rglob("*.*")) == ["a.c", "d.c"]


def test_folders_come_back_from_the_cache_and_damage_is_mended(world: World) -> None:
    made(world, TRANSLATE, COMPILE, LINK)
    world.forget_outputs()
    assert made(world, TRANSLATE, COMPILE, LINK) == []
    assert world.read("out/gen/sub/c.c") == "three"
    world.put("out/gen/b.c", "damaged")
    world.put("out/gen/stray.c", "stray")
    (world.root / "out/obj/a.c.o").unlink()
    assert made(world, TRANSLATE, COMPILE, LINK) == []
    assert world.read("out/gen/b.c") == "two"
    assert not (world.root / "out/gen/stray.c").exists()
    assert world.read("out/obj/a.c.o") == "ONE"


def test_something_else_in_the_place_of_a_folder_goes(world: World) -> None:
    made(world, TRANSLATE, COMPILE, LINK)
    shutil.rmtree(world.root / GEN)
    elsewhere = world.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "keep.c").write_text("mine")
    (world.root / "out/gen").symlink_to(elsewhere)
    made(world, TRANSLATE, COMPILE, LINK)
    assert (elsewhere / "keep.c").read_text() == "mine"
    assert world.read("out/gen/a.c") == "one"
    assert not (world.root / "out/gen").is_symlink()


@pytest.mark.parametrize(("folder", "name"), [(GEN, "b.c"), (GEN, "sub"), (OBJ, "b.c.o"), (OBJ, "sub")])
def test_a_link_in_the_place_of_a_file_goes_and_no_file_is_left_out(world: World, folder: str, name: str) -> None:
    made(world, TRANSLATE, COMPILE, LINK)
    place, elsewhere = world.root / folder / name, world.root / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)  # with the right content behind it
    assert made(world, TRANSLATE, COMPILE, LINK) == []
    assert not place.is_symlink()
    assert elsewhere.exists()
    assert world.read("out/module.wasm") == "ONE+TWO+THREE"


@pytest.mark.parametrize("folder", [GEN, OBJ])
def test_a_link_beside_the_files_of_a_folder_goes(world: World, folder: str) -> None:
    made(world, TRANSLATE, COMPILE, LINK)
    stray = world.root / folder / "stray.h"
    stray.symlink_to(world.root / "main.x")
    assert made(world, TRANSLATE, COMPILE, LINK) == []
    assert not stray.is_symlink()
    assert (world.root / "main.x").exists()


def test_one_of_several_that_fails_fails_the_step_and_the_others_are_kept(world: World) -> None:
    world.put("main.x", "a.c one\nb.c error\nc.c three\n")
    results = world.run(TRANSLATE, COMPILE, LINK)
    assert (results["compile"].status, results["link"].status) == ("failed", "skipped")
    assert results["compile"].problem is not None
    assert "b.c: no" in results["compile"].problem.detail
    world.put("main.x", "a.c one\nb.c two\nc.c three\n")
    assert made(world, TRANSLATE, COMPILE, LINK) == ["compile b.c.o", "link module.wasm", "translate gen"]


def test_without_a_list_of_what_was_read_any_file_of_the_folder_counts(world: World) -> None:
    whole = replace(COMPILE, depfile="", candidates=(), inputs=(GEN,))
    made(world, TRANSLATE, whole, LINK)
    world.put("main.x", "a.c one\nb.c two\nsub/c.c three\nall.h HEAD\n")
    assert made(world, TRANSLATE, whole, LINK)[:3] == ["compile a.c.o", "compile b.c.o", "compile c.c.o"]


def test_no_file_that_fits_is_an_error(world: World) -> None:
    world.put("main.x", "a.h one\n")
    result = world.run(TRANSLATE, COMPILE, LINK)["compile"]
    assert result.problem is not None
    assert result.problem.message == "no file in out/gen/ matches **/*.c"


def test_a_program_that_makes_no_folder(world: World) -> None:
    world.put("main.x", "")
    result = world.run(TRANSLATE)["translate"]
    assert result.problem is not None
    assert "its output out/gen/ holds no file" in result.problem.message


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "link").symlink_to("/etc")
    assert lacking(tmp_path / "made") == "holds a link, link"
    assert lacking(tmp_path / "none") == "is missing"
    (tmp_path / "file").write_text("")
    assert lacking(tmp_path / "file") == "is not a folder"


def test_which_paths_a_result_may_have() -> None:
    assert fits(["out/gen/", "out/gen/a/b.c"], ["out/gen/"])
    assert not fits(["out/gen/"], ["out/gen/", "out/b"])
    assert not fits(["out/gen/", "out/genuine"], ["out/gen/"])


@pytest.mark.parametrize("names", [("a", "a/b"), ("./a",), ("s//a",), ("../a",), ("a/",), ()])
def test_a_result_whose_files_cannot_lie_in_its_folder_is_none(names: tuple[str, ...]) -> None:
    one = "0" * 64
    assert not agrees({GEN: digest(listing(dict.fromkeys(names, one))), **{f"{GEN}{name}": one for name in names}}, GEN)


def test_the_list_of_a_result_is_that_of_its_files() -> None:
    one, two = "0" * 64, "1" * 64
    content = digest(listing({"a.c": one, "s/b.c": two}))
    assert agrees({GEN: content, f"{GEN}s/b.c": two, f"{GEN}a.c": one}, GEN)
    assert agrees({GEN: None}, GEN)
    assert not agrees({GEN: None, f"{GEN}a.c": one}, GEN)
    assert not agrees({GEN: content, f"{GEN}a.c": one}, GEN)
    assert not agrees({GEN: content, f"{GEN}a.c": one, f"{GEN}s/b.c": None}, GEN)
    assert not agrees({GEN: content, f"{GEN}a.c": two, f"{GEN}s/b.c": one}, GEN)


def test_a_word_of_all_files(world: World) -> None:
    word = (JoinedWords(((Late(GEN, "*.c"),), ("z",)), ":"),)
    link = tool_step("link", [GEN], ["out/all"], ["link", (Out("out/all"),), word])
    seen: list[str] = []

    def respond(command: Command) -> Answer:
        if command.argv[0] == "link":
            seen.append(command.argv[2])
            return Answer(files={command.argv[1]: "x"})
        return programs(command)

    world.runner.respond = respond
    made(world, TRANSLATE, link)
    assert seen == ["out/gen/a.c:out/gen/b.c:z"]


PREPARED = ".wbuild/prepared/libc/"
PREPARE = tool_step(
    "libc", [], [PREPARED], ["libc", (Out(PREPARED),)], keep=("lib/*.a",), fills=(SharedCache("zig"), "/libs"), pins=(pin(),)
)
USE = tool_step("use", [], ["out/x"], ["use", (Out("out/x"),)], after=(PREPARED,))


def libc(command: Command) -> Answer:
    name, out = command.argv
    return Answer(files={out: "x"} if name == "use" else {f"{out}/lib/c.a": "libc", f"{out}/junk.o": "junk"})


def test_what_is_prepared_fills_the_cache_of_a_tool_once_for_all_projects(world: World, tmp_path: Path) -> None:
    world.runner.respond = libc
    assert made(world, PREPARE, USE) == ["libc libc", "use x"]
    shared = world.engine().cache.shared("zig")
    assert (shared / "libs" / "lib" / "c.a").read_text() == "libc"
    assert not list(shared.rglob("junk.o"))
    assert made(world, PREPARE, USE) == []
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    other.cache_root, other.runner.respond = world.cache_root, libc
    assert [command for command in made(other, PREPARE, USE) if "libc" in command] == []
    assert not (other.root / PREPARED).exists()  # it lies where it is needed already
    shutil.rmtree(shared)
    assert made(other, PREPARE, USE) == []  # out of the action cache
    assert (shared / "libs" / "lib" / "c.a").read_text() == "libc"


def test_a_step_waits_for_what_it_does_not_read(world: World) -> None:
    world.runner.respond = libc
    world.run(USE, PREPARE)
    assert world.finished == ["libc", "use"]
    broken = replace(USE, after=("out/never/",))
    assert world.run(broken)["use"].status == "cached"  # nothing makes it, and it is in no key


def test_a_program_of_several_words_that_is_started_by_path(world: World) -> None:
    launcher = Launcher("node-tool", ((ToolPath("cc", "bin/node"),), ("it's.js",)))
    step = tool_step("use", [], ["out/x"], ["use", (Out("out/x"),), (launcher,)], pins=(pin(),))
    texts: list[str] = []

    def respond(command: Command) -> Answer:
        texts.append(Path(command.argv[2]).read_text())
        return Answer(files={command.argv[1]: "x"})

    world.runner.respond = respond
    world.run(step)
    program = world.store.path(pin()) / "bin/node"
    assert texts == [f"""#!/bin/sh\nexec {program} 'it'"'"'s.js' "$@"\n"""]


def test_what_would_run_is_told_for_each_file(world: World) -> None:
    steps = (TRANSLATE, COMPILE, LINK, PREPARE)
    plan = Plan(steps=steps, products=())
    assert world.engine().forecast(plan)["compile"] == ("out/gen/ would be made first",)
    world.runner.respond = lambda command: libc(command) if command.argv[0] == "libc" else programs(command)
    made(world, *steps)
    assert set(world.engine().forecast(plan).values()) == {()}
    changed = replace(COMPILE, texts={"options": "new"})
    found = world.engine().forecast(Plan(steps=(TRANSLATE, changed, LINK), products=()))
    assert found["compile"] == tuple(f"compile {name}: texts options: added" for name in ("a.c", "b.c", "sub/c.c"))
    assert found["link"] == ("out/obj/ would be made first",)


def test_files_and_folders_are_shipped_as_they_are(world: World) -> None:
    left = tool_step("link", ["main.x"], ["out/m.wasm", "out/m.js", "out/m.assets/"], ["link"])
    left = replace(
        left, results={"out/m.js": (Scratch("pkg/m.js"),), "out/m.assets/": (Scratch("pkg/assets"),), "out/m.wasm": (Scratch("m.wasm"),)}
    )
    ship = builtin_step("ship", ["out/m.js", "out/m.assets/"], ["dist/m.js", "dist/m.assets/"], does="copy")

    def respond(command: Command) -> Answer:
        scratch = Path(command.env["TMPDIR"]).parent.relative_to(command.cwd)
        return Answer(files={f"{scratch}/{name}": name for name in ("m.wasm", "pkg/m.js", "pkg/assets/a.png", "pkg/assets/sub/b.txt")})

    world.runner.respond = respond
    assert world.statuses(left, ship) == {"link": "ran", "ship": "ran"}
    assert world.read("dist/m.js") == "pkg/m.js"
    assert world.read("dist/m.assets/sub/b.txt") == "pkg/assets/sub/b.txt"
    (world.root / "dist/m.assets/old.txt").write_text("old")
    (world.root / "dist/m.assets/a.png").unlink()
    assert world.statuses(left, ship) == {"link": "cached", "ship": "cached"}
    assert sorted(path.name for path in (world.root / "dist/m.assets").iterdir()) == ["a.png", "sub"]


def test_a_tool_that_needs_nothing_prepared_is_none_the_worse(world: World) -> None:
    world.runner.respond = lambda command: Answer(
        files={f"{command.argv[1]}/junk.o" if command.argv[0] == "libc" else command.argv[1]: "x"}
    )
    prepare = replace(PREPARE, optional=True)
    results = world.run(prepare, USE)
    assert (results["libc"].status, results["libc"].degraded, results["use"].status) == ("none", False, "ran")
    assert world.notes == []
    assert world.statuses(prepare, USE) == {"libc": "none", "use": "cached"}
    assert not world.runner.seen
    world.runner.respond = lambda command: ends(signal=9) if command.argv[0] == "libc" else Answer(files={command.argv[1]: "x"})
    killed = world.run(replace(prepare, texts={"new": ""}), replace(USE, texts={"new": ""}))
    assert (killed["libc"].degraded, killed["use"].degraded) == (False, False)
