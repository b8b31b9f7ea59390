"""All outputs out of the cache in a fresh clone: small, middle and large files, beside other ways to write the same files.

    python -m tests.bench.restore [FOLDER]

`cp -r` copies the same folders with the same files: the disk's rate for them. The loop does what `cp` does from Python: open, read,
open, write. The cache reads each content, compares it with its digest and puts it in place with a rename. The last rows are whole
`wbuild build`s of a clone whose every step is in the cache, beside `cp -r` of all that they put there: planning, keys, explanations
and reports included.

Small files are not removed before the end: ext4 passes over the places of files that were removed in the last minutes, which costs whoever
comes next several times what is measured here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.bench.timing import Timing, fastest, table
from tests.cli.toys import Shell, shell, with_toys
from wbuild.cache import Cache
from wbuild.doors.files import RealFiles

WORKERS = 6
"""As many threads as look steps up with two processors."""
FILES = 4
"""Of a folder: as many as the steps of one artifact make."""
SETS = {
    "4 000 files of 16 KiB": (4000, 16 << 10, 3),
    "200 files of 1 MiB": (200, 1 << 20, 3),
    "4 files of 64 MiB": (4, 64 << 20, 2),
}
"""Files, bytes of each, rounds."""
MANY = 1000
"""Files whose removal the next set would notice."""
PROJECTS = {"40 artifacts of 4 MiB": (40, 4 << 20), "250 artifacts of 16 KiB": (250, 16 << 10)}


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        for number, (name, (count, size, rounds)) in enumerate(SETS.items()):
            place = Path(folder) / str(number)
            _files(name, Writing.of(place, count, size), rounds)
            if count < MANY:
                shutil.rmtree(place)
        for number, (name, (artifacts, pad)) in enumerate(PROJECTS.items()):
            _build(name, Path(folder) / f"project{number}", artifacts, pad)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Files in a cache, and ways to write them elsewhere."""

    cache: Cache
    contents: Sequence[str]
    folders: Path
    """The same files as they are to be written."""
    size: int
    """Bytes of all."""

    @classmethod
    def of(cls, place: Path, count: int, size: int) -> Writing:
        """Files without anything in common."""
        cache = Cache(place / "cache", RealFiles())
        contents = [cache.store_bytes(os.urandom(size)) for _ in range(count)]
        made = cls(cache=cache, contents=contents, folders=place / "folders", size=count * size)
        made.restore(made.folders)
        return made

    def names(self, out: Path) -> list[str]:
        """Where the files go."""
        return [f"{out}/{number // FILES}/{number % FILES}" for number in range(len(self.contents))]

    def restore(self, out: Path) -> None:
        """As wbuild does it."""
        names = self.names(out)

        def part(first: int) -> bool:
            pairs = zip(self.contents[first::WORKERS], names[first::WORKERS], strict=True)
            return all(self.cache.restore(content, Path(name)) for content, name in pairs)

        with ThreadPoolExecutor(WORKERS) as pool:
            assert all(pool.map(part, range(WORKERS)))

    def copy(self, out: Path) -> None:
        """As `cp` does it."""
        subprocess.run(["cp", "-r", "--reflink=never", str(self.folders), str(out)], check=True)

    def loop(self, out: Path) -> None:
        """No digest, no rename."""
        for number, (source, target) in enumerate(zip(self.names(self.folders), self.names(out), strict=True)):
            if not number % FILES:
                os.makedirs(os.path.dirname(target))  # noqa: PTH103, PTH120 - the least that Python can do
            handle = os.open(source, os.O_RDONLY)
            data = os.read(handle, os.fstat(handle).st_size + 1)
            os.close(handle)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            os.write(handle, data)
            os.close(handle)


def _files(name: str, files: Writing, rounds: int) -> None:
    ways: dict[str, Callable[[Path], None]] = {"cp -r": files.copy, "a loop in Python": files.loop, "restored": files.restore}
    found: dict[str, list[Timing]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, work in ways.items():
            out = files.folders.with_name(f"{way} {number}")
            found[way].append(_timed(lambda work=work, out=out: work(out)))  # type: ignore[misc]
    _table(name, files.size, [(way, fastest(timings)) for way, timings in found.items()])


def _build(name: str, folder: Path, artifacts: int, pad: int) -> None:
    """A clone of a project of toys."""
    place = with_toys(shell(folder / "work", folder / "home"), locked=True, **{f"a{n}": f"say {n}\npad {pad}\n" for n in range(artifacts)})
    place.env |= {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}
    del place.env["PYTHONDONTWRITEBYTECODE"]
    place.run("build").ends(0)
    made = [place.folder / name for name in (".wbuild", "dist")]
    (folder / "copy").mkdir()
    copied = _timed(lambda: subprocess.run(["cp", "-r", "--reflink=never", *map(str, made), str(folder / "copy")], check=True))
    size = sum(path.stat().st_size for path in (folder / "copy").rglob("*") if path.is_file())
    said: list[str] = []
    clone = _clone(place, folder / "clone")
    built = _timed(lambda: said.append(clone.run("build", "--stats").ends(0).err))
    _table(f"{name}, {4 * artifacts} steps", size, [("cp -r", copied), ("wbuild build of a clone", built)])
    print(f"  {built.wall / 4 / artifacts * 1e6:.0f} µs a step")
    print("\n".join(line for line in said[0].splitlines() if line.startswith((" steps", " cache", " time"))))


def _clone(place: Shell, folder: Path) -> Shell:
    """The sources alone, elsewhere."""
    folder.mkdir()
    sources = [path for path in place.folder.iterdir() if path.name not in (".wbuild", "dist")]
    subprocess.run(["cp", "-r", *map(str, sources), str(folder)], check=True)
    return Shell(folder, place.home, place.env)


def _table(name: str, size: int, rows: Sequence[tuple[str, Timing]]) -> None:
    table(f"{name}: {size / 1e6:.0f} MB", [(f"{way}, {size / 1e6 / timing.wall:.0f} MB/s", timing) for way, timing in rows])


def _timed(work: Callable[[], object]) -> Timing:
    os.sync()  # else the writing back of what was made before is part of the time
    before, start = os.times(), time.perf_counter()
    work()
    wall, after = time.perf_counter() - start, os.times()
    return Timing(wall=wall, cpu=sum(after[:4]) - sum(before[:4]))


if __name__ == "__main__":
    main()
