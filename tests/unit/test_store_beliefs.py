"""Which trees of a store are believed: a receipt must fit the pin, a list must be the known one, a folder must be closed to others."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.provision import pinned
from tests.unit.test_store import NODE, ZIG, Bench
from wbuild.doors.files import RealFiles
from wbuild.doors.ownership import owners, private, writable
from wbuild.model.locked import Pin
from wbuild.store import LAYOUT, User, contents, receipt
from wbuild.store.older import OLDER

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
STRANGER = 12_345


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "store")
    made.store = made.another(user=User(data=tmp_path / "data", own=tmp_path / "own"))
    return made


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can enter, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="wbuild-test-")).resolve()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def again(bench: Bench) -> None:
    """Another process of the same user."""
    user = User(data=bench.root.parent / "data", own=bench.root.parent / "own")
    bench.store = bench.another(user=user)
    bench.said.clear()
    bench.source.fetched.clear()


def forge(folder: Path, name: str, content: bytes) -> None:
    """Change a file of a tree, its list and its receipt."""
    path = folder / name
    path.chmod(0o644)
    path.write_bytes(content)
    path.chmod(0o444)
    items = contents.decode((folder / "contents.jsonl").read_text())
    assert items is not None
    info, digest = path.stat(), RealFiles().sha256(path)
    changed = [replace(i, size=info.st_size, time=info.st_mtime_ns, digest=digest) if i.path == name else i for i in items]
    text = contents.encode(changed)
    (folder / "contents.jsonl").write_text(text)
    document = json.loads((folder / "receipt.json").read_text())
    (folder / "receipt.json").write_text(json.dumps({**document, "tree": contents.digest(text)}))


def test_an_identity_has_128_bits_and_follows_from_all_that_makes_a_tree() -> None:
    pin = pinned("zig", ZIG)
    assert re.fullmatch(r"zig-1\.0-linux-x86_64-[0-9a-f]{32}", pin.identity)
    others = [
        replace(pin, executables=("*",)),
        replace(pin, files=(replace(pin.files[0], name="other.zip"),)),
        replace(pin, files=(replace(pin.files[0], places=("node_modules/a",)),)),
        pinned("zig", NODE),
    ]
    assert len({pin.identity[-32:], *(other.identity[-32:] for other in others)}) == len(others) + 1
    named = [replace(pin, version="1.1"), replace(pin, platform="macos-arm64"), replace(pin, name="zag")]
    assert len({pin.identity, *(other.identity for other in named)}) == 4
    assert replace(pin, source="npm", package="other").identity == pin.identity


def test_a_tree_whose_list_and_receipt_were_changed_too_is_found_and_installed_again(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    forge(bench.store.path(zig), "zig/README", b"evil")
    again(bench)
    assert bench.store.damage(zig) == ("contents.jsonl (another than was installed)",)
    bench.ensure(zig)
    assert bench.source.fetched == ["zig"]
    assert (bench.store.path(zig) / "zig/README").read_bytes() == b"read me"
    assert bench.store.damage(zig) == ()


def test_what_was_there_before_is_known_from_its_first_use_on(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.another().ensure((zig,), bench.said.append)  # without a data folder
    again(bench)
    bench.ensure(zig)
    assert bench.source.fetched == []
    forge(bench.store.path(zig), "zig/README", b"evil")
    again(bench)
    assert bench.store.damage(zig) != ()


PARTS = ["name", "version", "platform", "source", "package", "identity", "digest", "sha256", "size", "file", "none"]
FORMS = ["[" * 100_000, "{}", '{"schema":1,"files":[[]]}', '{"schema":1,"files":[{"name":[]}]}', '{"schema":1,"files":5}']


@pytest.mark.parametrize("key", PARTS)
def test_a_receipt_that_does_not_fit_the_pin_is_damage(key: str, bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    path = bench.store.path(zig) / "receipt.json"
    document = json.loads(path.read_text())
    if key in document:
        document[key] = "other"
    elif key == "file":
        document["files"][0]["name"] = "other.zip"
    elif key == "none":
        document["files"] = []
    else:
        document["files"][0][key] = 5 if key == "size" else ("0" * 64 if key == "sha256" else f"sha256:{'0' * 64}")
    path.write_text(json.dumps(document))
    again(bench)
    assert bench.store.damage(zig) == ("receipt.json (missing, damaged or not that of this pin)",)
    bench.ensure(zig)
    assert bench.source.fetched == ["zig"]
    assert bench.store.damage(zig) == ()


@pytest.mark.parametrize("text", FORMS, ids=lambda text: text[:30])
def test_a_receipt_of_any_form_is_none(text: str, bench: Bench) -> None:
    assert receipt.decode(text) is None
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    (bench.store.path(zig) / "receipt.json").write_text(text)
    assert [name for name, _, _ in bench.store.installed()] == []


@pytest.mark.parametrize("plant", [os.mkfifo, lambda path: Path(path).symlink_to("/dev/zero")])
def test_a_receipt_that_is_no_file_is_none(plant: Callable[[Path], object], bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    for name in ("receipt.json", "contents.jsonl"):
        (bench.store.path(zig) / name).unlink()
        plant(bench.store.path(zig) / name)
    again(bench)
    assert bench.store.damage(zig) != ()
    bench.ensure(zig)
    assert bench.store.damage(zig) == ()


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "a\0b", 5])
def test_a_list_names_only_what_is_in_the_tree(path: object) -> None:
    assert contents.decode(json.dumps([path, "file", 1, 1, "0" * 64])) is None
    assert contents.decode(json.dumps(["a..b/c", "file", 1, 1, "0" * 64])) is not None


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_in_a_folder_that_others_can_write_nothing_is_believed(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    forge(bench.store.path(zig), "zig/README", b"evil")
    shelf = bench.root / LAYOUT
    shelf.chmod(0o777)
    shutil.rmtree(bench.root.parent / "data")
    again(bench)
    assert not bench.store.has(zig)
    bench.ensure(zig)
    own = bench.root / f"{LAYOUT}-{os.geteuid()}"
    assert bench.store.path(zig) == own / zig.identity
    assert (bench.store.path(zig) / "zig/README").read_bytes() == b"read me"
    assert bench.kinds == ["elsewhere", "download", "installed"]
    assert "others can change what is in it" in bench.said[0].text
    again(bench)
    bench.ensure(zig)
    assert bench.source.fetched == []
    lone = bench.another(user=User(lone=True))
    assert lone.path(zig) == shelf / zig.identity


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_strict_or_a_loose_umask_makes_a_store_that_is_believed(bench: Bench) -> None:
    before = os.umask(0)
    try:
        bench.ensure(pinned("zig", ZIG))
    finally:
        os.umask(before)
    again(bench)
    assert bench.store.has(pinned("zig", ZIG))
    assert bench.store.path(pinned("zig", ZIG)).parent == bench.root / LAYOUT


def test_a_store_without_room_leaves_new_tools_to_the_users_own(tmp_path: Path) -> None:
    class Full(RealFiles):
        def free(self, path: Path) -> int:
            return 0 if path.is_relative_to(tmp_path / "store") else 1 << 40

    bench = Bench(tmp_path / "store", files=Full())
    bench.store = bench.another(user=User(own=tmp_path / "own"))
    bench.ensure(pinned("zig", ZIG))
    assert bench.store.path(pinned("zig", ZIG)).parent == tmp_path / "own" / LAYOUT


def as_stranger(work: Callable[[], object]) -> Any:  # noqa: ANN401 - JSON
    """What `work` returns (JSON) in a process of another user."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(STRANGER)
            os.setuid(STRANGER)
            os.write(write, json.dumps(work()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return json.loads(said)


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_two_users_of_one_store(open_folder: Path) -> None:
    zig, node = pinned("zig", ZIG), pinned("node", NODE)
    shared, home = open_folder / "store", open_folder / "home"
    shared.mkdir()
    shared.chmod(0o1777)
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)
    Bench(shared).ensure(zig)  # root's: believed, and closed to the stranger

    def work() -> object:
        bench = Bench(shared)
        bench.store = bench.another(user=User(data=home / "data", home=str(home), own=home / "own"))
        bench.ensure(zig, node)
        return [bench.source.fetched, [str(bench.store.path(pin)) for pin in (zig, node)]]

    fetched, paths = as_stranger(work)
    assert fetched == ["node"]
    assert paths == [str(shared / LAYOUT / zig.identity), str(shared / f"{LAYOUT}-{STRANGER}" / node.identity)]
    # the stranger's own is nothing to root but where root is asked to look for it
    assert not Bench(shared).store.has(node)


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_a_read_only_store_of_root_serves_and_new_tools_come_to_the_users_own(open_folder: Path) -> None:
    zig, node = pinned("zig", ZIG), pinned("node", NODE)
    shared, home = open_folder / "store", open_folder / "home"
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)
    Bench(shared).ensure(zig)

    def work() -> object:
        bench = Bench(shared)
        bench.store = bench.another(user=User(own=home / "own"))
        bench.ensure(zig, node)
        return [bench.source.fetched, str(bench.store.path(node)), bench.kinds]

    fetched, path, kinds = as_stranger(work)
    assert (fetched, path) == (["node"], str(home / "own" / LAYOUT / node.identity))
    assert kinds[0] == "elsewhere"


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_would_not_be_believed_is_not_made(bench: Bench) -> None:
    """A scratch disk that everybody writes: a tree that is put there would be believed by nobody, the next moment on."""
    zig = pinned("zig", ZIG)
    scratch = bench.root.parent / "scratch"
    (scratch / "me").mkdir(parents=True)
    scratch.chmod(0o777)
    own = bench.root.parent / "home"
    bench.root = scratch / "me/store"
    bench.store = bench.another(user=User(own=own))
    bench.ensure(zig)
    assert bench.store.path(zig) == own / LAYOUT / zig.identity
    assert (bench.store.path(zig) / "zig/README").read_bytes() == b"read me"
    assert "others can change what is in it" in bench.said[0].text


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_root_believes_what_it_makes_among_files_of_one_user(open_folder: Path) -> None:
    """A container's root, with a store in a folder of the host's user."""
    theirs = open_folder / "work"
    (theirs / "store").mkdir(parents=True)
    for folder in (theirs, theirs / "store"):
        os.chown(folder, STRANGER, STRANGER)
    bench = Bench(theirs / "store")
    bench.ensure(pinned("zig", ZIG))
    assert bench.store.path(pinned("zig", ZIG)).parent == theirs / "store" / LAYOUT
    assert private(theirs / "store" / LAYOUT, owners())
    os.chown(theirs, STRANGER + 1, -1)
    assert not private(theirs / "store" / LAYOUT, owners())


@pytest.mark.skipif(not ROOT, reason="only root can be somebody else")
def test_whose_folders_are_private(open_folder: Path) -> None:
    mine, theirs = open_folder / "a/b", open_folder / "c/d"
    for folder in (mine, theirs):
        folder.mkdir(parents=True)
    os.chown(theirs, STRANGER, STRANGER)
    assert private(mine, owners())
    assert private(theirs, owners())  # root believes one single owner
    assert as_stranger(lambda: [private(folder, owners()) for folder in (mine, theirs)]) == [True, True]
    os.chown(theirs.parent, STRANGER + 1, -1)
    assert not private(theirs, owners())
    assert as_stranger(lambda: private(theirs, owners())) is False
    os.chown(theirs.parent, 0, -1)
    theirs.parent.chmod(0o777)
    assert as_stranger(lambda: private(theirs, owners())) is False
    theirs.parent.chmod(0o1777)
    assert as_stranger(lambda: private(theirs, owners())) is True
    mine.chmod(0o775)
    os.chown(mine, 0, STRANGER)
    assert not private(mine, owners())
    assert private(mine, owners(), lone=True)
    assert not private(open_folder / "nothing", owners())
    assert as_stranger(lambda: [writable(mine), writable(theirs), writable(theirs / "x/y"), writable(open_folder / "x")]) == [
        True,
        True,
        True,
        False,
    ]


def older(bench: Bench, pin: Pin) -> Path:
    """The tree of a pin as the wbuild before has installed it."""
    bench.ensure(pin)
    new = bench.store.path(pin)
    old = bench.root / OLDER / pin.older_identity
    old.parent.mkdir(exist_ok=True)
    new.rename(old)
    document = json.loads((old / "receipt.json").read_text())
    (old / "receipt.json").write_text(json.dumps({**document, "identity": pin.older_identity}))
    shutil.rmtree(bench.root.parent / "data", ignore_errors=True)
    again(bench)
    return old


def test_a_tree_of_the_layout_before_is_taken_over_without_a_download(bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    assert re.fullmatch(r"zig-1\.0-linux-x86_64-[0-9a-f]{12}", zig.older_identity)
    old = older(bench, zig)
    bench.ensure(zig)
    assert bench.source.fetched == []
    assert bench.store.damage(zig) == ()
    assert (old / "zig/README").is_file()
    shutil.rmtree(old)
    assert bench.store.damage(zig) == ()


@pytest.mark.parametrize("what", ["file", "receipt", "list", "folder"])
def test_a_damaged_tree_of_the_layout_before_is_not_taken_over(what: str, bench: Bench) -> None:
    zig = pinned("zig", ZIG)
    old = older(bench, zig)
    if what == "file":
        info = (old / "zig/README").stat()
        (old / "zig/README").chmod(0o644)
        (old / "zig/README").write_bytes(b"evil me")
        (old / "zig/README").chmod(0o444)
        os.utime(old / "zig/README", ns=(info.st_mtime_ns, info.st_mtime_ns))
    elif what == "receipt":
        document = json.loads((old / "receipt.json").read_text())
        document["files"][0]["digest"] = f"sha256:{'0' * 64}"
        (old / "receipt.json").write_text(json.dumps(document))
    elif what == "list":
        (old / "contents.jsonl").write_text("")
    else:
        (bench.root / OLDER).chmod(0o777)
    bench.ensure(zig)
    assert bench.source.fetched == ["zig"]
    assert (bench.store.path(zig) / "zig/README").read_bytes() == b"read me"


def test_trees_of_the_layout_before_are_collected(bench: Bench) -> None:
    old = older(bench, pinned("zig", ZIG))
    os.utime(old / "receipt.json", (1000, 1000))
    assert [tree.identity for tree in bench.store.collect(86_400, (), dry=True)] == [old.name]
    bench.store.collect(86_400, (), dry=False)
    assert not old.exists()
