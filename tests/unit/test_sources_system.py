"""Tools of the machine: how they are found, what the lock says about them, and what their identity is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer, FakeRunner, fake_doors
from tests.provision import FakeSource
from tests.unit.test_lock import CATALOG, manifest
from wbuild import lock as locks
from wbuild.doors.interfaces import Command, Doors
from wbuild.errors import ProvisionError, UsageError
from wbuild.lock import text as lock_text
from wbuild.model.locked import PLATFORMS, Lock, Pin, Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import Probe, Route, ToolRecipe
from wbuild.sources import system

ROUTE = Route(
    source="system",
    package="cc",
    home=("--print", "home"),
    content=("bin/cc", "lib/std-*.a"),
    bin={"zig": ("{self}/bin/cc",)},
)
PLAIN = Route(source="system", package="cc", bin={"zig": ("{self}/cc",)})
TOOL = ToolRecipe(
    name="zig", summary="", versions=">=0.16,<0.18", routes=(ROUTE,), probe=Probe(bin="cc", args=("--version",), expect="cc {version} (")
)


class Machine:
    """A compiler on PATH, behind a program that chooses among several."""

    def __init__(self, folder: Path, *, version: str = "0.17.1") -> None:
        self.said = f"cc {version} (made up)\n"
        self.bin, self.home = folder / "path", folder / "home"
        for file, text in (("path/cc", "proxy"), ("home/bin/cc", "compiler"), ("home/lib/std-1.a", "library")):
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)
        self.runner = FakeRunner(self.respond)

    def respond(self, command: Command) -> Answer:
        assert command.argv[0] == str(self.bin / "cc")
        return Answer(stdout=f"{self.home}\n" if "--print" in command.argv else self.said)

    def doors(self) -> Doors:
        return replace(fake_doors(runner=self.runner, client_env={"HOME": "/me"}), path=("relative", "", str(self.bin)))

    def find(self, wanted: str = ">=0.16", route: Route = ROUTE) -> Pin | Unavailable:
        pin = Pin(name="zig", version=wanted, platform="linux-x86_64", source="system", package="cc", files=())
        return system.find(pin, replace(TOOL, routes=(route,)), route, self.doors())

    def found(self, route: Route = ROUTE) -> Pin:
        pin = self.find(route=route)
        assert isinstance(pin, Pin), pin
        return pin

    def lacking(self, wanted: str = ">=0.16", route: Route = ROUTE) -> str:
        found = self.find(wanted, route)
        assert isinstance(found, Unavailable)
        assert "--sources registry" in found.hint
        return found.reason


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_program_is_found_and_asked_where_it_lives(machine: Machine) -> None:
    pin = machine.found()
    assert (pin.version, pin.folder) == ("0.17.1", str(machine.home))
    assert [file.name for file in pin.files] == ["bin/cc", "lib/std-1.a", "said"]
    assert pin.size == 0
    seen = machine.runner.seen[0]
    assert seen.env["PATH"] == str(machine.bin)
    assert seen.env["GOTOOLCHAIN"] == "local"


def test_a_project_that_is_only_looked_at_starts_nothing_of_its_own(machine: Machine, tmp_path: Path) -> None:
    def looked(inside: Path, origin: str = "shipped") -> Pin | Unavailable:
        pin = Pin(name="zig", version=">=0.16", platform="linux-x86_64", source="system", package="cc", files=())
        return system.find(pin, replace(TOOL, origin=origin), ROUTE, replace(machine.doors(), looking=inside))

    bare = looked(tmp_path / "elsewhere", "recipes/zig.toml")
    assert isinstance(bare, Pin)
    assert not bare.folder
    assert looked(machine.bin) == bare
    (tmp_path / "linked").symlink_to(machine.bin)
    assert looked(tmp_path / "linked") == bare
    assert machine.runner.seen == []
    found = looked(tmp_path / "elsewhere")
    assert isinstance(found, Pin)
    assert found.folder


def test_a_program_that_is_only_asked_sees_no_credentials(machine: Machine) -> None:
    told = {"HOME": "/me", "RUSTUP_HOME": "/me/rustup", "NPM_TOKEN": "secret", "https_proxy": "http://me:secret@proxy"}
    pin = Pin(name="zig", version=">=0.16", platform="linux-x86_64", source="system", package="cc", files=())
    system.find(pin, TOOL, ROUTE, replace(machine.doors(), client_env=told))
    assert machine.runner.seen
    for command in machine.runner.seen:
        assert "secret" not in str(command.env)
        assert command.env["RUSTUP_HOME"] == "/me/rustup"


def test_without_a_home_it_is_the_program_alone(machine: Machine) -> None:
    pin = machine.found(PLAIN)
    assert pin.folder == str(machine.bin)
    assert [file.name for file in pin.files] == ["cc", "said"]


def test_F69_another_compiler_of_the_same_version_has_another_identity(machine: Machine, tmp_path: Path) -> None:
    before = machine.found()
    assert machine.found().identity == before.identity
    assert Machine(tmp_path / "moved").found().identity == before.identity
    (machine.home / "lib/std-1.a").write_text("other library")
    assert machine.found().identity != before.identity
    (machine.home / "lib/std-1.a").write_text("library")
    machine.said = "cc 0.17.1 (made up, patched)\n"
    assert machine.found().identity != before.identity


def test_what_a_machine_may_lack(machine: Machine) -> None:
    assert machine.lacking("==0.16.0") == f"{machine.bin}/cc is 0.17.1; wanted is the machine's own zig, version 0.16.0"
    assert machine.lacking(">=1") == f"{machine.bin}/cc is 0.17.1; wanted is the machine's own zig, from version 1 on"
    (machine.home / "lib/std-1.a").unlink()
    assert f"there is no lib/std-*.a in {machine.home}" in machine.lacking()
    machine.home = Path("nowhere")
    assert "does not say where it is (nowhere)" in machine.lacking()
    machine.said = "something else\n"
    assert "does not say its version (something else)" in machine.lacking()
    (machine.bin / "cc").unlink()
    assert machine.lacking().startswith("this machine has no cc on its PATH; ")


@pytest.mark.parametrize(
    ("expect", "said", "version"),
    [
        ("go{version}", "go version go1.26.8 linux/amd64", "1.26.8"),
        ("rustc {version} ", "rustc 1.95.0 (59807616e 2026-04-14)", "1.95.0"),
        ("rustc {version} ", "rustc 1.97.0-nightly (abc)", ""),
        ("{version-major}", "wasm-opt version 120 (version_120)", "120"),
        ("v{version}", "v24.19.0\n", "24.19.0"),
        ("x", "x", ""),
    ],
)
def test_the_version_that_a_program_tells(expect: str, said: str, version: str) -> None:
    assert system.told(Probe(bin="x", expect=expect), said) == version


def catalog(*routes: Route) -> Catalog:
    return replace(CATALOG, tools={**CATALOG.tools, "zig": replace(TOOL, routes=routes)})


def lock_of(machine: Machine, *routes: Route, version: str = "", allowed: tuple[str, ...] = (), wheels: FakeSource | None = None) -> Lock:
    origin = FakeSource(versions={"optimizer": ["132.0.0"], "node-wheel": ["24.1.0"], "engine-wheel": ["50.0.1"], "zig-wheel": ["0.16.0"]})
    request = locks.LockRequest(
        doors=machine.doors(),
        say=lambda _: None,
        install=lambda pin, program: (program,),
        sources={"pypi": wheels or origin, "npm": origin, "system": system},
        allowed=allowed,
    )
    return locks.resolve(manifest(tools={"zig": version} if version else {}), catalog(*routes), None, request)


WHEEL = Route(source="pypi", package="zig-wheel", bin={"zig": ("{self}/zig",)})


def test_a_lock_says_system_and_a_version(machine: Machine) -> None:
    lock = lock_of(machine, ROUTE)
    text = locks.encode(lock)
    assert '[tool.zig]\nversion = ">=0.16"\n\n[tool.zig.any]\nsource = "system"\npackage = "cc"\nversion = ">=0.16"\n' in text
    assert locks.decode(text, catalog(ROUTE), "wbuild.lock") == lock
    assert not locks.stale(manifest(), catalog(ROUTE), lock)
    exact = lock_of(machine, ROUTE, version="0.17.1")
    assert exact.tools["zig"].version == "0.17.1"
    assert not locks.stale(manifest(tools={"zig": "0.17.1"}), catalog(ROUTE), exact)
    assert lock_text.decode(locks.encode(exact), "wbuild.lock").tools["zig"].platforms["macos-arm64"].version == "==0.17.1"  # type: ignore[union-attr]


def test_recipes_decide_the_order_and_sources_change_it(machine: Machine) -> None:
    def sources(lock: Lock) -> set[str]:
        return {pin.source for pin in lock.tools["zig"].platforms.values() if isinstance(pin, Pin)}

    assert sources(lock_of(machine, WHEEL, ROUTE)) == {"pypi"}
    assert sources(lock_of(machine, WHEEL, ROUTE, allowed=("system", "pypi", "npm"))) == {"system"}
    assert sources(lock_of(machine, ROUTE, WHEEL, allowed=("pypi", "npm"))) == {"pypi"}
    (machine.bin / "cc").unlink()
    assert sources(lock_of(machine, ROUTE, WHEEL)) == {"pypi"}
    with pytest.raises(ProvisionError) as caught:
        lock_of(machine, WHEEL, allowed=("npm", "system"))
    assert {problem.code for problem in caught.value.problems} == {"WB420"}


def test_platforms_that_another_route_does_not_serve(machine: Machine) -> None:
    wheels = FakeSource(versions={"zig-wheel": ["0.16.0"], "node-wheel": ["24.1.0"], "engine-wheel": ["50.0.1"]})
    wheels.missing = {("zig-wheel", "macos-arm64")}
    lock = lock_of(machine, WHEEL, ROUTE, wheels=wheels)
    tool = lock.tools["zig"]
    assert tool.version == "0.16.0"
    assert {p: pin.version for p, pin in tool.platforms.items() if isinstance(pin, Pin)} == {
        **dict.fromkeys(PLATFORMS, "0.16.0"),
        "macos-arm64": ">=0.16",
    }
    assert locks.decode(locks.encode(lock), catalog(WHEEL, ROUTE), "wbuild.lock") == lock


def test_a_run_finds_the_tool_and_the_lock_stays(machine: Machine) -> None:
    lock = lock_of(machine, ROUTE)
    here = locks.on_machine(lock, catalog(ROUTE), machine.doors())
    kit = locks.kit(here, "linux-x86_64")
    assert kit.pin("zig").identity.startswith("zig-0.17.1-linux-x86_64-")
    assert kit.pin("zig").bin == {"zig": ("{self}/bin/cc",)}
    assert lock.tools["zig"].platforms["linux-x86_64"].version == ">=0.16"  # type: ignore[union-attr]
    (machine.bin / "cc").unlink()
    with pytest.raises(ProvisionError, match="this machine has no cc on its PATH") as caught:
        locks.kit(locks.on_machine(lock, catalog(ROUTE), machine.doors()), "linux-x86_64").pin("zig")
    assert "wbuild lock --update zig --sources registry" in caught.value.problems[0].hint


@pytest.mark.parametrize("version", ["1.0", ">=", "", ">1", ">=1;x", "../x"])
def test_versions_that_no_tool_of_the_machine_can_have(machine: Machine, version: str) -> None:
    text = locks.encode(lock_of(machine, ROUTE)).replace('package = "cc"\nversion = ">=0.16"', f'package = "cc"\nversion = "{version}"')
    with pytest.raises(UsageError, match="version"):
        lock_text.decode(text, "wbuild.lock")
