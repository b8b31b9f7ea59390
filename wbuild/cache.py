"""The action cache and the store of contents behind it.

Layout, below the user's cache directory:

    cache-v1/cas/ab/abcd…    bytes, named by their SHA-256
    cache-v1/ac/ab/abcd…     action digest → outputs, with the action's JSON as evidence
    cache-v1/sets/ab/abcd…   coarse digest → sets of files that were really read
    shared/NAME/             caches that one tool fills for all projects (not versioned: the tool's own)

Everything is verified on read: an entry carries a digest of itself, a content is hashed again. What does not verify is removed
and counts as a miss. Blobs are written before the entry that names them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.errors import MachineError
from wbuild.keys import Evidence, action_digest, canonical, digest, proves

VERSION: Final = "cache-v1"
_SETS: Final = 8
"""Read sets remembered for one coarse digest, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The result of an action."""

    outputs: Mapping[str, str | None]
    """Path → digest; None for an output that the step did not make ("none")."""
    log: str = ""
    """Digest of what the tool said; "" for nothing."""
    seconds: float = 0.0
    """How long it took when it ran."""


class Cache:
    """One user's cache. Methods may be called from several threads and processes at once."""

    def __init__(self, root: Path, files: Files) -> None:
        self.root = root
        self.healed = 0
        """Damaged entries and contents that were found and removed."""
        self._files = files
        self._base = root / VERSION

    def shared(self, name: str) -> Path:
        """Folder of a shared cache (`SharedCache`)."""
        return self.root / "shared" / name

    def find(self, action: str, asked: Evidence | None = None) -> Entry | None:
        """The result of an action, or None. `asked`: the evidence that it was made from, if known: saves making it again."""
        path = self._path("ac", action)
        body = self._read(path)
        if body is None:
            return None
        evidence = body.get("action")
        outputs = body.get("outputs")
        if not isinstance(outputs, dict) or not (evidence == asked or proves(evidence, action)):
            self._heal(path)
            return None
        return Entry(
            outputs={str(k): None if v is None else str(v) for k, v in outputs.items()},
            log=str(body.get("log", "")),
            seconds=float(str(body.get("seconds", 0))),
        )

    def keep(self, evidence: Evidence, entry: Entry) -> None:
        """Remember a result. Every content that it names must be stored already. Raises MachineError."""
        body = {"action": evidence, "outputs": dict(entry.outputs), "log": entry.log, "seconds": round(entry.seconds, 3)}
        self._write(self._path("ac", action_digest(evidence)), body)

    def forget(self, action: str) -> None:
        """Remove the entry of an action, whose contents turned out to be damaged."""
        self._heal(self._path("ac", action))

    def sets(self, coarse: str) -> tuple[tuple[str, ...], ...]:
        """Sets of files that were read under a coarse digest, newest first."""
        body = self._read(self._path("sets", coarse))
        found = body.get("sets") if body else None
        return tuple(tuple(str(name) for name in names) for names in found) if isinstance(found, list) else ()

    def remember(self, coarse: str, names: Sequence[str]) -> None:
        """Add a read set. Raises MachineError."""
        known = self.sets(coarse)
        if known[:1] != (tuple(names),):
            kept = [tuple(names), *(other for other in known if other != tuple(names))][:_SETS]
            self._write(self._path("sets", coarse), {"sets": kept})

    def size(self, content: str) -> int | None:
        """Bytes of a content, or None when it is not there."""
        try:
            return self._path("cas", content).stat().st_size
        except OSError:
            return None

    def store(self, path: Path, content: str) -> None:
        """Take the file at `path` as the bytes with digest `content`. Raises MachineError."""
        if self.size(content) != path.stat().st_size:
            self._files.copy(path, self._path("cas", content))

    def store_bytes(self, data: bytes) -> str:
        """Take bytes; their digest. Raises MachineError."""
        content = digest(data)
        if self.size(content) != len(data):
            self._files.write(self._path("cas", content), data)
        return content

    def restore(self, content: str, target: Path) -> bool:
        """Put a content at `target` as a file of its own; False when it is not there or damaged. Raises MachineError."""
        blob = self._path("cas", content)
        if not blob.is_file():
            return False
        if self._files.sha256(blob) != content:
            self._heal(blob)
            return False
        self._files.copy(blob, target)
        return True

    def _path(self, kind: str, name: str) -> Path:
        return Path(f"{self._base}/{kind}/{name[:2]}/{name}")

    def _write(self, path: Path, body: Mapping[str, object]) -> None:
        data = canonical(body)
        self._files.write(path, data + b"\n" + digest(data).encode() + b"\n")

    def _read(self, path: Path) -> dict[str, object] | None:
        try:
            data, _, rest = path.read_bytes().partition(b"\n")
        except OSError:
            return None
        if digest(data).encode() + b"\n" != rest:
            self._heal(path)
            return None
        body = json.loads(data)
        return body if isinstance(body, dict) else None

    def _heal(self, path: Path) -> None:
        self.healed += 1
        with suppress(MachineError):  # a cache that cannot be written is still read
            self._files.remove(path)
