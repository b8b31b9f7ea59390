"""What the steps of a build take at their peaks: `python -m tests.bench.memory PROJECT [ARGUMENT of wbuild build]…` (Linux).

The project is built with an empty cache, one step at a time. Of all processes of a step that run at a time the proportional set sizes
(`smaps_rollup`) are added up, so what they share counts once. The weights in the recipes are such peaks of `examples/tour`, rounded up.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.cli.toys import REPOSITORY

_PAUSE = 0.01


def step_of(pid: int, tmp: bytes) -> str:
    """Name of the private folder that a process of a step has; "" for any other process."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        return next((word[len(tmp) :].partition(b"/")[0].decode() for word in words if word.startswith(tmp)), "")
    return ""


def size_of(pid: int) -> int:
    """Bytes that belong to a process, its part of what it shares included."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) << 10
    return 0


def main(project: str, *args: str) -> None:
    folder = Path(project).resolve()
    tmp = os.fsencode(f"TMPDIR={folder}/.wbuild/tmp/")
    peaks = Counter[str]()
    subprocess.run([sys.executable, "-m", "wbuild", "-C", folder, "clean"], cwd=REPOSITORY, check=True)
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "WBUILD_CACHE": cache}
        argv = [sys.executable, "-m", "wbuild", "-C", str(folder), "build", "-j", "1", *args]
        with subprocess.Popen(argv, cwd=REPOSITORY, env=env, stdout=subprocess.DEVNULL) as build:
            while build.poll() is None:
                pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
                now = Counter[str]()
                for pid, step in ((pid, step_of(pid, tmp)) for pid in pids):
                    if step:
                        now[step] += size_of(pid)
                peaks |= now
                time.sleep(_PAUSE)
    for step, peak in peaks.most_common():
        print(f"{peak / (1 << 20):8.0f} MiB  {step}")


if __name__ == "__main__":
    main(*sys.argv[1:])
