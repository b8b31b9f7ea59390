"""Archives as common tools write them are taken, with their odd but harmless forms."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.archives import Member, ZipEntry, header, pax, record, tar, zipped
from tests.unpacking import Place

LONG = "/".join(["folder-with-a-long-name"] * 8) + "/file-ü.txt"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


class Unseekable(io.RawIOBase):
    """A pipe: zipfile writes data descriptors into it."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        self.data += bytes(data)  # type: ignore[call-overload]
        return len(bytes(data))  # type: ignore[call-overload]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_tar_formats(place: Place, form: int, mode: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form, encoding="utf-8") as archive:  # type: ignore[call-overload]
        for name, content in (("a", b"1"), (LONG, b"long"), ("bin/x", b"#!")):
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), 0o755 if name == "bin/x" else 0o644, 1.5
            member.uid = 3_000_000 if form != tarfile.USTAR_FORMAT else 1
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("bin/y")
        link.type, link.linkname = tarfile.SYMTYPE, "x"
        archive.addfile(link)
    assert place.unpack(buffer.getvalue()) == 4
    assert (place.dest / LONG).read_bytes() == b"long"
    assert (place.dest / "bin/y").read_bytes() == b"#!"


def test_a_long_link_target(place: Place) -> None:
    target = "/".join(["d" * 60] * 3)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, target
        archive.addfile(link)
    place.unpack(buffer.getvalue())
    assert (place.dest / "link").readlink() == Path(target)


def test_a_global_header_with_a_comment(place: Place) -> None:
    place.unpack(tar([pax(record(b"comment", b"a" * 40), b"g"), pax(record(b"mtime", b"1.5")), Member(b"a", b"x")]))
    assert (place.dest / "a").read_bytes() == b"x"


def test_old_forms_of_headers(place: Place) -> None:
    gnu = b"ustar  \0"
    members: list[Member | bytes] = [
        header(b"d/", kind=b"\0"),
        header(b"d/a", size=b"          0 ", magic=gnu),
        header(b"file", prefix=b"d/deep", size=b"\x80" + bytes(11)),
        header(b"ignored-prefix", prefix=b"12345", magic=gnu),
    ]
    place.unpack(tar(members))
    assert sorted(path.relative_to(place.dest).as_posix() for path in place.dest.rglob("*") if path.is_file()) == [
        "d/a",
        "d/deep/file",
        "ignored-prefix",
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("seekable", [False, True])
def test_zip_forms(place: Place, method: int, wide: bool, seekable: bool) -> None:
    out: io.BytesIO | Unseekable = io.BytesIO() if seekable else Unseekable()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name in ("a", "ü/b", LONG):
            with archive.open(zipfile.ZipInfo(name), "w", force_zip64=wide) as file:
                file.write(name.encode() * 100)
        archive.writestr("empty/", b"")
    data = out.getvalue() if isinstance(out, io.BytesIO) else bytes(out.data)
    assert place.unpack(data) == 3
    assert (place.dest / LONG).read_bytes() == LONG.encode() * 100
    assert (place.dest / "empty").is_dir()


def test_large_entries_are_unpacked_in_pieces(place: Place) -> None:
    import random

    content = random.Random(2).randbytes(9 << 20)
    place.unpack(zipped([ZipEntry(b"a", content), ZipEntry(b"b", content, method=0)]))
    assert (place.dest / "a").read_bytes() == (place.dest / "b").read_bytes() == content


def test_zip_entries_of_other_systems(place: Place) -> None:
    place.unpack(zipped([ZipEntry(b"a", b"x", system=0, mode=0), ZipEntry(b"d/", b"", system=0, mode=0, method=0)]))
    assert (place.dest / "a").stat().st_mode & 0o777 == 0o644


def test_empty_archives(place: Place) -> None:
    assert place.unpack(zipped([])) == 0
    assert place.unpack(tar([])[:0] + tar([Member(b"./", kind="folder")])) == 0


def test_F36_damaged_wide_fields(place: Place) -> None:
    wide = b"\x01\0\x10\0" + bytes(16)
    place.refuses(zipped([ZipEntry(b"a", b"x" * 7, method=0, size=0xFFFF_FFFF, extra=wide)]))
    place.refuses(zipped([ZipEntry(b"a", b"x" * 7, extra=b"\x01\0\x10")]))
    place.refuses(zipped([ZipEntry(b"a", b"x" * 7, extra=b"\x01\0\x10\0ab")]))
