"""The lock: what is needed, resolving, keeping, going stale."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.doors import fake_doors
from tests.provision import FakeSource
from wbuild import lock as locks
from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError, UsageError
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.language_recipe import LanguageRecipe, ToolchainRecipe
from wbuild.model.locked import PLATFORMS, Lock, LockedTool, Pin, Platform, Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import OptimizerRecipe, Probe, Route, ToolRecipe
from wbuild.model.written import Artifact, Check, Manifest, ProjectTable, Target, Vendor


def tool(name: str, *routes: Route, versions: str = "", optimizer: bool = False) -> ToolRecipe:
    return ToolRecipe(
        name=name,
        summary=name,
        versions=versions,
        routes=routes or (Route(source="pypi", package=f"{name}-wheel", bin={name: (f"{{self}}/{name}{{exe}}",)}),),
        probe=Probe(bin=name, args=("--version",), expect=f"{name} {{version}} {{version-major}}"),
        optimizer=OptimizerRecipe() if optimizer else None,
    )


NODE = Route(
    source="pypi",
    package="node-wheel",
    bin={"node": ("{self}/bin/node",), "npm": ("{self}/bin/node", "{self}/npm.js")},
    bin_windows={"node": ("{self}/node.exe",)},
)


def language(name: str, *chains: tuple[str, tuple[Target, ...]]) -> LanguageRecipe:
    toolchains = tuple(ToolchainRecipe(name=chain, tools=(chain,), targets=targets, steps=()) for chain, targets in chains)
    return LanguageRecipe(
        name=name, title=name, category="compiled", driver="compiler", extensions=(), targets=("wasip1",), sources=(), toolchains=toolchains
    )


OPT_ROUTE = Route(source="npm", package="optimizer", needs=("node",), bin={"opt": ("{bin:node}", "{self}/opt")})
CATALOG = Catalog(
    optimizers=("opt",),
    tools={
        "zig": tool("zig", versions=">=0.16"),
        "clang": tool("clang"),
        "opt": tool("opt", OPT_ROUTE, optimizer=True),
        "node": tool("node", NODE),
        "engine": tool("engine"),
        "unused": tool("unused"),
    },
    languages={"c": language("c", ("zig", ("wasip1",)), ("clang", ("wasip1", "wasip2"))), "zig": language("zig", ("zig", ("wasip1",)))},
    runtimes={
        "engine": RuntimeRecipe(name="engine", title="E", tool="engine", targets=("wasip1",), modes=("command",), check=(), run=()),
        "other": RuntimeRecipe(name="other", title="O", tool="unused", targets=("web",), modes=("command",), check=(), run=()),
    },
    digest="",
)
VERSIONS = {
    "zig-wheel": ["0.16.0", "0.17.1"],
    "clang-wheel": ["19.0"],
    "optimizer": ["131.0.0", "132.0.0"],
    "node-wheel": ["24.1.0"],
    "engine-wheel": ["50.0.1"],
    "sqlite": ["3.1"],
}


def artifact(name: str = "a", lang: str = "c", **rest: object) -> Artifact:
    return Artifact(**{"name": name, "lang": lang, "targets": ("wasip1",), **rest})  # type: ignore[arg-type]


def manifest(
    *artifacts: Artifact,
    tools: Mapping[str, str] | None = None,
    vendor: Mapping[str, Vendor] | None = None,
    toolchains: Mapping[str, str] | None = None,
) -> Manifest:
    return Manifest(
        project=ProjectTable(),
        toolchains=toolchains or {},
        tools=tools or {},
        profiles={},
        vendor=vendor or {},
        artifacts=artifacts or (artifact(),),
        folder=".",
    )


class Bench:
    """Resolving with an origin in memory."""

    def __init__(self) -> None:
        self.source = FakeSource(versions=VERSIONS)
        self.said: list[str] = []
        self.installed: list[str] = []

    def install(self, pin: Pin, program: str) -> tuple[str, ...]:
        self.installed.append(f"{pin.identity} {program}")
        return (program,)

    def resolve(
        self, wanted: Manifest, previous: Lock | None = None, *update: str, offline: bool = False, catalog: Catalog = CATALOG
    ) -> Lock:
        request = locks.LockRequest(
            doors=fake_doors(offline=offline),
            say=self.said.append,
            install=self.install,
            update=frozenset(update),
            sources={"pypi": self.source, "npm": self.source},
        )
        return locks.resolve(wanted, catalog, previous, request)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def pin_of(lock: Lock, name: str, platform: str = "linux-x86_64") -> Pin:
    found = lock.tools[name].platforms[platform]  # type: ignore[index]
    assert isinstance(found, Pin)
    return found


def test_what_a_manifest_needs() -> None:
    needed = locks.required(manifest(vendor={"sqlite": Vendor(from_="npm:sqlite", version="3.1")}), CATALOG)
    assert needed.tools == ("engine", "node", "opt", "zig")
    assert needed.tools.index("node") < needed.tools.index("opt")
    assert needed.vendors == ("vendor.sqlite",)
    assert needed.toolchains == {"c": "zig"}


def test_a_vendored_npm_package_needs_npm() -> None:
    bare = replace(CATALOG, optimizers=())
    assert locks.required(manifest(), bare).tools == ("engine", "zig")
    wanted = manifest(vendor={"sqlite": Vendor(from_="npm:sqlite", version="3.1")})
    assert locks.required(wanted, bare).tools == ("engine", "node", "zig")


def test_the_first_toolchain_that_serves_all_targets() -> None:
    both = manifest(artifact(), artifact("b", targets=("wasip2",)))
    assert locks.choose_toolchains(both, CATALOG) == {"c": "clang"}
    own = manifest(artifact(), artifact("b", targets=("wasip2",), toolchain="clang"))
    assert locks.choose_toolchains(own, CATALOG) == {"c": "zig"}
    assert "clang" in locks.required(own, CATALOG).tools
    assert locks.choose_toolchains(manifest(toolchains={"c": "clang"}), CATALOG) == {"c": "clang"}
    with pytest.raises(UsageError, match="has no toolchain 'gcc'"):
        locks.choose_toolchains(manifest(toolchains={"c": "gcc"}), CATALOG)


def test_the_locked_toolchain_is_kept(bench: Bench) -> None:
    lock = replace(bench.resolve(manifest(toolchains={"c": "clang"})), recipes="")
    assert locks.choose_toolchains(manifest(), CATALOG, lock) == {"c": "clang"}
    assert locks.stale(manifest(), CATALOG, lock) == ()


def test_runtimes_for_checks_and_for_running() -> None:
    assert "unused" not in locks.required(manifest(artifact(checks=(Check(),))), CATALOG).tools
    web = replace(CATALOG, languages={"c": language("c", ("clang", ("web",)))})
    assert "unused" in locks.required(manifest(artifact(targets=("web",))), web).tools


def test_one_version_for_all_platforms(bench: Bench) -> None:
    lock = bench.resolve(manifest())
    assert {name: tool.version for name, tool in lock.tools.items()} == {
        "engine": "50.0.1",
        "node": "24.1.0",
        "opt": "132.0.0",
        "zig": "0.17.1",
    }
    assert all(tuple(tool.platforms) == PLATFORMS for tool in lock.tools.values())
    assert bench.said == ["looking up engine, node, opt, zig for all platforms"]


def test_pins_are_equipped_from_their_recipes(bench: Bench) -> None:
    lock = bench.resolve(manifest())
    zig = pin_of(lock, "zig")
    assert zig.bin == {"zig": ("{self}/zig{exe}",)}
    assert zig.probe == ("zig", ("--version",), "zig 0.17.1 0")
    opt = pin_of(lock, "opt", "macos-arm64")
    assert [need.identity for need in opt.needs] == [pin_of(lock, "node", "macos-arm64").identity]
    assert opt.probe is not None
    assert opt.probe[2] == "opt 132.0.0 132"
    assert pin_of(lock, "node", "windows-x86_64").bin["node"] == ("{self}/node.exe",)
    assert pin_of(lock, "node", "windows-x86_64").bin["npm"] == NODE.bin["npm"]


def test_explicit_versions_are_taken(bench: Bench) -> None:
    assert bench.resolve(manifest(tools={"zig": "0.16.0"})).tools["zig"].version == "0.16.0"
    with pytest.raises(ProvisionError, match=r"no route serves zig 9: no zig-wheel 9"):
        bench.resolve(manifest(tools={"zig": "9"}))


def test_what_is_locked_stays(bench: Bench) -> None:
    first = bench.resolve(manifest(tools={"zig": "0.16.0"}))
    bench.source.resolved.clear()
    second = bench.resolve(manifest(artifact("b", "zig"), artifact()), first)
    assert bench.source.resolved == []
    assert second.tools["zig"].version == "0.16.0"
    assert second.toolchains == {"c": "zig", "zig": "zig"}
    assert bench.resolve(manifest(), first, "zig").tools["zig"].version == "0.17.1"
    assert bench.source.resolved == [("zig", "")]
    bench.source.resolved.clear()
    bench.resolve(manifest(), first, "*")
    assert [name for name, _ in bench.source.resolved] == ["engine", "node", "opt", "zig"]


def test_blocks_come_and_go_with_the_manifest(bench: Bench) -> None:
    first = bench.resolve(manifest())
    bench.source.resolved.clear()
    second = bench.resolve(manifest(toolchains={"c": "clang"}), first)
    assert bench.source.resolved == [("clang", "")]
    assert set(second.tools) == {"clang", "engine", "node", "opt"}


def test_updating_what_nothing_needs(bench: Bench) -> None:
    with pytest.raises(UsageError, match="nothing here needs zigg") as caught:
        bench.resolve(manifest(), None, "zigg")
    assert caught.value.problems[0].hint == 'did you mean "zig"?'


def test_vendored_sources_are_one_package_for_all(bench: Bench) -> None:
    wanted = manifest(vendor={"sqlite": Vendor(from_="npm:sqlite", version="3.1")})
    lock = bench.resolve(wanted)
    pins = [pin_of(lock, "vendor.sqlite", platform) for platform in PLATFORMS]
    assert len({pin.files for pin in pins}) == 1
    assert pins[0].bin == {}
    assert [need.name for need in pins[0].needs] == ["node"]
    assert locks.stale(wanted, CATALOG, lock) == ()
    newer = manifest(vendor={"sqlite": Vendor(from_="npm:sqlite", version="3.2")})
    assert locks.stale(newer, CATALOG, lock) == ("vendor.sqlite: 3.1 is locked, wbuild.toml wants npm:sqlite 3.2",)
    with pytest.raises(ProvisionError, match=r"no route serves vendor\.sqlite 3\.2"):
        bench.resolve(newer, lock)


def test_package_clients_come_from_the_lock_that_is_made(bench: Bench) -> None:
    resolve = bench.source.resolve
    seen = []

    def with_npm(recipe: ToolRecipe, route: Route, version: str, platforms: object, doors: object) -> object:
        if route.source == "npm":
            seen.append(doors.program("npm"))  # type: ignore[attr-defined]
            with pytest.raises(ProvisionError, match="opt needs cargo, which no tool of this lock brings"):
                doors.program("cargo")  # type: ignore[attr-defined]
        return resolve(recipe, route, version, platforms, doors)  # type: ignore[arg-type]

    bench.source.resolve = with_npm  # type: ignore[method-assign,assignment]
    lock = bench.resolve(manifest())
    assert seen == [("npm",)]
    assert bench.installed == [f"{pin_of(lock, 'node').identity} npm"]


def test_a_platform_that_no_route_serves(bench: Bench) -> None:
    bench.source.missing = {("zig-wheel", "windows-x86_64"), ("node-wheel", "macos-x86_64")}
    lock = bench.resolve(manifest())
    assert lock.tools["zig"].platforms["windows-x86_64"] == Unavailable(reason="zig-wheel has no build for it")
    assert lock.tools["opt"].platforms["macos-x86_64"] == Unavailable(reason="it needs node: node-wheel has no build for it")
    kit = locks.kit(lock, "windows-x86_64")
    assert kit.pin("engine").version == "50.0.1"
    with pytest.raises(ProvisionError, match="zig cannot be had on windows-x86_64: zig-wheel has no build for it"):
        kit.pin("zig")


def test_a_route_that_cannot_be_reached_is_passed_over_aloud(bench: Bench) -> None:
    two = tool(
        "zig", Route(source="npm", package="gone", bin={"zig": ("z",)}), Route(source="pypi", package="zig-wheel", bin={"zig": ("z",)})
    )
    catalog = replace(CATALOG, tools={**CATALOG.tools, "zig": two})
    bench.source.unreachable = {"gone"}
    lock = bench.resolve(manifest(), catalog=catalog)
    assert pin_of(lock, "zig").package == "zig-wheel"
    assert "zig: route npm:gone passed over: cannot reach the origin of gone" in bench.said
    bench.source.unreachable = {"gone", "zig-wheel"}
    with pytest.raises(ProvisionError, match="cannot reach the origin of zig-wheel"):
        bench.resolve(manifest(), catalog=catalog)


def test_a_second_route_fills_the_gaps_at_the_same_version(bench: Bench) -> None:
    routes = (Route(source="pypi", package="zig-wheel", bin={"zig": ("z",)}), Route(source="npm", package="zig-npm", bin={"zig": ("z",)}))
    catalog = replace(CATALOG, tools={**CATALOG.tools, "zig": tool("zig", *routes)})
    bench.source.missing = {("zig-wheel", "macos-arm64")}
    bench.source.versions["zig-npm"] = ["0.17.1", "0.18.0"]
    lock = bench.resolve(manifest(), catalog=catalog)
    assert pin_of(lock, "zig", "macos-arm64").package == "zig-npm"
    assert {pin.version for pin in lock.tools["zig"].platforms.values() if isinstance(pin, Pin)} == {"0.17.1"}
    assert ("zig", "0.17.1") in bench.source.resolved


def test_routes_may_write_one_version_in_two_ways(bench: Bench) -> None:
    short = Route(source="pypi", package="opt-short", bin={"opt": ("{self}/opt",)})
    catalog = replace(CATALOG, tools={**CATALOG.tools, "opt": tool("opt", short, OPT_ROUTE, optimizer=True)})
    bench.source.versions["opt-short"] = ["131"]
    bench.source.missing = {("opt-short", "macos-arm64"), ("opt-short", "windows-x86_64")}
    lock = bench.resolve(manifest(), catalog=catalog)
    assert lock.tools["opt"].version == "131.0.0"
    assert {pin_of(lock, "opt", platform).version for platform in PLATFORMS} == {"131.0.0"}
    assert [pin_of(lock, "opt", platform).package for platform in ("linux-x86_64", "macos-arm64")] == ["opt-short", "optimizer"]
    assert locks.decode(locks.encode(lock), catalog, "wbuild.lock") == lock


def test_F22_offline_lists_everything_that_is_not_locked(bench: Bench) -> None:
    first = bench.resolve(manifest())
    bench.source.resolved.clear()
    assert bench.resolve(manifest(), first, offline=True) == first
    wanted = manifest(toolchains={"c": "clang"}, tools={"engine": "49"})
    with pytest.raises(ProvisionError, match=r"offline, and not in wbuild\.lock: clang, engine 49"):
        bench.resolve(wanted, first, offline=True)
    assert bench.source.resolved == []


def test_stale_says_every_difference(bench: Bench) -> None:
    lock = bench.resolve(manifest())
    assert locks.stale(manifest(), CATALOG, lock) == ()
    assert locks.stale(manifest(tools={"opt": "132"}), CATALOG, lock) == ()
    wanted = manifest(tools={"opt": "133"}, toolchains={"c": "clang"})
    assert locks.stale(wanted, replace(CATALOG, digest="x"), lock) == (
        "clang is needed and not locked",
        "zig is locked and not needed",
        "opt: 132.0.0 is locked, wbuild.toml wants 133",
        "toolchain of c: zig is locked, wbuild.toml wants clang",
        "the project's own recipes changed",
    )


def test_stale_sees_a_route_that_is_gone(bench: Bench) -> None:
    lock = bench.resolve(manifest())
    moved = replace(CATALOG, tools={**CATALOG.tools, "zig": tool("zig", Route(source="pypi", package="zig-two", bin={"zig": ("z",)}))})
    assert locks.stale(manifest(), moved, lock) == ("zig: its recipe has no route pypi:zig-wheel any more",)
    text = locks.encode(lock)
    assert pin_of(locks.decode(text, moved, "wbuild.lock"), "zig").bin == {}
    bench.source.versions["zig-two"] = ["0.20"]
    assert bench.resolve(manifest(), lock, catalog=moved).tools["zig"].version == "0.20"


def test_recipes_that_need_each_other() -> None:
    loop = Route(source="pypi", package="a", needs=("zig",), bin={})
    catalog = replace(CATALOG, tools={**CATALOG.tools, "zig": tool("zig", replace(loop, needs=("clang",))), "clang": tool("clang", loop)})
    with pytest.raises(UsageError, match=r"tools need each other: (clang → zig → clang|zig → clang → zig)"):
        locks.required(manifest(), catalog)


def test_an_unknown_tool_in_a_recipe() -> None:
    catalog = replace(CATALOG, tools={name: one for name, one in CATALOG.tools.items() if name != "engine"})
    with pytest.raises(UsageError, match="there is no recipe of a tool 'engine'"):
        locks.required(manifest(artifact(checks=(Check(),))), catalog)


def test_a_route_that_follows_never_chooses_but_comes_first_where_it_fits(bench: Bench) -> None:
    old = Route(source="pypi", package="zig-old", follows="==0.16.0", bin={"zig": ("z",)})
    new = Route(source="npm", package="zig-npm", bin={"zig": ("z",)})
    catalog = replace(CATALOG, tools={**CATALOG.tools, "zig": tool("zig", old, new)})
    bench.source.versions["zig-old"] = ["0.16.0"]
    bench.source.versions["zig-npm"] = ["0.16.0", "0.17.1"]
    bench.source.missing = {("zig-old", "windows-x86_64")}
    newest = bench.resolve(manifest(), catalog=catalog)
    assert pin_of(newest, "zig").package == "zig-npm"
    assert pin_of(newest, "zig").version == "0.17.1"
    exact = bench.resolve(replace(manifest(), tools={"zig": "0.16.0"}), catalog=catalog)
    assert pin_of(exact, "zig").package == "zig-old"
    assert pin_of(exact, "zig", "windows-x86_64").package == "zig-npm"


def test_tools_are_looked_up_at_once_and_npm_waits_for_node(bench: Bench) -> None:
    both = threading.Barrier(2, timeout=20)
    seen: list[tuple[str, tuple[str, ...]]] = []

    class Slow(FakeSource):
        def resolve(
            self, tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
        ) -> Mapping[Platform, Pin | Unavailable]:
            if tool.name in ("engine", "zig"):
                both.wait()
            if tool.name == "opt":
                assert doors.program is not None
                seen.append((tool.name, doors.program("npm")))
            return super().resolve(tool, route, version, platforms, doors)

    bench.source = Slow(versions=VERSIONS)
    lock = bench.resolve(manifest())
    assert list(lock.tools) == ["engine", "node", "opt", "zig"]
    assert seen == [("opt", ("npm",))]
    assert bench.installed == [f"{pin_of(lock, 'node').identity} npm"]


def test_a_tool_whose_node_cannot_be_had_says_nothing_of_its_own(bench: Bench) -> None:
    class Npm(FakeSource):
        def resolve(
            self, tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
        ) -> Mapping[Platform, Pin | Unavailable]:
            if route.source == "npm" and doors.program is not None:
                doors.program("npm")
            return super().resolve(tool, route, version, platforms, doors)

    bench.source = Npm(versions=VERSIONS)
    bench.source.unreachable = {"node-wheel"}
    two = tool("opt", OPT_ROUTE, Route(source="pypi", package="engine-wheel", bin={"opt": ("{self}/opt",)}), optimizer=True)
    with pytest.raises(ProvisionError, match="cannot reach the origin of node-wheel"):
        bench.resolve(manifest(), catalog=replace(CATALOG, tools={**CATALOG.tools, "opt": two}))
    assert not [line for line in bench.said if "passed over" in line]


def test_what_only_this_machine_cannot_ask_is_recorded_and_asked_again(bench: Bench) -> None:
    resolve = bench.source.resolve

    def without_apt(recipe: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors) -> object:
        if recipe.name != "clang":
            return resolve(recipe, route, version, platforms, doors)
        return {p: Unavailable(reason="this machine has no apt", local=p.startswith("linux")) for p in platforms}

    bench.source.resolve = without_apt  # type: ignore[method-assign,assignment]
    wanted = manifest(artifact(), artifact("b", toolchain="clang"))
    lock = bench.resolve(wanted)
    reason = Unavailable(reason="the machine that locked has no apt")
    assert lock.tools["clang"] == LockedTool(name="clang", version="", platforms=dict.fromkeys(PLATFORMS, reason))
    assert "clang is not locked: this machine has no apt; run `wbuild lock` again on a machine that can have it" in bench.said
    assert locks.decode(locks.encode(lock), CATALOG, "wbuild.lock") == lock
    assert locks.stale(wanted, CATALOG, lock) == ()
    assert bench.resolve(manifest(artifact("b", toolchain="clang"), tools={"clang": "18.0"})).tools["clang"].version == "18.0"
    bench.source.resolve = resolve  # type: ignore[method-assign]
    whole = bench.resolve(wanted)
    bench.source.resolve = without_apt  # type: ignore[method-assign,assignment]
    with pytest.raises(ProvisionError, match=r"clang 19\.0 is locked and cannot be looked up again on this machine"):
        bench.resolve(wanted, whole, "*")
    assert bench.resolve(wanted, whole, "zig").tools["clang"] == whole.tools["clang"]
    bench.source.resolve = resolve  # type: ignore[method-assign]
    again = bench.resolve(wanted, lock)
    assert again.tools["clang"].version == "19.0"
    assert again.tools["zig"] == lock.tools["zig"]


def test_what_no_route_has_anywhere_is_an_error(bench: Bench) -> None:
    bench.source.versions["clang-wheel"] = ["18.0"]
    with pytest.raises(ProvisionError, match=r"no route serves clang 19\.0"):
        bench.resolve(manifest(artifact(toolchain="clang"), tools={"clang": "19.0"}))
