"""The catalogue: a command in an installation with the shipped recipes, and in one with two hundred.

python -m tests.bench.recipes
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.timing import ROOT, Place, best, machine, table

MANY: Final = 200
"""Recipes in the larger installation."""
_NAME: Final = re.compile(r'^name = "([^"]+)"', re.MULTILINE)


def installation(folder: Path, *, recipes: int = 0) -> int:
    """A copy of this checkout's package and recipes; of these so many, by copies with other names. How many there are."""
    for part in ("wbuild", "toolchains", "templates"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    # A runtime more is a run more of every check: that is another plan, not the same one among more recipes.
    shipped = [path for path in sorted((folder / "toolchains").rglob("*.toml")) if path.parent.name != "runtimes"]
    for number in range(max(0, recipes - len(shipped))):
        path = shipped[number % len(shipped)]
        text = _NAME.sub(rf'name = "\1-x{number}"', path.read_text("utf-8"), count=1)
        text = re.sub(r"^aliases = .*\n", "", text, flags=re.MULTILINE)
        (path.parent / f"{path.stem}-x{number}.toml").write_text(text, "utf-8")
    return len(list((folder / "toolchains").rglob("*.toml")))


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = shutil.copytree(ROOT / "examples" / "tour", folder / "tour", ignore=shutil.ignore_patterns(".wbuild", "dist"))
        rows = []
        for recipes in (0, MANY):
            home = folder / f"installation-{recipes}"
            there = installation(home, recipes=recipes)
            environ = {**machine(folder / f"home-{recipes}"), "PYTHONPATH": str(home)}
            place = Place(folder=project, environ=environ)
            rows.append(
                (f"wbuild plan words-c, {there} recipes", best([sys.executable, "-m", "wbuild", "plan", "words-c", "--opt"], place))
            )
        table("recipes", rows)


if __name__ == "__main__":
    main()
