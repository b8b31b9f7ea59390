"""The tour, copied to where a test may build it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent / "examples" / "tour"
LANGUAGES: Final = {"assemblyscript", "c", "cpp", "go", "rust", "wat", "zig"}


FURTHER: Final = ROOT.parent / "languages"
"""The project with the words contract in further languages."""


def with_further(tour: Path) -> Path:
    """The tour with the further languages' artifacts among its own, so that they have its checks too."""
    for manifest in FURTHER.glob("words-*/wbuild.toml"):
        shutil.copytree(manifest.parent, tour / manifest.parent.name)
    return tour


def copied(into: Path) -> Path:
    """The tour in a folder that is in no repository, as it comes out of a tarball."""
    return Path(shutil.copytree(ROOT, into / "tour", ignore=shutil.ignore_patterns(".wbuild", "dist")))
