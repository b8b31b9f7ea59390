"""wbuild.lock as text: FAULTS F41 to F44 and F50."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from tests.provision import digest
from tests.unit.test_lock import CATALOG, Bench, manifest, pin_of
from wbuild import lock as locks
from wbuild.errors import IntegrityError, ProvisionError, UsageError
from wbuild.lock import text as lock_text
from wbuild.model.locked import PLATFORMS, Lock, LockedTool, Pin, PinnedFile, Unavailable
from wbuild.model.written import Vendor

FILE = "wbuild.lock"


def made() -> Lock:
    bench = Bench()
    bench.source.missing = {("zig-wheel", "windows-x86_64")}
    return bench.resolve(manifest(vendor={"sqlite": Vendor(from_="npm:sqlite", version="3.1")}))


LOCK = made()
TEXT = locks.encode(LOCK)


def decoded(text: str) -> Lock:
    return locks.decode(text, CATALOG, FILE)


def problems(text: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        decoded(text)
    return [f"{p.code} {p.place.line if p.place else 0}: {p.message}" for p in caught.value.problems]


def test_the_text_is_toml_that_people_can_read() -> None:
    assert TEXT.startswith("# made by wbuild lock; do not edit\nschema = 1\n")
    data = tomli.loads(TEXT)
    assert data["toolchains"] == {"c": "zig"}
    assert data["tool"]["opt"]["version"] == "132.0.0"
    assert list(data["tool"]["opt"]) == ["version", "any"]
    assert data["tool"]["zig"]["windows-x86_64"] == {"unavailable": "zig-wheel has no build for it"}
    (file,) = data["tool"]["zig"]["linux-x86_64"]["files"]
    assert file == {
        "name": "zig_wheel-0.17.1-py3-none-manylinux_2_17_x86_64.whl",
        "size": 51,
        "digest": str(digest(b"zig_wheel-0.17.1-py3-none-manylinux_2_17_x86_64.whl")),
        "trust": "registry",
    }
    assert list(data["vendor"]["sqlite"]) == ["version", "any"]


def test_decoding_gives_what_was_encoded() -> None:
    assert decoded(TEXT) == LOCK
    assert decoded(TEXT.replace("\n", "\r\n")) == LOCK


def test_F50_equal_locks_give_equal_bytes() -> None:
    shuffled = list(LOCK.tools.items())
    random.Random(1).shuffle(shuffled)
    turned = {name: LockedTool(name=name, version=t.version, platforms=dict(list(t.platforms.items())[::-1])) for name, t in shuffled}
    other = Lock(tools=turned, toolchains=dict(list(LOCK.toolchains.items())[::-1]), recipes=LOCK.recipes)
    assert locks.encode(other) == TEXT
    assert locks.encode(decoded(TEXT)) == TEXT
    assert locks.encode(made()) == TEXT


def test_F41_cut_off_at_any_byte() -> None:
    for cut in (*range(0, len(TEXT), 61), *range(len(TEXT) - 40, len(TEXT))):
        (problem,) = problems(TEXT[:cut])
        assert problem[:5] in ("WB240", "WB241"), cut


def test_F41_cut_off_at_every_line_and_at_the_end() -> None:
    lines = TEXT.splitlines(keepends=True)
    for count in range(len(lines)):
        assert problems("".join(lines[:count]))
    assert problems(TEXT[:-1]) == [f"WB240 {len(lines)}: wbuild.lock is cut off: its last line is missing"]


@pytest.mark.parametrize("text", ["\0\1\2\3", "\ufffd\ufffd", "PK\3\4", "hello", "[[", "{}", ""])
def test_F41_no_lock_at_all(text: str) -> None:
    assert problems(text)


def test_F41_merge_conflict() -> None:
    conflict = TEXT.replace('version = "132.0.0"\n', '<<<<<<< HEAD\nversion = "132.0.0"\n=======\nversion = "131.0.0"\n>>>>>>> topic\n')
    line = TEXT[: TEXT.index('version = "132.0.0"')].count("\n") + 1
    assert problems(conflict) == [f"WB240 {line}: wbuild.lock holds the markers of a merge conflict"]


@pytest.mark.parametrize("schema", ["2", '"1"', "true", "1.5"])
def test_F41_unknown_schema(schema: str) -> None:
    (problem,) = problems(TEXT.replace("schema = 1", f"schema = {schema}"))
    assert problem.startswith("WB241 1: wbuild.lock has ")


CHANGES = {
    "unknown key": ('[tool.opt]\nversion = "132.0.0"', '[tool.opt]\nvers = "132.0.0"', ["version is missing", 'unknown key "vers"']),
    "unknown platform": ("[tool.opt.any]", "[tool.opt.amiga]", ["opt has no platforms", 'unknown key "amiga"']),
    "unknown source": ('source = "npm"\npackage = "optimizer"', 'source = "npn"\npackage = "optimizer"', ['unknown source "npn"']),
    "size": ("size = 21", "size = -21", ["size must be a number of bytes"]),
    "size as text": ("size = 21", 'size = "21"', ["size must be a number of bytes"]),
    "trust": ('name = "optimizer-132.0.0.tgz"', 'name = "optimizer-132.0.0.tgz", trus = 1', ['unknown key "trus"']),
    "file name with a folder": ('name = "optimizer-132.0.0.tgz"', 'name = "../o-132.0.0.tgz"', ['name cannot be "../o-132.0.0.tgz"']),
    "tool name with a folder": ("[tool.opt.any]", '[tool."../opt".any]', ["opt has no platforms", '"../opt" is no name of a tool']),
    "version with a folder": ('version = "132.0.0"', 'version = "../../x"', ['version cannot be "../../x"']),
    "recipes": ("schema = 1", "schema = 1\nrecipes = 7", ["recipes must be a text"]),
    "toolchain": ('c = "zig"', "c = 3", ["c must be a text"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_entries_that_are_wrong(name: str) -> None:
    old, new, expected = CHANGES[name]
    assert TEXT.count(old) == 1
    changed = TEXT.replace(old, new)
    found = problems(changed)
    assert [line.partition(": ")[2] for line in found] == expected
    assert all(line.startswith("WB242 ") and not line.startswith("WB242 0") for line in found)


def test_all_problems_come_at_once() -> None:
    changed = TEXT.replace('source = "npm"', 'source = "x"').replace("size = ", "sise = ")
    assert len(problems(changed)) > 10


def test_F44_weak_digests() -> None:
    for weak in ("md5:" + "0" * 32, "sha1:" + "0" * 40):
        first = TEXT.index("sha256:")
        text = TEXT[:first] + weak + TEXT[first + 71 :]
        (problem,) = problems(text)
        assert problem.startswith("WB243")
        assert "is weaker than sha256" in problem
    (problem,) = problems(TEXT.replace(TEXT[first : first + 71], "sha256:abc", 1))
    assert problem.endswith("not a digest")


def test_F42_a_version_whose_digest_was_left() -> None:
    edited = TEXT.replace('[tool.opt]\nversion = "132.0.0"', '[tool.opt]\nversion = "133.0.0"')
    with pytest.raises(IntegrityError) as caught:
        decoded(edited)
    (problem,) = caught.value.problems
    assert problem.message == "opt 133.0.0: the digest belongs to 132.0.0 (optimizer-132.0.0.tgz)"
    assert problem.place is not None
    assert "files" in problem.place.text


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("0.17.1", "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl"),
        ("1.0-rc.1", "tool-1.0_rc.1-py3-none-any.whl"),
        ("132.0.0", "binaryen-132.0.0.tgz"),
        ("1.0", "tool.zip"),
    ],
)
def test_F42_file_names_that_fit(version: str, name: str) -> None:
    file = PinnedFile(name=name, size=1, digest=digest(b"x"))
    pin = Pin(name="t", version=version, platform="linux-x86_64", source="pypi", package="t", files=(file,))
    lock = Lock(tools={"t": LockedTool(name="t", version=version, platforms=dict.fromkeys(PLATFORMS, pin))}, toolchains={})
    assert lock_text.decode(lock_text.encode(lock), FILE).tools["t"].version == version


def test_F43_no_entry_for_this_platform() -> None:
    start = TEXT.index("[tool.zig.macos-arm64]")
    end = TEXT.index("[tool.zig.macos-x86_64]")
    lock = decoded(TEXT[:start] + TEXT[end:])
    assert pin_of(lock, "zig").version == "0.17.1"
    with pytest.raises(
        ProvisionError, match=r"zig cannot be had on macos-arm64: wbuild\.lock has no entry for this platform; run `wbuild lock"
    ):
        locks.kit(lock, "macos-arm64").pin("zig")


def test_a_need_that_the_lock_lacks_is_told_when_asked_for() -> None:
    start, end = TEXT.index("[tool.node]"), TEXT.index("[tool.opt]")
    lock = decoded(TEXT[:start] + TEXT[end:])
    assert lock.tools["opt"].platforms["linux-x86_64"] == Unavailable(reason="it needs node: wbuild.lock has no node; run `wbuild lock`")


@given(st.text(max_size=60))
def test_any_reason_survives(reason: str) -> None:
    tool = LockedTool(name="t", version="1", platforms=dict.fromkeys(PLATFORMS, Unavailable(reason=reason or "none")))
    text = lock_text.encode(Lock(tools={"t": tool}, toolchains={}))
    again = lock_text.decode(text, FILE)
    assert lock_text.encode(again) == text


@given(st.integers(0, len(TEXT) - 1), st.text(max_size=8))
def test_any_edit_gives_a_lock_or_an_error(at: int, noise: str) -> None:
    try:
        lock = decoded(TEXT[:at] + noise + TEXT[at + len(noise) :])
    except (UsageError, IntegrityError):
        return
    assert locks.encode(lock)


def debian_lock(version: str = "120", name: str = "opt_120-4~deb13u1_amd64.deb") -> Lock:
    files = tuple(
        PinnedFile(name=file, path=f"pool/main/o/opt/{file}", size=9, digest=digest(file.encode()), trust="signature")
        for file in (name, "libstd-rust-1.85_1.85.1+dfsg1_all.deb")
    )
    pin = Pin(name="opt", version=version, platform="linux-x86_64", source="debian", package="opt/trixie", files=files)
    return Lock(tools={"opt": LockedTool(name="opt", version=version, platforms={"linux-x86_64": pin})}, toolchains={})


def test_packages_of_debian_say_where_they_are() -> None:
    text = lock_text.encode(debian_lock())
    assert 'path = "pool/main/o/opt/opt_120-4~deb13u1_amd64.deb"' in text
    assert lock_text.decode(text, FILE) == debian_lock()
    assert lock_text.decode(lock_text.encode(debian_lock("120.0.0")), FILE) == debian_lock("120.0.0")
    for wrong in ("../x.deb", "/pool/x.deb", "pool//x.deb", "http://x.example/x.deb"):
        with pytest.raises(UsageError, match="path cannot be"):
            lock_text.decode(text.replace("pool/main/o/opt/opt_120-4~deb13u1_amd64.deb", wrong), FILE)


def test_F42_a_package_of_debian_tells_its_version() -> None:
    with pytest.raises(IntegrityError, match=r"belongs to 120 \(opt_120-4"):
        lock_text.decode(lock_text.encode(debian_lock("121")), FILE)


def npm_closure(**changes: object) -> str:
    """The text of a lock with a tool of npm that has a dependency."""
    own = PinnedFile(name="bundler-1.0.0.tgz", size=7, digest=digest(b"own"), places=(".", "node_modules/@me/bundler"))
    needed = PinnedFile(name="a+b-2.0.0.tgz", size=7, digest=digest(b"b"), path="@a/b/2.0.0", places=("node_modules/c/node_modules/@a/b",))
    files = (own, replace(needed, **changes))  # type: ignore[arg-type]
    pin = Pin(name="bundler", version="1.0.0", platform="linux-x86_64", source="npm", package="@me/bundler", files=files)
    return locks.encode(
        Lock(tools={"bundler": LockedTool(name="bundler", version="1.0.0", platforms={"linux-x86_64": pin})}, toolchains={})
    )


def test_packages_of_npm_say_where_they_are_and_belong() -> None:
    text = npm_closure()
    assert 'path = "@a/b/2.0.0", places = ["node_modules/c/node_modules/@a/b"]' in text
    assert lock_text.encode(lock_text.decode(text, FILE)) == text
    with pytest.raises(IntegrityError, match=r"digest belongs to 1\.0\.0"):
        decoded(text.replace('version = "1.0.0"', 'version = "1.0.1"'))


@pytest.mark.parametrize("place", ["..", "", "/x", "node_modules/..", "node_modules/../x", "node_modules/a/b/c", "node_modules/a\\b", "x"])
def test_F25_places_outside_of_the_tool(place: str) -> None:
    assert [line for line in problems(npm_closure(places=(place,))) if "places must be a list" in line]
