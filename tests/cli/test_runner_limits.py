"""F104–F108: whatever a module does, the runner ends, says which limit or trap it was, and leaves the machine as it found it."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.cli.runners import WRITE, assemble, check, check_text

UNREACHABLE = "wasm `unreachable` instruction executed"
PATHS = """
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "inside.txt") (data (i32.const 32) "outside.txt") (data (i32.const 64) "new.txt")
  (func $open (param $at i32) (param $size i32) (param $flags i32) (param $rights i64) (result i32)
    (call $path_open (i32.const 3) (i32.const 1) (local.get $at) (local.get $size) (local.get $flags) (local.get $rights) (i64.const 0)
      (i32.const 0) (i32.const 128)))"""


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ('(func (export "_start") (loop (br 0)))', "time"),
        ('(func $s (loop (br 0))) (start $s) (func (export "_start"))', "time"),
        ('(func $f (export "_start") (return_call $f))', "time"),
        ('(func (export "_start") (loop (br 0)))', "fuel"),
    ],
)
def test_F104_endless(tmp_path: Path, body: str, limit: str) -> None:
    outcome = check_text(tmp_path, f"(module {body})", limits={"seconds": 0.3} if limit == "time" else {"fuel": 1_000_000})
    assert (outcome.code, outcome.short()) == (75 if limit == "time" else 0, {"limit": limit})
    assert limit == "time" or outcome.fields["fuel"] == 1_000_000


def test_F104_a_wait_that_the_engine_cannot_interrupt(tmp_path: Path) -> None:
    """A real sleep of an hour, in a call to the host."""
    text = """(module
      (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "_start")
        (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 3600000000000))
        (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))"""
    assert check_text(tmp_path, text, virtual=False, limits={"seconds": 0.3}).short() == {"limit": "time"}
    assert check_text(tmp_path, text).short() == {"exit": 0}


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        # growing is refused at the limit, which the program sees
        (
            """(memory (export "memory") 1) (func (export "_start")
              (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable)""",
            {"trap": UNREACHABLE},
        ),
        ('(memory 2000) (func (export "_start"))', {"limit": "memory"}),
        ('(table 100000000 funcref) (func (export "_start"))', {"limit": "memory"}),
        ("(memory 1) " * 17 + '(func (export "_start"))', {"limit": "memory"}),
        ('(func $f (export "_start") (call $f))', {"trap": "call stack exhausted"}),
        ('(tag $e) (func (export "_start") (throw $e))', {"trap": "thrown Wasm exception"}),
        ('(func $s unreachable) (start $s) (func (export "_start"))', {"trap": UNREACHABLE}),
    ],
)
def test_F105_memory_tables_and_the_stack(tmp_path: Path, body: str, ended: dict[str, str]) -> None:
    outcome = check_text(tmp_path, f"(module {body})", limits={"memory": 64 << 20})
    assert (outcome.code, outcome.short()) == (75 if ended.get("limit") == "time" else 0, ended)
    if 'export "memory"' in body:
        assert outcome.fields["memory_pages"] == 1024


def test_F105_objects_of_the_collected_heap(tmp_path: Path) -> None:
    text = """(module (type $a (array i64)) (table 100000 anyref)
      (func (export "_start") (local $i i32)
        (loop (table.set (local.get $i) (array.new_default $a (i32.const 100000)))
          (local.set $i (i32.add (local.get $i) (i32.const 1))) (br 0))))"""
    assert check_text(tmp_path, text, limits={"memory": 64 << 20}).short() == {"limit": "memory"}


def test_F105_many_memories_are_held_by_the_system(tmp_path: Path) -> None:
    """Sixteen memories below the engine's limit each, but not together."""
    module = assemble(tmp_path, f'(module {"(memory 10000)" * 16} (func (export "_start")))')
    assert check(tmp_path, module, limits={"memory": 700 << 20}).short() == {"limit": "memory"}
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 << 20


@pytest.mark.parametrize("stream", [1, 2])
def test_F106_endless_output(tmp_path: Path, stream: int) -> None:
    text = f'(module {WRITE} (func (export "_start") (loop (call $say (i32.const {stream})) (br 0))))'
    outcome = check_text(tmp_path, text, limits={"output": 100_001})
    assert outcome.short() == {"limit": "output"}
    written = outcome.stdout if stream == 1 else outcome.stderr
    assert len(written) == 100_001
    assert written.startswith(b"hello\nhello\n")


def test_F106_output_up_to_the_limit_passes(tmp_path: Path) -> None:
    module = assemble(tmp_path, f'(module {WRITE} (func (export "_start") (call $say (i32.const 1)) (call $say (i32.const 1))))')
    assert check(tmp_path, module, limits={"output": 12}).short() == {"exit": 0}
    assert check(tmp_path, module, limits={"output": 11}).short() == {"limit": "output"}


@pytest.mark.parametrize("virtual", [True, False])
def test_F106_a_gigabyte_of_randomness(tmp_path: Path, virtual: bool) -> None:
    text = """(module (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (memory (export "memory") 16384)
      (func (export "_start") (loop (drop (call $random (i32.const 0) (i32.const 0x3fffffff))) (br 0))))"""
    outcome = check_text(tmp_path, text, virtual=virtual, limits={"seconds": 0.3, "memory": 1 << 30})
    assert outcome.short() == ({"limit": "time"} if virtual else {"trap": "requested len 1073741823 exceeds limit 67108864"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "inside.txt").write_text("inside")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "outside.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def test_F106_a_hundred_thousand_files(tmp_path: Path, folder: Path) -> None:
    text = f"""(module {PATHS} (func (export "opened") (result i32) (local $n i32)
      (loop (if (i32.eqz (call $open (i32.const 0) (i32.const 10) (i32.const 0) (i64.const 2)))
        (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if 1 (i32.lt_u (local.get $n) (i32.const 100000))))))
      (local.get $n)))"""
    outcome = check_text(tmp_path, text, dirs={"/data": str(folder)}, mode="invoke", invoke="opened")
    assert 900 < int(outcome.fields["returns"][0]) < 1024


def test_F107_folders_are_read_only_and_links_stay_inside(tmp_path: Path, folder: Path) -> None:
    text = f"""(module {PATHS} (func (export "try") (result i32 i32 i32)
      (call $open (i32.const 0) (i32.const 10) (i32.const 0) (i64.const 2))
      (call $open (i32.const 32) (i32.const 11) (i32.const 0) (i64.const 2))
      (call $open (i32.const 64) (i32.const 7) (i32.const 1) (i64.const 64))))"""
    outcome = check_text(tmp_path, text, dirs={"/data": str(folder)}, mode="invoke", invoke="try")
    assert outcome.fields["returns"] == ["0", "63", "63"]  # EPERM
    assert not (folder / "new.txt").exists()


def test_F108_only_what_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes of arguments and environment, the first preopened folder, a byte of standard input."""
    monkeypatch.setenv("SECRET", "1")
    text = """(module
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "seen") (result i32 i32 i32 i32 i32 i32)
        (drop (call $args (i32.const 0) (i32.const 4))) (drop (call $environ (i32.const 8) (i32.const 12)))
        (i32.store (i32.const 32) (i32.const 64)) (i32.store (i32.const 36) (i32.const 8))
        (drop (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 16)))
        (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.load (i32.const 8)) (i32.load (i32.const 12))
        (call $prestat (i32.const 3) (i32.const 24)) (i32.load (i32.const 16))))"""
    module = assemble(tmp_path, text)
    nothing = check(tmp_path, module, mode="invoke", invoke="seen()")
    assert nothing.fields["returns"] == ["1", "10", "0", "0", "8", "0"]  # the name main.wasm; EBADF
    declared = check(tmp_path, module, mode="invoke", invoke="seen", args=["é"], env={"A": "b"}, stdin_text="xyz\0", name="m")
    assert declared.fields["returns"] == ["2", "5", "1", "4", "8", "4"]
