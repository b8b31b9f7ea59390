"""The builtin `copy`: files as they are, in another place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wbuild.model.planned import JSON

__all__ = ["copies"]


def copies(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:  # noqa: ARG001 - the form of a builtin
    """Builtin: [files…] → [the same…]."""
    return list(inputs)
