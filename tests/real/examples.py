"""The examples of the repository, copied to where a test may build them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent / "examples"
EXAMPLES: Final = sorted(path.parent.name for path in ROOT.glob("*/wbuild.toml"))


def copied(example: str, into: Path) -> Path:
    """An example's project in a repository of its own, beside the inputs that its checks read."""
    (into / ".git").mkdir(parents=True)
    for folder in {example, "words"}:
        shutil.copytree(ROOT / folder, into / folder, ignore=shutil.ignore_patterns(".wbuild", "dist"))
    return into / example
