"""Unpacking: damaged, ambiguous and malformed archives, FAULTS F35 to F38, and any archive at all."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archives import COMPRESSIONS, Member, ZipEntry, header, padded, pax, record, tar, zipped
from tests.unpacking import Place, build, snapshot
from wbuild.doors.archive import SafeArchives
from wbuild.errors import IntegrityError, MachineError


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("form", ["zip", *COMPRESSIONS])
def test_F35_cut_off_anywhere(tmp_path: Path, form: str) -> None:
    data = build(form, [Member(b"d/a", os.urandom(700)), Member(b"b", b"y" * 40)])
    step = max(1, len(data) // 60)
    for number, size in enumerate([*range(0, len(data) - 1, step), len(data) - 1]):
        if form == "tar" and size >= 2048 + 512:
            continue  # one block of zeros is an end
        place = Place(tmp_path / str(number))
        place.refuses(data[:size])


@pytest.mark.parametrize("form", ["zip", *COMPRESSIONS])
def test_F35_something_behind_the_end(place: Place, form: str) -> None:
    data = build(form, [Member(b"a", b"x")])
    place.refuses(data + b"trailing")
    (place.dest / "a").unlink(missing_ok=True)
    place.refuses(data + data)


@pytest.mark.parametrize("form", ["tar.gz", "tar.xz", "tar.bz2", "tar.zst"])
def test_F35_archives_inside_one_stream(place: Place, form: str) -> None:
    place.refuses(COMPRESSIONS[form](tar([Member(b"a", b"x")]) + tar([Member(b"b", b"y")])), "behind the end")


def test_F35_wrong_crc(place: Place) -> None:
    place.refuses(zipped([ZipEntry(b"a", b"hello", crc=1)]), "CRC differs")
    data = bytearray(COMPRESSIONS["tar.gz"](tar([Member(b"a", b"hello")])))
    data[-6] ^= 1
    place.refuses(bytes(data), "damaged")


@pytest.mark.parametrize(
    "item",
    [
        ZipEntry(b"a", b"hello", local_name=b"b"),
        ZipEntry(b"a", b"hello", local_size=4),
        ZipEntry(b"a", b"hello", local_crc=4),
        ZipEntry(b"a", b"hello", flags=1),
        ZipEntry(b"a", b"hello", flags=8, descriptor=b"PK\7\10" + bytes(12)),
        ZipEntry(b"a", b"hello", method=0, size=7, local_size=7),
        ZipEntry(b"a", b"hello", extra=b"\x75\x70\x06\0\x01\0\0\0\0b"),
        ZipEntry(b"a", b"hello", method=12),
    ],
)
def test_F36_local_header_and_directory_disagree(place: Place, item: ZipEntry) -> None:
    place.refuses(zipped([item]))


def test_F36_an_end_record_in_the_comment(place: Place) -> None:
    inner = b"PK\5\6" + bytes(18)
    place.refuses(zipped([ZipEntry(b"a", b"x")], comment=b"hello" + inner), "two places")


def test_a_comment_and_a_data_descriptor_are_fine(place: Place) -> None:
    import struct
    import zlib

    item = ZipEntry(b"a", b"hello", flags=8, local_crc=0, local_size=0, method=0)
    item.descriptor = struct.pack("<4sLLL", b"PK\7\10", zlib.crc32(b"hello"), 5, 5)
    place.unpack(zipped([item], comment=b"made by a tool"))
    assert (place.dest / "a").read_bytes() == b"hello"


def test_zstd_in_a_zip(place: Place) -> None:
    place.unpack(zipped([ZipEntry(b"a", b"hello" * 100, method=93)]))
    assert (place.dest / "a").read_bytes() == b"hello" * 100


BAD_TARS: dict[str, list[Member | bytes]] = {
    "negative size": [header(b"a", size=b"\xff" * 12)],
    "overflowing size": [header(b"a", size=b"\x80" + b"\xff" * 11)],
    "size that is no number": [header(b"a", size=b"12x45678901\0")],
    "negative octal": [header(b"a", size=b"-0000000001\0")],
    "mode that is no number": [header(b"a", mode=b"9999999\0")],
    "checksum that is no number": [header(b"a", checksum=b"zzzzzz\0 ")],
    "wrong checksum": [header(b"a", checksum=b"000001\0 ")],
    "size overridden": [pax(record(b"size", b"1")), Member(b"a", b"x" * 600)],
    "size overridden to be negative": [pax(record(b"size", b"-1")), Member(b"a", b"x")],
    "record of length 0": [pax(b"0 path=a\n"), Member(b"a")],
    "record that never ends": [pax(b"99999 path=a\n"), Member(b"a")],
    "record without end of line": [pax(b"8 path=ab"), Member(b"a")],
    "record without key": [pax(b"4 =\n"), Member(b"a")],
    "endless extension headers": [pax(record(b"comment", b"x"))] * 100,
    "two paths": [pax(record(b"path", b"a") + record(b"path", b"b")), Member(b"c")],
    "path for all": [pax(record(b"path", b"a"), b"g"), Member(b"c")],
    "extension header at the end": [Member(b"a"), pax(record(b"path", b"b"))],
    "huge extension header": [header(b"x", size=1 << 30, kind=b"x")],
    "folder with content": [header(b"d", size=600, kind=b"5"), padded(b"x" * 600)],
    "hard link with content": [Member(b"a", b"1"), header(b"b", size=600, kind=b"1", target=b"a"), padded(b"x" * 600)],
    "unknown kind": [header(b"a", kind=b"Z")],
    "volume label": [header(b"a", kind=b"V")],
}


@pytest.mark.parametrize("name", BAD_TARS)
def test_F37_malformed_tar_headers(place: Place, name: str) -> None:
    started = time.process_time()
    place.refuses(tar(BAD_TARS[name]))
    assert time.process_time() - started < 1


def test_F38_executable_and_relative_link(place: Place) -> None:
    for form in ("zip", "tar"):
        inner = Place(place.root / form)
        members = [
            Member(b"lib/tool-1.2", b"#!x", mode=0o755),
            Member(b"bin/tool", kind="symlink", target=b"../lib/tool-1.2"),
            Member(b"bin/tool1", kind="symlink", target=b"tool"),
        ]
        assert inner.unpack(build(form, members)) == 3
        assert (inner.dest / "bin/tool").is_symlink()
        assert (inner.dest / "bin/tool").readlink() == Path("../lib/tool-1.2")
        assert os.access(inner.dest / "bin/tool1", os.X_OK)


@pytest.mark.parametrize("data", [b"", b"PK", b"<!DOCTYPE html><html>login</html>", b"\x7fELF" + bytes(600), bytes(1024)])
def test_not_an_archive(place: Place, data: bytes) -> None:
    place.refuses(data, code="WB513")


def test_F11_a_web_page_is_recognized(place: Place) -> None:
    place.refuses(b"\n<html><body>sign in</body></html>", "looks like a web page")


def test_a_missing_archive_is_the_machines_fault(place: Place) -> None:
    with pytest.raises(MachineError, match="No such file"):
        SafeArchives().unpack(place.root / "nothing", place.dest)


def test_F62_no_descriptor_is_left_open(place: Place) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    place.unpack(build("zip", [Member(b"a/b/c/d", b"x")]))
    place.refuses(build("zip", [Member(b"p/q/r/s", b"x"), Member(b"p/q/r/../s", b"x")]))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


NAMES = st.sampled_from(
    [b"a", b"b", b"A", b"a/b", b"a/b/c", b"..", b"../x", b"./a", b"/x", b"l", b"l/x", b"m", b"m/y", "é".encode(), b"outside"]
)
TARGETS = st.sampled_from([b"a", b"..", b"../outside", b"/etc", b"l", b"m", b"a/b", b"l/..", b"a/../..", b"."])
MEMBERS = st.lists(
    st.builds(
        Member,
        NAMES,
        st.just(b""),
        st.sampled_from(["file", "folder", "symlink", "hardlink"]),
        TARGETS,
        st.sampled_from([0o644, 0o755, 0o4777]),
    ),
    max_size=7,
)


@given(MEMBERS, st.sampled_from(["zip", "tar"]))
@settings(max_examples=150, deadline=None)
def test_whatever_the_members_nothing_outside_changes(tmp_path_factory: pytest.TempPathFactory, members: list[Member], form: str) -> None:
    place = Place(tmp_path_factory.mktemp("any"))
    members = [
        Member(m.name, b"data", m.kind, b"", m.mode) if m.kind == "file" else m for m in members if form == "tar" or m.kind != "hardlink"
    ]
    archive = build(form, members)
    (place.root / "archive").write_bytes(archive)
    before = snapshot(place.root)
    with contextlib.suppress(IntegrityError):
        place.unpack(archive)
    after = snapshot(place.root)
    assert {path: seen[0] for path, seen in before.items()} == {path: seen[0] for path, seen in after.items()}
    assert (place.root / "outside/secret").read_text() == "keep"
    for path in place.dest.rglob("*"):
        assert Path(os.path.realpath(path)).is_relative_to(Path(os.path.realpath(place.dest)))


@given(st.binary(max_size=300), st.integers(0, 2000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_a_result_or_one_error(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int) -> None:
    place = Place(tmp_path_factory.mktemp("noise"))
    for form in ("zip", "tar"):
        data = bytearray(build(form, [Member(b"a", b"hello"), Member(b"d/b", b"x" * 100)]))
        at %= len(data)
        data[at : at + len(noise)] = noise
        with contextlib.suppress(IntegrityError):
            place.unpack(bytes(data))
        for path in place.dest.rglob("*"):
            if path.is_file():
                path.unlink()
