"""Private registries: the fetch step uses the user's credentials, and nothing else ever sees or keeps them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.examples import ROOT
from tests.real.machine import STORE, Done, Machine
from tests.registries import basic, crate
from tests.server import Server, serving

USER = "somebody"
SECRET = "cAnArY-51d8fbe2-93a7"
"""Token or password."""
FORMS = tuple({SECRET.encode(), *(base64.b64encode(text.encode()).rstrip(b"=") for text in (SECRET, f"{USER}:{SECRET}"))})
"""How it could be written down."""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """A project whose dependency comes from a registry that asks for credentials."""

    machine: Machine
    here: Path

    @classmethod
    def make(cls, folder: Path, example: str, files: dict[str, str]) -> Private:
        """The project, locked like an example; its machine has no caches yet, only the store is warm."""
        here = folder / "project"
        files = {**files, "wbuild.lock": (ROOT / example / "wbuild.lock").read_text("utf-8")}
        for name, text in files.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text, "utf-8")
        return cls(machine=Machine.make(folder / "machine", shared=False), here=here)

    def home(self, name: str, text: str) -> None:
        """Write a file of the user's home."""
        path = self.machine.folder / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o600)

    def wbuild(self, *args: str, **more: str) -> Done:
        """Run wbuild, and look for the secret in what it said."""
        done = self.machine.wbuild("-vv", *args, cwd=self.here, **more)
        said = (done.stdout + done.stderr).encode()
        assert not [form for form in FORMS if form in said], said
        return done

    def refused(self, server: Server, **more: str) -> None:
        """Without credentials nothing is fetched, and one error says what to do."""
        done = self.wbuild("fetch", **more).ends(4)
        assert done.stderr.count("error[") == 1, done.stderr
        assert "hint: " in done.stderr
        assert server.seen

    def builds(self, **more: str) -> None:
        """With credentials everything builds, in every way that writes something down."""
        self.wbuild("fetch", **more).succeeds()
        self.wbuild("build", "--opt", "--format", "json", **more).succeeds()
        self.wbuild("plan", "--opt", "--format", "json", "--resolved", **more).succeeds()
        self.wbuild("build", "--explain", **more).succeeds()
        self.wbuild("config", **more).succeeds()
        assert leaks(self.here, self.machine.folder / "cache", STORE) == []


def leaks(*folders: Path) -> list[str]:
    """Files below folders that hold the secret, and names that do."""
    found = []
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for path in (Path(parent, name) for name in names):
                whole = os.fsencode(path) + (path.read_bytes() if path.is_file() else b"")
                found += [str(path) for form in FORMS if form in whole]
    return found


CARGO_PROJECT = """[package]
name = "app"
version = "0.1.0"
edition = "2024"
[dependencies]
secret-sauce = { version = "1", registry = "house" }
"""
CARGO_BUILD = """use std::{env, fs};

fn main() {
    let home = env::var("CARGO_HOME").unwrap_or_default();
    let mut seen = format!("{:?}", env::vars_os().collect::<Vec<_>>());
    for name in ["credentials.toml", "credentials", "config.toml"] {
        seen += &fs::read_to_string(format!("{home}/{name}")).unwrap_or_default();
    }
    println!("cargo::warning={seen}");
    fs::write(env::var("OUT_DIR").unwrap() + "/seen.rs", format!("const SEEN: &str = {seen:?};")).unwrap();
}
"""
CARGO_MAIN = """include!(concat!(env!("OUT_DIR"), "/seen.rs"));

fn main() {
    println!("{} {}", secret_sauce::answer(), SEEN.contains("cAnArY"));
}
"""


def test_F116_a_cargo_registry_behind_a_token(server: Server, tmp_path: Path) -> None:
    registry = crate(server.base, "secret-sauce", "pub fn answer() -> i32 { 42 }\n")
    index = f"sparse+{server.base}/index/"
    lock = f"""version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["secret-sauce"]

[[package]]
name = "secret-sauce"
version = "1.0.0"
source = "{index}"
checksum = "{registry.digest}"
"""
    manifest = '[project]\nname = "app"\n[artifact.app]\nlang = "rust"\n[[artifact.app.check]]\nstdout = "42 false\\n"\n'
    config = f'[registries.house]\nindex = "{index}"\n'
    project = Private.make(
        tmp_path,
        "words-rust",
        {
            "wbuild.toml": manifest,
            "Cargo.toml": CARGO_PROJECT,
            "Cargo.lock": lock,
            "build.rs": CARGO_BUILD,
            "src/main.rs": CARGO_MAIN,
            ".cargo/config.toml": config,
        },
    )
    server.serve(registry.files)
    server.credentials = SECRET
    project.refused(server)
    project.builds(CARGO_REGISTRIES_HOUSE_TOKEN=SECRET)
