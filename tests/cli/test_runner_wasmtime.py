"""The wasmtime runner: values in and out, refusals, a clock that repeats itself, kept code, and the terminal's side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.runners import RUNNERS, WRITE, assemble, check, check_text, library, start

SAME = """(module
  (func (export "i32") (param i32) (result i32) (local.get 0)) (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0)) (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
  (func (export "odd \\"name\\"(")) (func (export "none") (result funcref externref) (ref.null func) (ref.null extern))
  (func (export "vector") (param v128)) (func (export "reference") (result anyref) (ref.null any)))"""


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("same"), SAME)


@pytest.mark.parametrize(
    ("call", "returns"),
    [
        ("i32(-1)", "-1"),
        ("i32(4294967295)", "-1"),
        ("i32( 0x80000000 )", "-2147483648"),
        ("i64(18446744073709551615)", "-1"),
        ("i64(-9_223_372_036_854_775_808)", "-9223372036854775808"),
        ("f32(0.1)", "0.1"),
        ("f32(16777217)", "16777216.0"),
        ("f32(1.00000017881393432617187499)", "1.0000001"),  # half-way only after rounding to 64 bits
        ("f32(1e39)", "inf"),
        ("f32(1e-45)", "1e-45"),
        ("f64(0.1)", "0.1"),
        ("f64(0x1.8p1)", "3.0"),
        ("f64(-0)", "-0.0"),
        ("f64(nan)", "nan"),
        ("f64(-inf)", "-inf"),
        ("f64(5e-324)", "5e-324"),
        ("swap(7, 2.5)", "2.5 7"),
        ("none()", "null null"),
        (r'"odd \"name\"("', ""),
    ],
)
def test_values_of_modules(tmp_path: Path, same: Path, call: str, returns: str) -> None:
    outcome = check(tmp_path, same, mode="invoke", invoke=call)
    assert outcome.short() == {"exit": 0, "returns": returns.split()}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("i32(4294967296)", "`i32`, value 1: 4294967296 is out of range of i32"),
        ("i32(1.5)", "`i32`, value 1: `1.5` is not an integer"),
        ("f64(x)", "`f64`, value 1: `x` is not a number"),
        ("swap(1)", "`swap` takes 2 values, 1 given"),
        ("swap(1, 2, 3)", "`swap` takes 2 values, more given: `, 3`"),
        ("swap(1 2)", "expected `,` at `2`"),
        ("i32(1", "`i32(1` is not of the form name(value, …)"),
        ("vector(1)", "`vector` takes or gives a v128, which this runtime's library cannot pass"),
        ("reference()", "`reference` takes or gives a ref, which this runtime's library cannot pass"),
        ("nothing()", 'it exports no function `nothing`; there are i32, i64, f32, f64, swap, odd "name"(, none, vector, reference'),
    ],
)
def test_calls_that_do_not_fit(tmp_path: Path, same: Path, call: str, says: str) -> None:
    outcome = check(tmp_path, same, mode="invoke", invoke=call)
    assert (outcome.code, outcome.short()) == (0, {"error": says})


def test_a_reactor_is_initialized_once(tmp_path: Path) -> None:
    text = """(module (global $n (mut i32) (i32.const 0))
      (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 20))))
      (func (export "get") (result i32) (i32.add (global.get $n) (i32.const 1))))"""
    assert check_text(tmp_path, text, mode="invoke", invoke="get").fields["returns"] == ["21"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "not a Wasm module: the file is empty"),
        (b"(module)", "not a Wasm module: it starts with b'(mod'"),
        (b"\0asm\x01\0\0\0\xff", "malformed section id"),
        (b"\0asm\x02\0\0\0", "unknown binary version"),
    ],
)
def test_refused_files(tmp_path: Path, text: bytes, says: str) -> None:
    (tmp_path / "m.wasm").write_bytes(text)
    outcome = check(tmp_path, tmp_path / "m.wasm")
    assert outcome.code == 0
    assert says in outcome.fields["error"]
    assert says.encode() in start("wasmtime.py", "exec", tmp_path / "m.wasm").stderr


def test_proposals(tmp_path: Path) -> None:
    """What the engine takes by itself is taken; a proposal can be turned off and on."""
    module = assemble(tmp_path, '(module (memory 1) (memory 1) (func $f (return_call $f)) (func (export "_start")))')
    assert check(tmp_path, module).short() == {"exit": 0}
    assert "tail calls support is not enabled" in check(tmp_path, module, features=["-tail-call"]).fields["error"]
    module = assemble(tmp_path, '(module (memory 1 1 (pagesize 1)) (func (export "_start")))')
    assert "page size" in check(tmp_path, module).fields["error"]
    assert check(tmp_path, module, features=["custom-page-sizes"]).short() == {"exit": 0}
    assert "no setting for the proposal `teleport`" in check(tmp_path, module, features=["teleport"]).fields["error"]


def test_missing_imports_are_all_named_or_stubbed(tmp_path: Path) -> None:
    module = assemble(
        tmp_path,
        """(module (import "env" "a" (func $a (result i32))) (import "env" "b" (func))
          (func (export "quiet") (result i32) (i32.const 1)) (func (export "loud") (result i32) (call $a)))""",
    )

    def ended(call: str, imports: str | None) -> dict[str, Any]:
        return check(tmp_path, module, mode="invoke", invoke=call, imports=imports).short()

    assert ended("quiet", None) == {"error": "it imports what this runtime does not have: env.a, env.b"}
    assert ended("quiet", "trap") == {"exit": 0, "returns": ["1"]}
    assert ended("loud", "trap") == {"trap": "unknown import: `env::a` has not been defined"}
    assert ended("loud", "zero") == {"exit": 0, "returns": ["0"]}


def test_exit_codes_and_streams(tmp_path: Path) -> None:
    text = f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) {WRITE}
      (func (export "_start") (call $say (i32.const 1)) (call $say (i32.const 2)) (call $exit (i32.const 42))))"""
    outcome = check_text(tmp_path, text)
    assert (outcome.short(), outcome.stdout, outcome.stderr) == ({"exit": 42}, b"hello\n", b"hello\n")
    assert outcome.fields["schema"] == "wbuild.outcome/1"
    assert start("wasmtime.py", "version").stdout.decode().strip() == outcome.fields["version"]


CLOCKED = """(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $now (export "now") (param i32) (result i64)
    (drop (call $clock (local.get 0) (i64.const 1) (i32.const 0))) (i64.load (i32.const 0)))
  (func (export "run") (result i64 i64 i64) (local $i i32)
    (drop (call $random (i32.const 8) (i32.const 8)))
    (local.set $i (i32.and (i32.load8_u (i32.const 8)) (i32.const 127)))
    (loop (br_if 0 (i32.gt_s (local.tee $i (i32.sub (local.get $i) (i32.const 1))) (i32.const 0))))
    (i64.load (i32.const 8)) (call $now (i32.const 0)) (call $now (i32.const 1)))
  (func (export "sleep") (result i64 i32 i64)
    ;; an hour on the monotonic clock, and half an hour
    (i64.store (i32.const 64) (i64.const 5)) (i32.store (i32.const 80) (i32.const 1)) (i64.store (i32.const 88) (i64.const 3600000000000))
    (i64.store (i32.const 112) (i64.const 6)) (i32.store (i32.const 128) (i32.const 1))
    (i64.store (i32.const 136) (i64.const 1800000000000))
    (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 2) (i32.const 512)))
    (i64.load (i32.const 256)) (i32.load (i32.const 512)) (call $now (i32.const 1)))
  (func (export "bad") (result i32) (call $random (i32.const 65530) (i32.const 100))))"""


def test_virtual_time_and_randomness_repeat_to_the_bit(tmp_path: Path) -> None:
    module = assemble(tmp_path, CLOCKED)
    runs = [check(tmp_path, module, mode="invoke", invoke="run") for _ in range(3)]
    assert len({json.dumps(run.fields) for run in runs}) == 1
    random, wall, monotonic = map(int, runs[0].fields["returns"])
    assert (wall, monotonic) == (10**18 + 10_000, 20_000)
    real = check(tmp_path, module, mode="invoke", invoke="run", virtual=False).fields["returns"]
    assert int(real[0]) != random
    assert abs(int(real[1]) / 1e9 - time.time()) < 60


def test_virtual_sleep_ends_at_the_earliest_moment(tmp_path: Path) -> None:
    module = assemble(tmp_path, CLOCKED)
    assert check(tmp_path, module, mode="invoke", invoke="sleep").fields["returns"] == ["6", "1", str(1800 * 10**9 + 10_000)]


def test_virtual_functions_check_pointers_as_the_engine_does(tmp_path: Path) -> None:
    module = assemble(tmp_path, CLOCKED)
    assert check(tmp_path, module, mode="invoke", invoke="bad").short() == {"trap": "pointer out of bounds: 100 bytes at 65530"}


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"modul": "x"}, "unknown keys: modul"),
        ({"limits": {"seconds": 0}}, "`seconds`: 0 does not fit"),
        ({"args": "x"}, '`args`: "x" does not fit'),
        ({"env": {"A": "\0"}}, "`env`:"),
        ({"mode": "invoke"}, "`invoke` and mode `invoke` belong together"),
        ({"dirs": {"/data": "/nowhere"}}, "`dirs`: /data is to be /nowhere, which is no folder"),
        ({"stdin": "/nowhere"}, "`stdin`: /nowhere is no file"),
    ],
)
def test_bad_requests(tmp_path: Path, same: Path, request_: dict[str, Any], says: str) -> None:
    outcome = check(tmp_path, same, **request_)
    assert outcome.code == 2
    assert outcome.fields["error"].startswith(says)


def test_a_request_that_is_no_request(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text("[")
    done = start("wasmtime.py", "run", tmp_path / "request.json", tmp_path / "outcome.json")
    assert done.returncode == 2
    assert "cannot read the request" in json.loads((tmp_path / "outcome.json").read_text())["error"]


def test_compiled_code_is_kept_and_never_trusted(tmp_path: Path) -> None:
    functions = "".join(f'(func (export "f{i}") (param f64) (result f64) {"(f64.sqrt " * 20}(local.get 0){")" * 20})' for i in range(3000))
    module, folder = assemble(tmp_path, f"(module {functions})"), tmp_path / "kept"

    def run() -> list[str]:
        returns: list[str] = check(tmp_path, module, mode="invoke", invoke="f7(1)", code=folder).fields["returns"]
        return returns

    assert run() == ["1.0"]
    (code,) = folder.iterdir()
    before = code.read_bytes()
    assert code.stat().st_mode & 0o777 == 0o600
    code.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    assert run() == ["1.0"]
    assert code.read_bytes()[:-1] == before[:-1]
    assert code.read_bytes()[-1] == before[-1]
    stamp = code.stat().st_ino
    assert run() == ["1.0"]
    assert code.stat().st_ino == stamp
    folder.chmod(0o777)
    assert run() == ["1.0"]
    assert code.stat().st_ino != stamp


def test_exports(same: Path) -> None:
    shown = json.loads(start("wasmtime.py", "exports", same).stdout)
    assert (shown["schema"], shown["kind"], shown["command"]) == ("wbuild.exports/1", "module", False)
    functions = {item["name"]: item for item in shown["functions"]}
    assert functions["swap"] == {"name": "swap", "params": ["i32", "f64"], "results": ["f64", "i32"], "invoke": "swap(1, 1.5)"}
    assert functions["vector"]["params"] == ["v128"]
    assert start("wasmtime.py", "exec", same, "--invoke", functions["swap"]["invoke"]).stdout == b"1.5\n1\n"


def test_exports_see_through_groups_and_imports(tmp_path: Path) -> None:
    text = """(module
      (rec (type $s (sub (struct (field i8) (field (mut (ref null $s)))))) (type $f (func (param (ref $s) i64) (result i32))))
      (type $a (array (mut f32))) (type $g (func (param i32)))
      (import "env" "f" (func (type $g))) (import "env" "t" (table 1 2 funcref)) (import "env" "m" (memory 1))
      (import "env" "g" (global (mut i32))) (import "env" "e" (tag (param i32)))
      (func (export "mixed") (type $f) (i32.const 1)) (func (export "plain") (type $g)))"""
    shown = json.loads(start("wasmtime.py", "exports", assemble(tmp_path, text)).stdout)
    assert [(item["name"], item["params"], item["results"]) for item in shown["functions"]] == [
        ("mixed", ["ref", "i64"], ["i32"]),
        ("plain", ["i32"], []),
    ]


def test_exec_is_the_program_itself(tmp_path: Path) -> None:
    text = f"""(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32))) {WRITE}
      (func (export "_start")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $say (i32.const 1)) (drop (call $args (i32.const 100) (i32.const 104))) (call $exit (i32.load (i32.const 100)))))"""
    done = start("wasmtime.py", "exec", assemble(tmp_path, text), "--env", "A=b", "--", "--invoke", "--", stdin=b"typed\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"typed\n", b"")


@pytest.mark.parametrize(
    ("body", "options", "says"),
    [
        ("unreachable", [], "trap: wasm `unreachable` instruction executed"),
        ("(loop (br 0))", ["--timeout", "0.2"], "its time is over"),
        ("(loop (br 0))", ["--fuel", "1000"], "it has used up its fuel"),
    ],
)
def test_exec_after_a_trap_or_a_limit(tmp_path: Path, body: str, options: list[str], says: str) -> None:
    done = start("wasmtime.py", "exec", assemble(tmp_path, f'(module (func (export "_start") {body}))'), *options)
    assert done.returncode == 134
    assert done.stderr.decode().startswith(f"wasmtime runner: {says}\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_exec_ends_at_once_when_interrupted_or_when_nobody_reads(tmp_path: Path) -> None:
    module = assemble(tmp_path, f'(module {WRITE} (func (export "_start") (loop (call $say (i32.const 1)) (br 0))))')
    argv = [sys.executable, "-I", str(RUNNERS / "wasmtime.py"), library(), "exec", str(module)]
    for stop in (signal.SIGINT, signal.SIGPIPE):
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as guest:
            assert guest.stdout is not None
            assert guest.stderr is not None
            assert guest.stdout.readline() == b"hello\n"
            if stop == signal.SIGINT:
                guest.send_signal(stop)
            else:
                guest.stdout.close()
            assert guest.wait(10) == -stop
            assert guest.stderr.read() == b""


def test_exec_refuses_in_the_file_that_the_caller_names(tmp_path: Path) -> None:
    module, said = assemble(tmp_path, '(module (func (export "f")))'), tmp_path / "refusal.txt"
    for options, code, says in (["--invoke", "g()"], 2, "it exports no function `g`; there are f"), ([], 3, "it exports no `_start`"):
        argv = [sys.executable, "-I", str(RUNNERS / "wasmtime.py"), library(), "exec", str(module), *options]
        done = subprocess.run(argv, env={**os.environ, "WBUILD_REFUSAL": str(said)}, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (code, b"")
        assert said.read_text("utf-8").startswith(says)


def test_a_folder_without_the_library(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-I", str(RUNNERS / "wasmtime.py"), str(tmp_path), "version"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"LIBDIR holds the package `wasmtime`" in done.stderr


def test_start_up_is_timed_without_a_word_of_the_guest(tmp_path: Path) -> None:
    module = assemble(tmp_path, f'(module {WRITE} (func (export "_start") (call $say (i32.const 1))))')
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"schema": 1, "module": str(module), "stdin_text": "x"}), "utf-8")
    done = start("wasmtime.py", "start", request)
    assert (done.returncode, done.stderr) == (0, b"")
    told = json.loads(done.stdout)
    assert (told["schema"], len(told["seconds"])) == ("wbuild.start/1", 5)
    assert all(seconds > 0 for seconds in told["seconds"])


def test_start_up_of_what_traps_is_refused(tmp_path: Path) -> None:
    module = assemble(tmp_path, '(module (func (export "_start") unreachable))')
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"schema": 1, "module": str(module)}), "utf-8")
    done = start("wasmtime.py", "start", request)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"it does not end: wasm `unreachable`" in done.stderr
