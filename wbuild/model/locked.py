"""What was chosen: pins and the lock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, get_args

Platform = Literal["linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-arm64", "windows-x86_64"]
PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)
Trust = Literal["tofu", "checksum", "registry", "signature", "attestation"]
"""How far a digest is trusted, from weak to strong."""
Algorithm = Literal["sha256", "sha512"]

SYSTEM: Final = "system"
"""Source of tools that the machine has already."""
LAYOUT: Final = 1
"""Version of how a pin's files become a folder of the store; part of every identity."""
SHIMS: Final = ".shims"
"""Folder of a tool's tree with an executable for each program of several words."""
_DIGITS: Final = 32
"""How many digits of its digest an identity has: 128 bits, so that nobody finds other files with the same."""
_OLDER_DIGITS: Final = 12
_ELSEWHERE: Final = ("{python}", "{runner:", "{bin:")
"""What makes a command line depend on more than the tool's own tree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest of a file's bytes."""

    algorithm: Algorithm
    hex: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """One file of a pin, as its source serves it."""

    name: str
    size: int
    """Bytes of the file."""
    digest: Digest
    trust: Trust = "registry"
    path: str = ""
    """Where the source has it, relative to the source's address, where package and name do not say so."""
    places: tuple[str, ...] = ()
    """Folders of the tool's tree that it is unpacked into, "." for the tree itself; () is the tree alone."""


@dataclass(frozen=True, kw_only=True)
class Pin:
    """A tool (or vendored source) at one version for one platform. `identity` names its folder in the store."""

    name: str
    """Tool name, or "vendor.NAME"."""
    version: str
    platform: Platform
    source: str
    """The source of its route: pypi, npm, …"""
    package: str
    files: tuple[PinnedFile, ...]
    """Never empty, but for a tool of the machine that was not looked for yet: its version is a specifier such as ">=1.25"."""
    bin: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Program → command line template, taken from the recipe's route for this platform."""
    members: Mapping[str, str] = field(default_factory=dict)
    """Name → template of a file or folder of the tool (`Route.files`)."""
    executables: tuple[str, ...] = ()
    needs: tuple[Pin, ...] = ()
    """Pins that its programs need to run."""
    probe: tuple[str, tuple[str, ...], str] | None = None
    """Program, arguments and text expected in the output, to see that the installed tool runs."""
    folder: str = ""
    """Where a tool of the machine is; "" for what is in the store. Not part of the identity."""

    @property
    def shims(self) -> Mapping[str, tuple[str, ...]]:
        """Programs that get an executable of their own: those of several words that need nothing but the tool itself."""
        if self.platform.startswith("windows") or self.source == SYSTEM:
            return {}
        return {
            program: words
            for program, words in self.bin.items()
            if len(words) > 1 and not any(mark in word for word in words for mark in _ELSEWHERE)
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over files, install actions and layout version; not over route, mirror, trust or times."""
        evidence: dict[str, object] = {
            "files": sorted((f.name, str(f.digest)) for f in self.files),
            "executables": sorted(self.executables),
            "layout": LAYOUT,
        }
        places = sorted((f.name, list(f.places)) for f in self.files if f.places)
        if places:
            evidence["places"] = places
        if self.shims:
            evidence["shims"] = sorted(self.shims.items())
        return hashlib.sha256(json.dumps(evidence, sort_keys=True).encode()).hexdigest()

    @cached_property
    def identity(self) -> str:
        """Such as `zig-0.17.1-linux-x86_64-` and 32 digits; the name of its folder in the store."""
        return f"{self.name}-{self.version}-{self.platform}-{self.digest[:_DIGITS]}"

    @property
    def older_identity(self) -> str:
        """The name of its folder in a store of the layout before."""
        return f"{self.name}-{self.version}-{self.platform}-{self.digest[:_OLDER_DIGITS]}"

    @property
    def size(self) -> int:
        """Bytes to download; 0 for a tool of the machine."""
        return 0 if self.source == SYSTEM else sum(f.size for f in self.files)


HERE: Final = "this machine"
"""How reasons name the machine that asked, for which a route has nothing."""
THERE: Final = "the machine that locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """No route serves this platform at this version."""

    reason: str
    local: bool = False
    """Only the machine that asked cannot have or find it, such as one without apt; never in the lock."""
    hint: str = ""
    """What to do about it, where that is known; never in the lock."""
    code: str = "WB430"
    """The code of the error; never in the lock."""

    @property
    def elsewhere(self) -> str:
        """The reason as it is said where somebody else reads it: in the lock."""
        return self.reason.replace(HERE, THERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedTool:
    """One block of the lock: one version for all platforms."""

    name: str
    version: str
    """"" when nobody could find out one: then every platform is unavailable."""
    platforms: Mapping[Platform, Pin | Unavailable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """wbuild.lock: what was chosen for a project, for every platform."""

    tools: Mapping[str, LockedTool]
    """Tools, and vendored sources as "vendor.NAME"."""
    toolchains: Mapping[str, str]
    """Language → the toolchain chosen."""
    recipes: str = ""
    """Digest of the project's own recipes (`Catalog.digest`)."""
