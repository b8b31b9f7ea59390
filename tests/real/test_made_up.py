"""A tool, a language and a runtime that wbuild has never heard of: three TOML files of a project, and no Python."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.machine import Machine

FILES = {
    "recipes/wabt.toml": """
type = "tool"
name = "wabt"
summary = "Assembler and disassembler of the text format"
versions = ">=1.0.36,<2"

[probe]
bin = "wat2wasm"
args = ["--version"]
expect = "{version}"

[[route]]
source = "npm"
package = "wabt"
needs = ["node"]

[route.bin]
wat2wasm = ["{bin:node}", "{self}/bin/wat2wasm"]
""",
    "recipes/watx.toml": """
type = "language"
name = "watx"
title = "Text format with extras"
category = "wasm-native"
driver = "compiler"
extensions = [".watx"]
targets = ["freestanding"]
kind = "reactor"
sources = ["*.watx"]

[[option]]
name = "names"
type = "bool"
default = false
doc = "Keep the names of functions."
words = ["--debug-names"]

[[toolchain]]
name = "wabt"
tools = ["wabt"]
targets = ["freestanding"]

[[toolchain.step]]
verb = "assemble"
run = ["{bin:wat2wasm}", "{in}", "{option.names}", "-o", "{out}"]
""",
    "recipes/thrifty.toml": """
type = "runtime"
name = "thrifty"
title = "Wasmtime without SIMD"
tool = "wasmtime"
targets = ["freestanding"]
modes = ["invoke"]
check = ["{bin:wasmtime}", "run", "{request}", "{outcome}"]
run = ["{bin:wasmtime}", "exec", "{module}", "{invoke}", "--", "{args}"]
exports = ["{bin:wasmtime}", "exports", "{module}"]
features = ["mutable-globals", "sign-ext", "bulk-memory", "reference-types", "multivalue"]
""",
    "twice.watx": """
(module
  (func $double (param $n i32) (result i32) (i32.add (local.get $n) (local.get $n)))
  (func (export "twice") (param $n i32) (result i32) (call $double (local.get $n))))
""",
    "wbuild.toml": """
[project]
name = "made-up"
recipes = ["recipes/*.toml"]

[artifact.twice]
lang = "watx"
path = "."
target = "freestanding"
budget = { raw = "64 B" }

[artifact.twice.watx]
names = true

[[artifact.twice.check]]
name = "doubles"
invoke = "twice(21)"
returns = "42"
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project on disk."""
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), "utf-8")
    return tmp_path / "project"


def test_builds_checks_and_runs(project: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("trust", cwd=project).succeeds()
    built = machine.wbuild("build", "--opt", cwd=project).succeeds()
    assert built.stdout == "dist/release/twice.wasm\n"
    report = json.loads((project / "dist/release/twice.wasm.report.json").read_text("utf-8"))
    assert (report["language"], report["category"], report["toolchain"]) == ("watx", "wasm-native", "wabt")
    assert {(check["name"], check["runtime"], check["status"]) for check in report["checks"]} == {
        ("doubles", "thrifty", "passed"),
        ("doubles", "wasmtime", "passed"),
    }
    assert report["choice"]["chosen"] == "Oz"
    assert report["tools"]["wabt"].startswith("wabt-1.")
    assert machine.wbuild("run", "twice", "--runtime", "thrifty", "--invoke", "twice(4)", cwd=project).succeeds().stdout == "8\n"


def test_shows_up_where_shipped_recipes_do(project: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("trust", cwd=project).succeeds()
    languages = json.loads(machine.wbuild("languages", "--format", "json", cwd=project).succeeds().stdout)
    (watx,) = (language for language in languages["languages"] if language["name"] == "watx")
    assert watx["origin"] == "recipes/watx.toml"
    assert watx["options"] == {"names": "Keep the names of functions."}
    machine.wbuild("lock", cwd=project).succeeds()
    lock = (project / "wbuild.lock").read_text("utf-8")
    assert "[tool.wabt]" in lock or 'name = "wabt"' in lock


def test_the_language_has_its_own_option(project: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("trust", cwd=project).succeeds()
    module = project / "dist/dev/twice.wasm"
    machine.wbuild("build", cwd=project).succeeds()
    assert b"\x04name" in module.read_bytes()
    manifest = project / "wbuild.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("names = true", "names = false"), "utf-8")
    machine.wbuild("build", cwd=project).succeeds()
    assert b"\x04name" not in module.read_bytes()
    manifest.write_text(manifest.read_text("utf-8").replace("names = false", "nams = true"), "utf-8")
    refused = machine.wbuild("build", cwd=project).ends(2)
    assert 'did you mean "names"?' in refused.stderr


def test_a_changed_recipe_makes_the_lock_stale(project: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("trust", cwd=project).succeeds()
    machine.wbuild("lock", cwd=project).succeeds()
    machine.wbuild("lock", "--check", cwd=project).succeeds()
    recipe = project / "recipes/wabt.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("Assembler and", "Assembler,"), "utf-8")
    machine.wbuild("lock", "--check", cwd=project).ends(2)
