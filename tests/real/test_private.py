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
    project.refused(server, CARGO_REGISTRIES_HOUSE_TOKEN=WRONG)
    project.fetched(CARGO_REGISTRIES_HOUSE_TOKEN=SECRET)
    project.builds(CARGO_REGISTRIES_HOUSE_TOKEN=SECRET)
    for folder, more in ((".cargo", {}), ("elsewhere", {"CARGO_HOME": str(tmp_path / "elsewhere/machine/home/elsewhere")})):
        project = Private.make(tmp_path / folder.strip("."), files)
        project.home(f"{folder}/credentials.toml", f'[registries.house]\ntoken = "{SECRET}"\n')
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
export -p >> %s
exec "$@"
"""


def test_F116_a_go_proxy_behind_a_password(tmp_path: Path) -> None:
    registry = go_module("house.example/answer", {"answer.go": 'package answer\n\nconst Text = "42\\n"\n'})
    seen, spy = tmp_path / "seen", tmp_path / "spy"
    spy.write_text(TOOLEXEC % seen, "utf-8")
    spy.chmod(0o755)
    sums = f"house.example/answer v1.0.0 {registry.digest}\nhouse.example/answer v1.0.0/go.mod {registry.mod_digest}\n"
    files = {
        "wbuild.toml": manifest("go", "42", f'flags = {{ compile = ["-toolexec={spy}"] }}'),
        "go.mod": "module app\n\ngo 1.21\n\nrequire house.example/answer v1.0.0\n",
        "go.sum": sums,
        "main.go": GO_MAIN,
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
        told = seen.read_bytes()
        assert b"GOPROXY" in told
        assert not holds(told)
        assert server.base.encode() not in told
        within = server.base.replace("://", f"://{USER}:{SECRET}@")
        project = Private.make(tmp_path / "userinfo", files)
        project.refused(server, **{**user, "GOPROXY": within.replace(SECRET, WRONG)})
        project.fetched(**{**user, "GOPROXY": within})
