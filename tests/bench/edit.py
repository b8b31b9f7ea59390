"""One file edited in a generated project: how long until the first compiler starts, and until everything is built, beside ninja.

    python -m tests.bench.edit [ARTIFACTS [FILES [ROUNDS]]]

The first build compiles every file with both: 1 000 artifacts of 10 files need half an hour. A compiler's start is seen in /proc, so
this benchmark needs Linux, and a start is found up to 5 ms late.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tests.bench.generated import beside, generate, said, tool_steps, zig_caches
from tests.bench.timing import Place, once, script
from tests.real.machine import Machine

COMPILER = "zig"
LOOK = 0.005
"""Seconds."""


def main(artifacts: int = 100, files: int = 10, rounds: int = 5) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        machine = Machine.make(base / "machine", path=os.environ["PATH"].split(os.pathsep))
        place = Place(folder=base / "wbuild", environ=machine.environ)
        generate(place.folder, artifacts, files)
        said(place, "lock")
        ninja = beside(place, "ninja", tool_steps(place))
        ninja = Place(folder=ninja.folder, environ={**ninja.environ, **zig_caches(place, base)})
        sides = [("ninja", ["ninja", "-j2"], ninja), ("wbuild build", [script("wbuild"), "build", "-j2"], place)]
        for _, argv, there in reversed(sides):
            once(argv, there)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in sides}
        for number in range(rounds):
            for name, argv, there in sides:
                source = there.folder / f"a{number:03}/src/main.c"
                source.write_text(source.read_text("utf-8").replace("argc)", f"argc + {number})", 1) + f"int edit{number};\n", "utf-8")
                found[name].append(_timed(argv, there))
        print(f"one file edited of {artifacts * files}\n  {'':14} first compiler      built   ratio")
        for name, times in found.items():
            first, built = (min(column) for column in zip(*times, strict=True))
            ratio = built / min(time[1] for time in found["ninja"])
            print(f"  {name:14} {first * 1000:12.0f}ms {built * 1000:8.0f}ms {ratio:7.2f}")


def _timed(argv: Sequence[str], place: Place) -> tuple[float, float]:
    """Seconds until a compiler runs below a command, and until it ends."""
    start = time.perf_counter()
    process = subprocess.Popen(argv, cwd=place.folder, env=dict(place.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = 0.0
    while process.poll() is None:
        if not first and _compiles(place.folder):
            first = time.perf_counter() - start
        time.sleep(LOOK)
    if process.returncode or not first:
        raise RuntimeError(f"{' '.join(argv)} ended with {process.returncode}; a compiler was{'' if first else ' not'} seen")
    return first, time.perf_counter() - start


def _compiles(folder: Path) -> bool:
    """Whether a compiler runs in a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if (process / "comm").read_text("utf-8").strip() == COMPILER and (process / "cwd").readlink() == folder:
                return True
    return False


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
