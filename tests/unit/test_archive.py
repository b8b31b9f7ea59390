"""Unpacking: FAULTS F25 to F38. Every hostile archive is refused, and nothing outside the destination changes."""

from __future__ import annotations

import contextlib
import os
import random
import stat
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archives import COMPRESSIONS, Member, ZipEntry, entry, header, padded, pax, record, tar, zipped
from wbuild.doors.archive import SafeArchives
from wbuild.errors import IntegrityError, MachineError

FORMATS = ["zip", *COMPRESSIONS]
Unpack = Callable[..., Path]


def build(form: str, members: list[Member]) -> bytes:
    if form == "zip":
        return zipped([entry(member) for member in members])
    return COMPRESSIONS[form](tar(members))


def snapshot(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything in a folder, but for `dest` in it: inode, mode, time, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name != "dest" and "dest" not in path.relative_to(folder).parts:
            info = path.lstat()
            found[str(path)] = (info.st_ino, info.st_mode, info.st_mtime_ns, path.read_bytes() if path.is_file() else b"")
    return found


class Place:
    """A folder with a secret beside the destination."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.dest = root / "dest"
        (root / "outside").mkdir(parents=True)
        (root / "outside" / "secret").write_text("keep")

    def unpack(self, data: bytes, *, executables: tuple[str, ...] = ()) -> int:
        archive = self.root / "archive"
        archive.write_bytes(data)
        return SafeArchives().unpack(archive, self.dest, executables=executables)

    def refuses(self, data: bytes, *words: str, code: str = "") -> None:
        (self.root / "archive").write_bytes(data)
        before = snapshot(self.root)
        with pytest.raises(IntegrityError) as caught:
            self.unpack(data)
        message = str(caught.value)
        assert "archive: " in message
        assert not words or any(word in message for word in words), message
        assert not code or caught.value.problems[0].code == code, message
        after = snapshot(self.root)
        assert before.keys() == after.keys()
        assert all(before[path][0] == after[path][0] and before[path][3] == after[path][3] for path in before)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize("form", FORMATS)
def test_an_honest_archive_is_unpacked(place: Place, form: str) -> None:
    members = [
        Member(b"pkg", kind="folder"),
        Member(b"pkg/a.txt", b"hello"),
        Member(b"pkg/empty"),
        Member("pkg/ü/Ω.txt".encode(), b"unicode"),
        Member(b"pkg/big", random.Random(1).randbytes(3_200_000)),
        Member(b"pkg/deep/er/b", bytes(range(256)) * 5),
    ]
    assert place.unpack(build(form, members)) == 5
    assert (place.dest / "pkg/a.txt").read_bytes() == b"hello"
    assert (place.dest / "pkg/empty").read_bytes() == b""
    assert (place.dest / "pkg/ü/Ω.txt").read_bytes() == b"unicode"
    assert (place.dest / "pkg/big").stat().st_size == 3_200_000
    assert (place.dest / "pkg/deep/er/b").read_bytes() == bytes(range(256)) * 5


def test_unpacking_does_not_depend_on_umask_or_time(place: Place) -> None:
    before = os.umask(0o077)
    try:
        place.unpack(build("tar", [Member(b"d/a", b"x", mode=0o755), Member(b"d/b", b"y")]))
    finally:
        os.umask(before)
    assert stat.S_IMODE((place.dest / "d").stat().st_mode) == 0o755
    assert stat.S_IMODE((place.dest / "d/a").stat().st_mode) == 0o755
    assert stat.S_IMODE((place.dest / "d/b").stat().st_mode) == 0o644
    assert (place.dest / "d/a").stat().st_mtime == (place.dest / "d/b").stat().st_mtime == 946_684_800


def test_two_archives_fill_one_folder_but_never_overwrite(place: Place) -> None:
    place.unpack(build("tar", [Member(b"d/a", b"1")]))
    place.unpack(build("zip", [Member(b"d/b", b"2")]))
    place.refuses(build("zip", [Member(b"d/a", b"3")]), "in the way")
    assert (place.dest / "d/a").read_bytes() == b"1"


def test_executables_get_the_bit(place: Place) -> None:
    place.unpack(build("zip", [Member(b"pkg/bin/tool"), Member(b"pkg/lib/x")]), executables=("*/bin/*",))
    assert os.access(place.dest / "pkg/bin/tool", os.X_OK)
    assert not (place.dest / "pkg/lib/x").stat().st_mode & 0o111


BAD_NAMES = [
    b"../x", b"/abs", b"a/../../x", b"a/..", b"..", b"C:\\x", b"C:x", b"\\\\host\\x", b"a\\..\\x", b"a//b", b"a/./b", b"", b"\xff\xfe",
    b"a" * 256, b"/".join([b"d"] * 41), b"./../x",
]  # fmt: skip


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["file", "folder", "symlink"])
def test_F25_names_that_leave_the_destination(place: Place, form: str, name: bytes, kind: str) -> None:
    member = Member(name, b"" if kind != "file" else b"evil", kind=kind, target=b"x")  # type: ignore[arg-type]
    place.refuses(build(form, [member]), code="WB512")


def test_F25_a_name_with_a_nul(place: Place) -> None:
    place.refuses(zipped([ZipEntry(b"a\0b", b"x")]), "NUL")
    place.refuses(tar([pax(record(b"path", b"a\0b")), Member(b"a", b"x")]), "NUL")


def test_a_leading_dot_slash_is_fine(place: Place) -> None:
    place.unpack(tar([Member(b"./", kind="folder"), Member(b"./a", b"x"), Member(b"./d/b", b"y")]))
    assert (place.dest / "d/b").read_bytes() == b"y"


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("target", [b"../outside", b"/etc", b"a/../../../x", b"..", b"", b"x//y", b"C:\\x", b"..\\x", b"\xff", b"t" * 1025])
def test_F26_links_out(place: Place, form: str, target: bytes) -> None:
    place.refuses(build(form, [Member(b"link", kind="symlink", target=target)]), code="WB512")


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("target", [b"../outside", b"inside"])
def test_F26_a_file_through_a_link(place: Place, form: str, target: bytes) -> None:
    link, file = Member(b"link", kind="symlink", target=target), Member(b"link/secret", b"evil")
    place.refuses(build(form, [Member(b"inside", kind="folder"), link, file]), "symbolic link")
    place.refuses(build(form, [file, link]), "folder and a link", "in the way")


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_F26_a_link_on_disk_is_not_followed(place: Place, form: str) -> None:
    place.dest.mkdir()
    (place.dest / "link").symlink_to("../outside")
    place.refuses(build(form, [Member(b"link/secret", b"evil")]), "in the way")
    (place.dest / "secret").symlink_to("../outside/secret")
    place.refuses(build(form, [Member(b"secret", b"evil")]), "in the way")
    assert (place.root / "outside/secret").read_text() == "keep"


@pytest.mark.parametrize("target", [b"../outside/secret", b"/etc/passwd", b"link", b"missing", b"later", b"dir", b"A"])
def test_F27_hard_links_to_anything_but_an_earlier_file(place: Place, target: bytes) -> None:
    members = [
        Member(b"a", b"x"),
        Member(b"dir", kind="folder"),
        Member(b"link", kind="symlink", target=b"a"),
        Member(b"hard", kind="hardlink", target=target),
        Member(b"later", b"y"),
    ]
    place.refuses(tar(members), code="WB512")


def test_F27_a_hard_link_to_an_earlier_file_is_a_copy(place: Place) -> None:
    place.unpack(tar([Member(b"d/a", b"x" * 100, mode=0o755), Member(b"e/b", kind="hardlink", target=b"d/a")]))
    first, second = place.dest / "d/a", place.dest / "e/b"
    assert second.read_bytes() == first.read_bytes()
    assert first.stat().st_ino != second.stat().st_ino
    assert second.stat().st_mode == first.stat().st_mode


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_F28_a_chain_of_links_longer_than_a_path(place: Place, form: str) -> None:
    long = b"d" * 247
    members: list[Member] = []
    folder = b""
    for letter in b"abcdefghijklmnop":
        members.append(Member(folder + long, kind="folder"))
        members.append(Member(folder + bytes([letter]), kind="symlink", target=long))
        folder += bytes([letter]) + b"/"
    members.append(Member(folder + b"escape", kind="symlink", target=b"../" * 16 + b"outside"))
    members.append(Member(b"escape/secret", b"evil"))
    place.refuses(build(form, members), code="WB512")


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_F28_a_link_through_a_link(place: Place, form: str) -> None:
    members = [
        Member(b"a/b", kind="folder"),
        Member(b"up", kind="symlink", target=b"a/b"),
        Member(b"out", kind="symlink", target=b"up/../../outside"),
    ]
    place.refuses(build(form, members), "outside", "through another link")
    members[2] = Member(b"out", kind="symlink", target=b"up/../x")
    place.refuses(build(form, members), "through another link")


@pytest.mark.parametrize("name", [b"", b".", b"./", b"link/", b"./."])
def test_F29_links_with_odd_names(place: Place, name: bytes) -> None:
    place.refuses(tar([Member(name, kind="symlink", target=b"a")]), code="WB512")
    place.refuses(zipped([ZipEntry(name, b"a", mode=0o120777)]), code="WB512")


def test_F29_a_hard_link_that_falls_back_to_a_link(place: Place) -> None:
    members = [Member(b"s", kind="symlink", target=b"x"), Member(b"h", kind="hardlink", target=b"s"), Member(b"h/y", b"evil")]
    place.refuses(tar(members), "not an earlier regular file")


@pytest.mark.parametrize("kind", ["fifo", "char", "block", "socket"])
def test_F30_devices(place: Place, kind: str) -> None:
    member = Member(b"node", kind=kind)  # type: ignore[arg-type]
    place.refuses(tar([member]), code="WB512")
    place.refuses(zipped([entry(member)]), code="WB512")


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize(
    ("mode", "expected"), [(0o7777, 0o755), (0o4755, 0o755), (0o777, 0o755), (0, 0o644), (0o666, 0o644), (0o600, 0o644)]
)
def test_F31_modes_are_normalized(place: Place, form: str, mode: int, expected: int) -> None:
    place.unpack(build(form, [Member(b"d", kind="folder", mode=mode), Member(b"d/a", b"x", mode=mode)]))
    info = (place.dest / "d/a").stat()
    assert stat.S_IMODE(info.st_mode) == expected
    assert info.st_uid == os.getuid()
    assert stat.S_IMODE((place.dest / "d").stat().st_mode) == 0o755


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"a", b"a"), (b"A", b"a"), (b"d/x", b"D/y"), ("é".encode(), "e\u0301".encode()), ("ß".encode(), b"SS"), (b"a", b"a/b"),
        (b"K", b"k"), (b"a/b", b"a"),
    ],
)  # fmt: skip
def test_F32_names_that_collide(place: Place, form: str, one: bytes, other: bytes) -> None:
    place.refuses(build(form, [Member(one, b"1"), Member(other, b"2")]), code="WB512")


@pytest.mark.parametrize("form", ["zip", "tar.gz", "tar.xz", "tar.bz2", "tar.zst"])
def test_F33_bombs_stop_at_the_limit(place: Place, form: str) -> None:
    data = build(form, [Member(b"bomb", bytes(40 << 20))])
    limit = (1 << 20) + 200 * len(data)
    assert limit < 40 << 20
    place.refuses(data, "unpacks to", code="WB514")
    written = sum(p.stat().st_size for p in place.dest.rglob("*") if p.is_file())
    assert written <= limit


def test_F33_entries_that_overlap(place: Place) -> None:
    first, second = ZipEntry(b"a", b"x" * 1000, method=0), ZipEntry(b"b", b"x" * 1000, method=0, offset=0)
    place.refuses(zipped([first, second]), "overlaps")
    place.refuses(zipped([ZipEntry(b"a", b"1"), ZipEntry(b"a2", b"1")], between=b"hidden"), "between")
    place.refuses(zipped([ZipEntry(b"a", b"1")], front=b"#!/bin/sh\n"), "", code="")


def test_F33_an_entry_larger_than_declared(place: Place) -> None:
    bomb = ZipEntry(b"bomb", bytes(30 << 20), size=10, local_size=10)
    place.refuses(zipped([bomb]), "size differs", "behind its end")
    assert sum(p.stat().st_size for p in place.dest.rglob("*") if p.is_file()) <= 10


@pytest.mark.parametrize(
    "members",
    [
        [Member(b"s", kind="sparse")],
        [pax(record(b"GNU.sparse.major", b"1") + record(b"GNU.sparse.realsize", b"9223372036854775807")), Member(b"s")],
        [header(b"s", size=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7)],
    ],
)
def test_F33_sparse_files_and_8_EiB(place: Place, members: list[Member | bytes]) -> None:
    place.refuses(tar(members), code="WB512")


def test_F34_two_million_members(place: Place) -> None:
    started = time.monotonic()
    tracemalloc.start()
    head = zipped([ZipEntry(b"a")])
    end = len(head) - 22
    many = (2_000_000).to_bytes(8, "little")
    wide = (
        b"PK\6\6"
        + (44).to_bytes(8, "little")
        + b"\x2d\0\x2d\0"
        + bytes(8)
        + many * 2
        + (47).to_bytes(8, "little")
        + (31).to_bytes(8, "little")
    )
    locator = b"PK\6\7" + bytes(4) + end.to_bytes(8, "little") + (1).to_bytes(4, "little")
    place.refuses(head[:end] + wide + locator + head[end:], "2,000,000 entries", code="WB514")
    place.refuses(COMPRESSIONS["tar.gz"](tar([header(b"d", kind=b"5") * 100_000])), code="WB514")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100 << 20
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_F34_long_and_deep_names(place: Place, form: str) -> None:
    place.refuses(build(form, [Member(b"x/" * 20_000 + b"y", b"")]), code="WB512")
    place.refuses(build(form, [Member(b"/".join([b"d"] * 1000), b"")]), code="WB512")
    long = header(b"././@LongLink", size=1 << 20, kind=b"L") + bytes(1 << 20)
    place.refuses(tar([long, Member(b"a")]), "extension header", code="WB512")


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
    started = time.monotonic()
    place.refuses(tar(BAD_TARS[name]))
    assert time.monotonic() - started < 1


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
