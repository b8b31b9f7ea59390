"""Implementation limits that engines agree on, and the check that names the one that is exceeded.

WebAssembly JavaScript interface, "Implementation-defined limits"; those of components are wasmparser's, which wasmtime applies.
"""

from __future__ import annotations

from typing import Final

from wbuild.errors import ArtifactError

__all__ = ["COMPONENT_DEPTH", "LOCALS", "check"]

LOCALS: Final = 50_000
"""Locals of one function, its parameters aside."""
COMPONENT_DEPTH: Final = 100
"""How deep components may nest."""

_LIMITS: Final = {
    "types": 1_000_000,
    "functions": 1_000_000,
    "imports": 1_000_000,
    "exports": 1_000_000,
    "globals": 1_000_000,
    "tags": 1_000_000,
    "tables": 100_000,
    "memories": 100,
    "element segments": 100_000,
    "data segments": 100_000,
    "items of an element segment": 10_000_000,
    "parameters": 1_000,
    "results": 1_000,
    "struct fields": 10_000,
    "supertypes": 5,
    "locals": LOCALS,
    "sections": 100_000,
    "options of a name": 3,
    "embedded modules": 1_000,
    "nested components": 1_000,
    "levels of nested components": COMPONENT_DEPTH,
}


def check(what: str, number: int, at: int) -> None:
    """Raise ArtifactError WB339 when `number` of `what`, found at offset `at`, is more than engines take."""
    if number > _LIMITS[what]:
        raise ArtifactError("WB339", f"{number} {what} at offset {at:#x}; the limit is {_LIMITS[what]}", hint="engines refuse such a file")
