"""All outputs out of the cache in a fresh clone: many small files and some large ones, beside a plain copy of the same files.

python -m tests.bench.restore

The cache reads each content once, compares it with its digest and writes it; `cp` only copies. The last row is a whole `wbuild build`
of a clone whose every step is in the cache: planning, keys and the explanations included.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cli.toys import shell, with_toys
from wbuild.cache import Cache
from wbuild.doors.files import RealFiles

WORKERS = 6
"""As many threads as look steps up with two processors."""
SETS = {"4 000 files of 16 KiB": (4000, 16 << 10), "200 files of 1 MiB": (200, 1 << 20), "8 files of 64 MiB": (8, 64 << 20)}
ARTIFACTS = 40
PAD = 4 << 20
"""Bytes of each artifact of the last row."""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        for number, (name, (count, size)) in enumerate(SETS.items()):
            _one(name, Path(folder) / str(number), count, size)
        _build(Path(folder) / "project")


def _one(name: str, folder: Path, count: int, size: int) -> None:
    cache = Cache(folder / "cache", RealFiles())
    contents = [cache.store_bytes(os.urandom(size)) for _ in range(count)]
    blobs = folder / "cache/cache-v1/cas"

    def restore() -> None:
        with ThreadPoolExecutor(WORKERS) as pool:
            assert all(pool.map(lambda pair: cache.restore(pair[1], folder / "out" / str(pair[0])), enumerate(contents)))

    def plain() -> None:
        subprocess.run(["cp", "-r", "--reflink=never", str(blobs), str(folder / "plain")], check=True)

    _row(f"{name}, cp", count * size, plain)
    _row(f"{name}, restored", count * size, restore)
    shutil.rmtree(folder)


def _build(folder: Path) -> None:
    """A clone of a project of toys."""
    place = with_toys(shell(folder / "work", folder / "home"), **{f"a{n}": f"say {n}\npad {PAD}\n" for n in range(ARTIFACTS)})
    place.run("build").ends(0)
    place.run("clean").ends(0)
    said: list[str] = []
    seconds = _timed(lambda: said.append(place.run("build", "--stats").ends(0).err))
    size = sum(path.stat().st_size for pattern in (".wbuild/out", "dist") for path in (place.folder / pattern).rglob("*") if path.is_file())
    print(f"  {'wbuild build of a clone':36} {size / 1e6:7.0f} MB {seconds:7.2f}s {size / 1e6 / seconds:7.0f} MB/s")
    print("\n".join(line for line in said[0].splitlines() if line.startswith((" steps", " cache", " time"))))


def _row(name: str, size: int, work: Callable[[], None]) -> None:
    seconds = _timed(work)
    print(f"  {name:36} {size / 1e6:7.0f} MB {seconds:7.2f}s {size / 1e6 / seconds:7.0f} MB/s")
    sys.stdout.flush()


def _timed(work: Callable[[], object]) -> float:
    os.sync()  # else the writing back of what was made before is part of the time
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
