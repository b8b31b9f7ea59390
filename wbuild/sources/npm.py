"""Tools and sources from npm registries: one package's archive is one pin, the same on all platforms.

npm is the one inside the pinned Node. Packages that need other packages to run are not served yet.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.planned import JSON
from wbuild.model.shipped import Route, ToolRecipe
from wbuild.sources.client import Outcome, failure, plain_name, refuse_offline, run_client, scratch, unreachable
from wbuild.versions import newest, ordered, same

_ENV: Final = {
    "npm_config_update_notifier": "false",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "npm_config_progress": "false",
    "npm_config_color": "false",
    "npm_config_ignore_scripts": "true",
    "NODE_USE_SYSTEM_CA": "1",  # TLS trusts what the system trusts; Node's own list alone knows no company's proxy
}

_FACTS: Final = ("version", "dist", "dependencies", "bundleDependencies", "bundledDependencies")
"""What counts about one version."""


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """The package's archive at one version; "" is the newest within `tool.versions`.

    Raises ProvisionError when the registry cannot be reached or there is no npm.
    """
    refuse_offline(doors, f"resolve {tool.name} from npm")
    found = _find(tool, route, version, doors)
    if isinstance(found, Unavailable):
        return dict.fromkeys(platforms, found)
    number, file = found
    return {
        platform: Pin(name=tool.name, version=number, platform=platform, source="npm", package=route.package, files=(file,))
        for platform in platforms
    }


def _find(tool: ToolRecipe, route: Route, version: str, doors: Doors) -> tuple[str, PinnedFile] | Unavailable:
    package = route.package
    latest = _view(doors, package, "versions", *_FACTS)
    if isinstance(latest, Unavailable):
        return latest
    listed = latest.get("versions")
    versions = [str(item) for item in (listed if isinstance(listed, list) else [listed] if listed else [])]
    wanted = version or tool.versions
    chosen = next((one for one in versions if same(one, version)), None) if version else newest(versions, tool.versions)
    if chosen is None:
        return Unavailable(reason=f"npm has no {package} {wanted}; it has {', '.join(ordered(versions)[-8:])}")
    facts = latest if latest.get("version") == chosen else _view(doors, f"{package}@{chosen}", *_FACTS)
    if isinstance(facts, Unavailable):
        return facts
    needed = _dependencies(facts)
    if needed and route.bin:
        return Unavailable(reason=f"npm's {package} {chosen} needs other packages, which wbuild cannot lock yet: {', '.join(needed)}")
    return _file(package, chosen, facts, doors)


def _dependencies(facts: Mapping[str, JSON]) -> list[str]:
    """Packages that it needs and does not bring along."""
    needed, bundled = facts.get("dependencies"), facts.get("bundleDependencies") or facts.get("bundledDependencies")
    names = set(needed) if isinstance(needed, dict) else set()
    if bundled is True:
        return []
    return sorted(names - {str(name) for name in (bundled if isinstance(bundled, list) else ())})


def _file(package: str, version: str, facts: Mapping[str, JSON], doors: Doors) -> tuple[str, PinnedFile] | Unavailable:
    dist = facts.get("dist")
    url = dist.get("tarball") if isinstance(dist, dict) else None
    digest = _digest(str(dist.get("integrity") or "")) if isinstance(dist, dict) else None
    if digest is None:
        return Unavailable(reason=f"the registry has no sha512 digest of {package} {version}")
    name = f"{package.rpartition('/')[2]}-{version}.tgz"  # some registries serve it under a name without version
    if not plain_name(name):
        raise ProvisionError("WB414", f"npm's answer about {package} has the version {version!r}")
    return version, PinnedFile(name=name, size=doors.network.size(str(url)), digest=digest)


def _digest(integrity: str) -> Digest | None:
    """The sha512 of a Subresource Integrity text, which may hold several digests."""
    for word in integrity.split():
        algorithm, _, text = word.partition("-")
        if algorithm == "sha512":
            try:
                value = base64.b64decode(text.partition("?")[0], validate=True)
            except (binascii.Error, ValueError):
                continue
            if len(value) == 64:
                return Digest(algorithm="sha512", hex=value.hex())
    return None


def _view(doors: Doors, package: str, *fields: str) -> Mapping[str, JSON] | Unavailable:
    """What the registry says about a package, at its latest version if no other is named; {} for an answer of another form."""
    with scratch() as folder:
        answer = folder / "answer.json"
        argv = (*_npm(doors), "view", package, *fields, "--json")
        outcome = run_client(argv, doors=doors, folder=folder, env=_ENV, stdout=answer)
        text = answer.read_text("utf-8", "replace") if answer.exists() else ""
        if outcome.code != 0:
            if "E404" in outcome.said + text and not unreachable(outcome):
                return Unavailable(reason=f"npm has no {package}")
            raise failure(
                argv, Outcome(code=outcome.code, said=f"{outcome.said}\n{text}"), what=f"resolve {package} from npm", folder=folder
            )
        try:
            answered = json.loads(text)
        except ValueError:
            raise ProvisionError("WB414", f"npm's answer about {package} is not JSON", detail=text[:400]) from None
        return answered if isinstance(answered, dict) else {}


def _npm(doors: Doors) -> tuple[str, ...]:
    if doors.program is None:
        raise ProvisionError("WB416", "npm is needed, and the lock has no Node that brings it", hint="run `wbuild lock`")
    return doors.program("npm")


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Download the archive of a pin into a folder, under its name. The caller verifies it.

    Raises ProvisionError, IntegrityError (npm checks the digest too) and MachineError.
    """
    what = f"download {pin.name} {pin.version} from npm"
    refuse_offline(doors, what)
    (file,) = pin.files
    with scratch(into.parent) as folder:
        argv = (*_npm(doors), "pack", f"{pin.package}@{pin.version}", "--pack-destination", str(into), "--ignore-scripts")
        outcome = run_client(argv, doors=doors, folder=folder, env=_ENV)
        received = [path for path in into.iterdir() if path.suffix in (".tgz", ".gz")]
        if outcome.code != 0 or len(received) != 1:
            raise failure(argv, outcome, what=what, folder=into)
        received[0].replace(into / file.name)
