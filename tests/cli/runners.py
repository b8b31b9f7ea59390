"""Start the runners as wbuild does: isolated, with the folder of the library as the first word."""

from __future__ import annotations

import base64
import functools
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUNNERS = Path(__file__).resolve().parents[2] / "wbuild" / "runners"
WRITE = """
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
  (func $say (param $fd i32) (drop (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))"""
"""Fields of a module that can `(call $say (i32.const 1))`."""


@functools.cache
def library() -> str:
    spec = importlib.util.find_spec("wasmtime")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent.parent)


def start(program: str, *args: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, "-I", str(RUNNERS / program), library(), *map(str, args)]
    return subprocess.run(argv, input=stdin, capture_output=True, timeout=120, check=False)


def assemble(folder: Path, text: str) -> Path:
    source, module = folder / "m.wat", folder / "m.wasm"
    source.write_text(text, "utf-8")
    done = start("wat.py", source, module)
    assert done.returncode == 0, done.stderr.decode()
    return module


@dataclass(frozen=True)
class Outcome:
    """What a check left: exit code of the runner, and the fields of its outcome."""

    code: int
    fields: dict[str, Any]
    stdout: bytes
    stderr: bytes

    def short(self) -> dict[str, Any]:
        """The fields that say how it ended, without those that are not set."""
        return {key: self.fields[key] for key in ("exit", "returns", "trap", "limit", "error") if self.fields[key] is not None}


def check(folder: Path, module: Path, code: Path | None = None, **request: object) -> Outcome:
    """One run in check mode; nothing but the outcome may be left behind. `code`: where compiled code is kept."""
    asked, outcome = folder / "request.json", folder / "out" / "outcome.json"
    outcome.parent.mkdir(exist_ok=True)
    asked.write_text(json.dumps({"schema": 1, "module": str(module), **request}), "utf-8")
    kept: list[str | Path] = ["--code", code] if code else []
    done = start("wasmtime.py", "run", *kept, asked, outcome, stdin=b"not for the guest")
    assert done.stdout == b""
    assert [path.name for path in outcome.parent.iterdir()] == ["outcome.json"], done.stderr.decode()
    fields = json.loads(outcome.read_text("utf-8"))
    return Outcome(done.returncode, fields, base64.b64decode(fields["stdout"]), base64.b64decode(fields["stderr"]))


def check_text(folder: Path, text: str, **request: object) -> Outcome:
    return check(folder, assemble(folder, text), None, **request)
