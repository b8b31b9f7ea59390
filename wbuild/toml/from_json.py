"""JSON → frozen dataclasses: documents that wbuild or one of its runners wrote, read whole or not at all.

Keys are the names of the fields; those that a dataclass does not have are ignored. Values with a form of their own are read by `FORMS`.
"""

# ruff: noqa: ANN401 - values of any type come out here
from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Final, TypeAlias, TypeVar

from wbuild.text import json_text
from wbuild.toml.document import nested
from wbuild.toml.shape import (
    ChoiceShape,
    FormShape,
    ListShape,
    MappingShape,
    RowShape,
    ScalarShape,
    Shape,
    TableShape,
    UnionShape,
    accepts,
    keys_of,
    shape_of,
)

__all__ = ["FORMS", "load", "parse"]

T = TypeVar("T")
Reading: TypeAlias = Callable[[object], Any]
"""Makes the value that a part of a document stands for. Raises ValueError for another form."""


def parse(kind: type[T], content: bytes | str) -> T:
    """Decode a JSON text (bytes: UTF-8). Raises ValueError for broken JSON or another form."""
    return load(kind, json_text.parse(content))


def load(kind: type[T], doc: object) -> T:
    """`doc` as a value of the annotated type `kind`. Raises ValueError for another form."""
    hint: Any = kind
    value: T = _reading(shape_of(hint))(doc)
    return value


@cache
def _reading(shape: Shape) -> Reading:  # noqa: PLR0911 - one line for each kind of type
    """How values of a shape are read, found out once."""
    match shape:
        case TableShape(model=model):
            return partial(_table, model)
        case ChoiceShape(choices=choices):
            return partial(_choice, choices)
        case UnionShape(members=members, optional=optional):
            return partial(_union, tuple((member, _reading(member)) for member in members), optional)
        case ListShape(item=item):
            return partial(_list, _reading(item))
        case RowShape(items=items):
            return partial(_row, tuple(map(_reading, items)))
        case MappingShape(item=item):
            return partial(_mapping, _reading(item))
        case FormShape(base=base, form=form):
            return FORMS.get(form) or partial(_scalar, base)
        case ScalarShape(type=kind):
            return _number if kind is float else partial(_scalar, kind)


def _table(model: Any, doc: object) -> Any:
    found = nested(model, _scalar(dict, doc))
    values: dict[str, object] = {}
    for name, read, required in _fields(model):
        if name in found:
            values[name] = read(found[name])
        elif required:
            raise ValueError(f"{model.__name__} without {name}")
    return model(**values)


@cache
def _fields(model: Any) -> tuple[tuple[str, Reading, bool], ...]:
    return tuple((key.field, _reading(key.shape), key.required) for key in keys_of(model))


def _choice(choices: tuple[str, ...], doc: object) -> Any:
    if doc not in choices:
        raise ValueError(f"{doc!r} is not one of {', '.join(map(repr, choices))}")
    return doc


def _union(members: tuple[tuple[Shape, Reading], ...], optional: bool, doc: object) -> Any:
    if doc is None and optional:
        return None
    return next((read for member, read in members if accepts(member, doc)), members[0][1])(doc)


def _list(read: Reading, doc: object) -> Any:
    return tuple(map(read, _scalar(list, doc)))


def _row(items: tuple[Reading, ...], doc: object) -> Any:
    found = _scalar(list, doc)
    if len(found) != len(items):
        raise ValueError(f"{len(found)} items where {len(items)} belong")
    return tuple(read(entry) for read, entry in zip(items, found, strict=True))


def _mapping(read: Reading, doc: object) -> Any:
    return {name: read(item) for name, item in _scalar(dict, doc).items()}


def _number(doc: object) -> float:
    return float(_scalar((int, float), doc))


def _scalar(kind: Any, doc: object) -> Any:
    if not isinstance(doc, kind) or (isinstance(doc, bool) and kind is not bool):
        raise ValueError(f"{doc!r} is not {kind}")
    return doc


def _base64(doc: object) -> bytes:
    return base64.b64decode(_scalar(str, doc), validate=True)


FORMS: Final[Mapping[str, Reading]] = {"base64": _base64}
"""How a value is written in JSON, where that is more than its type."""
