"""Files that carry a digest of themselves: JSON with one spelling, and its SHA-256 in a second line.

Anybody can make such a file, with a digest that is right: a cache may be shared, or restored from elsewhere. So nothing in one is used
before its form was looked at, above all no digest before it is one, because digests become paths.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeGuard

from wbuild.cache.keys import Evidence, canonical, digest, proves
from wbuild.text import json_text
from wbuild.toml.from_json import load

LARGEST: Final = 64 << 20
"""Bytes of a result or a set of files: those of a step that may read 100 000 files have a quarter of that."""
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST: Final = 200_000
"""Names in one read set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultEntry:
    """The result of an action."""

    outputs: Mapping[str, str | None]
    """Path → digest; None for an output that the step did not make ("none")."""
    log: str = ""
    """Digest of what the tool said; "" for nothing."""
    seconds: float = 0.0
    """How long it took when it ran."""
    names: str = ""
    """Digest of the names that it might have read, where it told which it has: they are kept to explain what is another time."""

    @property
    def contents(self) -> frozenset[str]:
        """Digests of all that it names."""
        return frozenset(content for content in (*self.outputs.values(), self.log, self.names) if content)


def encode(body: Mapping[str, object]) -> bytes:
    """The bytes of a file."""
    data = canonical(body)
    return data + b"\n" + digest(data).encode() + b"\n"


def decode(data: bytes) -> dict[str, object] | None:
    """What such a file says; None for a damaged one."""
    text, _, rest = data.partition(b"\n")
    if digest(text).encode() + b"\n" != rest:
        return None
    return json_text.table(text)


def is_digest(text: object) -> TypeGuard[str]:
    """Whether a value is a SHA-256 as wbuild writes it, which may become part of a path."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def is_inner(name: object) -> TypeGuard[str]:
    """Whether a value is the name of a file of a project, which does not lead out of it."""
    if not isinstance(name, str) or not name or "\0" in name or name.startswith("/") or ".." in name.split("/"):
        return False
    return os.name == "posix" or not ("\\" in name or ":" in name)


def names_in(value: object) -> tuple[str, ...] | None:
    """A set of names of files; None for anything else."""
    if not isinstance(value, list) or len(value) > _MOST:
        return None
    return tuple(value) if all(map(is_inner, value)) else None


def entry_in(body: Mapping[str, object], action: str, asked: Evidence | None = None) -> ResultEntry | None:
    """The result that the file of an action holds; None for a file of another action.

    `asked`: the evidence that the action was made from, if known: saves making the digest again.
    """
    evidence = body.get("action")
    return entry_of(body) if evidence == asked or proves(evidence, action) else None


def entry_of(body: Mapping[str, object]) -> ResultEntry | None:
    """The result that a file holds, of whatever action."""
    evidence = body.get("action")
    if not isinstance(evidence, dict):
        return None
    try:
        entry = load(ResultEntry, {**body, "names": evidence.get("names", "")})
    except ValueError:
        return None
    named = (*entry.outputs.values(), entry.log or None, entry.names or None)
    sound = all(map(is_inner, entry.outputs)) and all(content is None or is_digest(content) for content in named)
    return entry if sound and entry.seconds >= 0 else None
