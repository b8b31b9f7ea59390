"""wbuild itself, as something that builds depend on: its code and the recipes that come with it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import wbuild

_PACKAGE: Final = Path(wbuild.__file__).resolve().parent
_RECIPES: Final = _PACKAGE.parent / "toolchains"
"""The folder of recipes of a checkout; a wheel has them in the package."""
_ENDINGS: Final = (".py", ".toml", ".mjs", ".json")


def own_files() -> Iterator[Path]:
    """Every file that can change what wbuild does."""
    for root in (_PACKAGE, _RECIPES):
        for folder, below, names in os.walk(root):
            below[:] = sorted(name for name in below if name != "__pycache__")
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(_ENDINGS))


def recipe_folders() -> tuple[Path, ...]:
    """Folders in which a new file changes what wbuild does."""
    return tuple(dict.fromkeys(path.parent for path in own_files() if path.suffix == ".toml" and path.parent != _PACKAGE))


def build_id() -> str:
    """What tells one wbuild from another: its files, by size and time, and the interpreter."""
    stats = ((path, path.stat()) for path in own_files())
    found = [sys.version, sys.executable, *(f"{path} {info.st_size} {info.st_mtime_ns}" for path, info in stats)]
    return hashlib.sha256("\n".join(found).encode("utf-8", "surrogateescape")).hexdigest()
