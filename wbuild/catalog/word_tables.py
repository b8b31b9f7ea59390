"""Tables of words: what chooses a value from one, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Final, Literal, TypeAlias, get_args

from wbuild.model.locked import PLATFORMS
from wbuild.model.written import Debug, Kind, Level, Target

__all__ = ["DIMENSIONS", "Dimension", "chosen_by", "values_of"]

Dimension: TypeAlias = Literal["target", "kind", "level", "debug", "platform"]
DIMENSIONS: Final[Mapping[Dimension, tuple[str, ...]]] = {
    "target": get_args(Target),
    "kind": get_args(Kind),
    "level": get_args(Level),
    "debug": get_args(Debug),
    "platform": PLATFORMS,
}
"""What may choose → its values."""


def chosen_by(table: str) -> tuple[Dimension, ...]:
    """The one or two things that choose from a table, in the order of its name; () for a name that says nothing.

    `debug-link` is chosen from by `debug`, `level-debug` by both.
    """
    parts = table.split("-")
    named: list[Dimension] = [dimension for part in parts[:2] for dimension in DIMENSIONS if dimension == part]
    return tuple(named) if named[:1] == parts[:1] else ()


def values_of(table: str) -> tuple[str, ...]:
    """Every value that a table may have an entry for: "size", "size names"."""
    return tuple(" ".join(values) for values in product(*(DIMENSIONS[dimension] for dimension in chosen_by(table))))
