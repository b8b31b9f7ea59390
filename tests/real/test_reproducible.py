"""`build --verify-reproducible` with real compilers: every example comes out the same, and what does not is told with its cause.

All of it is one project and one command, because the third build makes what compilers keep anew: C's and C++'s libraries, Go's, and
that of the machine for Rust's build scripts. That happens once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.real.examples import copied, with_further
from tests.real.machine import CACHE, Machine
from tests.reproducible_table import examples, starters_of, told

BUILD_SCRIPT = """use std::{collections::hash_map::RandomState, env, fs, hash::BuildHasher, path::Path, time::SystemTime};

fn main() {
    let out = env::var("OUT_DIR").unwrap();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    fs::write(Path::new(&out).join("when"), since.as_nanos().to_string()).unwrap();
    let seed = [0u8; 6].map(|_| RandomState::new().hash_one(7).to_le_bytes()).concat();
    fs::write(Path::new(&out).join("seed"), seed).unwrap();
}
"""
MANIFEST = """
[artifact.{name}]
lang = "rust"

[[artifact.{name}.check]]
exit = 0
"""
CARGO = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
CARGO_LOCK = 'version = 4\n\n[[package]]\nname = "{name}"\nversion = "0.1.0"\n'
MAIN = "use std::io::Write;\nfn main() {{\n    std::io::stdout().write_all(std::hint::black_box({what})).unwrap();\n}}\n"
LEAKY = {
    "leaks-path": {"src/main.rs": MAIN.format(what='env!("CARGO_MANIFEST_DIR").as_bytes()')},
    "leaks-clock": {"src/main.rs": MAIN.format(what='include_bytes!(concat!(env!("OUT_DIR"), "/when"))'), "build.rs": BUILD_SCRIPT},
    "leaks-seed": {"src/main.rs": MAIN.format(what='include_bytes!(concat!(env!("OUT_DIR"), "/seed"))'), "build.rs": BUILD_SCRIPT},
}
"""Artifacts of Rust that hold what they should not."""
CAUSES = {
    "leaks-path": ("path", "CARGO_MANIFEST_DIR"),
    "leaks-clock": ("time", "SOURCE_DATE_EPOCH"),
    "leaks-seed": ("random", "RandomState"),
}
"""Artifact → cause, and a word of the hint."""
CHECK = ("build", "--opt", "--verify-reproducible", "--format", "json")


def leaky(tour: Path) -> None:
    """Add the artifacts that leak."""
    for name, files in LEAKY.items():
        about = {"wbuild.toml": MANIFEST, "Cargo.toml": CARGO, "Cargo.lock": CARGO_LOCK}
        for file, text in {**files, **{file: text.format(name=name) for file, text in about.items()}}.items():
            (tour / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tour / name / file).write_text(text, "utf-8")


def start(machine: Machine, tour: Path) -> None:
    """Add a project of every starter. Those of Go are not optimized: that takes 20 s each, three times, and `words-go` is."""
    for starter in starters_of():
        name = f"{starter.language}-{starter.name}"
        options = ["--lang", starter.language, "--template", starter.name]
        machine.wbuild("init", *options, name, "--name", name, cwd=tour).succeeds()
        manifest = tour / name / "wbuild.toml"
        if starter.language == "go":
            manifest.write_text(manifest.read_text("utf-8").replace('lang = "go"\n', 'lang = "go"\nopt = "none"\n'), "utf-8")


@pytest.fixture(scope="module")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The tour, a project of every starter and the artifacts that leak: name → what the report says."""
    folder = tmp_path_factory.mktemp("reproducible")
    machine, tour = Machine.make(folder / "machine"), copied(folder)
    with_further(tour)
    start(machine, tour)
    leaky(tour)
    done = machine.wbuild(*CHECK, cwd=tour, WBUILD_CACHE=str(CACHE)).ends(3)  # the README's first command has built the tour
    return {artifact["name"]: artifact for artifact in json.loads(done.stdout)["artifacts"]}


@pytest.mark.parametrize("name", [*examples(), *(f"{starter.language}-{starter.name}" for starter in starters_of())])
def test_F76_every_example_and_every_starter(name: str, verified: Mapping[str, Any]) -> None:
    found = verified[name]["reproducible"]
    assert (found["status"] == "same") == (told(name) == "byte-identical"), found


@pytest.mark.parametrize("name", LEAKY)
def test_F76_what_leaks_is_told_with_its_cause(name: str, verified: Mapping[str, Any]) -> None:
    cause, word = CAUSES[name]
    found, (problem,) = verified[name]["reproducible"], verified[name]["problems"]
    assert (found["status"], found["cause"], found["steps"]) == ("differs", cause, [f"{name}.wasip1:compile"]), problem
    assert word in problem["hint"]
