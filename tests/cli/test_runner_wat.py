"""The assembler: bytes, or a located message and nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runners import start


@pytest.mark.parametrize(("text", "version"), [("(module)", b"\x01\0\0\0"), ("(component)", b"\x0d\0\x01\0")])
def test_modules_and_components(tmp_path: Path, text: str, version: bytes) -> None:
    (tmp_path / "in.wat").write_text(text)
    done = start("wat.py", tmp_path / "in.wat", tmp_path / "out.wasm")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "out.wasm").read_bytes() == b"\0asm" + version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wat", "out.wasm"]


def test_what_is_no_text_is_taken_as_it_is(tmp_path: Path) -> None:
    data = b"\0asm\x01\0\0\0\x00\x02\x01x"
    (tmp_path / "in.wasm").write_bytes(data)
    assert start("wat.py", tmp_path / "in.wasm", tmp_path / "out.wasm").returncode == 0
    assert (tmp_path / "out.wasm").read_bytes() == data


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            '(module\n  (func (export "f") (i32.cnst 1)))',
            ':2:23: unknown operator or unexpected token\n    2 |   (func (export "f") (i32.cnst 1)))\n',
        ),
        ("(module (func $f) (func $f))", ":1:25: duplicate func identifier\n"),
        ("(module (func (call $g)))", ":1:21: unknown func: failed to find name `$g`\n"),
        ("", ":1:1: expected at least one module field"),
        (b"\xff\xfe", ": input was not valid utf-8\n"),
    ],
)
def test_mistakes_are_located(tmp_path: Path, text: str | bytes, says: str) -> None:
    source, out = tmp_path / "in.wat", tmp_path / "out.wasm"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    out.write_bytes(b"before")
    done = start("wat.py", source, out)
    assert done.returncode == 1
    assert done.stderr.decode().startswith(f"{source}{says}")
    assert out.read_bytes() == b"before"


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    assert start("wat.py", tmp_path / "none.wat", tmp_path / "out.wasm").returncode == 2
    (tmp_path / "in.wat").write_text("(module)")
    assert start("wat.py", tmp_path / "in.wat", tmp_path / "none" / "out.wasm").returncode == 2
    assert start("wat.py", tmp_path / "in.wat").returncode == 2
