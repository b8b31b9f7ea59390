"""The store: FAULTS F39, F42, F51 to F53, F55, F57 and the life of a tree."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.archives import Member, entry, tar, zipped
from tests.doors import Answer, FakeFiles, FakeRunner, fake_doors
from tests.provision import FakeSource, package, pinned
from wbuild.doors.archive import SafeArchives
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Doors
from wbuild.errors import IntegrityError, MachineError, ProvisionError, UsageError
from wbuild.model.locked import Pin
from wbuild.store import Store, StoreEvent
from wbuild.store.contents import decode
from wbuild.store.receipt import decode as read_receipt

ZIG = package("zig")
NODE = package("node")
OPT = package("opt")


class Bench:
    """A store with an origin in memory and real files."""

    def __init__(self, root: Path, **doors: object) -> None:
        self.root = root
        self.source = FakeSource({"zig-1.0.zip": ZIG, "node-1.0.zip": NODE, "opt-1.0.zip": OPT})
        self.runner = FakeRunner(lambda command: Answer(stdout="version 1.0\n"))
        defaults: dict[str, object] = {"files": RealFiles(), "archives": SafeArchives(), "runner": self.runner}
        self.doors: Doors = fake_doors(**{**defaults, **doors})  # type: ignore[arg-type]
        self.said: list[StoreEvent] = []
        self.store = self.another()

    def another(self, **options: object) -> Store:
        return Store(self.root, self.doors, {"fake": self.source}, **options)  # type: ignore[arg-type]

    def ensure(self, *pins: Pin) -> None:
        self.store.ensure(pins, self.said.append)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.said]

    def leftovers(self) -> list[str]:
        return [path.name for path in (self.root / "store-v2").glob(".tmp-*")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "store")


def test_a_pin_becomes_a_folder_with_a_receipt(bench: Bench) -> None:
    zig = pinned("zig", ZIG, probe=("zig", ("version",), "1.0"))
    assert not bench.store.has(zig)
    bench.ensure(zig)
    assert bench.store.has(zig)
    assert bench.kinds == ["download", "installed"]
    assert str(bench.said[1]) == "zig 1.0 (237 bytes): new in the store"
    folder = bench.store.path(zig)
    assert folder == bench.root / "store-v2" / zig.identity
    assert bench.store.argv(zig, "zig") == (str(folder / "zig/bin/zig"),)
    receipt = json.loads((folder / "receipt.json").read_text())
    assert receipt["schema"] == 1
    assert receipt["count"] == 2
    assert receipt["files"][0]["sha256"] == zig.files[0].digest.hex
    assert bench.store.damage(zig) == ()
    assert [(name, size) for name, size, _ in bench.store.installed()] == [(zig.identity, 17)]
    assert bench.leftovers() == []
    bench.ensure(zig)
    assert bench.source.fetched == ["zig"]


def test_the_folder_of_npm_packages_is_not_part_of_the_tree(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    data = tar([Member(b"package/bin/opt", b"x", mode=0o755), Member(b"package/package.json", b"{}")])
    bench.source.files = {"opt-1.0.zip": data, "two-1.0.zip": tar([Member(b"a/x"), Member(b"b/x")])}
    bench.store = Store(tmp_path, bench.doors, {"npm": bench.source})
    opt = replace(pinned("opt", data), source="npm", bin={"opt": ("{self}/bin/opt",)})
    bench.ensure(opt)
    assert (bench.store.path(opt) / "bin/opt").read_bytes() == b"x"
    assert bench.store.damage(opt) == ()
    two = replace(pinned("two", bench.source.files["two-1.0.zip"]), source="npm", bin={})
    with pytest.raises(IntegrityError, match="should hold one folder, and holds a, b"):
        bench.ensure(two)
    assert bench.leftovers() == []


def closure(bench: Bench, archives: dict[str, tuple[bytes, tuple[str, ...]]]) -> Pin:
    """A pin of several npm packages: name → archive and places."""
    bench.source.files = {f"{name}-1.0.zip": data for name, (data, _) in archives.items()}
    bench.store = Store(bench.root, bench.doors, {"npm": bench.source})
    files = [replace(pinned(name, data).files[0], places=places) for name, (data, places) in archives.items()]
    return replace(pinned("opt", archives["opt"][0]), source="npm", files=tuple(files), bin={"opt": ("{self}/main.js",)})


def files_below(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file() and p.suffix == ".js"}


def test_packages_of_npm_lie_in_their_places(bench: Bench) -> None:
    inner = tar([Member(b"package/b.js", b"b")])
    pin = closure(
        bench,
        {
            "inner": (inner, ("node_modules/a/node_modules/b", "node_modules/@c/d/node_modules/b")),
            "opt": (tar([Member(b"package/main.js", b"main"), Member(b"package/node_modules/own/own.js", b"own")]), ()),
            "a": (tar([Member(b"a/a.js", b"a")]), ("node_modules/a",)),
            "d": (tar([Member(b"package/d.js", b"d")]), ("node_modules/@c/d",)),
        },
    )
    bench.ensure(pin)
    assert files_below(bench.store.path(pin)) == {
        "main.js": b"main",
        "node_modules/@c/d/d.js": b"d",
        "node_modules/@c/d/node_modules/b/b.js": b"b",
        "node_modules/a/a.js": b"a",
        "node_modules/a/node_modules/b/b.js": b"b",
        "node_modules/own/own.js": b"own",
    }
    assert bench.store.damage(pin) == ()
    moved = replace(pin, files=tuple(replace(f, places=("node_modules/z",)) if f.places == ("node_modules/a",) else f for f in pin.files))
    assert moved.identity != pin.identity


@pytest.mark.parametrize(
    "member",
    [
        Member(b"package/node_modules", kind="symlink", target=b".."),
        Member(b"package/node_modules/a", kind="symlink", target=b"../.."),
        Member(b"package/node_modules/a/x.js", b"x"),
        Member(b"package/node_modules", b"x"),
    ],
)
def test_F26_no_package_is_unpacked_through_what_another_one_brings(bench: Bench, member: Member) -> None:
    pin = closure(
        bench,
        {"opt": (tar([Member(b"package/main.js", b"main"), member]), ()), "a": (tar([Member(b"a/a.js", b"a")]), ("node_modules/a",))},
    )
    with pytest.raises(IntegrityError, match="where another of its packages belongs"):
        bench.ensure(pin)
    assert not bench.store.has(pin)
    assert bench.leftovers() == []
    assert not list(bench.root.rglob("a.js"))


def test_the_probe_runs_in_a_minimal_environment(tmp_path: Path) -> None:
    bench = Bench(tmp_path, client_env={"HOME": "/home/me", "PIP_INDEX_URL": "https://user:secret@x", "SystemRoot": "C:\\W"})
    bench.ensure(pinned("zig", ZIG, probe=("zig", ("version",), "1.0")))
    (seen,) = bench.runner.seen
    assert seen.argv[1:] == ("version",)
    assert seen.env == {"LC_ALL": "C", "SystemRoot": "C:\\W"}


def test_trees_are_read_only_and_equal_everywhere(tmp_path: Path) -> None:
    receipts = []
    for name in ("one", "two"):
        bench = Bench(tmp_path / name)
        zig = pinned("zig", ZIG)
        bench.ensure(zig)
        folder = bench.store.path(zig)
        assert stat.S_IMODE((folder / "zig/bin/zig").stat().st_mode) == 0o555
        assert stat.S_IMODE((folder / "zig/README").stat().st_mode) == 0o444
        receipts.append((folder / "receipt.json").read_bytes() + (folder / "contents.jsonl").read_bytes())
        bench.doors.files.remove(folder)
        assert not folder.exists()
    assert receipts[0] == receipts[1]


def test_needs_come_first_and_are_shared(bench: Bench) -> None:
    node = pinned("node", NODE)
    opt = pinned("opt", OPT, needs=(node,), probe=("opt", (), ""))
    bench.ensure(pinned("zig", ZIG), opt, node)
    done = [event.pin.name for event in bench.said if event.kind == "installed"]
    assert sorted(done) == ["node", "opt", "zig"]
    assert done.index("node") < done.index("opt")
    assert sorted(bench.source.fetched) == ["node", "opt", "zig"]


def test_a_need_that_fails_is_the_error(bench: Bench) -> None:
    del bench.source.files["node-1.0.zip"]
    opt = pinned("opt", OPT, needs=(pinned("node", NODE),))
    with pytest.raises(ProvisionError, match="cannot reach node"):
        bench.ensure(opt)
    assert not bench.store.has(opt)


def test_several_failures_are_told_at_once(bench: Bench) -> None:
    bench.source.files.clear()
    with pytest.raises(ProvisionError) as caught:
        bench.ensure(pinned("zig", ZIG), pinned("opt", OPT))
    assert sorted(problem.message for problem in caught.value.problems) == ["cannot reach opt-1.0.zip", "cannot reach zig-1.0.zip"]


def test_the_worst_failure_wins(bench: Bench) -> None:
    del bench.source.files["zig-1.0.zip"]
    bench.source.files["opt-1.0.zip"] += b"x"
    with pytest.raises(IntegrityError):
        bench.ensure(pinned("zig", ZIG), pinned("opt", OPT))


def test_a_package_client_comes_from_the_needs(bench: Bench) -> None:
    lines: list[tuple[str, ...]] = []
    fetch = bench.source.fetch

    def with_client(pin: Pin, into: Path, doors: Doors) -> None:
        if pin.name == "opt":
            assert doors.program is not None
            lines.append(doors.program("node"))
            with pytest.raises(ProvisionError, match="no tool that brings it"):
                doors.program("cargo")
        fetch(pin, into, doors)

    bench.source.fetch = with_client  # type: ignore[method-assign]
    node = pinned("node", NODE)
    bench.ensure(pinned("opt", OPT, needs=(node,)))
    assert lines == [(str(bench.store.path(node) / "node/bin/node"),)]


def test_F22_offline_lists_all_that_is_missing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    bench.doors = fake_doors(files=RealFiles(), offline=True)
    offline = bench.another()
    offline.ensure([zig], bench.said.append)
    with pytest.raises(ProvisionError, match=r"offline, and not in the store: node 1\.0 \(\d+ bytes\), opt 1\.0 \(\d+ bytes\)"):
        offline.ensure([zig, pinned("opt", OPT, needs=(pinned("node", NODE),))], bench.said.append)
    assert bench.source.fetched == ["zig"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ZIG[:-1] + b"\1", "expected sha256:"),
        (ZIG + b"x", "bytes; the lock says"),
        (b"<!DOCTYPE html><title>Sign in</title>".ljust(len(ZIG)), "looks like HTML"),
    ],
)
def test_F10_F11_wrong_bytes_never_enter_the_store(bench: Bench, data: bytes, words: str) -> None:
    bench.source.files["zig-1.0.zip"] = data
    zig = pinned("zig", ZIG)
    with pytest.raises(IntegrityError, match=words):
        bench.ensure(zig)
    assert not bench.store.path(zig).exists()
    assert bench.leftovers() == []
    bench.source.files["zig-1.0.zip"] = ZIG
    bench.ensure(zig)
    assert bench.store.has(zig)


def test_a_source_that_delivers_something_else(bench: Bench) -> None:
    def deliver(pin: Pin, into: Path, doors: Doors) -> None:
        (into / "other.zip").write_bytes(ZIG)

    bench.source.fetch = deliver  # type: ignore[method-assign]
    with pytest.raises(IntegrityError, match=r"delivered other\.zip instead of zig-1\.0\.zip"):
        bench.ensure(pinned("zig", ZIG))


def test_a_hostile_archive_leaves_nothing(bench: Bench) -> None:
    evil = tar([Member(b"zig/bin/zig", b"x", mode=0o755), Member(b"../evil", b"x")])
    bench.source.files["zig-1.0.zip"] = evil
    with pytest.raises(IntegrityError, match="components"):
        bench.ensure(pinned("zig", evil))
    assert sorted(path.name for path in (bench.root / "store-v2").iterdir()) == [".locks"]


@pytest.mark.parametrize("name", ["receipt.json", "contents.jsonl"])
def test_an_archive_cannot_bring_its_own_receipt(bench: Bench, name: str) -> None:
    data = zipped([entry(Member(b"zig/bin/zig", b"x", mode=0o755)), entry(Member(name.encode(), b"{}"))])
    bench.source.files["zig-1.0.zip"] = data
    with pytest.raises(IntegrityError, match=f"a file named {name}"):
        bench.ensure(pinned("zig", data))


def test_F39_a_missing_program(bench: Bench) -> None:
    data = zipped([entry(Member(b"zig/README", b"x"))])
    bench.source.files["zig-1.0.zip"] = data
    zig = pinned("zig", data)
    with pytest.raises(IntegrityError, match=r"zig 1\.0 has no zig/bin/zig, which its program zig needs"):
        bench.ensure(zig)
    assert not bench.store.has(zig)


@pytest.mark.parametrize(
    ("answer", "words"),
    [(Answer(code=127, stdout="not found"), "ended with 127"), (Answer(stdout="version 2.0"), "did not say '1.0'")],
)
def test_F39_a_program_that_does_not_run(bench: Bench, answer: Answer, words: str) -> None:
    bench.runner.respond = lambda command: answer
    zig = pinned("zig", ZIG, probe=("zig", ("version",), "1.0"))
    with pytest.raises(IntegrityError, match=f"does not run on this machine: zig version {words}"):
        bench.ensure(zig)
    assert not bench.store.path(zig).exists()


def test_a_folder_without_receipt_is_not_installed(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    (bench.store.path(zig) / "zig/bin").mkdir(parents=True)
    (bench.store.path(zig) / "zig/bin/zig").write_text("half")
    assert not bench.store.has(zig)
    bench.ensure(zig)
    assert bench.store.damage(zig) == ()


def test_F42_a_version_with_the_digest_of_another(bench: Bench) -> None:
    bench.ensure(pinned("zig", ZIG))
    bench.source.files["zig-1.1.zip"] = package("zig", b"newer program")
    edited = pinned("zig", ZIG, version="1.1")
    assert not bench.store.has(edited)
    with pytest.raises(IntegrityError, match=r"digest of zig 1\.1 belongs to zig 1\.0"):
        bench.ensure(edited)


def test_F52_eight_installations_at_once_download_once(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    barrier = threading.Barrier(8)
    stores = [bench.another() for _ in range(8)]

    def install(store: Store) -> None:
        barrier.wait()
        store.ensure([zig], bench.said.append)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(install, stores))
    assert bench.source.fetched == ["zig"]
    assert bench.kinds.count("installed") == 1


def test_F53_a_holder_that_does_not_move(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    store = bench.another(lock_timeout=0.2)
    lock = bench.root / "store-v2/.locks" / f"{zig.identity}.lock"
    held = RealFiles().lock(lock, what="test", timeout=1, say=lambda text: None)
    with held, pytest.raises(MachineError, match=r"waited 0\.2 s for pid .* to install zig 1\.0"):
        store.ensure([zig], bench.said.append)
    store.ensure([zig], bench.said.append)
    assert store.has(zig)


class FullDisk:
    """Archives on a disk that fills up."""

    def unpack(self, archive: Path, into: Path, *, executables: Sequence[str] = ()) -> int:
        from wbuild.doors.machine import machine_errors

        (into / "part").write_bytes(b"x")
        with machine_errors(into, "unpack into"):
            raise OSError(errno.ENOSPC, "No space left on device")


def test_F55_disk_full_while_unpacking(tmp_path: Path) -> None:
    bench = Bench(tmp_path, archives=FullDisk())
    zig = pinned("zig", ZIG)
    with pytest.raises(MachineError, match=r"disk full \(\d+ MB free\)"):
        bench.ensure(zig)
    assert bench.leftovers() == []
    assert not bench.store.has(zig)


def test_F55_too_little_room_is_said_before_the_download(tmp_path: Path) -> None:
    bench = Bench(tmp_path, files=FakeFiles(free=100))
    with pytest.raises(MachineError, match=r"disk full \(\d+ (MB|kB|bytes) needed, \d+ MB free\)"):
        bench.ensure(pinned("zig", ZIG))
    assert bench.source.fetched == []


def flip(path: Path) -> None:
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)
    path.chmod(0o444)


def truncate(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")
    path.chmod(0o444)


DAMAGES = {
    "flipped": (flip, "zig/README (changed)"),
    "truncated": (truncate, "zig/README (changed)"),
    "deleted": (Path.unlink, "zig/README (missing)"),
    "writable": (lambda path: path.chmod(0o644), "zig/README (mode changed)"),
    "replaced by a link": (lambda path: (path.unlink(), path.symlink_to("/etc/passwd")), "zig/README (changed)"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_F57_damage_is_named_and_repaired(bench: Bench, kind: str) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    damage, named = DAMAGES[kind]
    damage(bench.store.path(zig) / "zig/README")  # type: ignore[operator]
    assert bench.store.damage(zig) == (named,)
    bench.store.repair(zig, bench.said.append)
    assert bench.store.damage(zig) == ()
    assert bench.source.fetched == ["zig", "zig"]
    assert bench.leftovers() == []


@pytest.mark.parametrize("kind", DAMAGES)
def test_F57_a_build_never_uses_a_damaged_tree(bench: Bench, kind: str) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    DAMAGES[kind][0](bench.store.path(zig) / "zig/README")  # type: ignore[operator]
    later = bench.another()
    later.ensure([zig], bench.said.append)
    assert bench.kinds == ["download", "installed", "damaged", "download", "installed"]
    assert "is damaged and is installed again: zig/README" in str(bench.said[2])
    assert later.damage(zig) == ()


@pytest.mark.parametrize(
    ("file", "damage", "seen"),
    [
        ("zig/README", Path.unlink, True),
        ("zig/README", lambda path: path.rename(path.with_name("LIESMICH")), True),
        ("zig/bin/zig", flip, True),
        ("zig/README", flip, False),  # written in place: the next whole look sees it
    ],
)
def test_F57_soon_after_a_whole_look_a_short_one_is_enough(bench: Bench, file: str, damage: Callable[[Path], object], seen: bool) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    bench.another().ensure([zig], bench.said.append)
    damage(bench.store.path(zig) / file)
    bench.another().ensure([zig], bench.said.append)
    assert ("damaged" in bench.kinds) == seen
    (note,) = (bench.root / "store-v2/.looked").iterdir()
    os.utime(note, (time.time() - 3600,) * 2)
    bench.another().ensure([zig], bench.said.append)
    assert bench.kinds.count("damaged") == 1
    assert bench.store.damage(zig) == ()


def test_F57_offline_a_damaged_tree_is_refused(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    flip(bench.store.path(zig) / "zig/README")
    bench.doors = fake_doors(files=RealFiles(), offline=True)
    with pytest.raises(IntegrityError, match=r"damaged in the store: zig 1\.0 \(zig/README \(changed\)\)"):
        bench.another().ensure([zig], bench.said.append)
    with pytest.raises(IntegrityError):
        bench.another().repair(zig, bench.said.append)


def test_F57_a_flip_that_hides_size_and_time_is_found_by_verify(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    path = bench.store.path(zig) / "zig/README"
    before = path.stat()
    flip(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert bench.store.damage(zig) == ("zig/README (changed)",)


def test_files_that_do_not_belong_to_a_tree_are_named(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    (bench.store.path(zig) / "zig/bin/evil.so").write_text("x")
    assert bench.store.damage(zig) == ("zig/bin/evil.so (not part of it)",)


@pytest.mark.parametrize("name", ["receipt.json", "contents.jsonl"])
def test_F57_damaged_books(bench: Bench, name: str) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    path = bench.store.path(zig) / name
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        damage = bench.store.damage(zig)
        assert damage or (name == "receipt.json" and size == len(whole) - 1), size
        assert read_receipt(path.read_text()) is None or name == "receipt.json"
    path.unlink()
    assert bench.store.damage(zig)
    bench.another().ensure([zig], bench.said.append)
    assert bench.another().damage(zig) == ()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"schema": 2}', '{"schema": 1, "files": 3}', "\x00", '{"schema": 1, "files": []}']
)
def test_any_receipt_text_is_a_receipt_or_not(text: str) -> None:
    assert read_receipt(text) is None


@pytest.mark.parametrize("text", ["x", "[]", "[1,2,3,4,5]", '["a"]', "{}", '["a","file","b",1,"c"]'])
def test_any_contents_text_is_a_list_or_not(text: str) -> None:
    assert decode(text) is None


def test_an_unknown_program_is_a_usage_error(bench: Bench) -> None:
    with pytest.raises(UsageError, match="has no program 'x'"):
        bench.store.argv(pinned("zig", ZIG), "x")


def test_command_installs_first(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    assert bench.store.command(zig, "zig") == (str(bench.store.path(zig) / "zig/bin/zig"),)
    assert bench.store.has(zig)


def test_nothing_is_installed_in_an_empty_store(bench: Bench) -> None:
    assert bench.store.installed() == []
    assert bench.store.damage(pinned("zig", ZIG)) == ("receipt.json (missing, damaged or not that of this pin)",)
