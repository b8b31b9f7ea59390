"""Tools and sources from Python package indexes: one wheel is one pin. pip resolves and downloads, with its user's configuration."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.shipped import Route, ToolRecipe
from wbuild.sources.client import failure, plain_name, refuse_offline, run_client, scratch, unreachable
from wbuild.versions import newest, ordered

_ENV: Final = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1", "PYTHONUTF8": "1"}
_INTERPRETER: Final = ("--python-version", "3.10", "--implementation", "py", "--abi", "none")
"""The oldest Python of wbuild, and no ABI: what is locked does not depend on the Python that locks."""
_AT_ONCE: Final = 3
_NOTHING = re.compile(r"No matching distribution found")
_OTHERS = re.compile(r"\(from versions: ([^)]*)\)")
_ANY: Final = ("any",)


def _linux(machine: str) -> tuple[str, ...]:
    """Tags of wheels for glibc 2.28 (2018) and older, newest first."""
    old = {17: "2014", 12: "2010", 5: "1"}
    tags = []
    for minor in range(28, 4, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in old:
            tags.append(f"manylinux{old[minor]}_{machine}")
    return (*tags, f"linux_{machine}", *_ANY)


_TAGS: Final[Mapping[Platform, tuple[str, ...]]] = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-x86_64": ("macosx_14_0_x86_64", "macosx_14_0_universal2", *_ANY),
    "macos-arm64": ("macosx_14_0_arm64", "macosx_14_0_universal2", *_ANY),
    "windows-x86_64": ("win_amd64", *_ANY),
}
"""Platform tags that pip is asked for; it knows the older ones of macOS by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wheel:
    version: str
    url: str
    name: str
    sha256: str

    @property
    def for_any(self) -> bool:
        return self.name.endswith("-any.whl")


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """The wheel of each platform at one version; "" is the newest within `tool.versions` that all platforms with any have.

    A route without programs is source: one wheel for all platforms. Raises ProvisionError when the index cannot be reached.
    """
    refuse_offline(doors, f"resolve {tool.name} from pypi")
    source_only = not route.bin
    groups: dict[tuple[str, ...], list[Platform]] = {}
    for platform in platforms:
        groups.setdefault(_ANY if source_only else _TAGS[platform], []).append(platform)
    specifier = f"=={version}" if version else tool.versions
    found = _wheels(route.package, dict.fromkeys(groups, specifier), doors)
    if not version:
        found = _one_version(route.package, found, doors)
    chosen = {platform: found[tags] for tags, members in groups.items() for platform in members}
    sizes = _sizes({wheel.url for wheel in chosen.values() if isinstance(wheel, _Wheel)}, doors)
    return {
        platform: wheel if isinstance(wheel, Unavailable) else _pin(tool, route, platform, wheel, sizes[wheel.url])
        for platform, wheel in chosen.items()
    }


Tags = tuple[str, ...]
Found = dict[Tags, "_Wheel | Unavailable"]


def _wheels(package: str, wanted: Mapping[Tags, str], doors: Doors) -> Found:
    """The best wheel for each set of tags, all asked at once."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = {tags: pool.submit(_wheel, package, specifier, tags, doors) for tags, specifier in wanted.items()}
        found = {tags: answer.result() for tags, answer in answers.items()}
    if any(isinstance(wheel, _Wheel) and not wheel.for_any for wheel in found.values()):
        for tags, wheel in found.items():
            if isinstance(wheel, _Wheel) and wheel.for_any:
                found[tags] = Unavailable(reason=f"{package} {wheel.version} has builds for other platforms only")
    return found


def _one_version(package: str, found: Found, doors: Doors) -> Found:
    """`found` at one version: the newest that all have, or else the newest of all."""
    versions = {wheel.version for wheel in found.values() if isinstance(wheel, _Wheel)}
    if len(versions) < 2:
        return found
    served = {tags for tags, wheel in found.items() if isinstance(wheel, _Wheel)}
    oldest, latest = ordered(versions)[0], newest(versions) or ordered(versions)[-1]
    for version in (oldest, latest):
        again = _wheels(package, dict.fromkeys(found, f"=={version}"), doors)
        if version == latest or all(isinstance(again[tags], _Wheel) for tags in served):
            return again
    raise AssertionError("the newest version ends the loop")


def _wheel(package: str, specifier: str, tags: Tags, doors: Doors) -> _Wheel | Unavailable:
    with scratch() as folder:
        report = folder / "report.json"
        argv = (
            *_pip("install", tags),
            *("--dry-run", "--ignore-installed", "--quiet", "--target", str(folder / "target"), "--report", str(report)),
            f"{package}{specifier}",
        )
        outcome = run_client(argv, doors=doors, folder=folder, env=_ENV)
        if outcome.code == 0 and report.exists():
            return _read(json.loads(report.read_text("utf-8")), package)
        if _NOTHING.search(outcome.said) and not unreachable(outcome):
            others = _OTHERS.search(outcome.said)
            known = others[1].split(", ")[-8:] if others and others[1] != "none" else []
            listed = f"; it has {', '.join(known)}" if known else ""
            return Unavailable(reason=f"pypi has no wheel of {package}{specifier} for it{listed}")
        raise failure(argv, outcome, what=f"resolve {package}{specifier} from pypi", folder=folder)


def _read(report: object, package: str) -> _Wheel:
    """The one wheel of an installation report. Raises ProvisionError when it is not what pip documents."""
    try:
        (item,) = report["install"]  # type: ignore[index]
        version, info = item["metadata"]["version"], item["download_info"]
        url, digest = info["url"], info["archive_info"]["hashes"]["sha256"]
        name = unquote(urlsplit(url).path).rpartition("/")[2]
    except (KeyError, TypeError, ValueError) as error:
        raise ProvisionError("WB414", f"pip's report about {package} cannot be read: {error!r}") from None
    if not plain_name(name) or not name.endswith(".whl") or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ProvisionError("WB414", f"pip's report about {package} names the file {name!r} with digest {digest!r}")
    return _Wheel(version=version, url=url, name=name, sha256=digest)


def _sizes(urls: set[str], doors: Doors) -> dict[str, int]:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(sorted(urls), pool.map(doors.network.size, sorted(urls)), strict=True))


def _pin(tool: ToolRecipe, route: Route, platform: Platform, wheel: _Wheel, size: int) -> Pin:
    file = PinnedFile(name=wheel.name, size=size, digest=Digest(algorithm="sha256", hex=wheel.sha256))
    return Pin(name=tool.name, version=wheel.version, platform=platform, source="pypi", package=route.package, files=(file,))


def _pip(command: str, tags: Sequence[str]) -> tuple[str, ...]:
    platforms = tuple(word for tag in tags for word in ("--platform", tag))
    return (sys.executable, "-m", "pip", command, "--no-deps", "--only-binary", ":all:", *_INTERPRETER, *platforms)


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Download the wheel of a pin into a folder, under its name. The caller verifies it.

    Raises ProvisionError, IntegrityError (pip checks the digest too) and MachineError.
    """
    what = f"download {pin.name} {pin.version} from pypi"
    refuse_offline(doors, what)
    (file,) = pin.files
    tags = file.name.removesuffix(".whl").rsplit("-", 1)[1].split(".")
    with scratch(into.parent) as folder:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{pin.package}=={pin.version} --hash={file.digest.algorithm}:{file.digest.hex}\n", "utf-8")
        argv = (
            *_pip("download", tags),
            *("--require-hashes", "--quiet", "--progress-bar", "off", "--dest", str(into), "-r", str(requirements)),
        )
        outcome = run_client(argv, doors=doors, folder=folder, env=_ENV)
        if outcome.code != 0:
            raise failure(argv, outcome, what=what, folder=into)
