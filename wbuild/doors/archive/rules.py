"""What an archive may contain: names, links, limits. Everything else is refused.

A *member* is one entry of an archive; its name becomes *parts*, the components of a path inside the destination.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_MEMBERS: Final = 500_000
MAX_LEVELS: Final = 40
MAX_COMPONENT: Final = 255
"""Bytes of one component of a path."""
MAX_PATH: Final = 2048
"""Bytes of a whole path."""
MAX_TARGET: Final = 1024
"""Bytes of a symbolic link's target."""
MAX_BYTES: Final = 20 << 30
MAX_RATIO: Final = 200
"""Unpacked bytes per byte of archive, after the first MiB."""

Parts = tuple[str, ...]

_DRIVE = re.compile(r"[A-Za-z]:")
HOSTILE: Final = "WB512"
BROKEN: Final = "WB513"
TOO_LARGE: Final = "WB514"


class BadArchive(Exception):  # noqa: N818 - it is translated into IntegrityError where the archive's name is known
    """An archive that must not be unpacked: `code` is hostile, broken or too large."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def hostile(message: str) -> BadArchive:
    """A member that no honest archive has."""
    return BadArchive(HOSTILE, message)


def broken(message: str) -> BadArchive:
    """Not the format that it claims to be."""
    return BadArchive(BROKEN, message)


def too_large(message: str) -> BadArchive:
    """The error for an archive that goes over a limit."""
    return BadArchive(TOO_LARGE, message)


def limit_for(archive_bytes: int) -> int:
    """Bytes that an archive of this size may unpack to."""
    return min(MAX_BYTES, (1 << 20) + MAX_RATIO * archive_bytes)


def shown(name: str) -> str:
    """A name for messages: quoted, control characters escaped, cut."""
    text = ascii(name) if any(unicodedata.category(c)[0] == "C" for c in name[:200]) else f"'{name[:200]}'"
    return text if len(text) <= 120 else f"{text[:100]}…{text[-15:]}"


def text_of(raw: bytes, what: str = "name") -> str:
    """Bytes of a name or link target as text. Raises BadArchive when they are not UTF-8."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise hostile(f"a {what} is not valid UTF-8: {raw[:60]!r}") from None


def parts_of(name: str, *, folder: bool) -> Parts:
    """The components of a member's name; none for the archive's own root (`./`).

    A trailing slash is allowed for folders only. Raises BadArchive for a name that leaves the destination or that systems
    read differently.
    """
    if folder:
        name = name.removesuffix("/")
        if name in (".", ""):
            if name == "":
                raise hostile("a member has an empty name")
            return ()
    bare = name.removeprefix("./")
    _refuse_characters(bare, name)
    parts = tuple(bare.split("/"))
    if any(part in ("", ".", "..") for part in parts):
        raise hostile(f"the name {shown(name)} is empty, absolute, or has empty, '.' or '..' components")
    if len(parts) > MAX_LEVELS:
        raise hostile(f"the name {shown(name)} has {len(parts)} levels; {MAX_LEVELS} are allowed")
    if any(len(part.encode()) > MAX_COMPONENT for part in parts):
        raise hostile(f"the name {shown(name)} has a component of more than {MAX_COMPONENT} bytes")
    return parts


def _refuse_characters(bare: str, name: str) -> None:
    if len(bare) > MAX_PATH:
        raise hostile(f"a name of {len(bare)} characters; {MAX_PATH} are allowed: {shown(name)}")
    if "\0" in bare or "\\" in bare or _DRIVE.match(bare):
        raise hostile(f"the name {shown(name)} contains a NUL, a backslash or a drive letter")
    try:
        bare.encode("utf-8")
    except UnicodeEncodeError:
        raise hostile(f"the name {shown(name)} is not valid Unicode") from None


def folded(name: str) -> str:
    """The form in which names are one on some file system: case and Unicode normalization removed."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def link_steps(parent: Parts, target: str, link: str) -> list[Parts]:
    """The paths that following a relative link visits, the destination last. Raises BadArchive when one is outside."""
    if not target or len(target) > MAX_TARGET or "\0" in target or "\\" in target or target.startswith("/") or _DRIVE.match(target):
        raise hostile(f"the link {shown(link)} points to {shown(target)}, which is not a plain relative path")
    here = list(parent)
    visited: list[Parts] = []
    for part in target.split("/"):
        if part == "":
            raise hostile(f"the link {shown(link)} points to {shown(target)}, which has an empty component")
        if part == "..":
            if not here:
                raise hostile(f"the link {shown(link)} points to {shown(target)}, outside the archive")
            here.pop()
        elif part != ".":
            here.append(part)
        visited.append(tuple(here))
    return visited
