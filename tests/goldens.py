"""Whole texts compared with files under tests/golden. WBUILD_UPDATE_GOLDEN=1 rewrites them; read the difference before you commit."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
_REDACTED = (
    (re.compile(r"\b\d+\.\d s\b"), "{time}"),
    (re.compile(r"(?<=-)([0-9a-f]{12})[0-9a-f]{20}\b"), r"\1"),  # an identity's digest: enough to see that it is another
    (re.compile(r"\b(linux|macos|windows)-(x86_64|aarch64|arm64)\b"), "{platform}"),
)


def redact(text: str, places: Mapping[str, str] | None = None) -> str:
    """`text` without what differs between machines and runs. `places`: a path or other text → the name that stands for it."""
    for found, name in sorted((places or {}).items(), key=lambda item: -len(item[0])):
        text = text.replace(found, f"{{{name}}}")
    for pattern, name in _REDACTED:
        text = pattern.sub(name, text)
    return text


def golden(name: str, actual: str, places: Mapping[str, str] | None = None, *, exact: bool = False) -> None:
    """Compare `actual` with the file tests/golden/NAME. `exact`: as it is, where platforms are part of what is tested."""
    path, actual = GOLDEN / name, actual if exact else redact(actual, places)
    if os.environ.get("WBUILD_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8", newline="\n")
    assert path.exists(), f"{path} is missing: run with WBUILD_UPDATE_GOLDEN=1"
    assert actual == path.read_text("utf-8")
