"""Tools from npm that need other packages, by recipes of a project: a compiler with a closure, a program built for each platform."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tomli

from tests.real.machine import Machine
from wbuild.model.locked import PLATFORMS

FILES = {
    "recipes/asc.toml": """
type = "tool"
name = "asc"
summary = "Compiler of a language like TypeScript"
versions = ">=0.27.31,<0.28"

[probe]
bin = "asc"
args = ["--version"]
expect = "{version}"

[[route]]
source = "npm"
package = "assemblyscript"
needs = ["node"]

[route.bin]
asc = ["{bin:node}", "{self}/bin/asc.js"]
""",
    "recipes/esbuild.toml": """
type = "tool"
name = "esbuild"
summary = "A program built for each platform, started by a small script"
versions = ">=0.25,<0.26"

[probe]
bin = "esbuild"
args = ["--version"]
expect = "{version}"

[[route]]
source = "npm"
package = "esbuild"
needs = ["node"]

[route.bin]
esbuild = ["{bin:node}", "{self}/bin/esbuild"]
""",
    "recipes/asx.toml": """
type = "language"
name = "asx"
title = "Made-up TypeScript"
category = "managed"
driver = "compiler"
extensions = [".asx"]
targets = ["freestanding"]
kind = "reactor"
sources = ["*.asx"]

[[toolchain]]
name = "asc"
tools = ["asc", "esbuild"]
targets = ["freestanding"]

[[toolchain.step]]
verb = "strip"
each = true
out = ".ts"
run = ["{bin:esbuild}", "--log-level=warning", "--loader:.asx=copy", "{in}", "--outfile={out}"]

[[toolchain.step]]
verb = "compile"
run = ["{bin:asc}", "{in}", "--runtime", "stub", "-O", "--outFile", "{out}"]
""",
    "add.asx": "export function add(a: i32, b: i32): i32 {\n  return a + b;\n}\n",
    "wbuild.toml": """
[project]
name = "npm-tools"
recipes = ["recipes/*.toml"]

[artifact.add]
lang = "asx"
path = "."
target = "freestanding"

[[artifact.add.check]]
name = "adds"
invoke = "add(40, 2)"
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


def test_a_compiler_with_a_closure_builds(project: Path, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("trust", cwd=project).succeeds()
    machine.wbuild("build", "--opt", cwd=project).succeeds()
    report = json.loads((project / "dist/release/add.wasm.report.json").read_text("utf-8"))
    assert {check["status"] for check in report["checks"]} == {"passed"}
    tools = tomli.loads((project / "wbuild.lock").read_text("utf-8"))["tool"]
    for platform in PLATFORMS:
        own, *others = tools["esbuild"][platform]["files"]
        assert own["name"].startswith("esbuild-")
        assert [file["places"] for file in others] == [[f"node_modules/{file['path'].rpartition('/')[0]}"] for file in others]
        assert len(others) == 1
    places = [place for file in tools["asc"]["any"]["files"] for place in file.get("places", ["."])]
    assert places == [".", "node_modules/binaryen", "node_modules/long"]
    machine.wbuild("tools", "verify", cwd=project).succeeds()
    machine.wbuild("lock", "--check", cwd=project).succeeds()
