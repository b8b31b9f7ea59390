"""Zig's own manifests: what they prove to have been read, and which of them are not believed any more."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.engine_world import World, tool_step
from wbuild.doors.interfaces import Command
from wbuild.engine.zig_cache import ZigCache
from wbuild.engine.zig_manifests import ManifestEntry, parse, results
from wbuild.model.planned import InnerCache, Out, State, Step, Word

STANDARD = (1, "std/std.zig")
CONFIGURER = (1, "compiler/configurer.zig")
NAME = "cce0319cb432cca30607631f0760cfba"


def manifest(*names: tuple[int, str]) -> bytes:
    """As zig 0.17 writes it."""
    return b"".join(struct.pack("<QQq16sB", 5, 7, 9, bytes(16), prefix << 2) + path.encode() + b"\0" for prefix, path in names) + b"\0"


def text(*names: tuple[int, str]) -> bytes:
    """As zig 0.16 writes it."""
    lines = (f"5 7 9 {'00' * 16} {prefix} {path}\n" for prefix, path in names)
    return f"0\n{''.join(lines)}".encode()


@pytest.mark.parametrize("form", [manifest, text])
def test_both_forms_of_manifests_are_read(form: Callable[..., bytes]) -> None:
    names = [STANDARD, (4, "src/a b.zig"), (0, "/home/x/y.h")]
    found = parse(form(*names))
    assert found is not None
    assert [(entry.prefix, entry.path) for entry in found] == names


@pytest.mark.parametrize("data", [b"", manifest()[:-1] + b"x", b"0\nx\n", b"\xff" * 90])
def test_what_is_unfinished_or_unknown_is_no_manifest(data: bytes) -> None:
    assert parse(data) is None


def test_the_result_of_a_manifest_is_where_zig_puts_it() -> None:
    """What zig 0.17.1 made of a C file with a header."""
    entries = [
        ManifestEntry(4, "src/c.c", bytes.fromhex("c0a924daad31f7f7a1adfebbbdd05a7e")),
        ManifestEntry(0, "h.h", bytes.fromhex("31a71e78f93e5d39f18d910337eea3b4")),
    ]
    assert results("8f9f2431c30519e9769c0c586d9c0313", entries)[1] == "e60760c6309337599052126f085b77ff"
    assert results("timestamp", entries) == ()


@pytest.fixture
def cache(tmp_path: Path) -> ZigCache:
    root = tmp_path / "project"
    for name in ("app/build.zig", "app/src/main.zig", "app/src/c.c", "shared/h.h", "app/data.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    for folder in ("h", "z", "o"):
        (root / ".wbuild/state-dirs/x" / folder).mkdir(parents=True)
    (root / ".wbuild/state-dirs/x/z/parsed").write_text("")
    return ZigCache(folder=root / ".wbuild/state-dirs/x", root=root, base="app")


def put(cache: ZigCache, **manifests: Sequence[tuple[int, str]]) -> None:
    for name, names in manifests.items():
        (cache.folder / "h" / f"{name:0<32}").write_bytes(manifest(*names))


def left(cache: ZigCache) -> set[str]:
    folder = cache.folder / "h"
    return {path.name.rstrip("0") for path in folder.iterdir()} if folder.is_dir() else set()


def test_files_of_the_project_are_named_from_its_root_however_zig_names_them(cache: ZigCache) -> None:
    put(cache, a=[STANDARD, (4, "src/main.zig"), (0, str(cache.root / "shared/h.h")), (0, "app/build.zig"), (3, "b/x/builtin.zig")])
    put(cache, b=[(4, "src/c.c"), (4, "../shared/h.h"), (2, "o/1/gen.h"), (0, "/etc/hostname"), (4, "gone.h")])
    assert cache.read() == ("/etc/hostname", "app/build.zig", "app/src/c.c", "app/src/main.zig", "shared/h.h")


def test_what_read_a_changed_file_is_dropped_and_what_did_not_stays(cache: ZigCache) -> None:
    put(cache, a=[STANDARD, (4, "src/main.zig")], b=[(4, "src/c.c"), (0, "shared/h.h")], c=[STANDARD, (4, "unknown.zig")])
    cache.forget({"app/src/main.zig": False, "app/src/c.c": True, "shared/h.h": True})
    assert left(cache) == {"b"}
    assert not (cache.folder / "z").exists()


def test_programs_of_a_build_file_tell_not_all_that_they_read(cache: ZigCache) -> None:
    put(cache, a=[(2, "o/1/generator"), (4, "data.txt")], b=[(4, "data.txt")], c=[(4, "src/c.c"), (2, "o/1/generator")], d=[(4, "src/c.c")])
    cache.forget({"app/data.txt": True, "app/src/c.c": True, "app/src/main.zig": False})
    assert left(cache) == {"d"}


def test_a_zig_program_with_c_sources_may_not_name_their_headers(cache: ZigCache) -> None:
    put(cache, a=[STANDARD, (4, "src/c.c"), (4, "src/main.zig")], b=[(4, "src/c.c"), (0, "shared/h.h")], c=[STANDARD, (4, "src/main.zig")])
    cache.forget({"app/src/c.c": True, "app/src/main.zig": True, "shared/h.h": False})
    assert left(cache) == {"c"}


def test_a_build_file_runs_again_and_is_not_compiled_again(cache: ZigCache) -> None:
    names = [STANDARD, CONFIGURER, (4, "build.zig")]
    put(cache, a=names, b=names)
    entries = parse(manifest(*names))
    assert entries is not None
    (cache.folder / "o" / results("a" + "0" * 31, entries)[1]).mkdir()
    cache.forget({"app/build.zig": True, "app/data.txt": False})
    assert left(cache) == {"a"}


def test_without_knowledge_everything_is_dropped(cache: ZigCache) -> None:
    put(cache, a=[(4, "src/c.c")])
    cache.forget(None)
    assert left(cache) == set()
    cache.forget(None)


WORDS: tuple[Word, ...] = (("zig",), (Out("out/app"),), (State(),))


def zig(command: Command) -> Answer:
    """Puts together what src/main.zig and the files that it names say, each remembered until a manifest of it is gone."""
    out, state = command.argv[1:3]
    names = ["app/src/main.zig", *(command.cwd / "app/src/main.zig").read_text().split()[1:]]
    made = ""
    for number, name in enumerate(names):
        known, kept = command.cwd / state / "h" / f"{number:032}", command.cwd / state / f"kept{number}"
        if not known.exists():
            known.parent.mkdir(exist_ok=True)
            known.write_bytes(manifest(STANDARD, (0, name)))
            kept.write_text((command.cwd / name).read_text())
        made += kept.read_text()
    return Answer(files={out: made})


INNER = {"inner_cache": InnerCache(name="zig", folder="app")}


def step(**more: object) -> Step:
    made = tool_step("compile", ["app/src/main.zig"], ["out/app"], WORDS, state="zig/app", evidence=(State("h"),), **INNER)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.runner.respond = zig
    made.put("app/src/main.zig", "main other/o.zig")
    made.put("other/o.zig", "first")
    return made


def aged(world: World, text: str) -> None:
    """A content that was there before a run began, as far as times tell."""
    world.put("other/o.zig", text)
    time.sleep(0.1)


def test_what_zig_has_read_besides_what_is_known_counts_by_content(world: World) -> None:
    aged(world, "first")
    assert world.statuses(step()) == {"compile": "ran"}
    assert world.statuses(step()) == {"compile": "cached"}
    aged(world, "other")
    assert world.run(step())["compile"].reasons == ("inputs other/o.zig: changed",)
    assert world.read("out/app").endswith("other")
    aged(world, "first")
    assert world.statuses(step()) == {"compile": "cached"}
    assert world.read("out/app").endswith("first")


def test_a_result_over_files_outside_of_the_project_is_used_and_not_kept(world: World, tmp_path: Path) -> None:
    (tmp_path / "away.zig").write_text("away1")
    world.put("app/src/main.zig", f"main {tmp_path}/away.zig")
    assert world.statuses(step()) == {"compile": "ran"}
    assert any("away.zig, which belongs to no declared tool" in note for note in world.notes)
    (tmp_path / "away.zig").write_text("away2")
    assert world.statuses(step()) == {"compile": "ran"}
    assert world.read("out/app").endswith("away2")
