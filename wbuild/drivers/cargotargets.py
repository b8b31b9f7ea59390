"""The binaries of a Cargo package, as cargo finds them, and the features that are on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, Final

_OLDEST: Final = "2015"
"""The edition in which a declared binary hides those that are found by their place; that of a package which names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """One program of a package."""

    name: str
    needs: tuple[str, ...] = ()
    """Features without which cargo does not build it."""


def binaries(data: Mapping[str, Any], files: Iterable[str]) -> tuple[Binary, ...]:
    """Declared ones, then those that cargo finds by their place. `files` are relative to the package's folder."""
    package = _table(data.get("package"))
    entries = data.get("bin")
    declared = [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    found = {str(entry["name"]): Binary(name=str(entry["name"]), needs=_needs(entry)) for entry in declared if entry.get("name")}
    paths = {normpath(entry["path"]) for entry in declared if isinstance(entry.get("path"), str)}
    alone = bool(declared) and package.get("edition", _OLDEST) == _OLDEST
    if package.get("autobins") is True or (package.get("autobins") is not False and not alone):
        for path in sorted({*files} - paths):
            name = _inferred(path, str(package.get("name", "")))
            if name:
                found.setdefault(name, Binary(name=name))
    return tuple(found.values())


def enabled(data: Mapping[str, Any], wanted: Iterable[str], *, default: bool) -> frozenset[str]:
    """Features that are on, with what they bring along."""
    features = _table(data.get("features"))
    found: set[str] = set()
    waiting = [*(part for feature in wanted for part in feature.replace(",", " ").split()), *(["default"] if default else [])]
    while waiting:
        feature = waiting.pop()
        if feature not in found:
            found.add(feature)
            waiting += _texts(features.get(feature))
    return frozenset(found)


def _inferred(path: str, package: str) -> str:
    """The binary that cargo makes of a file; "" for none."""
    if path == "src/main.rs":
        return package
    parts = path.split("/")
    if parts[:2] != ["src", "bin"]:
        return ""
    if len(parts) == 3 and path.endswith(".rs"):
        return parts[2].removesuffix(".rs")
    return parts[2] if len(parts) == 4 and parts[3] == "main.rs" else ""


def _needs(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(_texts(entry.get("required-features")))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> Iterator[str]:
    yield from (item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
