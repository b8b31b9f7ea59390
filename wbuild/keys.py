"""Keys: everything that can change the outputs of a step, and nothing else.

Two levels. The *coarse* digest covers what is known before a step runs, with the names of all files that it may read; it leads
to the sets of files that earlier runs really read. The *action* digest covers exactly the files of one such set, with content.
A key holds no absolute path, user or time. "Why did this run?" is the difference of two keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

SCHEMA: Final = 1
"""Salt of every key: raised when the engine runs steps in another way that can change outputs."""
ABSENT: Final = "absent"
"""Stands for the digest of an input that an optional step did not make."""
_SHOWN: Final = 8

Evidence = Mapping[str, object]
"""The action's JSON: what its digest is made from."""


def canonical(value: object) -> bytes:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """SHA-256 (hex)."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What is known about a step before it runs. Words are in portable form, digests are SHA-256 (hex)."""

    action: tuple[str, ...]
    """The command line, or name, version and arguments of a builtin; late words already replaced by their values."""
    env: Mapping[str, str]
    texts: Mapping[str, str]
    """Name → content of the step's own small files."""
    stdin: str
    tools: Mapping[str, str]
    """Pin → identity; runner → digest of the program."""
    platform: str
    """"" for a builtin, whose result is the same everywhere."""
    outputs: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    """Files surely read, in the step's order, with digest."""
    results: Mapping[str, str] = field(default_factory=dict)
    """Output → where the tool leaves it, when that is not where outputs are expected."""
    candidates: tuple[str, ...] = ()
    """Files that may be read, sorted."""
    depfile: str = ""

    def coarse(self) -> str:
        """Digest that leads to remembered read sets."""
        return digest(canonical({**self._common(), "candidates": self.candidates, "depfile": self.depfile}))

    def evidence(self, read: Mapping[str, str]) -> Evidence:
        """The action over one read set: file → digest."""
        return {**self._common(), "read": dict(read)}

    def _common(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "action": list(self.action),
            "env": dict(self.env),
            "texts": {name: digest(text.encode("utf-8", "surrogateescape")) for name, text in self.texts.items()},
            "stdin": self.stdin,
            "tools": dict(self.tools),
            "platform": self.platform,
            "outputs": list(self.outputs),
            "results": dict(self.results),
            "inputs": [list(pair) for pair in self.inputs],
        }


def action_digest(evidence: Evidence) -> str:
    """The action digest: what the action cache is asked with."""
    return digest(canonical(evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The last key of a step whose result was used, kept in the project to explain the next run."""

    evidence: Evidence
    candidates: tuple[str, ...]


def difference(before: Remembered, after: Remembered) -> tuple[str, ...]:
    """What changed between two keys, in words; () for equal keys."""
    old, new = before.evidence, after.evidence
    found = [
        *_words("argv", _strings(old.get("action")), _strings(new.get("action"))),
        *_values("env", _mapping(old.get("env")), _mapping(new.get("env")), shown=True),
        *_tools(old, new),
        *_names(before.candidates, after.candidates),
        *_values("inputs", {**_files(old), **_mapping(old.get("read"))}, {**_files(new), **_mapping(new.get("read"))}),
        *_values("texts", _mapping(old.get("texts")), _mapping(new.get("texts"))),
        *(f"{name}: changed" for name in ("schema", "platform", "stdin", "outputs", "results") if old.get(name) != new.get(name)),
    ]
    if len(found) > _SHOWN:
        found[_SHOWN:] = [f"and {len(found) - _SHOWN} more"]
    return tuple(found)


def _words(what: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if old == new:
        return
    from difflib import SequenceMatcher  # noqa: PLC0415 - only when there is something to explain

    for tag, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = " ".join(old[start:end]), " ".join(new[first:last])
        if tag == "replace":
            yield f"{what}: {_short(gone)} → {_short(come)}"
        elif tag != "equal":
            yield f"{what}: {_short(come)} added" if come else f"{what}: {_short(gone)} removed"


def _values(what: str, old: Mapping[str, str], new: Mapping[str, str], *, shown: bool = False) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"{what} {name}: removed"
        elif name not in old:
            yield f"{what} {name}: added"
        elif old[name] != new[name]:
            yield f"{what} {name}: {_short(old[name])} → {_short(new[name])}" if shown else f"{what} {name}: changed"


def _tools(old: Evidence, new: Evidence) -> Iterator[str]:
    before, after = _mapping(old.get("tools")), _mapping(new.get("tools"))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            was, now = _version(name, before.get(name, "")), _version(name, after.get(name, ""))
            yield f"tools {name}: {was} → {now}" if was != now else f"tools {name}: other files of the same version"


def _version(tool: str, identity: str) -> str:
    """The version in an identity `name-version-system-machine-digest`."""
    if not identity:
        return "none"
    parts = identity.removeprefix(f"{tool}-").split("-")
    return "-".join(parts[:-3]) if len(parts) > 3 else identity[:12]


def _names(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    before, after = set(old), set(new)
    yield from (f"candidates {name}: added" for name in sorted(after - before))
    yield from (f"candidates {name}: removed" for name in sorted(before - after))


def _files(evidence: Evidence) -> dict[str, str]:
    pairs = evidence.get("inputs")
    return {str(pair[0]): str(pair[1]) for pair in pairs} if isinstance(pairs, list) else {}


def _mapping(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
