"""The frame of a file: what it is, and its sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from wbuild.errors import ArtifactError
from wbuild.wasm import limits
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.module import Section

__all__ = ["HEADER", "frame", "kind_of"]

HEADER: Final = 8
_MAGIC: Final = b"\0asm"
_MODULE: Final = 1
_COMPONENT: Final = 13

_OTHER_VERSION: Final = "build it again with current tools, or use a newer wbuild"
_MODULE_NAMES: Final = (
    "custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag",
)  # fmt: skip
_COMPONENT_NAMES: Final = (
    "custom", "core module", "core instance", "core type", "component", "instance", "alias", "type", "canon", "start", "import", "export",
    "value",
)  # fmt: skip


def kind_of(data: bytes, start: int = 0, end: int | None = None) -> Literal["module", "component"]:
    """What the first eight bytes say. Raises ArtifactError WB330 when it is no Wasm, WB331 when its version is unknown."""
    head = data[start : min(start + HEADER, len(data) if end is None else end)]
    where = f" at offset {start:#x}" if start else ""
    if not head:
        raise ArtifactError("WB330", f"the Wasm file{where} is empty")
    if head[:4] != _MAGIC[: len(head)]:
        hint = 'this looks like the text format: build it with `lang = "wat"`' if head.lstrip().startswith((b"(", b";")) else ""
        raise ArtifactError("WB330", f"not a Wasm file{where}: it starts with {head[:4].hex(' ')}, not with 00 61 73 6d", hint=hint)
    if len(head) < HEADER:
        raise ArtifactError("WB330", f"the Wasm file{where} has only {len(head)} bytes: its header alone takes {HEADER}")
    version, layer = int.from_bytes(head[4:6], "little"), int.from_bytes(head[6:8], "little")
    if (version, layer) == (_MODULE, 0):
        return "module"
    if (version, layer) == (_COMPONENT, 1):
        return "component"
    if layer == 1:
        raise ArtifactError("WB331", f"unknown component version {version}{where}: only {_COMPONENT} is known", hint=_OTHER_VERSION)
    raise ArtifactError(
        "WB331", f"unknown Wasm version {int.from_bytes(head[4:8], 'little')}{where}: only {_MODULE} is known", hint=_OTHER_VERSION
    )


def _name(section: int, names: tuple[str, ...], at: int) -> str:
    if section >= len(names):
        raise ArtifactError("WB336", f"unknown section {section} at offset {at:#x}")
    return names[section]


def frame(data: bytes, start: int, end: int, kind: Literal["module", "component"]) -> Iterator[Section]:
    """The sections from `start` (of the header) to `end`, in the order of the file.

    Raises ArtifactError WB333 for a section that does not fit, WB334, WB335, WB336 for an unknown section, WB339 for too many.
    """
    names = _MODULE_NAMES if kind == "module" else _COMPONENT_NAMES
    cursor = Cursor(data, start + HEADER, end)
    number = 0
    while not cursor.done:
        at = cursor.at
        number += 1
        limits.check("sections", number, at)
        section = cursor.byte("a section")
        name = _name(section, names, at)
        size = cursor.u32("the size of a section")
        payload = cursor.take(size, f"the {name} section")
        contents = payload
        if section == 0:
            inner = Cursor(data, payload, cursor.at)
            name = inner.name("the name of a custom section")
            contents = inner.at
        yield Section(id=section, name=name, start=at, payload=payload, contents=contents, end=cursor.at)
