"""Debian packages become prefixes that work anywhere; hostile ones are refused like any archive (FAULTS F25 to F35)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.archives import COMPRESSIONS, Kind, Member, ar, deb
from tests.unpacking import Place
from wbuild.doors.archive import SafeArchives


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def tree(folder: Path) -> dict[str, str]:
    """Files with their content, links with their target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = f"-> {path.readlink()}"
        elif path.is_file():
            found[str(path.relative_to(folder))] = path.read_text()
    return found


@pytest.mark.parametrize("form", sorted(COMPRESSIONS))
def test_every_compression(place: Place, form: str) -> None:
    program = Member(b"./usr/bin/x", b"#!", mode=0o755)
    assert (
        place.unpack(deb([Member(b"./", kind="folder"), Member(b"./usr/", kind="folder"), program, Member(b"./usr/lib/y", b"1")], form))
        == 2
    )
    assert tree(place.dest) == {"usr/bin/x": "#!", "usr/lib/y": "1"}
    assert os.access(place.dest / "usr/bin/x", os.X_OK)


def test_paths_of_a_system_without_merged_usr(place: Place) -> None:
    lib = Member(b"./lib/x86_64-linux-gnu/libc.so.6", b"c")
    loader = Member(b"./lib64/ld.so.2", kind="symlink", target=b"/lib/x86_64-linux-gnu/ld.so.2")
    over = Member(b"./lib/x86_64-linux-gnu/libz.so", kind="symlink", target=b"../../usr/lib/x86_64-linux-gnu/libz.so.1")
    hard = Member(b"./bin/y", kind="hardlink", target=b"./bin/x")
    assert place.unpack(deb([lib, loader, over, Member(b"./bin/x", b"!", mode=0o755), hard, Member(b"./etc/z", b"e")])) == 6
    assert tree(place.dest) == {
        "etc/z": "e",
        "usr/bin/x": "!",
        "usr/bin/y": "!",
        "usr/lib/x86_64-linux-gnu/libc.so.6": "c",
        "usr/lib/x86_64-linux-gnu/libz.so": "-> libz.so.1",
        "usr/lib64/ld.so.2": "-> ../lib/x86_64-linux-gnu/ld.so.2",
    }


def test_links_of_a_merged_system_are_not_needed(place: Place) -> None:
    links = [Member(b"./lib64", kind="symlink", target=b"usr/lib64"), Member(b"./bin", kind="symlink", target=b"/usr/bin")]
    assert place.unpack(deb([*links, Member(b"./usr/bin/x", b"!")])) == 1
    assert tree(place.dest) == {"usr/bin/x": "!"}


def test_documentation_is_left_out_but_for_licences(place: Place) -> None:
    docs = [b"man/man1/x.1.gz", b"doc/x/changelog.gz", b"locale/de/x.mo", b"lintian/overrides/x", b"info/x", b"doc/x/copyright", b"x/data"]
    link = Member(b"./usr/share/doc/y", kind="symlink", target=b"x")
    place.unpack(deb([*(Member(b"./usr/share/" + name, b".") for name in docs), link]))
    assert sorted(tree(place.dest)) == ["usr/share/doc/x/copyright", "usr/share/x/data"]


def test_several_packages_share_a_folder(place: Place) -> None:
    place.unpack(deb([Member(b"./usr/lib/a/one", b"1"), Member(b"./usr/lib/b", kind="symlink", target=b"a")]))
    place.unpack(deb([Member(b"./usr/lib/a/two", b"2")]))
    assert sorted(tree(place.dest)) == ["usr/lib/a/one", "usr/lib/a/two", "usr/lib/b"]
    for member in (Member(b"./usr/lib/a/one", b"3"), Member(b"./usr/lib/b/three", b"3"), Member(b"./lib/a/one", b"3")):
        (place.root / "again").write_bytes(deb([member]))
        with pytest.raises(Exception, match="in the way"):
            SafeArchives().unpack(place.root / "again", place.dest)
    assert tree(place.dest)["usr/lib/a/one"] == "1"


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        (b"../x", "file", b""),
        (b"/abs", "file", b""),
        (b"usr/../../x", "file", b""),
        (b"usr/x", "symlink", b"../../outside/secret"),
        (b"usr/x", "symlink", b""),
        (b"usr/x", "hardlink", b"../outside/secret"),
        (b"usr/x", "char", b""),
        (b"dev/x", "block", b""),
        (b"usr/x", "fifo", b""),
    ],
)
def test_F25_F27_F30_hostile_members(place: Place, name: bytes, kind: Kind, target: bytes) -> None:
    place.refuses(deb([Member(name, b"", kind, target)]))


def test_F26_nothing_is_written_through_links(place: Place) -> None:
    place.refuses(deb([Member(b"usr/l", kind="symlink", target=b"lib"), Member(b"usr/l/x", b"1")]))
    place.refuses(deb([Member(b"lib", kind="symlink", target=b"etc"), Member(b"usr/lib/x", b"1")]))


def test_F35_broken_packages(place: Place) -> None:
    whole = deb([Member(b"usr/x", b"1" * 5000)])
    place.refuses(whole[: len(whole) // 2], code="WB513")
    place.refuses(whole[:70], code="WB513")
    place.refuses(ar([(b"debian-binary", b"2.0\n"), (b"control.tar.gz", b"x")]), "no files", code="WB513")
    place.refuses(ar([(b"debian-binary", b"2.0\n"), (b"data.tar.lzo", b"x" * 600)]), code="WB513")
    place.refuses(whole.replace(b"`\n", b"??"), code="WB513")
    long = ar([(b"debian-binary", b"2.0\n"), (b"data.tar", b"x" * 77)])
    place.refuses(long.replace(b"77  ", b"7777"), code="WB513")
    place.refuses(long.replace(b"77  ", b"-7  "), code="WB513")


def test_F33_bombs(place: Place) -> None:
    place.refuses(deb([Member(b"usr/zeros", bytes(64 << 20))]), code="WB514")
