"""What a project's .cargo/config.toml may say to a cargo that has the network: addresses and folders, but no programs.

A registry that only the project names gets no token of the user: a token belongs to a name, and any project may use the name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomli

KEPT = {
    "net": ("retry", "offline"),
    "http": ("timeout", "low-speed-limit", "multiplexing"),
    "registry": ("default", "token"),
    "resolver": ("incompatible-rust-versions", "feature-unification"),
}
"""Table → keys that choose no program, no proxy and nobody to trust."""
SOURCE = ("replace-with", "registry", "local-registry", "directory", "git", "branch", "tag", "rev")
PATHS = ("local-registry", "directory", "path")
"""Keys whose value is a folder, relative to the folder with .cargo."""
PROVIDER = "credential-provider"
TOLD = {
    "registry": (PROVIDER, "global-credential-providers"),
    "net": ("git-fetch-with-cli", "ssh"),
    "http": ("proxy", "cainfo", "ssl-version", "check-revoke", "proxy-cainfo"),
}
"""Table → keys that would matter to whoever fetches, and are passed over in words."""
INDEX = re.compile(r"CARGO_REGISTR(?:IES_\w+|Y)_INDEX\Z")
ADVICE = "name it in .cargo/config.toml of your home, or in the environment, if you mean it"


@dataclass(frozen=True)
class Taken:
    """What is taken from one configuration of a project."""

    config: dict[str, Any]
    says: list[str] = field(default_factory=list)
    """What people are told."""
    withheld: set[str] = field(default_factory=set)
    """Variables with tokens that cargo does not get."""
    masked: list[str] = field(default_factory=list)
    """Registries whose token in a file of the user's is kept back."""


def read(path: Path) -> dict[str, Any]:
    """A configuration; one that cannot be read says nothing here, and cargo says why."""
    try:
        return dict(tomli.loads(path.read_bytes().decode("utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return {}


def take(path: Path, known: Sequence[Mapping[str, Any]], environ: Mapping[str, str]) -> Taken:
    """What is taken from a project's configuration; `known` are the user's own."""
    data, base = read(path), path.parent.parent
    registries = table(data, "registries")
    config: dict[str, Any] = {name: only(table(data, name), keys) for name, keys in KEPT.items()}
    config["source"] = {name: only(placed(one, base), SOURCE) for name, one in table(data, "source").items()}
    config["patch"] = {
        name: {crate: placed(one, base) for crate, one in table(crates).items()} for name, crates in table(data, "patch").items()
    }
    config["paths"] = [str(base / one) for one in data.get("paths", ()) if isinstance(one, str)]
    config["registries"] = {name: only(table(one), ("index", "token")) for name, one in registries.items()}
    passed = [f"{name}.{key}" for name, keys in TOLD.items() for key in keys if key in table(data, name)]
    passed += [f"registries.{name}.{PROVIDER}" for name, one in registries.items() if PROVIDER in table(one)]
    passed += ["credential-alias"] if "credential-alias" in data else []
    taken = Taken(config={name: value for name, value in config.items() if value})
    if passed:
        taken.says.append(f"{path}: not used while fetching: {', '.join(passed)}; {ADVICE}")
    for name, one in table(config, "registries").items():
        withhold(taken, path, name, one, known, environ)
    return taken


def withhold(
    taken: Taken, path: Path, name: str, registry: Mapping[str, Any], known: Sequence[Mapping[str, Any]], environ: Mapping[str, str]
) -> None:
    """Keep the user's token of a registry back when nobody but the project names its host."""
    prefix = variable(name)
    where = host(str(registry.get("index", "")))
    named = {host(url) for one in known for url in urls(one)} | {host(url) for key, url in environ.items() if INDEX.match(key)}
    if f"{prefix}_INDEX" in environ or where in named or "token" in registry:
        return
    filed = any("token" in table(table(table(own, "registries"), name)) for own in known)
    if f"{prefix}_TOKEN" in environ or filed:
        taken.says.append(
            f"{path}: the token of the registry {name} is not sent to {where or 'its host'}, which only the project names; "
            f"set {prefix}_INDEX too if you mean it"
        )
    taken.withheld.update((f"{prefix}_TOKEN", f"{prefix}_CREDENTIAL_PROVIDER", f"{prefix}_SECRET_KEY"))
    if filed:
        taken.masked.append(name)


def variables(credentials: Mapping[str, Any], withheld: Sequence[str]) -> dict[str, str]:
    """The tokens of a file as cargo's variables, without those of some registries: they are written nowhere."""
    registries = table(credentials, "registries")
    found = {f"{variable(name)}_TOKEN": table(one).get("token") for name, one in registries.items() if name not in withheld}
    found["CARGO_REGISTRY_TOKEN"] = table(credentials, "registry").get("token")
    return {name: token for name, token in found.items() if isinstance(token, str)}


def variable(registry: str) -> str:
    """How the names of cargo's variables about a registry begin."""
    return f"CARGO_REGISTRIES_{re.sub(r'[^A-Z0-9]', '_', registry.upper())}"


def table(data: object, name: str = "") -> Mapping[str, Any]:
    """A table of some data, or the data itself; empty for anything else."""
    found = data.get(name) if name and isinstance(data, Mapping) else data
    return found if isinstance(found, Mapping) else {}


def only(data: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Some keys of a table."""
    return {key: value for key, value in data.items() if key in keys}


def placed(data: object, base: Path) -> dict[str, Any]:
    """A table whose folders are absolute."""
    return {key: str(base / value) if key in PATHS and isinstance(value, str) else value for key, value in table(data).items()}


def urls(config: Mapping[str, Any]) -> Iterator[str]:
    """Addresses of registries in a configuration."""
    for name in ("registries", "source"):
        for one in table(config, name).values():
            yield from (value for key, value in table(one).items() if key in ("index", "registry") and isinstance(value, str))


def host(url: str) -> str:
    """Host and port of an index."""
    try:
        return urlsplit(url.removeprefix("sparse+").removeprefix("registry+")).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def written(config: Mapping[str, Any]) -> str:
    """A configuration as TOML: every value on a line of its own, with all of its keys."""
    return "".join(f"{'.'.join(json.dumps(key) for key in keys)} = {value}\n" for keys, value in lines(config, ()))


def lines(data: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The keys of each value, and the value as TOML."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from lines(value, (*above, str(key)))
        elif isinstance(value, (bool, int, float, str, list)):
            yield (*above, str(key)), json.dumps(value, ensure_ascii=True).replace("\\/", "/")
