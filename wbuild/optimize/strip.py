"""The builtin `strip`: a module or component without its custom sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wbuild.model.planned import JSON
from wbuild.wasm import writer

__all__ = ["ALL", "strip"]

ALL = "*"
"""In `keep`: every custom section stays."""


def strip(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [module, or None from a step that said no] → [the same without custom sections but those in `keep`, or None].

    Sections that tools need later (`dylink.0`, `component-type…`) always stay. Raises ArtifactError for a file that is no Wasm.
    """
    data = inputs[0]
    keep = args["keep"]
    assert isinstance(keep, list)
    if data is None or ALL in keep:
        return [data]
    return [writer.strip(data, frozenset(str(name) for name in keep))]
