"""Projects with dependencies and without lock files: the ecosystems' own clients make them, and builds with `--locked` take them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.machine import Machine

MANIFEST = """[project]
name = "fresh"

[artifact.go]
lang = "go"

[artifact.as]
lang = "assemblyscript"
target = "freestanding"

[artifact.rust]
lang = "rust"
path = "rust/app"

[[artifact.go.check]]
invoke = "add(1, 2)"
returns = "3"

[[artifact.as.check]]
invoke = "add(1, 2)"
returns = "3"

[[artifact.rust.check]]
invoke = "add(1, 2)"
returns = "3"
"""
FILES = {
    "wbuild.toml": MANIFEST,
    "go/go.mod": "module example.org/fresh\n\ngo 1.25\n\nrequire golang.org/x/text v0.21.0\n",
    "go/main.go": """package main

import "golang.org/x/text/language"

//go:wasmexport add
func add(a, b int32) int32 { return a + b + int32(len(language.Und.String())) - 3 }

func main() {}
""",
    "as/package.json": '{ "name": "fresh", "devDependencies": { "assemblyscript": "^0.28.0" } }\n',
    "as/assembly/index.ts": "export function add(a: i32, b: i32): i32 { return a + b; }\n",
    "rust/Cargo.toml": '[workspace]\nresolver = "2"\nmembers = ["app"]\n',
    "rust/app/Cargo.toml": """[package]
name = "app"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[dependencies]
itoa = "1"
""",
    "rust/app/src/lib.rs": """#[no_mangle]
pub extern "C" fn add(a: i32, b: i32) -> i32 {
    a + b + itoa::Buffer::new().format(7).len() as i32 - 1
}
""",
}
LOCKS = {"go/go.sum": "1 package", "as/package-lock.json": "package", "rust/Cargo.lock": "1 package"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Path]:
    folder = tmp_path_factory.mktemp("fresh")
    for name, text in FILES.items():
        path = folder / "fresh" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Machine.make(folder / "machine"), folder / "fresh"


def test_clients_make_lock_files_that_a_locked_build_takes(fresh: tuple[Machine, Path]) -> None:
    machine, here = fresh
    machine.wbuild("lock", cwd=here).succeeds()
    for name in LOCKS:
        assert (here / name).is_file(), name
        (here / name).unlink()
    refused = machine.wbuild("build", "--locked", cwd=here).ends(2)
    assert refused.stderr.count("error[WB228]: ") == 3
    assert {path.name for path in (here / "rust").iterdir()} == {"Cargo.toml", "app"}
    done = machine.wbuild("build", "--opt", cwd=here).succeeds()
    for name, count in LOCKS.items():
        assert f"note: created {name} (" in done.stderr
        assert count in done.stderr.partition(f"created {name} (")[2].partition(")")[0]
    texts = {name: (here / name).read_bytes() for name in LOCKS}
    again = machine.wbuild("build", "--opt", "--locked", "--offline", cwd=here).succeeds()
    assert again.stdout.splitlines() == [f"dist/release/{name}.wasm" for name in ("go", "as", "rust")]
    assert {name: (here / name).read_bytes() for name in LOCKS} == texts


def test_a_new_dependency_is_locked_and_the_others_stay(fresh: tuple[Machine, Path]) -> None:
    machine, here = fresh
    machine.wbuild("lock", cwd=here).succeeds()
    before = (here / "rust/Cargo.lock").read_text("utf-8")
    manifest = here / "rust/app/Cargo.toml"
    manifest.write_text(manifest.read_text("utf-8") + 'ryu = "1"\n', encoding="utf-8")
    machine.wbuild("build", "--locked", "rust", cwd=here).ends(2)
    done = machine.wbuild("build", "rust", cwd=here).succeeds()
    assert "note: updated rust/Cargo.lock (2 packages)" in done.stderr
    after = (here / "rust/Cargo.lock").read_text("utf-8")
    itoa = before[before.index('name = "itoa"') :].partition("\n\n")[0].strip()
    assert itoa in after
    assert 'name = "ryu"' in after
