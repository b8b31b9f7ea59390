"""Files that carry a digest of themselves: JSON with one spelling, and its SHA-256 in a second line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from wbuild.keys import Evidence, canonical, digest, proves


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
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
    body = json.loads(text)
    return body if isinstance(body, dict) else None


def entry_in(body: Mapping[str, object], action: str, asked: Evidence | None = None) -> Entry | None:
    """The result that the file of an action holds; None for a file of another action.

    `asked`: the evidence that the action was made from, if known: saves making the digest again.
    """
    evidence = body.get("action")
    return entry_of(body) if evidence == asked or proves(evidence, action) else None


def entry_of(body: Mapping[str, object]) -> Entry | None:
    """The result that a file holds, of whatever action."""
    evidence, outputs = body.get("action"), body.get("outputs")
    if not isinstance(evidence, dict) or not isinstance(outputs, dict):
        return None
    return Entry(
        outputs={str(k): None if v is None else str(v) for k, v in outputs.items()},
        log=str(body.get("log", "")),
        seconds=float(str(body.get("seconds", 0))),
        names=str(evidence.get("names", "")),
    )
