"""A file that is taken as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runners import RUNNERS


def take(*files: Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", str(RUNNERS / "take.py"), *map(str, files)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_bytes_stay(tmp_path: Path) -> None:
    (tmp_path / "in.wasm").write_bytes(b"\0asm\1\0\0\0")
    done = take(tmp_path / "in.wasm", tmp_path / "out.wasm")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "out.wasm").read_bytes() == b"\0asm\1\0\0\0"


@pytest.mark.parametrize(("content", "says"), [(None, "No such file or directory"), (b"", "the file is empty")])
def test_what_cannot_be_taken(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "in.wasm").write_bytes(content)
    done = take(tmp_path / "in.wasm", tmp_path / "out.wasm")
    assert (done.returncode, done.stderr) == (1, f"{tmp_path / 'in.wasm'}: {says}\n")
