"""Megabytes of code a second: the walk that `features` makes, the token stream, and the scalar decoder, on the modules given.

python -m tests.bench.walker FILE.wasm…
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from wbuild.wasm import instructions, patterns, scalar
from wbuild.wasm.features import features
from wbuild.wasm.module import Module
from wbuild.wasm.reader import read_module

ROUNDS = 3


def seconds(work: Callable[[], object]) -> float:
    """The best of a few rounds, patterns compiled anew in each."""
    best = float("inf")
    for _ in range(ROUNDS):
        patterns.feature_pattern.cache_clear()
        patterns.index_pattern.cache_clear()
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def streams(module: Module) -> int:
    return sum(len(instructions.tokens(module.data, body)) for body in module.bodies)


def one_by_one(module: Module) -> int:
    """Instructions in the module."""
    count = 0
    for body in module.bodies:
        at, end = body.code, body.end
        while at < end:
            _, at = scalar.step(module.data, at, end)
            count += 1
    return count


def main(files: list[str]) -> None:
    print(f"Python {sys.version.split()[0]}, possessive repeats: {patterns.POSSESSIVE}; MB of code a second, best of {ROUNDS}")
    print(f"{'file':<28}{'code MB':>9}{'instructions':>14}{'read + features':>17}{'features':>10}{'tokens':>8}{'scalar':>8}")
    for file in files:
        data = Path(file).read_bytes()
        module = read_module(data)
        size = sum(body.end - body.code for body in module.bodies) / 1e6
        times = [
            seconds(lambda data=data: features(data)),  # type: ignore[misc]
            seconds(lambda module=module: features(module)),  # type: ignore[misc]
            seconds(lambda module=module: streams(module)),  # type: ignore[misc]
            seconds(lambda module=module: one_by_one(module)),  # type: ignore[misc]
        ]
        speeds = [size / one for one in times]
        row = f"{speeds[0]:>17.1f}{speeds[1]:>10.1f}{speeds[2]:>8.1f}{speeds[3]:>8.1f}"
        print(f"{Path(file).name[:27]:<28}{size:>9.2f}{one_by_one(module):>14}{row}")


if __name__ == "__main__":
    main(sys.argv[1:])
