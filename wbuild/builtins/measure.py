"""The builtin `measure`: what a file weighs, needs and offers. Which of it is a metric, and what budgets say, is `builtins.metrics`'."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Final

from wbuild.builtins.sections import parts
from wbuild.model.happened import Measure, Sizes
from wbuild.model.planned import JSON
from wbuild.model.written import SizeMetric
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Limits, Module
from wbuild.wasm.reader import read
from wbuild.wasm.uses import DECLARED, Reason

__all__ = ["describe", "interface", "measure", "measured", "size_of", "sizes"]


def measure(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes]:  # noqa: ARG001 - the form of a builtin
    """Builtin: [module or component] → [JSON of its `Measure`]. Raises ArtifactError for a file that is no valid Wasm."""
    data = inputs[0]
    assert data is not None
    return [json.dumps(asdict(measured(data)), sort_keys=True).encode()]


def measured(data: bytes) -> Measure:
    """The measure of a module or component. Raises ArtifactError for bytes that are no valid Wasm."""
    item = read(data)
    imports, exports = interface(item)
    memory, found = _memory(item), features(item)
    return Measure(
        sha256=hashlib.sha256(data).hexdigest(),
        sizes=sizes(data),
        sections=parts(data),
        features={name: describe(found.reasons[name]) for name in sorted(found.used)},
        imports=tuple(imports),
        exports=tuple(exports),
        producers={field: tuple(" ".join(filter(None, pair)) for pair in pairs) for field, pairs in item.producers.items()},
        memory=(memory.minimum, memory.maximum) if memory else None,
    )


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


def size_of(data: bytes, metric: SizeMetric) -> int:
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


_SIZE: Final[Mapping[SizeMetric, Callable[[bytes], int]]] = MappingProxyType({"raw": len, "gzip": _gzip, "brotli": _brotli, "zstd": _zstd})
