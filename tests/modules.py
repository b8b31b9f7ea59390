"""Small Wasm files made by hand, for tests that need real bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wbuild.wasm.leb import uleb
from wbuild.wasm.writer import custom_section, section

MODULE = b"\0asm\x01\0\0\0"
COMPONENT = b"\0asm\x0d\0\x01\0"


def vector(items: Sequence[bytes]) -> bytes:
    """A vector of the binary format."""
    return uleb(len(items)) + b"".join(items)


def named(text: str) -> bytes:
    """A name of the binary format."""
    raw = text.encode()
    return uleb(len(raw)) + raw


def module(
    exports: Sequence[str] = ("run",),
    imports: Sequence[tuple[str, str]] = (),
    *,
    code: bytes = b"",
    memory: tuple[int, int | None] | None = None,
    customs: Mapping[str, bytes] | None = None,
) -> bytes:
    """A module with one function type [] → [], imported functions, and one function with `code`, exported under each name."""
    body = b"\0" + code + b"\x0b"
    index = uleb(len(imports))
    parts = [MODULE, section(1, vector([b"\x60\0\0"]))]
    if imports:
        parts.append(section(2, vector([named(m) + named(n) + b"\0\0" for m, n in imports])))
    parts.append(section(3, vector([b"\0"])))
    if memory:
        low, high = memory
        parts.append(section(5, vector([b"\0" + uleb(low) if high is None else b"\x01" + uleb(low) + uleb(high)])))
    parts.append(section(7, vector([named(name) + b"\0" + index for name in exports])))
    parts.append(section(10, vector([uleb(len(body)) + body])))
    parts += [custom_section(name, payload) for name, payload in (customs or {}).items()]
    return b"".join(parts)


def component(*modules: bytes) -> bytes:
    """A component that embeds core modules and does nothing with them."""
    return COMPONENT + b"".join(section(1, inner) for inner in modules)
