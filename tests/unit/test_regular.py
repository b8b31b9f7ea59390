"""Reading what anybody may have put there: FIFOs, devices, links and huge files are refused at once, and JSON is read or refused."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbuild.doors.files import RealFiles
from wbuild.doors.regular import UnfitError, opened, read
from wbuild.engine.index import Index
from wbuild.errors import MachineError
from wbuild.text import json_text
from wbuild.text.json_text import JsonError

DEEP = "[" * 200_000


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read(path, 5) == b"12345"
    with pytest.raises(UnfitError, match="more than"):
        read(path, 4)
    path.write_bytes(b"")
    assert read(path, 0) == b""
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "y", 5)


def test_what_is_no_file_is_never_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "other").symlink_to(tmp_path / "file")
    (tmp_path / "file").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
    for name in ("fifo", "folder", "zero", "other", "socket", "a\0b"):
        with pytest.raises(UnfitError):
            read(tmp_path / name, 1 << 20)
    for name in ("fifo", "zero"):
        with pytest.raises(UnfitError):
            opened(tmp_path / name, follow=True)
        with pytest.raises(MachineError):
            RealFiles().sha256(tmp_path / name)
    assert read(tmp_path / "other", 1, follow=True) == b"x"
    assert RealFiles().copy_verified(tmp_path / "fifo", tmp_path / "copy", "0" * 64) is None


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        DEEP.replace("[", '{"a":'),
        "[" * 70 + "]" * 70,
        "9" * 5000,
        "-" + "9" * 30,
        "1e999",
        "NaN",
        "-Infinity",
        '{"a": 1, "a": 2}',
        "{nope",
        "",
        b"\xff\xfe",
        '"\\u12"',
    ],
)
def test_json_that_nobody_should_read_is_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(JsonError):
        json_text.parse(text)
    assert json_text.table(text) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON)
def test_ordinary_json_is_read_as_the_standard_library_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert json_text.parse(text) == json.loads(text)


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        json_text.parse(content)
    except JsonError:
        assert json_text.table(content) is None


def test_an_index_of_any_form_is_a_damaged_one(tmp_path: Path) -> None:
    from hashlib import sha256

    from tests.doors import FakeClock

    for body in (
        "[]",
        DEEP,
        "9" * 5000,
        '{"files":[],"steps":{}}',
        '{"files":{"a":[1]},"steps":{}}',
        '{"files":{},"steps":{},"seconds":3}',
    ):
        index = Index(tmp_path, RealFiles(), FakeClock())
        (tmp_path / "index").write_bytes(sha256(body.encode()).hexdigest().encode() + b"\n" + body.encode())
        assert not index.load(tmp_path / "index")
        assert (index.actions, index.seconds) == ({}, {})
    (tmp_path / "index").unlink()
    os.mkfifo(tmp_path / "index")
    assert not index.load(tmp_path / "index")
