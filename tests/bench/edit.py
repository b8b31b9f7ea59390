"""One file edited in a generated project: how long until the first compiler starts, and until everything is built, beside ninja and make.

    python -m tests.bench.edit [ARTIFACTS [FILES [ROUNDS]]] [--shim]

The first build compiles every file with all of them. `--shim` puts a compiler that costs next to nothing in the place of `zig cc`; so
does a project of more than 3 000 files. The start of `zig` is seen in /proc, so this needs Linux, and it is found up to 5 ms late; the
shim starts when its object is written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.bench.generated import beside, generate, said, tool_steps, zig_caches
from tests.bench.shim import MANY, shimmed
from tests.bench.timing import Place, once, script
from tests.real.machine import Machine

COMPILER = "zig"
LOOK = 0.005
"""Seconds."""


def main(artifacts: int = 100, files: int = 10, rounds: int = 5, *, shim: bool = False) -> None:
    """Print the table."""
    shim = shim or artifacts * files > MANY
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        machine = Machine.make(base / "machine", path=os.environ["PATH"].split(os.pathsep))
        place = Place(folder=base / "wbuild", environ=machine.environ)
        generate(place.folder, artifacts, files)
        place = shimmed(place) if shim else place
        said(place, "lock")
        tools = tool_steps(place)
        objects = {tool.inputs[0]: tool.output for tool in tools if tool.verb == "compile"}
        sides = [
            ("ninja", ["ninja", "-j2"], place),
            ("make", ["make", "-j2"], place),
            ("wbuild build", [script("wbuild"), "build", "-j2"], place),
        ]
        for number, (name, argv, _) in enumerate(sides[:2]):
            there = beside(place, name, tools)
            there = Place(folder=there.folder, environ={**there.environ, **zig_caches(place, base)})
            sides[number] = name, argv, there
        for _, argv, there in reversed(sides):
            once(argv, there)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in sides}
        for number in range(rounds):
            for name, argv, there in sides:
                edited = f"a{number:03}/src/main.c"
                source = there.folder / edited
                source.write_text(source.read_text("utf-8").replace("argc)", f"argc + {number})", 1) + f"int edit{number};\n", "utf-8")
                found[name].append(_timed(argv, there, there.folder / objects[edited] if shim else None))
        _print(f"one file edited of {artifacts * files}", found)


def _print(title: str, found: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    """The fastest round of each."""
    print(f"{title}\n  {'':14} first compiler      built   ratio")
    for name, times in found.items():
        first, built = (min(column) for column in zip(*times, strict=True))
        ratio = built / min(time[1] for time in found["ninja"])
        print(f"  {name:14} {first * 1000:12.0f}ms {built * 1000:8.0f}ms {ratio:7.2f}")


def _timed(argv: Sequence[str], place: Place, made: Path | None) -> tuple[float, float]:
    """Seconds until a compiler runs below a command, or has made a file, and until the command ends."""
    start, began = time.perf_counter(), time.time()
    process = subprocess.Popen(argv, cwd=place.folder, env=dict(place.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = 0.0
    while made is None and process.poll() is None:
        if not first and _compiles(place.folder):
            first = time.perf_counter() - start
        time.sleep(LOOK)
    code, end = process.wait(), time.perf_counter() - start
    if made is not None:
        first = max(made.stat().st_mtime - began, 0)
    if code or not first:
        raise RuntimeError(f"{' '.join(argv)} ended with {code}; a compiler was{'' if first else ' not'} seen")
    return first, end


def _compiles(folder: Path) -> bool:
    """Whether a compiler runs in a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if (process / "comm").read_text("utf-8").strip() == COMPILER and (process / "cwd").readlink() == folder:
                return True
    return False


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:] if word != "--shim"), shim="--shim" in sys.argv)
