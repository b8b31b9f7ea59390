"""Pins, recipes and a source made of data, for tests of lock and store."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.archives import Member, entry, zipped
from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.text.versions import same


def digest(data: bytes, algorithm: str = "sha256") -> Digest:
    return Digest(algorithm=algorithm, hex=hashlib.new(algorithm, data).hexdigest())  # type: ignore[arg-type]


def package(name: str, content: bytes = b"#!/bin/sh\n") -> bytes:
    """An archive with one program."""
    return zipped([entry(Member(f"{name}/bin/{name}".encode(), content, mode=0o755)), entry(Member(f"{name}/README".encode(), b"read me"))])


def pinned(
    name: str,
    data: bytes,
    *,
    version: str = "1.0",
    platform: Platform = "linux-x86_64",
    needs: tuple[Pin, ...] = (),
    probe: tuple[str, tuple[str, ...], str] | None = None,
) -> Pin:
    """A pin whose only file is `data`."""
    file = PinnedFile(name=f"{name}-{version}.zip", size=len(data), digest=digest(data))
    return Pin(
        name=name,
        version=version,
        platform=platform,
        source="fake",
        package=name,
        files=(file,),
        bin={name: (f"{{self}}/{name}/bin/{name}{{exe}}",)},
        needs=needs,
        probe=probe,
    )


TAGS: Mapping[Platform, str] = {
    "linux-x86_64": "manylinux_2_17_x86_64",
    "linux-aarch64": "manylinux_2_17_aarch64",
    "macos-x86_64": "macosx_11_0_x86_64",
    "macos-arm64": "macosx_11_0_arm64",
    "windows-x86_64": "win_amd64",
}


def file_name(route: Route, version: str, platform: Platform) -> str:
    """What a source calls a file."""
    if route.source == "npm":
        return f"{route.package.rpartition('/')[2]}-{version}.tgz"
    return f"{route.package.replace('-', '_')}-{version}-py3-none-{TAGS[platform] if route.bin else 'any'}.whl"


class FakeSource:
    """An origin in memory: file name → bytes, and (package, platform) → versions for resolving."""

    def __init__(
        self,
        files: Mapping[str, bytes] | None = None,
        versions: Mapping[str, Sequence[str]] | None = None,
        *,
        before: Callable[[Pin], None] = lambda pin: None,
    ) -> None:
        self.files = dict(files or {})
        self.versions = {name: list(found) for name, found in (versions or {}).items()}
        self.missing: set[tuple[str, Platform]] = set()
        self.unreachable: set[str] = set()
        self.fetched: list[str] = []
        self.resolved: list[tuple[str, str]] = []
        self.before = before
        self._lock = threading.Lock()

    def fetch(self, pin: Pin, into: Path, doors: Doors) -> None:
        with self._lock:
            self.fetched.append(pin.name)
        self.before(pin)
        for file in pin.files:
            if file.name not in self.files:
                raise ProvisionError("WB410", f"cannot reach {file.name}")
            (into / file.name).write_bytes(self.files[file.name])

    def resolve(
        self, tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
    ) -> Mapping[Platform, Pin | Unavailable]:
        self.resolved.append((tool.name, version))
        if route.package in self.unreachable:
            raise ProvisionError("WB410", f"cannot reach the origin of {route.package}")
        known = self.versions.get(route.package, [])
        chosen = next((one for one in known if same(one, version)), "") if version or not known else known[-1]
        if not chosen:
            return dict.fromkeys(platforms, Unavailable(reason=f"no {route.package} {version}".strip()))
        found: dict[Platform, Pin | Unavailable] = {}
        for platform in platforms:
            if (route.package, platform) in self.missing:
                found[platform] = Unavailable(reason=f"{route.package} has no build for it")
                continue
            name = file_name(route, chosen, platform)
            data = self.files.setdefault(name, name.encode())
            file = PinnedFile(name=name, size=len(data), digest=digest(data))
            found[platform] = Pin(
                name=tool.name, version=chosen, platform=platform, source=route.source, package=route.package, files=(file,)
            )
        return found
