"""A secret that tests give to wbuild, and where it must never be."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final

USER: Final = "somebody"
SECRET: Final = "cAnArY-51d8fbe2-93a7"
"""A token or a password."""
WRONG: Final = "cAnArY-00000000-0000"
"""Another, which is refused."""
_FORMS: Final = tuple(
    form
    for secret in (SECRET, WRONG)
    for form in (secret.encode(), *(base64.b64encode(text.encode()).rstrip(b"=") for text in (secret, f"{USER}:{secret}")))
)


def basic(user: str = USER, password: str = SECRET) -> str:
    """The value of the Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def holds(data: bytes) -> bool:
    """Whether the secret is in some bytes, plain or as base64."""
    return any(form in data for form in _FORMS)


def leaks(*places: Path, since: Path | None = None) -> list[str]:
    """Files, and files below folders, not older than the file `since`, whose name or content holds the secret."""
    start = since.stat().st_ctime_ns if since else 0
    paths = [*places, *(Path(parent, name) for place in places for parent, _, names in os.walk(place) for name in names)]
    young = [path for path in paths if path.is_file() and path.stat().st_ctime_ns >= start]
    return [str(path) for path in young if holds(os.fsencode(path) + path.read_bytes())]
