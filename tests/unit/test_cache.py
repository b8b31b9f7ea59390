"""The cache heals itself; the index is only a hint; keys are told apart by what matters and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.doors import FakeClock
from tests.reapi_vector import VECTOR
from tests.unit.engine_world import World, compile_step
from wbuild.cache import Cache, ResultEntry
from wbuild.cache.keys import ABSENT, Remembered, StepKey, action_digest, blob_name, canonical, difference, digest, proves
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.engine.depfile import prerequisites, read
from wbuild.engine.index import Index
from wbuild.engine.layout import Layout, slug
from wbuild.errors import MachineError

files = RealFiles()


def key(**changes: object) -> StepKey:
    given = {
        "action": ("cc", "-O2", "{out}/x"),
        "env": {"A": "1"},
        "texts": {"r.json": "{}"},
        "stdin": "",
        "tools": {"cc": "cc-1.0-linux-x86_64-aaaaaaaaaaaa"},
        "platform": "linux-x86_64",
        "outputs": ("x",),
        "inputs": (("a.c", "1/8"),),
        "candidates": ("x.h",),
    }
    return StepKey(**{**given, **changes})  # type: ignore[arg-type]


EVIDENCE = key().evidence({"x.h": "3/8"})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def only(folder: Path) -> Path:
    """The one file below a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert len(found) == 1
    return found[0]


def kept(world: World, data: bytes) -> Path:
    """The file of a content in a world's cache."""
    name = digest(data)
    return world.cache_root / "cache-v1/cas" / name[:2] / name


def test_a_result_is_lent_to_another_cache(tmp_path: Path) -> None:
    cache, other = Cache(tmp_path / "a", files), Cache(tmp_path / "b", files)
    entry = ResultEntry(outputs={"x": cache.store_bytes(b"bytes"), "y": None}, log=cache.store_bytes(b"said"), seconds=1.5)
    cache.keep(EVIDENCE, entry)
    action = action_digest(EVIDENCE)
    cache.lend(action, other)
    cache.lend("0" * 64, other)
    assert other.find(action, EVIDENCE) == entry
    assert other.restore(str(entry.outputs["x"]), tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"bytes"
    assert other.restore(entry.log, tmp_path / "log")


def test_an_entry_and_its_contents_come_back(tmp_path: Path) -> None:
    cache = Cache(tmp_path, files)
    content = cache.store_bytes(b"bytes")
    entry = ResultEntry(outputs={"x": content, "y": None}, log="", seconds=1.5)
    cache.keep(EVIDENCE, entry)
    assert Cache(tmp_path, files).find(action_digest(EVIDENCE)) == entry
    assert cache.restore(content, tmp_path / "out" / "x")
    assert (tmp_path / "out/x").read_bytes() == b"bytes"
    assert cache.find("0" * 64) is None
    assert not cache.restore("0" * 64, tmp_path / "out" / "y")
    assert cache.healed == 0


def test_F70_an_entry_cut_or_flipped_at_any_byte_is_a_miss_and_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path, files)
    action = action_digest(EVIDENCE)
    cache.keep(EVIDENCE, ResultEntry(outputs={"x": "1" * 64}))
    path = only(tmp_path / "cache-v1/ac")
    whole = path.read_bytes()
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]):
            path.write_bytes(damaged)
            assert cache.find(action) is None
            assert not path.exists()
    assert cache.healed == 2 * len(whole)
    path.write_bytes(whole)
    path.rename(path.with_name("f" * 64))  # an entry in another's place
    assert cache.find("f" * 64) is None


def test_F70_read_sets_survive_damage(tmp_path: Path) -> None:
    cache = Cache(tmp_path, files)
    for number in range(12):
        cache.remember("c" * 64, [f"x{number}.h"])
    cache.remember("c" * 64, ["x11.h"])
    assert cache.sets("c" * 64)[:2] == (("x11.h",), ("x10.h",))
    assert len(cache.sets("c" * 64)) == 8
    only(tmp_path / "cache-v1/sets").write_text("damaged")
    assert cache.sets("c" * 64) == ()


@pytest.mark.parametrize("damage", ["gone", "other bytes", "empty"])
def test_F70_a_damaged_content_is_built_again(world: World, damage: str) -> None:
    world.write(a_c="int a;")
    world.run(compile_step("a.c"))
    blob = kept(world, b"int a;")
    if damage == "gone":
        blob.unlink()
    else:
        blob.write_text("" if damage == "empty" else "int b;")
    world.forget_outputs()
    result = world.run(compile_step("a.c"))["app:compile:a.c"]
    assert (result.status, result.reasons) == ("ran", ("its result is not in the cache",))
    assert world.read("out/a.c.o") == "int a;"
    world.forget_outputs()
    assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "cached"}
    assert world.read("out/a.c.o") == "int a;"


@pytest.mark.parametrize("damage", ["gone", "other bytes"])
def test_F79_a_result_whose_log_is_damaged_is_made_again(world: World, damage: str) -> None:
    world.write(a_c="int odd;")
    first = world.run(compile_step("a.c"))["app:compile:a.c"]
    said = (world.root / first.log).read_text()
    assert said == "warning: odd\n"
    blob = next(path for path in (world.cache_root / "cache-v1/cas").rglob("*") if path.is_file() and path.read_text() == said)
    if damage == "gone":
        blob.unlink()
    else:
        blob.write_text("warning: bad\n")
    (world.root / first.log).unlink()
    again = world.run(compile_step("a.c"))["app:compile:a.c"]
    assert again.status == "ran"
    assert (world.root / again.log).read_text() == said


def test_F79_a_cached_step_says_what_its_tool_said(world: World) -> None:
    world.write(a_c="int odd;", b_c="int b;")
    first = world.run(compile_step("a.c"), compile_step("b.c"))
    shutil.rmtree(world.root / ".wbuild/log")
    again = world.run(compile_step("a.c"), compile_step("b.c"))
    assert [(r.status, bool(r.log)) for r in again.values()] == [("cached", True), ("cached", False)]
    assert (world.root / first["app:compile:a.c"].log).read_text() == "warning: odd\n"


def test_F74_an_output_edited_in_place_does_not_poison_the_cache(world: World) -> None:
    world.write(a_c="int a;")
    world.run(compile_step("a.c"))
    with (world.root / "out/a.c.o").open("r+") as file:
        file.write("POISON")
    assert kept(world, b"int a;").read_text() == "int a;"
    world.run(compile_step("a.c"))
    assert world.read("out/a.c.o") == "int a;"


def test_F55_a_cache_that_cannot_be_written_does_not_fail_the_build(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write(a_c="int a;")

    def full(*_args: object) -> None:
        raise MachineError("WB610", "cannot write: disk full")

    monkeypatch.setattr(Cache, "store", full)
    for _ in range(2):
        assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "ran"}
        assert world.notes == ["the cache cannot be written: cannot write: disk full"]
    assert world.read("out/a.c.o") == "int a;"


def test_F58_a_damaged_index_is_ignored(world: World) -> None:
    world.write(a_c="int a;")
    world.run(compile_step("a.c"))
    index = world.root / ".wbuild/index"
    whole = index.read_bytes()
    for damaged in (b"", whole[:-1], whole[:70], whole.replace(b"a.c", b"b.c"), b"\xff" * 100):
        index.write_bytes(damaged)
        assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "cached"}
        assert world.notes == [".wbuild/index, the record of files, is damaged or not of this user and machine: files are looked at again"]
    assert world.statuses(compile_step("a.c")) == {"app:compile:a.c": "cached"}
    assert world.notes == []


def aged(path: Path, text: str, seconds: float) -> None:
    path.write_text(text)
    moment = SystemClock().now() - seconds
    os.utime(path, (moment, moment))


def test_index_does_not_hash_twice_what_has_aged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []
    real = RealFiles.sha256
    monkeypatch.setattr(RealFiles, "sha256", lambda self, path: hashed.append(path) or real(self, path))  # type: ignore[func-returns-value]
    clock = FakeClock(SystemClock().now() + 100)
    aged(tmp_path / "x", "one", 50)
    first = Index(tmp_path, files, clock)
    assert first.digest("x") == first.digest("x") == digest(b"one")
    first.save(tmp_path / "index")
    second = Index(tmp_path, files, clock)
    second.load(tmp_path / "index")
    assert second.digest("x") == digest(b"one")
    assert len(hashed) == 1
    aged(tmp_path / "x", "two", 50)
    assert second.digest("x") == digest(b"two")


@pytest.mark.parametrize("ahead", [-1000.0, 0.0])
def test_F59_a_young_file_or_one_of_the_future_is_never_trusted(tmp_path: Path, ahead: float) -> None:
    index = Index(tmp_path, files, FakeClock(SystemClock().now() + ahead))
    path = tmp_path / "x"
    path.write_text("one")
    info = path.stat()
    assert index.digest("x") == digest(b"one")
    path.write_text("two")
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert index.digest("x") == digest(b"two")
    assert index.digest("none") is None
    assert index.digest(".") is None


def test_everything_that_matters_is_in_the_key() -> None:
    changes: list[dict[str, object]] = [
        {"action": ("cc", "-O3", "{out}/x")},
        {"action": ("cc", "-O2 {out}/x")},
        {"env": {}},
        {"env": {"A": "2"}},
        {"texts": {"r.json": "[]"}},
        {"texts": {}},
        {"stdin": "a.c"},
        {"tools": {}},
        {"tools": {"cc": "cc-1.0-linux-x86_64-bbbbbbbbbbbb"}},
        {"platform": "macos-arm64"},
        {"outputs": ("y",)},
        {"results": {"x": "{state}/y"}},
        {"inputs": (("a.c", "2/8"),)},
        {"inputs": (("a.c", "1/9"),)},
        {"inputs": (("b.c", "1/8"),)},
        {"inputs": (("a.c", ABSENT),)},
    ]
    actions = {action_digest(key(**change).evidence({"x.h": "3/8"})) for change in [{}, *changes]}
    assert len(actions) == len(changes) + 1
    assert action_digest(key().evidence({})) not in actions
    assert action_digest(key(candidates=("x.h", "y.h")).evidence({})) == action_digest(key().evidence({}))
    assert key(candidates=("x.h", "y.h")).coarse() != key().coarse()
    told = {action_digest(key(depfile="d", candidates=names).evidence({})) for names in [("x.h",), ("x.h", "y.h")]}
    assert len({*told, *actions}) == len(actions) + 2


def test_the_action_digest_is_that_of_the_remote_execution_api() -> None:
    def blob(text: str) -> str:
        return blob_name(digest(text.encode()), len(text))

    step = key(
        action=("{cc}/cc", "-o", "{out}/o.wasm", "src/a.c"),
        env={"TZ": "UTC", "A": "1"},
        texts={"r/run": "#!"},
        stdin="a.txt",
        outputs=("o.wasm", "map.txt"),
        results={"o.wasm": "{state}/o"},
        inputs=(("src/a.c", blob("int a;")), ("a.txt", blob("in"))),
    )
    builtin = StepKey(
        action=("{builtin}", "join", "v1", 'text="x"'),
        env={},
        texts={},
        stdin="",
        tools={},
        platform="",
        outputs=("z", "y"),
        inputs=(("b", blob("1")), ("lost", ABSENT), ("a", blob("2"))),
    )
    official = {case["name"]: case["expected"]["digest"][0] for case in json.loads(VECTOR.read_text("utf-8"))}
    assert action_digest(step.evidence({"src/x.h": blob(""), "gone.h": ABSENT})) == official["a step of wbuild"]
    assert action_digest(builtin.evidence({})) == official["a builtin of wbuild"]


def test_orders_that_change_no_output_are_not_in_the_key_and_others_are() -> None:
    pairs = (("a.c", "1/8"), ("b.c", "2/8"))
    one, other = key(inputs=pairs, outputs=("x", "y")), key(inputs=pairs[::-1], outputs=("y", "x"))
    assert action_digest(one.evidence({})) == action_digest(other.evidence({}))
    builtin = {"action": ("{builtin}", "join", "v1"), "platform": ""}
    digests = {
        action_digest(key(**builtin, inputs=inputs, outputs=outputs).evidence({}))
        for inputs in (pairs, pairs[::-1])
        for outputs in (("x", "y"), ("y", "x"))
    }
    assert len(digests) == 4


def test_F70_evidence_that_no_key_has_made_proves_nothing() -> None:
    action = action_digest(EVIDENCE)
    assert proves(json.loads(canonical(EVIDENCE)), action)
    assert not proves(EVIDENCE, "0" * 64)
    others: list[object] = [1, [1], [[]], {"y": 1}, {"y": "1"}, "yz", ["\ud800"]]
    for name in EVIDENCE:
        for wrong in others:
            assert not proves({**EVIDENCE, name: wrong}, action)
        assert not proves({other: part for other, part in EVIDENCE.items() if other != name}, action)
    assert not any(proves(wrong, action) for wrong in others)


def test_difference_says_every_part_in_words() -> None:
    old = Remembered(evidence=key().evidence({"x.h": "1/8", "z.h": "1/8"}), candidates=("x.h", "z.h"))
    changed = key(action=("cc", "-Oz", "{out}/x", "-g"), env={"A": "2", "B": ""}, texts={}, inputs=(("b.c", "1/8"),), outputs=("x", "y"))
    new = Remembered(evidence=changed.evidence({"x.h": "2/8"}), candidates=("x.h", "w.h"))
    assert difference(old, old) == ()
    earlier = Remembered(evidence={**old.evidence, "schema": 1}, candidates=())
    assert difference(earlier, new) == ("another wbuild, which makes keys in another way",)
    assert difference(old, new) == (
        "argv: -O2 → -Oz",
        "argv: -g added",
        "env A: 1 → 2",
        "env B: added",
        "candidates w.h: added",
        "candidates z.h: removed",
        "inputs a.c: removed",
        "inputs b.c: added",
        "and 4 more",
    )


def test_canonical_has_one_spelling_and_takes_any_name() -> None:
    assert canonical({"b": 1, "a": ["\udcff", "é"]}) == b'{"a":["\\udcff","\\u00e9"],"b":1}'


def test_dependency_files_of_make() -> None:
    text = "out/a.o: src/a.c \\\n  my\\ header.h $$x.h \\#y.h\\\r\n C:\\inc\\z.h src/a.c\n\nmy\\ header.h:\n# not: this\nb.o : b.c\n"
    assert prerequisites(text) == ("src/a.c", "my header.h", "$x.h", "#y.h", "C:\\inc\\z.h", "b.c")
    assert prerequisites("") is None
    assert prerequisites("a.o:") == ()


def test_what_was_read_is_sorted_by_where_it_is(tmp_path: Path) -> None:
    root, tool = tmp_path / "project", tmp_path / "store" / "zig"
    root.mkdir()
    (tmp_path / "link").symlink_to(root)
    text = f"x: a.c ./b/../b.h {root}/c.h {tool}/lib/stdio.h /usr/include/e.h ../up.h .wbuild/tmp/s/t.h .wbuild/state-dirs/z/o.h\n"
    found = read(text, Layout(root=root), [tool])
    assert found is not None
    assert found.names == ("a.c", "b.h", "c.h")
    assert found.foreign == ("../up.h", "/usr/include/e.h")
    linked = read(f"x: {root}/c.h", Layout(root=tmp_path / "link"), [])
    assert linked is not None
    assert linked.names == ("c.h",)


def test_names_of_private_folders_are_short_safe_and_different() -> None:
    assert slug("hello.wasip1:compile:src/main.c").startswith("hello.wasip1-compile-src-main.c-")
    assert slug("a/b") != slug("a:b")
    assert len(slug("x" * 500)) == 49
    assert not set(slug("ä;$(x)\n\udcff")) - set("abcdefghijklmnopqrstuvwxyz0123456789-._")
