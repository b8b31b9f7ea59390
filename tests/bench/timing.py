"""What the benchmarks share: run a command several times, take wall and CPU time, print a table with ratios."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.machine import network

ENOUGH: Final = 20.0
"""Seconds for the runs of one row."""
WIDTH: Final = 52
"""Of the names of rows."""
ROOT: Final = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The fastest of several runs, in seconds."""

    wall: float
    cpu: float
    """User and system time of the process and its children."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command runs."""

    folder: Path
    environ: Mapping[str, str]


def script(name: str) -> str:
    """A console script beside this interpreter, so that what is timed is what people start."""
    return str(Path(sys.executable).parent / name)


def machine(home: Path, **more: str) -> dict[str, str]:
    """An environment with a home of its own; of this process' it has PATH and the way to the network."""
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **network(), **more}


def once(argv: Sequence[str], place: Place) -> Timing:
    """Run a command and take its times. Raises RuntimeError with its output when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(argv, cwd=place.folder, env=dict(place.environ), capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return Timing(wall=wall, cpu=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def best(argv: Sequence[str], place: Place, runs: int = 20) -> Timing:
    """The fastest of `runs` runs, or of as many as fit into `ENOUGH`: the others hold noise of the machine."""
    end, found = time.monotonic() + ENOUGH, [once(argv, place)]
    while len(found) < runs and time.monotonic() < end:
        found.append(once(argv, place))
    return fastest(found)


def fastest(found: Sequence[Timing]) -> Timing:
    """The smallest times of several runs."""
    return Timing(wall=min(t.wall for t in found), cpu=min(t.cpu for t in found))


def table(title: str, rows: Iterable[tuple[str, Timing]]) -> None:
    """Print timings as they come, each beside the first one as ratios."""
    print(f"{title}\n  {'':{WIDTH}}     wall      CPU   wall/first CPU/first")
    first: Timing | None = None
    for name, timing in rows:
        first = first or timing
        ratios = f"{timing.wall / first.wall:10.2f} {timing.cpu / first.cpu:9.2f}"
        print(f"  {name:{WIDTH}} {_seconds(timing.wall)} {_seconds(timing.cpu)} {ratios}", flush=True)


def _seconds(value: float) -> str:
    return f"{value * 1000:6.1f}ms" if value < 1 else f"{value:7.2f}s"
