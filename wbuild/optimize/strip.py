"""The builtin `strip`: a module or component without its custom sections, and without a count that nothing asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from wbuild.model.planned import JSON
from wbuild.wasm import writer
from wbuild.wasm.features import features
from wbuild.wasm.sections import frame, kind_of

__all__ = ["ALL", "strip"]

ALL = "*"
"""In `keep`: every custom section stays."""
_DATA_COUNT: Final = 12


def strip(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [module, or None from a step that said no] → [the same without custom sections but those in `keep`, or None].

    Sections that tools need later (`dylink.0`, `component-type…`) always stay. The data count section of a module goes when no
    instruction needs it: some tools write it whenever bulk memory is allowed, and engines without it refuse it.
    Raises ArtifactError for a file that is no Wasm.
    """
    data = inputs[0]
    keep = args["keep"]
    assert isinstance(keep, list)
    if data is None or ALL in keep:
        return [data]
    return [_without_idle_count(writer.strip(data, frozenset(str(name) for name in keep)))]


def _without_idle_count(data: bytes) -> bytes:
    if kind_of(data) != "module":
        return data
    count = next((one for one in frame(data, 0, len(data), "module") if one.id == _DATA_COUNT), None)
    if count is None:
        return data
    rest = data[: count.start] + data[count.end :]
    return data if "bulk-memory" in features(rest).used else rest
