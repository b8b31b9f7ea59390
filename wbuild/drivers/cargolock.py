"""Whether a Cargo.lock fits the manifests of its workspace, as far as that is certain without asking cargo."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wbuild.text.versions import SpecifierError, matches

_BLOCK: Final = re.compile(r"^\[\[package\]\]\n(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_KEY: Final = re.compile(r'^(name|version|source) = "([^"]*)"', re.MULTILINE)
_LIST: Final = re.compile(r"^dependencies = \[(.*?)\]", re.MULTILINE | re.DOTALL)
_NAME: Final = re.compile(r'"([^" ]+)(?: ([^" ]+))?[^"]*"')
_CARET: Final = re.compile(r"\^?(\d+(?:\.\d+){0,2})\Z")
_RELEASE: Final = re.compile(r"(\d+\.\d+\.\d+)(?:\+.*)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A package of the workspace, as its manifest has it."""

    name: str
    version: str
    wants: Mapping[str, str]
    """Package that it depends on → requirement of a version, "" for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Locked:
    version: str
    dependencies: tuple[tuple[str, str], ...]
    """(name, version where several are locked)."""


def misfit(text: str, packages: Iterable[Declared]) -> str:
    """What the text of a Cargo.lock lacks for these packages; "" for nothing that can be seen here."""
    own: dict[str, list[_Locked]] = {}
    versions: dict[str, list[str]] = {}
    for block in _BLOCK.findall(text.replace("\r\n", "\n")):
        keys = dict(_KEY.findall(block))
        name, version = keys.get("name", ""), keys.get("version", "")
        versions.setdefault(_same(name), []).append(version)
        if "source" not in keys:
            listed = _LIST.search(block)
            found = tuple((_same(n), v) for n, v in _NAME.findall(listed[1] if listed else ""))
            own.setdefault(name, []).append(_Locked(version=version, dependencies=found))
    return next((problem for package in packages for problem in _problems(package, own.get(package.name, []), versions)), "")


def _problems(package: Declared, locked: list[_Locked], versions: Mapping[str, list[str]]) -> Iterator[str]:
    found = next((entry for entry in locked if entry.version == package.version), None)
    if found is None:
        yield f"{package.name} {package.version} is not in it"
        return
    for name, requirement in package.wants.items():
        said = [version for other, version in found.dependencies if other == _same(name)]
        if not said:
            yield f"{name}, which {package.name} depends on, is not in it"
            continue
        chosen = [v for version in said for v in ([version] if version else versions.get(_same(name), []))]
        if not any(_fits(version, requirement) for version in chosen):
            yield f"{package.name} depends on {name} {requirement}, and it has {', '.join(chosen)}"


def _same(name: str) -> str:
    return name.replace("_", "-")


def _fits(version: str, requirement: str) -> bool:
    """Whether a version fulfils a requirement. Other forms than cargo's usual one, and pre-releases, are for cargo to judge."""
    caret, release = _CARET.match(requirement.strip()), _RELEASE.match(version)
    if caret is None or release is None:
        return True
    parts = [int(part) for part in caret[1].split(".")]
    place = next((i for i, part in enumerate(parts) if part), len(parts) - 1)
    below = ".".join(str(part) for part in (*parts[:place], parts[place] + 1))
    try:
        return matches(release[1], f">={caret[1]},<{below}")
    except SpecifierError:
        return True
