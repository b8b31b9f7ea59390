"""JSON → the frozen types of `model.happened`: documents that wbuild itself wrote."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from wbuild.report.document import nested
from wbuild.text import json_text

__all__ = ["load", "parse"]

T = TypeVar("T")


def parse(kind: type[T], text: str) -> T:
    """Decode a JSON text. Raises ValueError for broken JSON or another form."""
    return load(kind, json_text.parse(text))


def load(kind: type[T], doc: object) -> T:
    """`doc` as a value of the dataclass `kind`; keys that it does not have are ignored. Raises ValueError for another form."""
    value: T = _value(kind, doc)
    return value


def _value(kind: Any, doc: object) -> Any:  # noqa: ANN401, PLR0911 - the decoder is where types are found out
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, doc)
    if origin is Literal:
        return _one_of(get_args(kind), doc)
    if origin in {Union, types.UnionType}:
        return None if doc is None else _value(next(arm for arm in get_args(kind) if arm is not type(None)), doc)
    if origin is tuple:
        return _tuple(get_args(kind), doc)
    if origin is Mapping:
        return {str(key): _value(get_args(kind)[1], item) for key, item in _expect(dict, doc).items()}
    if kind is float:
        return float(_expect((int, float), doc))
    return _expect(kind, doc)


def _record(kind: type, doc: object) -> Any:  # noqa: ANN401
    found = nested(kind, _expect(dict, doc))
    hints = _hints(kind)
    missing = [f.name for f in dataclasses.fields(kind) if f.name not in found and _required(f)]
    if missing:
        raise ValueError(f"{kind.__name__} without {', '.join(missing)}")
    return kind(**{name: _value(hint, found[name]) for name, hint in hints.items() if name in found})


@lru_cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _one_of(choices: tuple[Any, ...], doc: object) -> Any:  # noqa: ANN401
    if doc not in choices:
        raise ValueError(f"{doc!r} is not one of {', '.join(map(repr, choices))}")
    return doc


def _tuple(arms: tuple[Any, ...], doc: object) -> tuple[Any, ...]:
    items = _expect(list, doc)
    if len(arms) == 2 and arms[1] is Ellipsis:
        return tuple(_value(arms[0], item) for item in items)
    if len(items) != len(arms):
        raise ValueError(f"{len(items)} items where {len(arms)} belong")
    return tuple(_value(arm, item) for arm, item in zip(arms, items, strict=True))


def _expect(kind: Any, doc: object) -> Any:  # noqa: ANN401
    if not isinstance(doc, kind) or (isinstance(doc, bool) and kind is not bool):
        raise ValueError(f"{doc!r} is not {kind}")
    return doc
