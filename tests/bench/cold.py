"""The README's first command on an empty home, with a full store, and with nothing to do; then each example alone; then megabytes.

python -m tests.bench.cold
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli

from tests.bench.timing import ROOT, Place, Timing, machine, once, table

PLATFORM = "linux-x86_64"
WBUILD = ".venv/bin/wbuild"


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as folder:
        home, checkout = Path(folder, "home"), Path(folder, "wbuild")
        shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".git", ".venv", ".wbuild", "dist", ".*_cache"))
        place = Place(folder=checkout, environ=machine(home))
        tour = checkout / "examples" / "tour"
        build = [WBUILD, "-C", "examples/tour", "build", "--opt"]
        installed = [once([sys.executable, "-m", "venv", ".venv"], place), once([".venv/bin/pip", "install", "-e", ".[test]"], place)]
        rows = [("empty home: venv and pip", Timing(wall=sum(t.wall for t in installed), cpu=sum(t.cpu for t in installed)))]
        rows.append(("empty home: wbuild build --opt", once(build, place)))
        _forget(tour, home)
        rows.append(("full store, empty cache", once(build, place)))
        _forget(tour)
        rows.append(("full cache, empty project", once(build, place)))
        rows.append(("nothing to do", once(build, place)))
        table("README's first command (examples/tour)", rows)
        alone = []
        for member in sorted(path.parent for path in tour.glob("*/wbuild.toml")):
            _forget(tour, home)
            alone.append((member.name, once([WBUILD, "-C", str(member), "build", "--opt"], place)))
        table("Each example alone: full store, empty cache", alone)
        for name, size in _downloads(tomli.loads((tour / "wbuild.lock").read_text("utf-8"))):
            print(f"  {name:30} {size / 1e6:7.1f} MB")


def _forget(tour: Path, home: Path | None = None) -> None:
    """Remove the project's own folders, and with a home the action cache below it."""
    for folder in (tour / "dist", tour / ".wbuild", *(home.rglob("cache-v1") if home else ())):
        shutil.rmtree(folder)


def _downloads(lock: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """What the lock pins for this platform, the largest first, then their sum."""
    blocks = [(name, block) for kind in ("tool", "vendor") for name, block in lock.get(kind, {}).items()]
    found = {f"{name} {block['version']}": block.get(PLATFORM) or block["any"] for name, block in blocks}
    sizes = {name: sum(file["size"] for file in entry["files"]) for name, entry in found.items()}
    yield from sorted(sizes.items(), key=lambda item: -item[1])
    yield "together", sum(sizes.values())


if __name__ == "__main__":
    main()
