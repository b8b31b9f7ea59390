"""Tools and sources from npm registries: a package with all that it needs is one pin; for most tools that is one archive.

npm is the one inside the pinned Node; it resolves and downloads, with its user's configuration. No installation script runs.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.planned import JSON
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources import npm_tree
from wbuild.sources.client import ClientOutcome, failure, plain_name, refuse_offline, run_client, scratch, unreachable
from wbuild.sources.npm_tree import NpmPackage, TreeError
from wbuild.text.versions import newest, ordered, same

_ENV: Final = {
    "npm_config_update_notifier": "false",
    "npm_config_fund": "false",
    "npm_config_audit": "false",
    "npm_config_progress": "false",
    "npm_config_color": "false",
    "npm_config_ignore_scripts": "true",
    "NODE_USE_SYSTEM_CA": "1",  # TLS trusts what the system trusts; Node's own list alone knows no company's proxy
}
_ENV_LOCK: Final = {
    **_ENV,
    **dict.fromkeys((f"npm_config_allow_{kind}" for kind in ("git", "remote", "file", "directory")), "none"),
    "npm_config_omit_lockfile_registry_resolved": "false",  # the addresses say how large the archives are
}
_LOCKING: Final = (
    *("--package-lock-only", "--package-lock", "--lockfile-version=3", "--ignore-scripts", "--no-global", "--no-dry-run"),
    *("--install-strategy=hoisted", "--no-legacy-peer-deps", "--include=optional", "--include=peer"),
)
"""What the layout of a tree depends on never comes from the user's configuration."""
_FACTS: Final = ("version", "dist", "bundleDependencies", "bundledDependencies", *npm_tree.KINDS)
"""The keys of a version that count here."""
_NOT_SERVED = re.compile(r"\bEALLOW(?:GIT|REMOTE|FILE|DIRECTORY)\b")
_REFUSED = re.compile(r'Refusing to fetch "([^"]+)"')
_BUILDS = re.compile(r"node-gyp(?!-build)|node-pre-gyp|prebuild|cmake|\bmake\b|cargo|napi build")
"""In installation scripts: a program is made or fetched, without which the package does not work."""
_AT_ONCE: Final = 4
_SPECS: Final = 100
"""Packages that npm is asked for at once."""


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """The package at one version, and for a tool all that it needs; "" is the newest within `tool.versions`.

    Raises ProvisionError when the registry cannot be reached or there is no npm.
    """
    refuse_offline(doors, f"resolve {tool.name} from npm")
    found = _find(tool, route, version, doors)
    if isinstance(found, Unavailable):
        return dict.fromkeys(platforms, found)
    number, facts = found
    files: Mapping[Platform, tuple[PinnedFile, ...] | Unavailable]
    if route.bin and _dependencies(facts):
        files = _closures(route.package, number, platforms, doors)
    else:
        file = _file(route.package, number, facts, doors)
        files = dict.fromkeys(platforms, file if isinstance(file, Unavailable) else (file,))
    return {
        platform: chosen
        if isinstance(chosen, Unavailable)
        else Pin(name=tool.name, version=number, platform=platform, source="npm", package=route.package, files=chosen)
        for platform, chosen in files.items()
    }


def _find(tool: ToolRecipe, route: Route, version: str, doors: Doors) -> tuple[str, Mapping[str, JSON]] | Unavailable:
    """The version and what the registry says about it."""
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
    return facts if isinstance(facts, Unavailable) else (chosen, facts)


def _dependencies(facts: Mapping[str, JSON]) -> list[str]:
    """Packages that it asks for and does not bring along."""
    bundled = facts.get("bundleDependencies") or facts.get("bundledDependencies")
    if bundled is True:
        return []
    brought = {str(name) for name in (bundled if isinstance(bundled, list) else ())}
    return sorted({name for kind in npm_tree.KINDS if isinstance(table := facts.get(kind), dict) for name in table} - brought)


def _file(package: str, version: str, facts: Mapping[str, JSON], doors: Doors) -> PinnedFile | Unavailable:
    dist = facts.get("dist")
    url = dist.get("tarball") if isinstance(dist, dict) else None
    digest = _digest(str(dist.get("integrity") or "")) if isinstance(dist, dict) else None
    if digest is None:
        return Unavailable(reason=f"the registry has no sha512 digest of {package} {version}")
    name = f"{package.rpartition('/')[2]}-{version}.tgz"  # some registries serve it under a name without version
    if not plain_name(name):
        raise ProvisionError("WB414", f"npm's answer about {package} has the version {version!r}")
    return PinnedFile(name=name, size=doors.network.size(str(url)), digest=digest)


def _closures(
    package: str, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, tuple[PinnedFile, ...] | Unavailable]:
    """The archives of each platform."""
    locked = _lock(package, version, doors)
    if isinstance(locked, Unavailable):
        return dict.fromkeys(platforms, locked)
    try:
        tree = npm_tree.read(locked, package)
        unusable = _unusable(tree.scripted(platforms), doors)
        needed = {platform: tree.needed(platform, unusable) for platform in platforms}
    except TreeError as error:
        raise ProvisionError("WB419", f"npm's lock of {package} {version} cannot be used: {error}") from None
    sizes = _sizes((found for packages in needed.values() if not isinstance(packages, Unavailable) for found in packages), doors)
    return {platform: _archives(package, packages, sizes) for platform, packages in needed.items()}


def _lock(package: str, version: str, doors: Doors) -> JSON | Unavailable:
    """The package-lock.json of a project that depends on the package alone; nothing is installed."""
    with scratch() as folder:
        manifest = {"name": "tool", "version": "0.0.0", "private": True, "dependencies": {package: version}}
        (folder / "package.json").write_text(json.dumps(manifest), "utf-8")
        argv = (*_npm(doors), "install", *_LOCKING)
        outcome = run_client(argv, client="npm", doors=doors, folder=folder, env=_ENV_LOCK)
        if outcome.code != 0 and _NOT_SERVED.search(outcome.said):
            named = _REFUSED.search(outcome.said)
            return Unavailable(reason=f"npm's {package} {version} needs {named[1] if named else 'a package'}, which no registry serves")
        written = folder / "package-lock.json"
        if outcome.code != 0 or not written.is_file():
            raise failure(argv, outcome, what=f"resolve what {package} {version} needs from npm", folder=folder)
        return _parsed(written.read_text("utf-8", "replace"), package)


def _unusable(scripted: Iterable[NpmPackage], doors: Doors) -> frozenset[str]:
    """Specs of packages whose installation scripts make or fetch what they need; those of others only make them faster."""

    def builds(package: NpmPackage) -> bool:
        facts = _view(doors, package.spec, "version", "scripts", "gypfile")
        scripts = facts.get("scripts") if not isinstance(facts, Unavailable) else None
        said = [str(scripts.get(when) or "") for when in ("preinstall", "install", "postinstall")] if isinstance(scripts, dict) else []
        return isinstance(facts, Unavailable) or bool(facts.get("gypfile")) or any(_BUILDS.search(line) for line in said)

    asked = sorted({package.spec: package for package in scripted}.items())
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = pool.map(lambda item: builds(item[1]), asked)
        return frozenset(spec for (spec, _), answer in zip(asked, answers, strict=True) if answer)


def _sizes(packages: Iterable[NpmPackage], doors: Doors) -> Mapping[str, int]:
    """The address of each archive → its bytes."""
    found = list(packages)
    for package in found:
        if not package.url.startswith(("https://", "http://")):
            raise ProvisionError("WB419", f"npm's lock does not say where the archive of {package.spec} is", detail=package.url[:200])
    urls = sorted({package.url for package in found})
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        return dict(zip(urls, pool.map(doors.network.size, urls), strict=True))


def _archives(tool: str, packages: tuple[NpmPackage, ...] | Unavailable, sizes: Mapping[str, int]) -> tuple[PinnedFile, ...] | Unavailable:
    if isinstance(packages, Unavailable):
        return packages
    files = []
    for package in packages:
        digest = _digest(package.integrity)
        if digest is None:
            return Unavailable(reason=f"npm's {tool} needs {package.spec}, of which the registry has no sha512 digest")
        own = package.places == (npm_tree.TOP,)
        name = package.name.rpartition("/")[2] if len(packages) == 1 else package.name.removeprefix("@").replace("/", "+")
        file = PinnedFile(
            name=f"{name}-{package.version}.tgz",
            size=sizes[package.url],
            digest=digest,
            path="" if npm_tree.TOP in package.places else f"{package.name}/{package.version}",
            places=() if own else package.places,
        )
        files.append(file)
    return tuple(files)


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
        outcome = run_client(argv, client="npm", doors=doors, folder=folder, env=_ENV, stdout=answer)
        text = answer.read_text("utf-8", "replace") if answer.exists() else ""
        if outcome.code != 0:
            if "E404" in outcome.said + text and not unreachable(outcome):
                return Unavailable(reason=f"npm has no {package}")
            raise failure(
                argv, ClientOutcome(code=outcome.code, said=f"{outcome.said}\n{text}"), what=f"resolve {package} from npm", folder=folder
            )
        answered = _parsed(text, package)
        return answered if isinstance(answered, dict) else {}


def _parsed(text: str, package: str) -> JSON:
    try:
        parsed: JSON = json.loads(text)
    except (ValueError, RecursionError):
        raise ProvisionError("WB414", f"npm's answer about {package} is not JSON", detail=text[:400]) from None
    return parsed


def _npm(doors: Doors) -> tuple[str, ...]:
    if doors.program is None:
        raise ProvisionError("WB416", "npm is needed, and the lock has no Node that brings it", hint="run `wbuild lock`")
    return doors.program("npm")


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Download the archives of a pin into a folder, each under its name. The caller verifies them.

    Raises ProvisionError, IntegrityError (npm checks the digests too) and MachineError.
    """
    what = f"download {pin.name} {pin.version} from npm"
    refuse_offline(doors, what)
    waiting = list(pin.files)
    while waiting:
        batch: dict[str, PinnedFile] = {}
        for file in waiting[:_SPECS]:
            batch.setdefault(_packed(*_package_of(pin, file)), file)
        _pack(pin, batch, into, doors)
        waiting = [file for file in waiting if file not in batch.values()]


def _pack(pin: Pin, batch: Mapping[str, PinnedFile], into: Path, doors: Doors) -> None:
    """Download files, given by the names that npm chooses for them."""
    with scratch(into.parent) as folder:
        received = folder / "received"
        received.mkdir()
        specs = ["@".join(_package_of(pin, file)) for file in batch.values()]
        argv = (*_npm(doors), "pack", *specs, "--pack-destination", str(received), "--ignore-scripts")
        outcome = run_client(argv, client="npm", doors=doors, folder=folder, env=_ENV)
        missing = [name for name in batch if not (received / name).is_file()]
        if outcome.code != 0 or missing:
            raise failure(argv, outcome, what=f"download {pin.name} {pin.version} from npm", folder=into)
        for name, file in batch.items():
            (received / name).replace(into / file.name)


def _package_of(pin: Pin, file: PinnedFile) -> tuple[str, str]:
    """Package and version of a file."""
    name, _, version = file.path.rpartition("/")
    return (name, version) if name else (pin.package, pin.version)


def _packed(package: str, version: str) -> str:
    """The name that `npm pack` gives to an archive; @a/b and a-b have the same."""
    return f"{package.removeprefix('@').replace('/', '-')}-{version}.tgz"
