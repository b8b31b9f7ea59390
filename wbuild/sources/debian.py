"""Tools from Debian: a package with everything that it needs is one pin, unpacked into one folder and never installed.

`Route.package` is PACKAGE/SUITE as apt-get writes it. The programs are started with the suite's own loader and libraries
(`{loader}` in recipes), so a suite may be newer than the machine. Both Linux platforms resolve on any machine with APT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources.apt import Apt, WantedPackages, closure, download, machine_apt
from wbuild.sources.client import refuse_offline
from wbuild.text.versions import matches, newest, same

ARCHITECTURES: Final[Mapping[Platform, str]] = {"linux-x86_64": "amd64", "linux-aarch64": "arm64"}

Closure = tuple[PinnedFile, ...]


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """The package of a suite with its closure, where the suite has this version; "" is any within `tool.versions`.

    Raises ProvisionError when the mirror cannot be reached, IntegrityError for package lists that are forged.
    """
    refuse_offline(doors, f"resolve {tool.name} from debian")
    served = [platform for platform in platforms if platform in ARCHITECTURES]
    answers: dict[Platform, Closure | Unavailable] = dict.fromkeys(platforms, Unavailable(reason="Debian's programs run on Linux only"))
    apt = machine_apt(doors) if served else None
    if isinstance(apt, Unavailable):
        answers.update(dict.fromkeys(served, apt))
    elif apt is not None:
        answers.update(_closures(apt, route, served, doors))
    return _one_version(tool, route, version, answers)


def _closures(apt: Apt, route: Route, platforms: Sequence[Platform], doors: Doors) -> Mapping[Platform, Closure | Unavailable]:
    package, _, suite = route.package.partition("/")

    def of(platform: Platform) -> Closure | Unavailable:
        packages = (package, *route.packages)
        wanted = WantedPackages(suite=suite, architecture=ARCHITECTURES[platform], packages=packages, without=route.without)
        return closure(apt, wanted, doors)

    with ThreadPoolExecutor(max_workers=len(platforms)) as pool:
        return dict(zip(platforms, pool.map(of, platforms), strict=True))


def _one_version(
    tool: ToolRecipe, route: Route, version: str, answers: Mapping[Platform, Closure | Unavailable]
) -> Mapping[Platform, Pin | Unavailable]:
    package, _, suite = route.package.partition("/")
    offered = {
        platform: next((number for file in files if (number := upstream(package, file.name))), "")
        for platform, files in answers.items()
        if not isinstance(files, Unavailable)
    }
    suitable = [one for one in offered.values() if (same(one, version) if version else matches(one, tool.versions))]
    chosen = newest(suitable)
    found: dict[Platform, Pin | Unavailable] = {}
    for platform, files in answers.items():
        if isinstance(files, Unavailable):
            found[platform] = files
        elif offered[platform] != chosen:
            reason = f"Debian {suite} has {package} {offered[platform]}, not {chosen or version or tool.versions}"
            found[platform] = Unavailable(reason=reason)
        else:
            found[platform] = Pin(
                name=tool.name, version=offered[platform], platform=platform, source="debian", package=route.package, files=files
            )
    return found


def upstream(package: str, file: str) -> str:
    """The version of a package as its authors count, told from the name of its file; "" for a file of another package."""
    found = re.match(rf"{re.escape(package)}_(\d+(?:\.\d+)*)", file)
    return found[1] if found else ""


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Download the packages of a pin into a folder, each under its name. The caller verifies them.

    Raises ProvisionError, IntegrityError (apt checks the digests too) and MachineError.
    """
    what = f"download {pin.name} {pin.version} from debian"
    refuse_offline(doors, what)
    apt = machine_apt(doors)
    if isinstance(apt, Unavailable):
        raise ProvisionError(
            "WB418", f"cannot {what}: {apt.reason}", hint="the lock was made on a machine with APT; choose another route with `wbuild lock`"
        )
    download(apt, pin.files, into, doors, what)
