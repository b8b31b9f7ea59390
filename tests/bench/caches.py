"""`wbuild cache info`, `verify` and `gc` of a cache with many results, beside `find` and `sha256sum` of the same files.

    python -m tests.bench.caches [RESULTS [FOLDER]]

Two sizes in one run: what is in proportion to the number of results takes ten times as long with ten times as many.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.timing import ROOT, Place, fastest, machine, once, table
from wbuild.cache import Cache, ResultEntry
from wbuild.cache.keys import StepKey, blob_name, digest
from wbuild.doors.files import RealFiles

WBUILD = [sys.executable, "-m", "wbuild"]
HEADERS = 6
SIZE = 4096
"""Bytes of a content."""


def main(results: int = 100_000) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as base:
        for count in (results // 10, results):
            root = Path(base) / str(count)
            fill(root, count)
            place = Place(folder=ROOT, environ=machine(Path(base) / "home", WBUILD_CACHE=str(root)))
            half = str(count * SIZE // 2)
            files = sum(1 for _ in root.rglob("*"))
            rows = [
                ("find -size +1G", ["find", str(root), "-size", "+1G"]),
                ("cache info", [*WBUILD, "cache", "info"]),
                ("sha256sum of every file", ["find", str(root), "-type", "f", "-exec", "sha256sum", "{}", "+"]),
                ("cache verify", [*WBUILD, "cache", "verify"]),
                ("cache gc, nothing to do", [*WBUILD, "cache", "gc", "--max", "1000GiB"]),
                ("cache gc --dry-run of half", [*WBUILD, "cache", "gc", "--max", half, "--dry-run"]),
            ]
            found = [(name, fastest([once(argv, place) for _ in range(2)])) for name, argv in rows]
            found.append(("cache gc of half", once([*WBUILD, "cache", "gc", "--max", half], place)))
            table(f"{count} results, {files} files", found)


def fill(root: Path, count: int) -> None:
    """A cache as builds of C leave it: each result names a content of its own, and every fourth has a set of headers."""
    cache = Cache(root, RealFiles())
    headers = {f"a/src/h{number}.h": blob_name(digest(b"h"), 200) for number in range(HEADERS)}
    for number in range(count):
        content = cache.store_bytes(number.to_bytes(8, "little") + bytes(SIZE - 8))
        source, output = f"a/src/part{number}.c", f".wbuild/out/dev/a/part{number}.o"
        key = StepKey(
            action=("{zig}/zig", "cc", "-c", "-O2", source, "-o", f"{{out}}/{output}"),
            env={"LANG": "C.UTF-8"},
            texts={},
            stdin="",
            tools={"zig": "zig-0.15.1-linux-x86_64-0123456789ab"},
            platform="linux-x86_64",
            outputs=(output,),
            inputs=((source, blob_name(digest(source.encode()), 100)),),
        )
        cache.keep(key.evidence(headers), ResultEntry(outputs={output: content}, seconds=0.1))
        if number % 4 == 0:
            cache.remember(digest(source.encode()), tuple(headers))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
