"""The receipt of a tree: written last, so a tree without one does not exist. It holds no times: equal on all machines.

It says what a tree was made from, and is a stranger's word where others could write it: so it must fit the pin in every part.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wbuild.doors.regular import read
from wbuild.model.locked import Pin
from wbuild.sources import traits_of
from wbuild.text import json_text
from wbuild.toml import to_json
from wbuild.toml.from_json import load

LARGEST: Final = 64 << 20
"""Bytes of a receipt or of a list of contents: one of 20 000 files has 3 MiB."""

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedFile:
    """A file as it came."""

    name: str
    size: int
    """Bytes of the file."""
    digest: str
    """The digest that the lock has of it, as "algorithm:hex"."""
    trust: str
    """How far its source vouched for it when it came; what the lock says about that is only a lock's word."""
    sha256: str
    """The SHA-256 of the bytes that came, in hexadecimal digits."""


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
            ReceivedFile(name=f.name, size=f.size, digest=str(f.digest), trust=traits_of(pin.source).vouched, sha256=received[f.name])
            for f in pin.files
        ),
        count=count,
        size=size,
        tree=tree,
    )


def encode(receipt: Receipt) -> str:
    """The text of a receipt: JSON with sorted keys."""
    document = to_json.encode(receipt)
    assert isinstance(document, dict)
    return json.dumps({**document, "schema": SCHEMA}, indent=1, sort_keys=True) + "\n"


def decode(text: str) -> Receipt | None:
    """The receipt in a text; None when it is damaged or of another schema."""
    try:
        document = json_text.table(text)
        return load(Receipt, document) if document is not None and document.get("schema") == SCHEMA else None
    except ValueError:
        return None


def fits(receipt: Receipt, pin: Pin) -> bool:
    """Whether a tree was made from what a pin names: the same tool and version, and of every file name, size and digest."""
    made = sorted((file.name, file.size, file.digest) for file in receipt.files)
    wanted = sorted((file.name, file.size, str(file.digest)) for file in pin.files)
    named = (receipt.name, receipt.version, receipt.platform) == (pin.name, pin.version, pin.platform)
    named = named and (receipt.source, _plain(receipt.package)) == (pin.source, _plain(pin.package))
    own = all(file.digest == f"sha256:{file.sha256}" for file in receipt.files if file.digest.startswith("sha256:"))
    return named and own and made == wanted


def _plain(package: str) -> str:
    """A package's name as all that write it otherwise mean it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def renamed(receipt: Receipt, pin: Pin) -> Receipt:
    """The receipt of the same tree under the identity of today."""
    return replace(receipt, identity=pin.identity)


def text(path: Path) -> str:
    """The text of a receipt or of a list of contents, "" when it cannot be read: the caller tells damage from absence."""
    try:
        return read(path, LARGEST).decode("utf-8")
    except (OSError, ValueError):
        return ""
