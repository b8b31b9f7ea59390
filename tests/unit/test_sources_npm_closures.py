"""npm: tools that need other packages; what npm's lock says, and what becomes of it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.doors import Answer, FakeNetwork, FakeRunner, fake_doors
from wbuild.doors.interfaces import Command
from wbuild.errors import ProvisionError
from wbuild.model.locked import PLATFORMS, Pin, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources import npm

TOOL = ToolRecipe(name="bundler", summary="", versions=">=1")
ROUTE = Route(source="npm", package="@made/bundler", needs=("node",), bin={"bundler": ("{self}/bin",)})
TOP = "node_modules/@made/bundler"


def integrity(name: str) -> str:
    return f"sha512-{base64.b64encode(hashlib.sha512(name.encode()).digest()).decode()}"


def package(name: str, version: str = "1.0.0", /, **more: object) -> dict[str, Any]:
    """An entry of a lock."""
    return {"version": version, "resolved": f"https://registry/{name}-{version}", "integrity": integrity(f"{name}@{version}"), **more}


class Npm:
    """npm with one tool, and the lock that it makes."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]], *, scripts: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.lock: object = {"lockfileVersion": 3, "packages": {"": {"dependencies": {"@made/bundler": "1.0.0"}}, **entries}}
        self.scripts = scripts or {}
        self.failure = Answer()
        self.runner = FakeRunner(self.respond)
        self.network = FakeNetwork({entry["resolved"]: 10 for entry in entries.values() if "resolved" in entry})

    def respond(self, command: Command) -> Answer:
        if "view" in command.argv:
            asked = command.argv[command.argv.index("view") + 1]
            if asked in self.scripts:
                return Answer(stdout=json.dumps(self.scripts[asked]))
            facts = {"version": "1.0.0", "versions": ["1.0.0"], "optionalDependencies": {"x": "1"}}
            return Answer(stdout=json.dumps(facts))
        if self.failure.code:
            return self.failure
        assert json.loads((command.cwd / "package.json").read_text())["dependencies"] == {"@made/bundler": "1.0.0"}
        return Answer(files={"package-lock.json": json.dumps(self.lock)})

    def resolve(self, *platforms: Platform) -> Mapping[Platform, Pin | Unavailable]:
        opened = fake_doors(runner=self.runner, network=self.network, program=lambda name: (name,))
        return npm.resolve(TOOL, ROUTE, "", platforms or PLATFORMS, opened)

    def tree(self, platform: Platform = "linux-x86_64") -> dict[str, tuple[str, ...]]:
        """Name of each file → its places."""
        pin = self.resolve(platform)[platform]
        assert isinstance(pin, Pin), pin
        return {file.name: file.places for file in pin.files}

    def reason(self, platform: Platform = "linux-x86_64") -> str:
        found = self.resolve(platform)[platform]
        assert isinstance(found, Unavailable)
        return found.reason


def test_a_closure_lies_as_the_lock_lays_it_out() -> None:
    made = Npm(
        {
            TOP: package("@made/bundler", dependencies={"a": "^1", "b": "^1"}),
            "node_modules/a": package("a", dependencies={"b": "^2"}),
            "node_modules/a/node_modules/b": package("b", "2.0.0"),
            "node_modules/b": package("b"),
            "node_modules/never": package("never"),
        }
    )
    pins = made.resolve()
    assert tuple(pins) == PLATFORMS
    assert len({pin.files for pin in pins.values() if isinstance(pin, Pin)}) == 1
    pin = pins["linux-x86_64"]
    assert isinstance(pin, Pin)
    assert [(file.name, file.path, file.places) for file in pin.files] == [
        ("made+bundler-1.0.0.tgz", "", ()),
        ("a-1.0.0.tgz", "a/1.0.0", ("node_modules/a",)),
        ("b-1.0.0.tgz", "b/1.0.0", ("node_modules/b",)),
        ("b-2.0.0.tgz", "b/2.0.0", ("node_modules/a/node_modules/b",)),
    ]
    assert {str(file.digest)[:7] for file in pin.files} == {"sha512:"}
    (locking,) = [command for command in made.runner.seen if "install" in command.argv]
    assert {"--package-lock-only", "--ignore-scripts"} < set(locking.argv)
    assert locking.env["npm_config_allow_git"] == "none"
    assert made.network.asked.count("https://registry/a-1.0.0") == 1


def test_one_archive_may_lie_in_several_places() -> None:
    entries = {TOP: package("t", dependencies={"a": "1", "b": "1", "c": "2"}), "node_modules/c": package("c", "2.0.0")}
    for name in ("a", "b"):
        entries[f"node_modules/{name}"] = package(name, dependencies={"c": "1"})
        entries[f"node_modules/{name}/node_modules/c"] = package("c")
    assert Npm(entries).tree()["c-1.0.0.tgz"] == ("node_modules/a/node_modules/c", "node_modules/b/node_modules/c")


def test_a_package_of_another_name() -> None:
    entries = {TOP: package("t", dependencies={"old": "npm:@x/new@^1"}), "node_modules/old": package("new", name="@x/new")}
    (_, file) = Npm(entries).resolve("linux-x86_64")["linux-x86_64"].files  # type: ignore[union-attr]
    assert (file.name, file.path, file.places) == ("x+new-1.0.0.tgz", "@x/new/1.0.0", ("node_modules/old",))


def test_a_tool_that_its_own_dependencies_import() -> None:
    entries = {TOP: package("t", dependencies={"a": "1"}), "node_modules/a": package("a", dependencies={"@made/bundler": "^1"})}
    assert Npm(entries).tree()["made+bundler-1.0.0.tgz"] == (".", TOP)


def test_what_lies_inside_of_the_tool_and_what_is_bundled() -> None:
    entries = {
        TOP: package("t", dependencies={"a": "1", "b": "1"}),
        f"{TOP}/node_modules/a": package("a"),
        f"{TOP}/node_modules/b": {"version": "1.0.0", "inBundle": True},
    }
    assert Npm(entries).tree() == {"made+bundler-1.0.0.tgz": (), "a-1.0.0.tgz": ("node_modules/a",)}


def test_two_packages_cannot_lie_in_one_place() -> None:
    entries = {
        TOP: package("t", dependencies={"a": "1", "b": "1"}),
        f"{TOP}/node_modules/a": package("a"),
        "node_modules/a": package("a", "2.0.0"),
        "node_modules/b": package("b", dependencies={"a": "2"}),
    }
    assert Npm(entries).reason() == "npm's @made/bundler needs two packages at node_modules/a"


NATIVE = {
    TOP: package("t", optionalDependencies={"linux": "1", "musl": "1", "mac": "1", "other": "1", "wasm": "1"}, dependencies={"mac": "1"}),
    "node_modules/linux": package("linux", os=["linux"], cpu=["x64"], libc=["glibc"], optional=True),
    "node_modules/musl": package("musl", os=["linux"], cpu=["x64"], libc=["musl"], optional=True),
    "node_modules/mac": package("mac", os=["darwin"], optional=True),
    "node_modules/other": package("other", os=["!win32", "!darwin"], cpu=["!x64"], optional=True),
    "node_modules/wasm": package("wasm", cpu=["wasm32"], dependencies={"runtime": "1"}, optional=True),
    "node_modules/runtime": package("runtime", optional=True),
}


@pytest.mark.parametrize(
    ("platform", "names"),
    [
        ("linux-x86_64", ["linux"]),
        ("linux-aarch64", ["other"]),
        ("macos-x86_64", ["mac"]),
        ("macos-arm64", ["mac"]),
        ("windows-x86_64", []),
    ],
)
def test_each_platform_has_what_it_needs(platform: Platform, names: list[str]) -> None:
    assert [name.partition("-")[0] for name in Npm(NATIVE).tree(platform)][1:] == names


def test_a_package_that_is_not_for_this_platform() -> None:
    entries = {
        TOP: package("t", dependencies={"a": "1"}),
        "node_modules/a": package("a", dependencies={"mac": "1"}),
        "node_modules/mac": package("mac", os=["darwin"]),
    }
    assert Npm(entries).reason() == "npm's mac@1.0.0 is not for linux-x86_64"
    assert "mac-1.0.0.tgz" in Npm(entries).tree("macos-arm64")


def test_an_optional_peer_may_be_absent() -> None:
    about = {"ts": {"optional": True}}
    entries = {
        TOP: package("t", peerDependencies={"ts": "1", "a": "1"}, peerDependenciesMeta=about),
        "node_modules/a": package("a"),
        "node_modules/ts": package("ts", os=["aix"]),
    }
    assert list(Npm(entries).tree()) == ["made+bundler-1.0.0.tgz", "a-1.0.0.tgz"]


@pytest.mark.parametrize("said", ["git+ssh://git@host/a.git", "github:me/a", "me/a", "file:../a", "https://host/a.tgz"])
def test_dependencies_that_no_registry_serves(said: str) -> None:
    entries = {TOP: package("t", dependencies={"a": said}), "node_modules/a": package("a")}
    assert Npm(entries).reason() == f"npm's @made/bundler needs a from {said}, which no registry serves by version"


def test_npm_refuses_them_too() -> None:
    made = Npm({TOP: package("t")})
    made.failure = Answer(code=1, stderr='npm error code EALLOWGIT\nnpm error Refusing to fetch "a@git+https://host/a.git"\n')
    assert made.reason() == "npm's @made/bundler 1.0.0 needs a@git+https://host/a.git, which no registry serves"


def test_F44_a_dependency_without_a_strong_digest() -> None:
    entries = {TOP: package("t", dependencies={"a": "1"}), "node_modules/a": package("a", integrity="sha1-abc")}
    assert Npm(entries).reason() == "npm's @made/bundler needs a@1.0.0, of which the registry has no sha512 digest"


@pytest.mark.parametrize(
    ("facts", "usable"),
    [
        ({"scripts": {"postinstall": "node install.js"}}, True),
        ({"scripts": {"install": "node-gyp-build", "test": "make"}}, True),
        ({"scripts": {"install": "prebuild-install || node-gyp rebuild"}}, False),
        ({"scripts": {"postinstall": "node-gyp rebuild"}}, False),
        ({"gypfile": True}, False),
    ],
)
def test_installation_scripts_never_run(facts: dict[str, Any], *, usable: bool) -> None:
    entries = {TOP: package("t", dependencies={"a": "1"}), "node_modules/a": package("a", hasInstallScript=True)}
    made = Npm(entries, scripts={"a@1.0.0": facts})
    if usable:
        assert "a-1.0.0.tgz" in made.tree()
    else:
        assert made.reason() == "npm's a@1.0.0 is completed by installation scripts, and wbuild runs none"


def test_an_optional_package_that_must_be_built_is_left_out() -> None:
    entries = {TOP: package("t", optionalDependencies={"a": "1"}), "node_modules/a": package("a", hasInstallScript=True)}
    assert list(Npm(entries, scripts={"a@1.0.0": {"gypfile": True}}).tree()) == ["bundler-1.0.0.tgz"]


@pytest.mark.parametrize(
    ("location", "entry"),
    [
        ("node_modules/../../evil", package("evil")),
        ("../evil", package("evil")),
        ("node_modules/a/../../b", package("b")),
        ("node_modules/.hidden", package("hidden")),
        ("node_modules/evil", package("evil", name="../evil")),
        ("node_modules/evil", package("evil", version="1.0.0/../x")),
        ("node_modules/evil", {"link": True, "resolved": "packages/evil"}),
    ],
)
def test_F25_names_that_lead_out_of_the_folder(location: str, entry: dict[str, Any]) -> None:
    name = location.rpartition("node_modules/")[2]
    made = Npm({TOP: package("t", dependencies={name: "1"}), location: entry})
    with pytest.raises(ProvisionError) as caught:
        made.resolve()
    assert caught.value.problems[0].code == "WB419"


@pytest.mark.parametrize("lock", [None, [], {}, {"packages": []}, {"packages": {"": 1}}, {"packages": {"node_modules/other": {}}}])
def test_locks_that_are_none(lock: object) -> None:
    made = Npm({TOP: package("t")})
    made.lock = lock
    with pytest.raises(ProvisionError, match=r"npm's lock of @made/bundler 1\.0\.0 cannot be used"):
        made.resolve()


@pytest.mark.parametrize("url", ["", "file:../a.tgz", "git+ssh://host/a"])
def test_an_archive_without_an_address(url: str) -> None:
    made = Npm({TOP: package("t", resolved=url)})
    with pytest.raises(ProvisionError, match="does not say where the archive of @made/bundler@1"):
        made.resolve()


def test_failures_of_npm_are_told() -> None:
    made = Npm({TOP: package("t")})
    made.failure = Answer(code=1, stderr="npm error code ENOTFOUND")
    with pytest.raises(ProvisionError, match="the registry cannot be reached"):
        made.resolve()
    made.failure = Answer(code=1, stderr="npm error code ERESOLVE")
    with pytest.raises(ProvisionError, match="cannot resolve what @made/bundler"):
        made.resolve()
