"""What npm's package-lock.json (version 3) of one tool says: which packages each platform needs, and where they lie. Pure.

The lock is that of a project whose one dependency is the tool. The tool's own package becomes the top of the tree, what lies
below `node_modules` of the project comes to lie below `node_modules` of the tool, so every import finds what it finds with npm.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from wbuild.model.locked import Platform, Unavailable
from wbuild.model.planned import JSON
from wbuild.text.project_names import MODULES

KINDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")
"""The keys under which a package names others that it needs."""
TOP: Final = "."
"""Place of the tool's own package."""
_MODULES: Final = f"{MODULES}/"
_NAME: Final = r"(?:@[A-Za-z0-9~][A-Za-z0-9._~-]*/)?[A-Za-z0-9~][A-Za-z0-9._~-]*"
_LOCATION: Final = rf"(?:{_MODULES}{_NAME}/)*{_MODULES}{_NAME}"
PLACE: Final = re.compile(rf"{re.escape(TOP)}|{_LOCATION}")
"""The form of what may stand in `PinnedFile.places`."""
_PACKAGE = re.compile(_NAME)
_VERSION = re.compile(r"\d+\.\d+\.\d+[A-Za-z0-9._+-]{0,60}")
_ELSEWHERE = re.compile(r"(?!npm:).*[:/].*")
"""What a dependency says that is no version of a registry: an address, a folder, a repository."""
_SYSTEMS: Final[Mapping[Platform, Mapping[str, str]]] = {
    "linux-x86_64": {"os": "linux", "cpu": "x64", "libc": "glibc"},
    "linux-aarch64": {"os": "linux", "cpu": "arm64", "libc": "glibc"},
    "macos-x86_64": {"os": "darwin", "cpu": "x64", "libc": ""},
    "macos-arm64": {"os": "darwin", "cpu": "arm64", "libc": ""},
    "windows-x86_64": {"os": "win32", "cpu": "x64", "libc": ""},
}
"""A platform → the words that npm has for it."""

Entry: TypeAlias = "Mapping[str, JSON]"


class TreeError(ValueError):
    """A lock that cannot be what npm wrote for a tool; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmPackage:
    """One archive of a registry and where it is unpacked."""

    name: str
    version: str
    integrity: str
    """Subresource Integrity text; "" when the registry has none."""
    url: str
    scripts: bool
    """Whether it has scripts that npm would run after unpacking."""
    places: tuple[str, ...] = ()
    """Folders of the tool's tree, sorted; `TOP` is the tree itself."""

    @property
    def spec(self) -> str:
        """The word by which npm is asked for it: NAME@VERSION."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NpmTree:
    """All packages that a lock of npm names for a tool."""

    package: str
    """The name of the tool's own package."""
    entries: Mapping[str, Entry]
    """Location below the project → what the lock says."""

    @property
    def top(self) -> str:
        """Location of the tool's package."""
        return _MODULES + self.package

    def scripted(self, platforms: Iterable[Platform]) -> tuple[NpmPackage, ...]:
        """Packages that some platform would have, with scripts that npm would run after unpacking."""
        wanted = {location for platform in platforms for location in self._reached(self._failing(platform, frozenset()))}
        return tuple(package for package in self._packages(wanted) if package.scripts)

    def needed(self, platform: Platform, unusable: frozenset[str] = frozenset()) -> tuple[NpmPackage, ...] | Unavailable:
        """The packages of one platform: the tool's first, the others by name. `unusable`: specs that need more than unpacking.

        An optional package that does not fit is left out with all that only it needs, as npm does. Raises TreeError.
        """
        failing = self._failing(platform, unusable)
        if self.top in failing:
            return Unavailable(reason=self._obstacle(platform, failing, unusable))
        reached = self._reached(failing)
        elsewhere = sorted(text for location in reached for text in self._elsewhere(location, failing))
        if elsewhere:
            return Unavailable(reason=f"npm's {self.package} needs {elsewhere[0]}, which no registry serves by version")
        packages = self._packages(reached)
        twice = _twice(place.lower() for package in packages for place in package.places)
        if twice:
            return Unavailable(reason=f"npm's {self.package} needs two packages at {twice}")
        return packages

    def _packages(self, locations: Iterable[str]) -> tuple[NpmPackage, ...]:
        """What is at some locations; what lies in another package's archive is not listed."""
        places: dict[NpmPackage, set[str]] = {}
        for location in locations:
            if not self.entries[location].get("inBundle"):
                places.setdefault(self._package(location), set()).update(self._places(location))
        found = [replace(package, places=tuple(sorted(at))) for package, at in places.items()]
        return tuple(sorted(found, key=lambda package: (TOP not in package.places, package.name, package.version)))

    def _package(self, location: str) -> NpmPackage:
        entry = self.entries[location]
        name = str(entry.get("name") or location.rpartition(_MODULES)[2])
        version = str(entry.get("version") or "")
        if not PLACE.fullmatch(location) or not _PACKAGE.fullmatch(name):
            raise TreeError(f"the package {name!r} at {location!r} would lie outside of the tool's folder")
        if entry.get("link") or not _VERSION.fullmatch(version):
            raise TreeError(f"{name} at {location} has the version {version!r}")
        return NpmPackage(
            name=name,
            version=version,
            integrity=str(entry.get("integrity") or ""),
            url=str(entry.get("resolved") or ""),
            scripts=bool(entry.get("hasInstallScript")),
        )

    def _places(self, location: str) -> set[str]:
        """Where a location is in the tool's tree. A tool that its own dependencies import is there once more, beside them."""
        if location == self.top:
            imported = any(self.top in self._targets(other).values() for other in self.entries if other)
            return {TOP, self.top} if imported else {TOP}
        return {location.removeprefix(f"{self.top}/")}

    def _failing(self, platform: Platform, unusable: frozenset[str]) -> frozenset[str]:
        """Locations that the platform cannot have, because of themselves or of what they need."""
        failing = {at for at in self.entries if at and not (self._fits(at, platform) and self._package(at).spec not in unusable)}
        while True:
            more = {
                at
                for at in self.entries
                if at and at not in failing and any(target in failing for target in self._targets(at, optional=False).values())
            }
            if not more:
                return frozenset(failing)
            failing |= more

    def _fits(self, location: str, platform: Platform) -> bool:
        return all(_allows(self.entries[location].get(kind), name) for kind, name in _SYSTEMS[platform].items())

    def _reached(self, failing: frozenset[str]) -> frozenset[str]:
        """Locations that the tool's package leads to."""
        reached: set[str] = set()
        waiting = [self.top] if self.top in self.entries else []
        while waiting:
            location = waiting.pop()
            if location not in reached and location not in failing:
                reached.add(location)
                waiting += self._targets(location).values()
        return frozenset(reached)

    def _obstacle(self, platform: Platform, failing: frozenset[str], unusable: frozenset[str]) -> str:
        """Why the tool's package itself fails: the first package on the way that does so by itself."""
        seen: set[str] = set()
        waiting = [self.top]
        while waiting:
            location = waiting.pop()
            if location not in failing or location in seen:
                continue
            seen.add(location)
            package = self._package(location)
            if not self._fits(location, platform):
                return f"npm's {package.spec} is not for {platform}"
            if package.spec in unusable:
                return f"npm's {package.spec} is completed by installation scripts, and wbuild runs none"
            waiting += self._targets(location, optional=False).values()
        raise AssertionError("a package fails by itself, or because of one that does")

    def _elsewhere(self, location: str, failing: frozenset[str]) -> Iterator[str]:
        targets = self._targets(location)
        for name, said, _ in _dependencies(self.entries[location]):
            if _ELSEWHERE.fullmatch(said) and targets.get(name, "") not in failing:
                yield f"{name} from {said}"

    def _targets(self, location: str, *, optional: bool = True) -> dict[str, str]:
        """Name of each dependency → location where an import finds it."""
        found = {}
        for name, _, may_lack in _dependencies(self.entries[location]):
            target = self._find(location, name)
            if target and (optional or not may_lack):
                found[name] = target
        return found

    def _find(self, location: str, name: str) -> str:
        while True:
            candidate = f"{location}/{_MODULES}{name}" if location else f"{_MODULES}{name}"
            if candidate in self.entries:
                return candidate
            if not location:
                return ""
            location = location.rpartition(f"/{_MODULES}")[0]


def read(document: JSON, package: str) -> NpmTree:
    """The tree in a parsed lock. Raises TreeError when it is none, or lacks the package."""
    packages = document.get("packages") if isinstance(document, dict) else None
    if not isinstance(packages, dict) or not all(isinstance(entry, dict) for entry in packages.values()):
        raise TreeError("it is no lock of version 3")
    entries = {location: entry for location, entry in packages.items() if isinstance(entry, dict)}
    if f"{_MODULES}{package}" not in entries:
        raise TreeError(f"it does not hold {package}")
    return NpmTree(package=package, entries=entries)


def _dependencies(entry: Entry) -> Iterator[tuple[str, str, bool]]:
    """Name, version wanted, and whether it may be absent."""
    optional, peers = _table(entry, "optionalDependencies"), _table(entry, "peerDependencies")
    meta = _table(entry, "peerDependenciesMeta")
    for name, said in {**peers, **_table(entry, "dependencies"), **optional}.items():
        about = meta.get(name) if name in peers else None
        yield name, str(said), name in optional or (isinstance(about, dict) and bool(about.get("optional")))


def _table(entry: Entry, key: str) -> Mapping[str, JSON]:
    found = entry.get(key)
    return found if isinstance(found, dict) else {}


def _allows(wanted: JSON, name: str) -> bool:
    """Whether a list of `os`, `cpu` or `libc` takes a system: names, or names behind `!` that it refuses."""
    words = [str(word) for word in (wanted if isinstance(wanted, list) else [wanted] if wanted else [])]
    if not words or words == ["any"]:
        return True
    refused = [word[1:] for word in words if word.startswith("!")]
    return name not in refused and (name in words or len(refused) == len(words))


def _twice(words: Iterable[str]) -> str:
    """The first word that is there twice."""
    counted = Counter(words)
    return next((word for word, count in counted.items() if count > 1), "")
