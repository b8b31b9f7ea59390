"""A full build of many small C artifacts beside `make -j2` with the same compiler command lines.

    python -m tests.bench.full [ARTIFACTS [FILES [ROUNDS]]]

Everything is there but results: the tools, zig's libc, and the lock. make has only the compile and link steps; wbuild also strips,
selects, measures, makes keys and fills its action cache. Both take turns, and the fastest round of each counts.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.bench.generated import beside, generate, said, tool_steps, zig_caches
from tests.bench.timing import Place, Timing, fastest, once, script, table
from tests.real.machine import Machine

JOBS = "-j2"


def main(artifacts: int = 64, files: int = 1, rounds: int = 5) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        machine = Machine.make(base / "machine", path=os.environ["PATH"].split(os.pathsep))
        place = Place(folder=base / "wbuild", environ=machine.environ)
        generate(place.folder, artifacts, files)
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
        table(f"full build of {artifacts} artifacts of {files} files", rows)


def _away(path: Path, into: Path) -> None:
    """Out of the way, not removed: for some seconds after a removal ext4 is slow to make files."""
    if path.exists():
        path.rename(into / str(len(list(into.iterdir()))))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
