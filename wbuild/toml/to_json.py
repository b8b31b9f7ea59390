"""Frozen dataclasses → JSON, as `from_json` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Final

from wbuild.model.planned import JSON
from wbuild.toml.document import values_of

__all__ = ["encode"]

_DIGITS: Final = 3
"""How many digits of seconds stand behind the point."""


def encode(value: object) -> JSON:
    """The JSON of a value of the model: keys in the order of their layout, mappings by key, floats to the millisecond. Raises TypeError."""
    if value is None or isinstance(value, (str, int)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {key: encode(item) for key, item in values_of(value).items()}
    if isinstance(value, Mapping):
        return {str(key): encode(value[key]) for key in sorted(value)}
    if isinstance(value, (tuple, list)):
        return [encode(item) for item in value]
    if isinstance(value, float):
        return round(value, _DIGITS)
    raise TypeError(type(value))
