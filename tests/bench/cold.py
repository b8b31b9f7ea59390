"""The README's first command on an empty home, then with a full store and an empty cache, then with nothing to do.

python -m tests.bench.cold
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench.timing import ROOT, Place, Timing, machine, once, table


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        checkout = base / "wbuild"
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", ".wbuild", "dist", ".*_cache"))
        (checkout / ".git").mkdir()  # the examples share files above their own folders, as far as the repository reaches
        place = Place(folder=checkout, environ=machine(base / "home"))
        build = [".venv/bin/wbuild", "-C", "examples/words-c", "build", "--opt"]
        rows: list[tuple[str, Timing]] = []

        def take(name: str, *commands: list[str]) -> None:
            times = [once(command, place) for command in commands]
            rows.append((name, Timing(wall=sum(t.wall for t in times), cpu=sum(t.cpu for t in times))))

        take("empty home: venv and pip", [sys.executable, "-m", "venv", ".venv"], [".venv/bin/pip", "install", "-e", ".[test]"])
        take("empty home: wbuild build --opt", build)
        example = checkout / "examples" / "words-c"
        _forget(example, base / "home")
        take("full store, empty cache", build)
        shutil.rmtree(example / "dist")
        shutil.rmtree(example / ".wbuild")
        take("full cache, empty project", build)
        take("nothing to do", build)
        table("README's first command (examples/words-c)", rows)


def _forget(example: Path, home: Path) -> None:
    """Remove everything but the store: the project's own folders and the action cache."""
    for folder in (example / "dist", example / ".wbuild", *home.rglob("cache-v1")):
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
