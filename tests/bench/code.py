"""Lines of code per layer, the longest files and functions.

python -m tests.bench.code
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.test_layers import LAYERS, ROOT, unit


def main() -> None:
    """Print the figures."""
    files = sorted(ROOT.rglob("*.py"))
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in files}
    for number, members in enumerate(LAYERS):
        own = [path for path in files if unit(path) in members]
        print(f"layer {number}  {sum(lines[p] for p in own):6} lines in {len(own):3} files  {' '.join(members)}")
    beside = [path for path in files if not any(unit(path) in members for members in LAYERS)]
    print(f"beside   {sum(lines[p] for p in beside):6} lines in {len(beside):3} files  {' '.join(sorted({unit(p) for p in beside}))}")
    print(f"all      {sum(lines.values()):6} lines in {len(files):3} files, median {median(lines.values()):.0f}")
    print("longest files:")
    for path in sorted(files, key=lines.__getitem__, reverse=True)[:5]:
        print(f"  {lines[path]:4}  {path.relative_to(ROOT)}")
    found = sorted(_functions(files), reverse=True)
    lengths = [length for length, _ in found]
    print(f"functions: {len(found)}, median {median(lengths):.0f}, 95th percentile {lengths[len(lengths) // 20]}; longest:")
    for length, name in found[:5]:
        print(f"  {length:4}  {name}")


def _functions(files: list[Path]) -> Iterator[tuple[int, str]]:
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                yield node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


if __name__ == "__main__":
    main()
