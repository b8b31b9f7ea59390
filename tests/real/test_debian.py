"""Debian's packages on a machine with APT, whatever its own suite: programs run with the libraries of theirs, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.real.machine import STORE
from tests.real.test_pins import doors
from wbuild.catalog import load as catalogs
from wbuild.errors import IntegrityError, ProvisionError
from wbuild.lock.attach import Equipment
from wbuild.model.locked import Digest, LockedTool, Pin, Platform
from wbuild.model.shipped import Catalog
from wbuild.session.shipped_data import recipe_texts
from wbuild.session.world import this_platform
from wbuild.sources import debian
from wbuild.sources.clients import any_of
from wbuild.steps.kit import executable
from wbuild.steps.words import portable
from wbuild.store import Store

OTHER: Mapping[Platform, Platform] = {"linux-x86_64": "linux-aarch64", "linux-aarch64": "linux-x86_64"}
SYSTEM = ("/var/lib/apt/lists", "/var/cache/apt", "/var/lib/dpkg")
HELLO_C = '#include <stdio.h>\nint main(void) { printf("%.2f\\n", 0.125 * 3); return 3; }\n'
HELLO_CPP = """\
#include <iostream>
#include <map>
#include <memory>
struct Shape { virtual ~Shape() = default; virtual int corners() const = 0; };
struct Square : Shape { int corners() const override { return 4; } };
int main() {
    std::map<std::string, std::unique_ptr<Shape>> shapes;
    shapes["square"] = std::make_unique<Square>();
    for (const auto& [name, shape] : shapes) std::cout << name << ' ' << shape->corners() << std::endl;
}
"""
HELLO_RUST = """\
use std::collections::BTreeMap;
fn main() {
    let mut counts = BTreeMap::new();
    for word in "a b a".split(' ') { *counts.entry(word).or_insert(0) += 1; }
    println!("{counts:?}");
}
"""


@dataclass(frozen=True)
class Bench:
    catalog: Catalog
    store: Store

    def pins(self, name: str) -> Mapping[Platform, Pin]:
        """The pins of both Linux platforms, ready to run."""
        recipe = self.catalog.tools[name]
        here = this_platform()
        found = debian.resolve(recipe, recipe.routes[0], "", [here, OTHER[here]], OPENED)
        version = next(pin.version for pin in found.values() if isinstance(pin, Pin))
        bare = LockedTool(name=name, version=version, platforms=dict(found))
        equipped = Equipment(tools={name: bare}, catalog=self.catalog).all()[name].platforms
        return {platform: pin for platform, pin in equipped.items() if isinstance(pin, Pin)}

    def installed(self, name: str) -> Tool:
        pin = self.pins(name)[this_platform()]
        self.store.ensure([pin], lambda event: None)
        return Tool(pin=pin, store=self.store)


@dataclass(frozen=True)
class Tool:
    pin: Pin
    store: Store

    @property
    def folder(self) -> Path:
        return self.store.path(self.pin)

    def path(self, program: str) -> str:
        """The one word that starts a program."""
        return portable(executable(self.pin, program)).replace(f"{{{self.pin.name}}}", str(self.folder))

    def run(self, program: str, *args: str, cwd: Path, **env: str) -> str:
        return ran((*self.store.argv(self.pin, program), *args), cwd, **env)


def ran(argv: tuple[str, ...], cwd: Path, **env: str) -> str:
    done = subprocess.run(argv, cwd=cwd, env=env, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout


OPENED = doors(this_platform(), any_of(os.environ))


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench(catalog=catalogs.load(recipe_texts(), {}), store=Store(STORE, OPENED))


def executed(module: Path) -> tuple[int, str]:
    """Exit code and output of a command on wasmtime."""
    import wasmtime

    engine = wasmtime.Engine()
    linker, store, config = wasmtime.Linker(engine), wasmtime.Store(engine), wasmtime.WasiConfig()
    linker.define_wasi()
    config.stdout_file = str(module.with_suffix(".out"))
    store.set_wasi(config)
    try:
        linker.instantiate(store, wasmtime.Module.from_file(engine, str(module))).exports(store)["_start"](store)  # type: ignore[operator]
        code = 0
    except wasmtime.ExitTrap as ended:
        code = ended.code
    return code, module.with_suffix(".out").read_text("utf-8")


def state() -> dict[str, tuple[int, int]]:
    """Size and time of everything that APT and dpkg keep on this machine."""
    paths = [Path(folder, name) for top in SYSTEM for folder, _, names in os.walk(top) for name in names]
    return {str(path): ((info := path.lstat()).st_size, info.st_mtime_ns) for path in paths}


def test_both_platforms_resolve_here_and_the_system_stays_as_it_is(bench: Bench) -> None:
    before = state()
    pins = bench.pins("binaryen")
    assert set(pins) == {"linux-x86_64", "linux-aarch64"}
    for platform, architecture in (("linux-x86_64", "amd64"), ("linux-aarch64", "arm64")):
        names = [file.name for file in pins[platform].files]  # type: ignore[index]
        assert any(name.startswith("libc6_") and name.endswith(f"_{architecture}.deb") for name in names)
        assert pins[platform].size < 20e6  # type: ignore[index]
        assert {file.trust for file in pins[platform].files} == {"signature"}  # type: ignore[index]
    bench.store.ensure([pins[this_platform()]], lambda event: None)
    assert state() == before


@pytest.mark.parametrize("name", ["binaryen", "clang", "rust"])
def test_programs_use_libraries_of_their_own_tree_only(bench: Bench, name: str, tmp_path: Path) -> None:
    tool = bench.installed(name)
    for program, words in tool.pin.bin.items():
        target = next(word for word in words if word.startswith("{self}/usr/")).replace("{self}", str(tool.folder))
        argv = tool.store.argv(tool.pin, program)
        listed = ran((*argv[:4], "--list", target), tmp_path)
        found = [line.split("=>")[1].split()[0] for line in listed.splitlines() if "=>" in line]
        assert found
        assert all(path.startswith(str(tool.folder)) for path in found), listed
        assert ran((tool.path(program), "--version"), tmp_path) == tool.run(program, "--version", cwd=tmp_path)


def test_a_package_of_another_platform_unpacks(bench: Bench, tmp_path: Path) -> None:
    pin = replace(bench.pins("binaryen")[OTHER[this_platform()]], probe=None)
    store = Store(tmp_path, OPENED)
    store.ensure([pin], lambda event: None)
    assert store.damage(pin) == ()


def test_F49_a_wrong_digest_is_refused(bench: Bench, tmp_path: Path) -> None:
    pin = bench.pins("binaryen")[this_platform()]
    wrong = replace(pin, files=(replace(pin.files[0], digest=Digest(algorithm="sha256", hex="0" * 64)), *pin.files[1:]))
    with pytest.raises(IntegrityError, match="WB510"):
        Store(tmp_path, OPENED).ensure([wrong], lambda event: None)


def test_a_file_that_the_mirror_dropped(bench: Bench, tmp_path: Path) -> None:
    pin = bench.pins("binaryen")[this_platform()]
    gone = replace(pin.files[0], name="binaryen_99-1_all.deb", path="pool/main/b/binaryen/binaryen_99-1_all.deb")
    with pytest.raises(ProvisionError, match=r"no longer has binaryen_99-1_all\.deb"):
        Store(tmp_path, OPENED).ensure([replace(pin, files=(gone, *pin.files[1:]))], lambda event: None)


def test_clang_builds_c_and_cpp(bench: Bench, tmp_path: Path) -> None:
    clang = bench.installed("clang")
    (tmp_path / "hello.c").write_text(HELLO_C)
    (tmp_path / "hello.cpp").write_text(HELLO_CPP)
    target = ("--target=wasm32-wasip1", "-Oz", "-s")
    clang.run("clang", *target, "hello.c", "-o", "c.wasm", cwd=tmp_path)
    assert executed(tmp_path / "c.wasm") == (3, "0.38\n")
    ran((clang.path("clang++"), *target, "-std=c++20", "-fno-exceptions", "hello.cpp", "-o", "cpp.wasm"), tmp_path)
    assert executed(tmp_path / "cpp.wasm") == (0, "square 4\n")
    assert str(clang.folder).encode() not in (tmp_path / "cpp.wasm").read_bytes()
    (tmp_path / "add.c").write_text('__attribute__((export_name("add"))) int add(int a, int b) { return a + b; }\n')
    clang.run("clang", "--target=wasm32-wasip1", "-mexec-model=reactor", "add.c", "-o", "reactor.wasm", cwd=tmp_path)
    assert b"_initialize" in (tmp_path / "reactor.wasm").read_bytes()


def test_rust_builds_for_wasi_and_for_nothing(bench: Bench, tmp_path: Path) -> None:
    rust = bench.installed("rust")
    (tmp_path / "hello.rs").write_text(HELLO_RUST)
    linker = ("-C", f"linker={rust.path('wasm-ld')}", "-C", "strip=symbols", "-O")
    rust.run("rustc", "--target", "wasm32-wasip1", *linker, "hello.rs", "-o", "hello.wasm", cwd=tmp_path)
    assert executed(tmp_path / "hello.wasm") == (0, '{"a": 2, "b": 1}\n')
    (tmp_path / "bare.rs").write_text("#[no_mangle]\npub extern fn twice(x: i32) -> i32 { x * 2 }\n")
    bare = ("--target", "wasm32-unknown-unknown", "--crate-type", "cdylib")
    rust.run("rustc", *bare, *linker, "bare.rs", "-o", "bare.wasm", cwd=tmp_path)
    assert (tmp_path / "bare.wasm").read_bytes().startswith(b"\0asm")


def test_cargo_with_the_compiler_by_path(bench: Bench, tmp_path: Path) -> None:
    rust = bench.installed("rust")
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text(HELLO_RUST)
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "hello"\nversion = "1.0.0"\nedition = "2021"\n')
    env = {
        "HOME": str(tmp_path),
        "CARGO": rust.path("cargo"),
        "RUSTC": rust.path("rustc"),
        "CARGO_TARGET_WASM32_WASIP1_LINKER": rust.path("wasm-ld"),
    }
    rust.run("cargo", "build", "--release", "--offline", "--target", "wasm32-wasip1", cwd=tmp_path, **env)
    assert executed(tmp_path / "target/wasm32-wasip1/release/hello.wasm") == (0, '{"a": 2, "b": 1}\n')
