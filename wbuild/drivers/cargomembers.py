"""Where cargo looks for the members of a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from posixpath import join, normpath

from wbuild.steps.tree import is_glob


def searched(folder: str, patterns: Iterable[str]) -> tuple[str, ...]:
    """Folders that cargo lists for the patterns of a workspace's members; it fails where it may not. `folder`: of the workspace."""
    found: dict[str, None] = {}
    for pattern in patterns:
        parts = pattern.split("/")
        count = next((number for number, part in enumerate(parts) if is_glob(part)), len(parts))
        if count < len(parts):
            found[normpath(join(folder, *parts[:count]))] = None
    return tuple(found)
