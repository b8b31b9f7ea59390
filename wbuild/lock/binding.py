"""Whether the files of a lock can come from the routes of its recipes: a lock is a text that anybody may have edited.

What is fetched follows from package, version and file of a block, so each must be one that the route would have given. What only the
registry knows (which packages a package of npm needs) is looked at when they are unpacked (`store.closure`). Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, get_args

from wbuild.model.locked import Pin, PinnedFile, Platform, Trust
from wbuild.model.tool_recipe import Route
from wbuild.sources import traits_of
from wbuild.text.project_names import MODULES
from wbuild.text.versions import same

_WHEEL: Final = re.compile(r"([A-Za-z0-9._]+)-([A-Za-z0-9.!+_]+)(?:-\d[A-Za-z0-9_.]*)?-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-([A-Za-z0-9_.]+)\.whl")
_DEB: Final = re.compile(r"([a-z0-9][a-z0-9+.-]*)_([A-Za-z0-9.+~-]+)_(amd64|arm64|all)\.deb")
_POOL: Final = re.compile(r"pool/(?:[A-Za-z0-9][A-Za-z0-9.+~_-]*/)+")
_TOP: Final = "."
_MODULES: Final = f"{MODULES}/"
_SYSTEMS: Final[dict[str, tuple[str, str]]] = {
    "linux-x86_64": ("linux", "x86_64"),
    "linux-aarch64": ("linux", "aarch64"),
    "macos-x86_64": ("macosx", "x86_64"),
    "macos-arm64": ("macosx", "arm64"),
    "windows-x86_64": ("win", "amd64"),
}
_ARCHITECTURES: Final[dict[str, str]] = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}
_RANKS: Final[tuple[str, ...]] = get_args(Trust)


def strays(pin: Pin, route: Route) -> Iterator[str]:
    """What in a pin cannot come from its route, in words."""
    check = {"pypi": _pypi, "npm": _npm, "debian": _debian}.get(pin.source)
    if check is not None:
        yield from check(pin, route)
    most = traits_of(pin.source).most
    for file in pin.files:
        if _RANKS.index(file.trust) > _RANKS.index(most):
            yield f"{file.name}: {pin.source} gives no {file.trust}"


def _pypi(pin: Pin, route: Route) -> Iterator[str]:
    if len(pin.files) != 1:
        yield f"{len(pin.files)} files, where one wheel belongs"
    for file in pin.files:
        found = _WHEEL.fullmatch(file.name)
        if file.path or file.places:
            yield f"{file.name}: a wheel has no place of its own"
        if found is None or _plain(found[1]) != _plain(route.package) or not _is(found[2], pin.version):
            yield f"{file.name} is no wheel of {route.package} {pin.version}"
        elif not any(_suits(tag, pin.platform) for tag in found[3].split(".")):
            yield f"{file.name} is not for {pin.platform}"


def _suits(tag: str, platform: Platform) -> bool:
    system, machine = _SYSTEMS[platform]
    words = (system, f"many{system}", f"musl{system}")
    return tag == "any" or (tag.startswith(words) and (tag.endswith(machine) or (system == "macosx" and tag.endswith("universal2"))))


def _npm(pin: Pin, route: Route) -> Iterator[str]:
    short = route.package.rpartition("/")[2]
    whole = route.package.removeprefix("@").replace("/", "+")
    own = [file for file in pin.files if not file.path]
    if [file.name for file in own] not in ([f"{short}-{pin.version}.tgz"], [f"{whole}-{pin.version}.tgz"]):
        yield f"{', '.join(file.name for file in own) or 'nothing'} where the archive of {route.package} {pin.version} belongs"
    if any(file.places and _TOP not in file.places for file in own):
        yield f"{own[0].name} is not at the top of its own tree"
    others = [file for file in pin.files if file.path]
    if others and (route.alone or not route.bin):
        yield f"{others[0].name}: {route.package} needs no other package"
    for file in others:
        yield from _needed(file)


def _needed(file: PinnedFile) -> Iterator[str]:
    """What is wrong with the archive of a package that another one needs."""
    package, _, version = file.path.rpartition("/")
    if file.name != f"{package.removeprefix('@').replace('/', '+')}-{version}.tgz":
        yield f"{file.name} is not the archive of {package} {version}"
    if not file.places or any(not place.startswith(_MODULES) for place in file.places):
        yield f"{file.name} has no place among the packages that are needed"


def _debian(pin: Pin, route: Route) -> Iterator[str]:
    architecture = _ARCHITECTURES.get(pin.platform)
    if architecture is None:
        yield f"Debian has nothing for {pin.platform}"
        return
    found: dict[str, str] = {}
    for file in pin.files:
        named = _DEB.fullmatch(file.name)
        folder, _, last = file.path.rpartition("/")
        if named is None or last != file.name or not _POOL.fullmatch(f"{folder}/") or file.places:
            yield f"{file.name} is no package of Debian's pool"
        elif named[3] not in (architecture, "all"):
            yield f"{file.name} is not for {pin.platform}"
        elif named[1] in found:
            yield f"{named[1]} is there twice"
        else:
            found[named[1]] = named[2]
    wanted = (route.package.partition("/")[0], *(package.partition("/")[0] for package in route.packages))
    lacking = [package for package in wanted if package not in found]
    if lacking:
        yield f"{lacking[0]} is not among the files"


def _plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _is(written: str, version: str) -> bool:
    """Whether the version in a wheel's name is this one; `+` and `-` of versions are `_` there."""
    return same(written, version) or _plain(written) == _plain(version.replace("+", "-"))
