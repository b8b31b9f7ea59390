"""npm: what it is asked, and what its answers mean."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer, FakeNetwork, FakeRunner, fake_doors
from wbuild.doors.interfaces import Command, Doors
from wbuild.errors import IntegrityError, ProvisionError
from wbuild.model.locked import PLATFORMS, Digest, Pin, PinnedFile, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources import npm

SHA512 = hashlib.sha512(b"archive").digest()
INTEGRITY = f"sha512-{base64.b64encode(SHA512).decode()}"
TOOL = ToolRecipe(name="binaryen", summary="", versions=">=116")
ROUTE = Route(source="npm", package="binaryen", needs=("node",), bin={"wasm-opt": ("{self}/bin/wasm-opt",)})
SOURCE = Route(source="npm", package="binaryen")
URL = "https://registry.example/binaryen/-/binaryen.tgz"
FACTS = {"version": "132.0.0", "dist": {"integrity": INTEGRITY, "shasum": "x", "tarball": URL}}


class Registry:
    """npm with one package in memory."""

    def __init__(self, versions: object, facts: Mapping[str, object] = FACTS) -> None:
        self.versions = versions
        self.facts = facts

    def respond(self, command: Command) -> Answer:
        asked = command.argv[command.argv.index("view") + 2 :]
        return Answer(stdout=json.dumps({**self.facts, "versions": self.versions} if asked[0] == "versions" else self.facts))


def doors(registry: Registry, **rest: object) -> tuple[Doors, FakeRunner]:
    runner = FakeRunner(registry.respond)
    network = FakeNetwork({URL: 23_273_804})
    return fake_doors(runner=runner, network=network, program=lambda name: ("node", f"{name}-cli.js"), **rest), runner  # type: ignore[arg-type]


VERSIONS = ["115.0.0", "131.0.0", "131.0.0-nightly.20260721", "132.0.0", "133.0.0-rc.1"]


def test_the_newest_release_for_all_platforms() -> None:
    opened, runner = doors(Registry(VERSIONS), client_env={"NPM_CONFIG_REGISTRY": "https://mirror"})
    found = npm.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert tuple(found) == PLATFORMS
    file = PinnedFile(name="binaryen-132.0.0.tgz", size=23_273_804, digest=Digest(algorithm="sha512", hex=SHA512.hex()))
    for platform, pin in found.items():
        assert pin == Pin(name="binaryen", version="132.0.0", platform=platform, source="npm", package="binaryen", files=(file,))
    (line,) = runner.lines
    assert line[:6] == ("node", "npm-cli.js", "view", "binaryen", "versions", "version")
    assert runner.seen[0].env["NPM_CONFIG_REGISTRY"] == "https://mirror"
    assert runner.seen[0].env["npm_config_ignore_scripts"] == "true"


def test_another_version_than_the_latest_is_asked_for() -> None:
    opened, runner = doors(Registry(VERSIONS))
    assert npm.resolve(TOOL, ROUTE, "131", ["linux-x86_64"], opened)["linux-x86_64"].version == "131.0.0"  # type: ignore[union-attr]
    assert [line[3] for line in runner.lines] == ["binaryen", "binaryen@131.0.0"]


@pytest.mark.parametrize("version", ["131", "131.0", "131.0.0"])
def test_an_exact_version_may_leave_out_zeros(version: str) -> None:
    found = npm.resolve(TOOL, ROUTE, version, ["linux-x86_64"], doors(Registry(VERSIONS))[0])
    assert found["linux-x86_64"].version == "131.0.0"  # type: ignore[union-attr]


def test_a_pre_release_only_when_named() -> None:
    found = npm.resolve(TOOL, ROUTE, "133.0.0-rc.1", ["linux-x86_64"], doors(Registry(VERSIONS))[0])
    assert found["linux-x86_64"].version == "133.0.0-rc.1"  # type: ignore[union-attr]


def test_a_package_with_one_version() -> None:
    assert isinstance(npm.resolve(TOOL, ROUTE, "", ["linux-x86_64"], doors(Registry("132.0.0"))[0])["linux-x86_64"], Pin)


def reason(registry: Registry, version: str = "", route: Route = ROUTE) -> str:
    (found,) = set(npm.resolve(TOOL, route, version, PLATFORMS, doors(registry)[0]).values())
    assert isinstance(found, Unavailable)
    return found.reason


def test_versions_that_are_not_there() -> None:
    assert reason(Registry(VERSIONS), "999").startswith("npm has no binaryen 999; it has ")
    assert reason(Registry(["1.0.0"])) == "npm has no binaryen >=116; it has 1.0.0"


def test_what_a_package_brings_along_needs_no_lock() -> None:
    facts = {**FACTS, "dependencies": {"bindings": "^1", "prebuild": "^7"}}
    opened, runner = doors(Registry(VERSIONS, facts))
    assert isinstance(npm.resolve(TOOL, SOURCE, "", ["linux-x86_64"], opened)["linux-x86_64"], Pin)
    bundled = {**facts, "bundleDependencies": ["bindings", "prebuild"]}
    (pin,) = npm.resolve(TOOL, ROUTE, "", ["linux-x86_64"], doors(Registry(VERSIONS, bundled))[0]).values()
    assert isinstance(pin, Pin)
    assert [file.name for file in pin.files] == ["binaryen-132.0.0.tgz"]
    assert [line[2] for line in runner.lines] == ["view"]


@pytest.mark.parametrize("integrity", [None, "", "sha1-abc", "sha512-%%%", "sha512-YWJj", "sha256-" + base64.b64encode(b"x" * 32).decode()])
def test_F44_no_strong_digest(integrity: str | None) -> None:
    facts = {**FACTS, "dist": {"integrity": integrity, "tarball": URL}}
    assert reason(Registry(VERSIONS, facts)) == "the registry has no sha512 digest of binaryen 132.0.0"


def test_several_digests() -> None:
    facts = {**FACTS, "dist": {"integrity": f"sha1-abc {INTEGRITY}?opt", "tarball": URL}}
    assert isinstance(npm.resolve(TOOL, ROUTE, "", ["linux-x86_64"], doors(Registry(VERSIONS, facts))[0])["linux-x86_64"], Pin)


def failing(code: int, stdout: str, stderr: str) -> Doors:
    return fake_doors(runner=FakeRunner(lambda command: Answer(code=code, stdout=stdout, stderr=stderr)), program=lambda name: (name,))


def test_no_such_package() -> None:
    opened = failing(1, '{"error": {"code": "E404"}}', "npm error code E404\nnpm error 404 Not Found")
    (found,) = set(npm.resolve(TOOL, ROUTE, "", PLATFORMS, opened).values())
    assert found == Unavailable(reason="npm has no binaryen")


@pytest.mark.parametrize(
    ("said", "code"),
    [("npm error code ENOTFOUND", "WB410"), ("npm error code E401", "WB411"), ("npm error code E500", "WB414"), ("", "WB414")],
)
def test_what_failures_mean(said: str, code: str) -> None:
    with pytest.raises(ProvisionError) as caught:
        npm.resolve(TOOL, ROUTE, "", PLATFORMS, failing(1, "", said))
    assert caught.value.problems[0].code == code


def test_answers_that_are_not_json() -> None:
    with pytest.raises(ProvisionError, match="npm's answer about binaryen is not JSON"):
        npm.resolve(TOOL, ROUTE, "", PLATFORMS, failing(0, "<html>", ""))


def test_without_npm() -> None:
    with pytest.raises(ProvisionError, match="npm is needed"):
        npm.resolve(TOOL, ROUTE, "", PLATFORMS, fake_doors())


def test_F22_offline_starts_nothing(tmp_path: Path) -> None:
    opened, runner = doors(Registry(VERSIONS), offline=True)
    with pytest.raises(ProvisionError, match="offline: cannot resolve binaryen from npm"):
        npm.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    with pytest.raises(ProvisionError, match="offline: cannot download"):
        npm.fetch(pinned("binaryen"), tmp_path, opened)
    assert runner.seen == []


def pinned(package: str) -> Pin:
    file = PinnedFile(name="binaryen-132.0.0.tgz", size=7, digest=Digest(algorithm="sha512", hex=SHA512.hex()))
    return Pin(name="binaryen", version="132.0.0", platform="linux-x86_64", source="npm", package=package, files=(file,))


def packing(seen: list[tuple[str, ...]]) -> FakeRunner:
    """npm that packs what it is asked for; the content is the package's own name."""

    def respond(command: Command) -> Answer:
        specs = command.argv[3 : command.argv.index("--pack-destination")]
        seen.append(specs)
        names = {spec: spec.removeprefix("@").replace("/", "-").replace("@", "-") for spec in specs}
        return Answer(files={f"received/{name}.tgz": spec for spec, name in names.items()})

    return FakeRunner(respond)


def test_fetching_packs_and_renames(tmp_path: Path) -> None:
    into, seen = tmp_path / "files", list[tuple[str, ...]]()
    into.mkdir()
    npm.fetch(pinned("@scope/binaryen"), into, fake_doors(runner=packing(seen), program=lambda name: ("node", name)))
    assert {path.name: path.read_text() for path in into.iterdir()} == {"binaryen-132.0.0.tgz": "@scope/binaryen@132.0.0"}
    assert seen == [("@scope/binaryen@132.0.0",)]


def test_a_closure_is_fetched_by_one_npm_and_equal_names_by_another(tmp_path: Path) -> None:
    into, seen = tmp_path / "files", list[tuple[str, ...]]()
    into.mkdir()
    (own,) = pinned("binaryen").files
    more = [
        replace(own, name=f"{name}-1.0.0.tgz", path=path) for name, path in (("a+b", "@a/b/1.0.0"), ("a-b", "a-b/1.0.0"), ("c", "c/1.0.0"))
    ]
    pin = replace(pinned("binaryen"), files=(own, *more))
    npm.fetch(pin, into, fake_doors(runner=packing(seen), program=lambda name: ("node", name)))
    assert {path.name: path.read_text() for path in into.iterdir()} == {
        "binaryen-132.0.0.tgz": "binaryen@132.0.0",
        "a+b-1.0.0.tgz": "@a/b@1.0.0",
        "a-b-1.0.0.tgz": "a-b@1.0.0",
        "c-1.0.0.tgz": "c@1.0.0",
    }
    assert seen == [("binaryen@132.0.0", "@a/b@1.0.0", "c@1.0.0"), ("a-b@1.0.0",)]


def test_fetching_nothing_or_something_else(tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="npm failed"):
        npm.fetch(pinned("binaryen"), tmp_path, failing(0, "", ""))
    with pytest.raises(IntegrityError, match="another digest"):
        npm.fetch(pinned("binaryen"), tmp_path, failing(1, "", "npm error code EINTEGRITY"))


def test_a_user_without_a_home_gets_one_for_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: object) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", nobody)
    opened, runner = doors(Registry(VERSIONS))
    npm.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert runner.seen[0].env["HOME"] == str(runner.seen[0].cwd)
    opened, runner = doors(Registry(VERSIONS), client_env={"HOME": "/me"})
    npm.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert runner.seen[0].env["HOME"] == "/me"
