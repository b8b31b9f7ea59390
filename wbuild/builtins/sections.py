"""Every byte of a Wasm file once: its header and sections, and those of what is nested in a component."""

from __future__ import annotations

from collections.abc import Iterator

from wbuild.errors import BugError
from wbuild.model.happened import SectionSize
from wbuild.wasm.sections import HEADER, frame, kind_of

__all__ = ["HEADER_NAME", "parts"]

HEADER_NAME = "header"
_NESTED = {"core module": "module", "component": "component"}


def parts(data: bytes) -> tuple[SectionSize, ...]:
    """The parts of a module or component in the order of the file; they are contiguous and add up to it.

    What is nested in a component is named by its path: "module 0/code", "component 1/module 0/data". Its "header" includes the id
    and length of the section that holds it. Raises ArtifactError (those of `wasm.sections.frame`).
    """
    found = tuple(_parts(data, 0, 0, len(data), ""))
    at = 0
    for part in found:
        if part.offset != at:
            raise BugError("WB931", f"the bytes from {at:#x} to {part.offset:#x} belong to no section")
        at += part.size
    if at != len(data):
        raise BugError("WB931", f"the sections add up to {at} bytes, but the file has {len(data)}")
    return found


def _parts(data: bytes, outer: int, start: int, end: int, path: str) -> Iterator[SectionSize]:
    """Parts of the module or component from `start` to `end`, held by a section that begins at `outer`."""
    kind = kind_of(data, start, end)
    yield SectionSize(name=f"{path}{HEADER_NAME}", offset=outer, size=start + HEADER - outer)
    numbers = dict.fromkeys(_NESTED, 0)
    for section in frame(data, start, end, kind):
        if kind == "component" and section.id in {1, 4}:
            inner = f"{path}{_NESTED[section.name]} {numbers[section.name]}/"
            numbers[section.name] += 1
            yield from _parts(data, section.start, section.payload, section.end, inner)
        else:
            yield SectionSize(name=f"{path}{section.name}", offset=section.start, size=section.end - section.start)
