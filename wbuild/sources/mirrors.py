"""What a machine's own APT sources say: the address of its Debian mirror and who signs it (sources.list(5), both styles)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SUITES: Final = frozenset(
    {"oldoldstable", "oldstable", "stable", "testing", "unstable", "sid", "experimental"}
    | {"bullseye", "bookworm", "trixie", "forky", "duke"}
)
"""Suites of Debian itself; other distributions and third parties have other names for theirs."""

_LINE = re.compile(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)")
_TRUE: Final = frozenset({"yes", "true", "with", "on", "enable", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The places from which this machine gets packages of Debian."""

    uri: str
    """An address without a slash at the end; of any scheme that APT has a method for."""
    signed_by: str = ""
    """Keyrings, fingerprints or keys, as written; "" for the machine's trusted keys."""
    trusted: bool = False
    """The machine takes its packages without a signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _MirrorEntry:
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)


def debian_mirror(texts: Mapping[str, str]) -> Mirror | None:
    """The mirror of Debian's main archive in some files (name → text), addresses with "debian" in them first; None without any."""
    found: list[Mirror] = []
    for name, text in texts.items():
        for entry in _stanzas(text) if name.endswith(".sources") else _lines(text):
            if "main" in entry.components and any(suite in SUITES for suite in entry.suites):
                found += [_mirror(uri, entry.options) for uri in entry.uris if not uri.startswith("cdrom:")]
    return min(found, key=lambda mirror: "debian" not in mirror.uri.lower(), default=None)


def _mirror(uri: str, options: Mapping[str, str]) -> Mirror:
    trusted = options.get("trusted", "").lower() in _TRUE or options.get("allow-insecure", "").lower() in _TRUE
    return Mirror(uri=uri.rstrip("/"), signed_by=options.get("signed-by", ""), trusted=trusted)


def _lines(text: str) -> Iterator[_MirrorEntry]:
    for line in text.splitlines():
        match = _LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(_option(word) for word in (match[1] or "").split())
            yield _MirrorEntry(uris=(match[2],), suites=(match[3].rstrip("/"),), components=tuple(match[4].split()), options=options)


def _option(word: str) -> tuple[str, str]:
    name, _, value = word.partition("=")
    return name.rstrip("+-").lower(), value.replace(",", " ")


def _stanzas(text: str) -> Iterator[_MirrorEntry]:
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n[ \t]*\n", kept):
        fields = {name.lower(): value for name, value in _fields(stanza)}
        if fields.get("enabled", "yes").strip().lower() in ("no", "false", "without", "off", "disable", "0"):
            continue
        if "deb" in fields.get("types", "").split():
            yield _MirrorEntry(
                uris=tuple(fields.get("uris", "").split()),
                suites=tuple(fields.get("suites", "").split()),
                components=tuple(fields.get("components", "").split()),
                options={name: value if name == "signed-by" else value.strip() for name, value in fields.items()},
            )


def _fields(stanza: str) -> Iterator[tuple[str, str]]:
    """(name, value) of each field; continuation lines stay as they are, a key block for instance."""
    for match in re.finditer(r"^([A-Za-z][A-Za-z-]*):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE):
        yield match[1], match[2]


def sources_text(mirror: Mirror, suite: str, architecture: str) -> str:
    """A .sources file with one suite of a mirror for one architecture."""
    lines = ["Types: deb", f"URIs: {mirror.uri}", f"Suites: {suite}", "Components: main", f"Architectures: {architecture}"]
    if mirror.signed_by:
        lines.append(f"Signed-By: {mirror.signed_by}")
    if mirror.trusted:
        lines.append("Trusted: yes")
    return "\n".join((*lines, ""))
