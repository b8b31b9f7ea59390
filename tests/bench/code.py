"""What the code looks like from outside: packages, arrows between them, lines, classes, and what types leave open.

python -m tests.bench.code
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.test_layers import APART, ENTRY, MODULES, ORDER, OWN, ROOT, TREES, package


def main() -> None:
    """Print the figures."""
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in MODULES.values()}
    of = {path: package(name) for name, path in MODULES.items()}
    arrows = {(edge.package, package(edge.imported)) for edge in OWN if edge.package != package(edge.imported)}
    print("package      files  lines  imports from  imported by")
    for name in (*ORDER, *sorted(APART & set(of.values()))):
        own = [path for path in of if of[path] == name]
        ways = sum(first == name for first, _ in arrows), sum(second == name for _, second in arrows)
        print(f"{name:12} {len(own):5} {sum(lines[p] for p in own):6} {ways[0]:13} {ways[1]:12}")
    loose = sorted(name for name in set(of.values()) & ({"errors"} | ENTRY))
    sizes = sorted(Counter(of.values()).values())
    print(f"{len(set(of.values()) - set(loose))} packages of {median(sizes):.0f} files; loose in the root: {', '.join(loose)}")
    print(f"{len(arrows)} arrows between packages, {sum(package(e.imported) != e.package for e in OWN)} imports along them")
    print(f"{sum(lines.values())} lines in {len(lines)} files, median {median(lines.values()):.0f}")
    for path in sorted(lines, key=lines.__getitem__, reverse=True)[:5]:
        print(f"  {lines[path]:4}  {path.relative_to(ROOT)}")
    _functions()
    _classes()
    texts = [path.read_text("utf-8") for path in lines]
    marks = {mark: sum(len(re.findall(mark, text)) for text in texts) for mark in (r"\bAny\b", r"# type: ignore", r"# noqa")}
    print(", ".join(f"{count} × {mark.replace(chr(92) + 'b', '')}" for mark, count in marks.items()))


def _functions() -> None:
    found = sorted(_lengths(), reverse=True)
    lengths = [length for length, _ in found]
    print(f"{len(found)} functions, median {median(lengths):.0f} lines, 95th percentile {lengths[len(lengths) // 20]}")
    for length, name in found[:3]:
        print(f"  {length:4}  {name}")


def _lengths() -> Iterator[tuple[int, str]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                assert node.end_lineno is not None
                yield node.end_lineno - node.lineno + 1, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def _classes() -> None:
    named: dict[str, list[Path]] = {}
    for name, path in MODULES.items():
        if package(name) != "runners":
            for node in TREES[path].body:
                if isinstance(node, ast.ClassDef):
                    named.setdefault(node.name, []).append(path.relative_to(ROOT))
    twice = {name: paths for name, paths in named.items() if len(paths) > 1}
    print(f"{sum(map(len, named.values()))} classes; {len(twice)} names stand for more than one:")
    for name, paths in sorted(twice.items()):
        print(f"  {name}: {', '.join(map(str, paths))}")


if __name__ == "__main__":
    main()
