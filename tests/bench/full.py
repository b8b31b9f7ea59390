"""A full build of many small C artifacts beside `make -j2` with the same compiler command lines.

    python -m tests.bench.full [ARTIFACTS [FILES [ROUNDS]]]

Everything is there but results: the tools, zig's libc, and the lock. make has only the compile and link steps; wbuild also strips,
selects, measures, makes keys and fills its action cache. Both take turns, and the fastest round of each counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench.generated import beside, copies, generate, said, tool_steps, zig_caches
from tests.bench.timing import ROOT, Place, Timing, fastest, once, script, table
from tests.real.machine import Machine

JOBS = "-j2"


def main(artifacts: int = 64, files: int = 1, rounds: int = 5) -> None:
    """Print a table for generated sources of two lines, and one for a program of 350 lines (`examples/tour/words-c`)."""
    lines = f"full build of {artifacts} artifacts of {files} files of two lines"
    _compare(lines, rounds, lambda folder: generate(folder, artifacts, files))
    copied = f"full build of {artifacts // 4} artifacts of 6 files, 350 lines"
    _compare(copied, rounds, lambda folder: copies(folder, artifacts // 4, ROOT / "examples/tour/words-c/src"))


def _compare(title: str, rounds: int, make_project: Callable[[Path], None]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        machine = Machine.make(base / "machine", path=os.environ["PATH"].split(os.pathsep))
        place = Place(folder=base / "wbuild", environ=machine.environ)
        make_project(place.folder)
        said(place, "lock")
        tools = tool_steps(place)
        said(place, "build", "a000")  # zig's libc
        make = beside(place, "make", tools)
        make = Place(folder=make.folder, environ={**make.environ, **zig_caches(place, base)})
        gone = base / "gone"
        gone.mkdir()
        found: dict[str, list[Timing]] = {"make": [], "wbuild": []}
        for _ in range(rounds):
            for tool in tools:
                _away(make.folder / tool.output, gone)
            found["make"].append(once(["make", JOBS], make))
            for made in (place.folder / ".wbuild", place.folder / "dist", machine.folder / "cache" / "cache-v1"):
                _away(made, gone)
            found["wbuild"].append(once([script("wbuild"), "build", JOBS], place))
        rows = [("make -j2, the same command lines", fastest(found["make"])), ("wbuild build -j2", fastest(found["wbuild"]))]
        table(title, rows)


def _away(path: Path, into: Path) -> None:
    """Out of the way, not removed: for some seconds after a removal ext4 is slow to make files."""
    if path.exists():
        path.rename(into / str(len(list(into.iterdir()))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
