"""What the benchmarks share: run a command several times, take wall and CPU time, print a table with ratios."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.machine import network

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
    """The fastest of `runs` runs: the others hold noise of the machine."""
    return fastest([once(argv, place) for _ in range(runs)])


def fastest(found: Sequence[Timing]) -> Timing:
    """The smallest times of several runs."""
    return Timing(wall=min(t.wall for t in found), cpu=min(t.cpu for t in found))


def table(title: str, rows: Sequence[tuple[str, Timing]]) -> None:
    """Print timings, each beside the first row as a ratio."""
    width = max(len(name) for name, _ in rows)
    print(f"{title}\n  {'':{width}}     wall      CPU   ratio")
    for name, timing in rows:
        print(f"  {name:{width}} {_seconds(timing.wall)} {_seconds(timing.cpu)} {timing.wall / rows[0][1].wall:7.2f}")
    sys.stdout.flush()


def _seconds(value: float) -> str:
    return f"{value * 1000:6.1f}ms" if value < 1 else f"{value:7.2f}s"
