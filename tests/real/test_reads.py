"""Inputs are what a step really reads: the system calls of every step of the tour, beside its key."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.real.examples import copied
from tests.real.machine import STORE, Machine
from tests.real.reads import traced, undeclared
from tests.real.test_debian import OPENED, Bench
from wbuild.catalog import load as catalogs
from wbuild.session.shipped_data import recipe_texts
from wbuild.store import Store

RECIPE = """
type = "tool"
name = "strace"
summary = "Shows the system calls of programs"
versions = ">=6"

[probe]
bin = "strace"
args = ["--version"]
expect = "version {version}"

[[route]]
source = "debian"
package = "strace/trixie"

[route.bin]
strace = ["{loader}", "{self}/usr/bin/strace"]
"""

HARMLESS = {"words-go.wasip1:compile reads words-go/words_test.go"}
"""go looks at the imports of tests, to say that a package has some; nothing of them gets into what it builds."""

FUNCTION = "\0asm\1\0\0\0\1\4\1`\0\0\3\2\1\0\7\5\1\1f\0\0\n\4\1\2\0\v"
"""A module that exports a function."""
SNOOP = '''
type = "language"
name = "snoop"
title = "Reads more than it says"
category = "wasm-native"
driver = "compiler"
extensions = [".snoop"]
targets = ["freestanding"]
kind = "reactor"
sources = ["*.snoop"]

[[toolchain]]
name = "snoop"
tools = ["wasmtime"]
targets = ["freestanding"]

[[toolchain.step]]
verb = "assemble"
run = ["{python}", "-I", "-c", """
import shutil, sys
for name in ('notes', 'café/x y', '../beside'):
    open(name)
shutil.copyfile(*sys.argv[1:])
""", "{in}", "{out}"]
'''


@pytest.fixture(scope="module")
def strace() -> Sequence[str]:
    """The command line of the tracer. Skips where no process may look at another."""
    if sys.platform != "linux":
        pytest.skip("strace is a program of Linux")
    bench = Bench(catalog=catalogs.load(recipe_texts(), {"strace.toml": RECIPE}), store=Store(STORE, OPENED))
    argv = bench.store.argv(bench.installed("strace").pin, "strace")
    tried = subprocess.run([*argv, "-o", os.devnull, sys.executable, "-I", "-c", ""], capture_output=True, text=True, check=False)
    if "ptrace" in tried.stderr.lower():
        pytest.skip(f"no process may look at another here: {tried.stderr.strip()}")
    return argv


def test_F67_what_a_step_does_not_declare_is_found(strace: Sequence[str], tmp_path: Path) -> None:
    """The fence refuses it; the run that is not kept reads it, and is seen doing so."""
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "machine/project"
    files = {
        "wbuild.toml": '[project]\nname = "x"\nrecipes = ["snoop.toml"]\n[artifact.x]\nlang = "snoop"\npath = "source"\n',
        "snoop.toml": SNOOP,
        "source/x.snoop": FUNCTION,
        "notes": "",
        "café/x y": "",
        "../beside": "",
    }
    for name, text in files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, "utf-8")
    machine.wbuild("trust", cwd=here).succeeds()
    build = traced(machine, strace, tmp_path / "logs", cwd=here)
    assert 'its result is used, but not kept; write `inputs = ["../notes"]` below [artifact.x]' in build.said
    step = "x.freestanding:assemble"
    assert [*undeclared(build, machine.folder / "home")] == [
        f"{step} reads {machine.folder}/beside",
        f"{step} reads café/x y",
        f"{step} reads notes",
    ]


def test_F67_every_step_of_the_tour_reads_what_its_key_has_and_nothing_else(strace: Sequence[str], tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = copied(tmp_path)
    build = traced(machine, strace, tmp_path / "logs", "--opt", cwd=here)
    assert {*undeclared(build, machine.folder / "home")} == HARMLESS
    folders = {Path(one.path).relative_to(here).parts[0] for one in build.opened if Path(one.path).is_relative_to(here)}
    assert folders >= {"add-wat", "sqlite", "words-as", "words-c", "words-cpp", "words-go", "words-rust", "words-zig"}
