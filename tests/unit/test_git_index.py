"""The reader of git's index: every version, every digest, and bytes from anybody."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from wbuild.doors.git_index import LINK, IndexEntry, entries_below
from wbuild.doors.tracked import tracked

FILE = 0o100644
NAMES = ["dist", "dist.txt", "disk", "a", "A", ".wbuild", "wbuild", "sub", "ä", "x" * 90]


def index(paths: Sequence[str], *, version: int = 2, digest: int = 20, mode: int = FILE, extended: bool = False) -> bytes:
    """An index as git writes it, but for what nobody reads: times, digests."""
    out = bytearray(b"DIRC" + version.to_bytes(4, "big") + len(paths).to_bytes(4, "big"))
    before = b""
    for path in sorted(map(os.fsencode, paths)):
        start = len(out)
        out += bytes(24) + mode.to_bytes(4, "big") + bytes(12) + b"\xaa" * digest
        flags = min(len(path), 0xFFF) | (0x4000 if extended else 0)
        out += flags.to_bytes(2, "big") + (b"\x20\x00" if extended else b"")
        if version == 4:
            shared = next((n for n, (a, b) in enumerate(zip(before, path, strict=False)) if a != b), min(len(before), len(path)))
            out += varint(len(before) - shared) + path[shared:] + b"\0"
            before = path
        else:
            out += path
            out += bytes(8 - (len(out) - start) % 8)
    return bytes(out) + b"TREE" + bytes(4) + bytes(digest)


def varint(number: int) -> bytes:
    """As git's packs have offsets."""
    out = [number & 0x7F]
    while number := number >> 7:
        number -= 1
        out.append(0x80 | number & 0x7F)
    return bytes(reversed(out))


def found(data: bytes, *names: str, fold: bool = False) -> list[str]:
    return [os.fsdecode(entry.path) for entry in entries_below(data, list(map(os.fsencode, names)), fold=fold)]


@pytest.mark.parametrize("digest", [20, 32])
@pytest.mark.parametrize("version", [2, 3, 4])
def test_what_is_at_or_below_a_name_is_found_in_every_version(version: int, digest: int) -> None:
    draw = random.Random(version * digest)
    for _ in range(150):
        paths = {"/".join(draw.choices(NAMES, k=draw.randint(1, 4))) for _ in range(draw.randint(0, 30))}
        paths |= {"y" * draw.choice([0xFFE, 0xFFF, 5000])} if draw.random() < 0.2 else set()
        data = index(sorted(paths), version=version, digest=digest, extended=version > 2 and draw.random() < 0.5)
        for name in ("dist", ".wbuild", "sub/dist", "x" * 90 + "/dist"):
            wanted = sorted((p for p in paths if p == name or p.startswith(f"{name}/")), key=os.fsencode)
            assert found(data, name) == wanted, (name, paths)
        assert sorted(found(data, "")) == sorted(paths)


@pytest.mark.parametrize("version", [2, 4])
def test_other_spellings_count_where_the_file_system_has_them(version: int) -> None:
    data = index(["Dist/dev/a.wasm", "SUB/DIST/b", "x/dist/c"], version=version)
    assert found(data, "dist") == []
    assert found(data, "dist", "sub/dist", fold=True) == ["Dist/dev/a.wasm", "SUB/DIST/b"]


@pytest.mark.parametrize("version", [2, 3, 4])
def test_damage_of_any_kind_says_nothing_and_takes_no_time(version: int) -> None:
    whole, draw = index([f"dist/dev/{n}.wasm" for n in range(50)], version=version), random.Random(version)
    began = time.monotonic()
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        entries_below(bytes(damaged[: draw.randrange(len(damaged) + 1)]), [b"dist", b""])
    for data in (b"", b"DIRC", b"DIRC" + bytes(8), b"DIRC\0\0\0\2\xff\xff\xff\xff" + bytes(500), b"dist/" * 100000, whole[:-900]):
        entries_below(data, [b"dist"])
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("version", [2, 4])
def test_a_large_index_is_searched_in_no_time(version: int) -> None:
    paths = [f"packages/{n % 100}/dist/some-folder/file-{n}.ts" for n in range(100_000)]
    data = index(paths, version=version)
    took = []
    for _ in range(3):
        began = time.process_time()
        assert found(data, "dist", ".wbuild") == []
        took.append(time.process_time() - began)
    assert min(took) < 0.25  # 0.05 on a machine of its own


def test_modes_tell_links_and_submodules() -> None:
    assert entries_below(index(["dist"], mode=LINK), [b"dist"]) == (IndexEntry(b"dist", LINK),)


def repository(folder: Path, *paths: str, there: bool = True, version: int = 2) -> Path:
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    (folder / ".git/index").write_bytes(index(paths, version=version))
    for path in paths if there else ():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("theirs")
    return folder


def names(folder: Path) -> list[str]:
    return [os.path.relpath(one.path, os.path.realpath(folder)) for one in tracked(folder, (".wbuild", "dist"))]


def test_a_project_in_a_subfolder_has_the_paths_of_its_repository(tmp_path: Path) -> None:
    repository(tmp_path, "dist/dev/no.wasm", "a/b/dist/dev/yes.wasm", "a/b/.wbuild/lock", "a/b/src/dist/x", version=4)
    assert names(tmp_path / "a/b") == [".wbuild/lock", "dist/dev/yes.wasm"]
    (tmp_path / "link").symlink_to("a/b")
    assert names(tmp_path / "link") == [".wbuild/lock", "dist/dev/yes.wasm"]


def test_worktrees_and_submodules_have_their_index_elsewhere(tmp_path: Path) -> None:
    kept = repository(tmp_path / "main", "dist/dev/x.wasm") / ".git"
    for pointer in (f"gitdir: {kept}\n", "gitdir: ../main/.git"):
        project = tmp_path / "project"
        (project / "dist/dev").mkdir(parents=True, exist_ok=True)
        (project / "dist/dev/x.wasm").write_text("theirs")
        (project / ".git").write_text(pointer)
        assert names(project) == ["dist/dev/x.wasm"]


def test_a_repository_in_dist_counts_a_worktree_for_pages_for_instance(tmp_path: Path) -> None:
    repository(tmp_path / "project/dist", "index.html", ".gitkeep")
    repository(tmp_path / "project/dist/release", "x.wasm")
    assert names(tmp_path / "project") == ["dist/index.html", "dist/release/x.wasm"]


def test_what_is_not_there_and_what_keeps_a_folder_are_no_matter(tmp_path: Path) -> None:
    repository(tmp_path, "dist/dev/gone.wasm", there=False)
    (tmp_path / "dist/dev").mkdir(parents=True)
    assert names(tmp_path) == []
    repository(tmp_path, "dist/.gitkeep", "dist/dev/.gitignore")
    assert names(tmp_path) == []


@pytest.mark.parametrize("kind", ["none", "pipe", "link", "folder", "damaged", "huge", "pointer to a pipe", "pointer to nothing"])
def test_an_index_that_cannot_be_read_is_no_error(tmp_path: Path, kind: str) -> None:
    place = repository(tmp_path, "dist/dev/x.wasm") / ".git"
    path = place / "index"
    data = path.read_bytes()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        (tmp_path / "elsewhere").write_bytes(data)
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    elif kind == "damaged":
        path.write_bytes(data[:60])
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(1 << 40)
    elif kind.startswith("pointer"):
        place.rmdir()
        os.mkfifo(tmp_path / "pipe")
        place.write_text(f"gitdir: {'/dev/fd' if kind.endswith('nothing') else 'pipe'}\n")
    assert names(tmp_path) == []
