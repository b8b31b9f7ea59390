"""Sizes of a file, raw and compressed, and what a budget says about them. The builtin `measure`.

This module is the only home of metrics and of the rules of budgets; renderers only print.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Final, Literal, get_args

from wbuild.builtins.sections import parts
from wbuild.model.happened import BudgetVerdict, Sizes
from wbuild.model.planned import JSON
from wbuild.model.written import Budget, Metric
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Limits, Module
from wbuild.wasm.reader import read
from wbuild.wasm.uses import DECLARED, Reason

__all__ = ["METRICS", "describe", "interface", "measure", "size_of", "sizes", "verdicts"]

METRICS: Final[tuple[Metric, ...]] = get_args(Metric)


def measure(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes]:  # noqa: ARG001 - the form of a builtin
    """Builtin: [module or component] → [JSON: sha256, sizes, sections, features, imports, exports, producers, memory].

    Raises ArtifactError for a file that is no valid Wasm.
    """
    data = inputs[0]
    assert data is not None
    item = read(data)
    imports, exports = interface(item)
    memory, found = _memory(item), features(item)
    doc = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "sizes": asdict(sizes(data)),
        "sections": [asdict(part) for part in parts(data)],
        "features": {name: describe(found.reasons[name]) for name in sorted(found.used)},
        "imports": imports,
        "exports": exports,
        "producers": {field: [" ".join(filter(None, pair)) for pair in pairs] for field, pairs in item.producers.items()},
        "memory": [memory.minimum, memory.maximum] if memory else None,
    }
    return [json.dumps(doc, sort_keys=True).encode()]


def interface(item: Module | Component) -> tuple[list[str], list[str]]:
    """Imports ("module.name"; of a component the interface's name) and exports, sorted, each name once."""
    if isinstance(item, Module):
        imports = {f"{entry.module}.{entry.name}" for entry in item.imports}
    else:
        imports = {entry.name for entry in item.imports}
    return sorted(imports), sorted({entry.name for entry in item.exports})


def describe(reason: Reason) -> str:
    """What needs a feature, in words: "instruction 0xfc 0x0a in function 12 at 0x1f3"."""
    if reason.what == DECLARED:
        return f"declared in {DECLARED}"
    place = f" in function {reason.function}" if reason.function is not None else ""
    return f"{reason.what}{place} at {reason.offset:#x}"


def _memory(item: Module | Component) -> Limits | None:
    if isinstance(item, Component):
        return None
    imported = [entry.type for entry in item.imported("memory") if isinstance(entry.type, Limits)]
    return next(iter([*imported, *item.memories]), None)


def sizes(data: bytes) -> Sizes:
    """All sizes. Brotli takes about a second for each MB."""
    return Sizes(raw=len(data), gzip=size_of(data, "gzip"), brotli=size_of(data, "brotli"), zstd=size_of(data, "zstd"))


def size_of(data: bytes, metric: Metric) -> int:
    """Bytes of `data` in one metric."""
    return _SIZE[metric](data)


def _gzip(data: bytes) -> int:
    return len(gzip.compress(data, compresslevel=9, mtime=0))


def _brotli(data: bytes) -> int:
    import brotli  # noqa: PLC0415 - heavy, and only a measure step needs it

    return len(brotli.compress(data, quality=11, lgwin=24))


def _zstd(data: bytes) -> int:
    import zstandard  # noqa: PLC0415 - heavy, and only a measure step needs it

    return len(zstandard.ZstdCompressor(level=19).compress(data))


_SIZE: Final[Mapping[Metric, Callable[[bytes], int]]] = MappingProxyType({"raw": len, "gzip": _gzip, "brotli": _brotli, "zstd": _zstd})


def verdicts(budget: Budget, found: Sizes) -> tuple[BudgetVerdict, ...]:
    """One verdict for each limit of the budget, in the order of `METRICS`. Equal to the limit passes."""
    limits: list[tuple[Metric, int | None]] = [
        ("raw", budget.raw),
        ("gzip", budget.gzip),
        ("brotli", budget.brotli),
        ("zstd", budget.zstd),
    ]
    actual = asdict(found)
    return tuple(
        BudgetVerdict(metric=metric, limit=limit, actual=actual[metric], status=_status(actual[metric], limit, budget.warn))
        for metric, limit in limits
        if limit is not None
    )


def _status(actual: int, limit: int, warn: float) -> Literal["ok", "warn", "over"]:
    if actual > limit:
        return "over"
    return "warn" if actual >= limit * warn else "ok"
