"""The shipped tools from their real origins: pins for all platforms, compared with real downloads of the other platforms' files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from wbuild import lock as locks
from wbuild.catalog import load as catalogs
from wbuild.doors.archive import SafeArchives
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Doors
from wbuild.doors.network import HttpNetwork
from wbuild.doors.process import ProcessRunner
from wbuild.errors import IntegrityError, ProvisionError
from wbuild.model.locked import PLATFORMS, Digest, Lock, Pin, Platform
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Check, Manifest, ProjectTable, Vendor
from wbuild.session.shipped_data import recipe_texts
from wbuild.session.world import this_platform
from wbuild.sources.clients import any_of
from wbuild.store import Store
from wbuild.text.versions import matches

TOOLS = ("zig", "node", "wasmtime", "binaryen")
SQLITE = Vendor(from_="npm:better-sqlite3", version="12.11.1")


@dataclass(frozen=True)
class Real:
    """A lock made from the real origins, and the store that was needed for it."""

    catalog: Catalog
    manifest: Manifest
    lock: Lock
    store: Store
    doors: Doors

    def pin(self, name: str, platform: Platform) -> Pin:
        found = self.lock.tools[name].platforms[platform]
        assert isinstance(found, Pin), found
        return found


def doors(platform: Platform, client_env: Mapping[str, str], *, offline: bool = False) -> Doors:
    return Doors(
        runner=ProcessRunner(),
        files=RealFiles(),
        archives=SafeArchives(),
        network=HttpNetwork(env=client_env, offline=offline),
        clock=SystemClock(),
        platform=platform,
        client_env=client_env,
        offline=offline,
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    opened = doors(this_platform(), any_of(os.environ))
    catalog = catalogs.load(recipe_texts(), {})
    manifest = Manifest(
        project=ProjectTable(),
        toolchains={},
        tools={},
        profiles={},
        vendor={"sqlite": SQLITE},
        artifacts=(Artifact(name="a", lang="c", targets=("wasip1",), checks=(Check(),)),),
        folder=".",
    )
    store = Store(tmp_path_factory.mktemp("store"), opened)
    request = locks.LockRequest(doors=opened, say=lambda text: None, install=store.command)
    return Real(catalog=catalog, manifest=manifest, lock=locks.resolve(manifest, catalog, None, request), store=store, doors=opened)


def test_every_tool_has_one_version_for_all_platforms(real: Real) -> None:
    assert set(real.lock.tools) == {*TOOLS, "vendor.sqlite"}
    for name in TOOLS:
        pins = [real.pin(name, platform) for platform in PLATFORMS]
        assert {pin.version for pin in pins} == {real.lock.tools[name].version}
        assert matches(pins[0].version, real.catalog.tools[name].versions)
        assert all(pin.size > 100_000 and all(file.trust in ("registry", "signature") for file in pin.files) for pin in pins)
        served = {pin.source for pin in pins}
        assert len({pin.files for pin in pins}) == (1 if served == {"npm"} else 3 if served == {"debian", "npm"} else len(PLATFORMS))
    assert {real.pin("vendor.sqlite", platform).version for platform in PLATFORMS} == {"12.11.1"}


def test_F50_the_lock_is_the_same_made_on_another_machine(real: Real) -> None:
    text = locks.encode(real.lock)
    assert locks.decode(text, real.catalog, "wbuild.lock") == real.lock
    other = replace(real.doors, platform="linux-aarch64" if real.doors.platform == "linux-x86_64" else "linux-x86_64")
    node = real.pin("node", real.doors.platform)
    again = frozenset({"wasmtime", "binaryen"})
    request = locks.LockRequest(
        doors=other, say=lambda text: None, install=lambda pin, program: real.store.argv(node, program), update=again
    )
    assert locks.encode(locks.resolve(real.manifest, real.catalog, real.lock, request)) == text
    assert locks.stale(real.manifest, real.catalog, real.lock) == ()


FOREIGN: list[tuple[str, Platform]] = [
    ("wasmtime", "windows-x86_64"),
    ("wasmtime", "macos-arm64"),
    ("wasmtime", "macos-x86_64"),
    ("wasmtime", "linux-aarch64"),
    ("node", "windows-x86_64"),
    ("node", "macos-arm64"),
    ("zig", "windows-x86_64"),
]


@pytest.mark.parametrize(("name", "platform"), FOREIGN)
def test_pins_of_other_platforms_are_what_comes(real: Real, name: str, platform: Platform, tmp_path: Path) -> None:
    pin = replace(real.pin(name, platform), probe=None)
    store = Store(tmp_path, real.doors)
    store.ensure([pin], lambda event: None)
    assert store.damage(pin) == ()
    (_, size, receipt) = store.installed()[0]
    assert size > pin.size
    assert receipt.count > 10
    program = store.argv(pin, "npm" if name == "node" else next(iter(pin.bin)))
    assert platform != "windows-x86_64" or name == "wasmtime" or program[0].endswith(".exe")


def test_tools_of_this_machine_run(real: Real) -> None:
    pins = [real.pin(name, real.doors.platform) for name in ("wasmtime", "binaryen", "vendor.sqlite")]
    real.store.ensure(pins, lambda event: None)
    assert all(real.store.damage(pin) == () for pin in pins)
    assert (real.store.path(pins[2]) / "deps/sqlite3/sqlite3.c").stat().st_size > 5_000_000


@pytest.mark.parametrize("name", ["wasmtime", "binaryen"])
def test_F42_F49_a_wrong_digest_is_refused_by_the_client_too(real: Real, name: str, tmp_path: Path) -> None:
    pin = real.pin(name, real.doors.platform if name == "wasmtime" else "macos-arm64")
    (file,) = pin.files
    wrong = replace(pin, files=(replace(file, digest=Digest(algorithm=file.digest.algorithm, hex=file.digest.hex[::-1])),), needs=())
    store = Store(tmp_path, replace(real.doors, runner=ProcessRunner()))
    if name == "binaryen":
        node = real.pin("node", real.doors.platform)
        real.store.ensure([node], lambda event: None)
        store = real.store
        wrong = replace(wrong, needs=(node,))
    with pytest.raises(IntegrityError, match=r"digest|expected"):
        store.ensure([wrong], lambda event: None)
    assert not store.has(wrong)


def test_F22_offline_lists_what_is_missing(real: Real, tmp_path: Path) -> None:
    offline = replace(real.doors, offline=True)
    pins = [real.pin("zig", real.doors.platform), real.pin("binaryen", "macos-arm64")]
    with pytest.raises(ProvisionError, match=r"offline, and not in the store: zig .*, node .*, binaryen "):
        Store(tmp_path, offline).ensure(pins, lambda event: None)
