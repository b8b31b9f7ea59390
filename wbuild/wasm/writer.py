"""Writes sections, and takes custom sections out of modules and components without touching anything else."""

from __future__ import annotations

from collections.abc import Container
from typing import Final, Literal

from wbuild.wasm import limits
from wbuild.wasm.component import COMPONENT, CORE_MODULE
from wbuild.wasm.leb import uleb
from wbuild.wasm.module import Section
from wbuild.wasm.sections import HEADER, frame, kind_of

__all__ = ["custom_section", "section", "strip"]

_ALWAYS: Final = ("dylink", "component-type")
"""Beginnings of names of custom sections without which a file is another one."""


def section(number: int, payload: bytes) -> bytes:
    """The bytes of a section with an id."""
    return b"".join((bytes((number,)), uleb(len(payload)), payload))


def custom_section(name: str, payload: bytes) -> bytes:
    """The bytes of a custom section with a name."""
    raw = name.encode()
    return section(0, b"".join((uleb(len(raw)), raw, payload)))


def strip(data: bytes, keep: Container[str]) -> bytes:
    """The file without its custom sections, those in `keep` aside; in a component also those of embedded modules and components.

    `dylink.0` and `component-type…` always stay. Sections that stay keep their bytes; those that hold a smaller module get a new size.
    Raises ArtifactError as `reader` does for the frame of a file.
    """
    return _stripped(data, 0, len(data), keep, 1)


def _stripped(data: bytes, start: int, end: int, keep: Container[str], depth: int) -> bytes:
    limits.check("levels of nested components", depth, start)
    kind = kind_of(data, start, end)
    parts = [data[start : start + HEADER]]
    for one in frame(data, start, end, kind):
        if one.id == 0 and not one.name.startswith(_ALWAYS) and one.name not in keep:
            continue
        parts.append(_kept(data, one, kind, keep, depth))
    return b"".join(parts)


def _kept(data: bytes, one: Section, kind: Literal["module", "component"], keep: Container[str], depth: int) -> bytes:
    if kind == "component" and one.id in {CORE_MODULE, COMPONENT}:
        inner = _stripped(data, one.payload, one.end, keep, depth + (one.id == COMPONENT))
        if len(inner) != one.end - one.payload:
            return section(one.id, inner)
    return data[one.start : one.end]
