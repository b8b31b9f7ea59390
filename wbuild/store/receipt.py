"""The receipt of a tree: written last, so a tree without one does not exist. It holds no times: equal on all machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wbuild.model.locked import Pin

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file as it came."""

    name: str
    size: int
    """Bytes."""
    digest: str
    """As the lock has it, "algorithm:hex"."""
    trust: str
    sha256: str
    """Of the bytes that came (hex)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is in a tree and where it came from."""

    identity: str
    name: str
    version: str
    platform: str
    source: str
    package: str
    files: tuple[ReceivedFile, ...]
    count: int
    """Files and links in the tree."""
    size: int
    """Bytes of the tree's files."""
    tree: str
    """Digest of the tree (`contents.digest`)."""


def receipt_of(pin: Pin, received: Mapping[str, str], *, count: int, size: int, tree: str) -> Receipt:
    """The receipt of a freshly made tree; `received`: name of each file → SHA-256 of what came."""
    return Receipt(
        identity=pin.identity,
        name=pin.name,
        version=pin.version,
        platform=pin.platform,
        source=pin.source,
        package=pin.package,
        files=tuple(
            ReceivedFile(name=f.name, size=f.size, digest=str(f.digest), trust=f.trust, sha256=received[f.name]) for f in pin.files
        ),
        count=count,
        size=size,
        tree=tree,
    )


def encode(receipt: Receipt) -> str:
    """JSON, sorted."""
    names = ("identity", "name", "version", "platform", "source", "package", "count", "size", "tree")
    document: dict[str, object] = {name: getattr(receipt, name) for name in names}
    document["schema"] = SCHEMA
    document["files"] = [{"name": f.name, "size": f.size, "digest": f.digest, "trust": f.trust, "sha256": f.sha256} for f in receipt.files]
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def decode(text: str) -> Receipt | None:
    """The receipt in a text; None when it is damaged or of another schema."""
    try:
        document = json.loads(text)
        if document.pop("schema") != SCHEMA:
            return None
        files = tuple(ReceivedFile(**item) for item in document.pop("files"))
        found = Receipt(files=files, **document)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    words = (found.identity, found.name, found.version, found.platform, found.source, found.package, found.tree)
    return found if all(isinstance(word, str) for word in words) and isinstance(found.size, int) else None
