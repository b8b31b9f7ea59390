"""The one walker over types: what an annotation says, as data, and the keys of a table with their documentation.

The decoder of TOML, JSON Schemas, reference pages, JSON in and JSON out all match on a `Shape`. A further kind of type is a class here
and an arm in each of them; mypy names those that lack one.
"""

# ruff: noqa: ANN401 - annotations are values here, and Any is what they are
from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

__all__ = [
    "ChoiceShape",
    "FormShape",
    "ListShape",
    "MappingShape",
    "RowShape",
    "ScalarShape",
    "Shape",
    "TableKey",
    "TableShape",
    "UnionShape",
    "accepts",
    "docs_of",
    "documented",
    "keys_of",
    "names_of",
    "optional",
    "shape_of",
    "short_key",
]


@dataclass(frozen=True, slots=True)
class ScalarShape:
    """`str`, `bool`, `int` or `float`."""

    type: type


@dataclass(frozen=True, slots=True)
class FormShape:
    """A scalar that is written in a way of its own: `Annotated[int, "size"]`."""

    base: type
    form: str


@dataclass(frozen=True, slots=True)
class ChoiceShape:
    """`Literal`: one of these texts."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnionShape:
    """One of several; `optional`: or None, which is not among the members."""

    members: tuple[Shape, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class ListShape:
    """`tuple[X, ...]`: any number of items."""

    item: Shape


@dataclass(frozen=True, slots=True)
class RowShape:
    """`tuple[X, Y]`: a fixed number of items, each of its own type."""

    items: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class MappingShape:
    """`Mapping[str, X]`: names of any kind, each with an item."""

    item: Shape


@dataclass(frozen=True, slots=True)
class TableShape:
    """A dataclass; `keys_of` has its keys, so that a table may hold tables of its own kind."""

    model: Any


Shape: TypeAlias = ScalarShape | FormShape | ChoiceShape | UnionShape | ListShape | RowShape | MappingShape | TableShape


@cache
def shape_of(hint: Any) -> Shape:  # noqa: PLR0911 - one line for each kind of annotation
    """What an annotation says. Raises TypeError for one that nothing of wbuild can be written in."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return FormShape(args[0], args[1])
    if origin in (Union, types.UnionType):
        return UnionShape(tuple(shape_of(arm) for arm in args if arm is not types.NoneType), types.NoneType in args)
    if origin is Literal:
        return ChoiceShape(args)
    if origin is tuple and args[-1] is Ellipsis:
        return ListShape(shape_of(args[0]))
    if origin is tuple:
        return RowShape(tuple(map(shape_of, args)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return MappingShape(shape_of(args[1]))
    if is_dataclass(hint):
        return TableShape(hint)
    if hint in (str, bool, int, float):
        return ScalarShape(hint)
    raise TypeError(hint)


def optional(shape: Shape) -> UnionShape:
    """A shape that takes what another one takes, or None."""
    return replace(shape, optional=True) if isinstance(shape, UnionShape) else UnionShape((shape,), optional=True)


def accepts(shape: Shape, raw: object) -> bool:
    """Whether a value that TOML or JSON gave can be meant by a member of a union: by its kind, whatever is in it."""
    match shape:
        case TableShape() | MappingShape():
            return isinstance(raw, Mapping)
        case ListShape() | RowShape():
            return isinstance(raw, list)
        case UnionShape(members=members):
            return any(accepts(member, raw) for member in members)
        case ScalarShape(type=kind) | FormShape(base=kind):
            return isinstance(raw, kind) and (kind is bool or not isinstance(raw, bool))
        case ChoiceShape():
            return isinstance(raw, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKey:
    """One key of a table."""

    field: str
    """Name of the dataclass field."""
    name: str
    """The key as TOML spells it."""
    shape: Shape
    required: bool
    default: object
    """The value where the key is not there; MISSING when it is required."""
    doc: str = ""
    """The docstring under the field; "" here, `documented` puts it in."""


def keys_of(model: Any) -> tuple[TableKey, ...]:
    """The keys of a table that decodes to the dataclass `model`, in the order of the fields.

    Metadata of a field may say `given`: it is no key; or `key`: how it is spelled.
    """
    return _keys(model)


@cache
def _keys(model: Any) -> tuple[TableKey, ...]:
    hints = get_type_hints(model, include_extras=True)
    found: list[TableKey] = []
    for field in fields(model):
        if field.metadata.get("given"):
            continue
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        shape = shape_of(hints[field.name])
        spelled = field.name.rstrip("_").replace("_", "-")
        if isinstance(shape, ListShape) and isinstance(shape.item, TableShape):
            spelled = spelled.removesuffix("s")
        spelled = field.metadata.get("key", spelled)
        found.append(TableKey(field=field.name, name=spelled, shape=shape, required=default is MISSING, default=default))
    return tuple(found)


def names_of(model: Any) -> Mapping[str, TableKey]:
    """The keys of a model, by their spelling in TOML."""
    return _names(model)


@cache
def _names(model: Any) -> Mapping[str, TableKey]:
    return {key.name: key for key in keys_of(model)}


@cache
def short_key(model: Any) -> TableKey | None:
    """The key that may stand for its whole table (`opt = "size"`): the dataclass names it in `SHORT`."""
    return next((key for key in keys_of(model) if key.field == getattr(model, "SHORT", "")), None)


@cache
def docs_of(model: Any) -> Mapping[str, str]:
    """Documentation of a dataclass's fields, and of the class itself under "".

    The docstring under a field is thrown away by Python, so it is read from the source.
    """
    tree = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__).body
    found = {"": inspect.cleandoc(model.__doc__ or "")}
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and isinstance(following, ast.Expr):
            text = following.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found


def documented(model: Any, without: Iterable[str] = ()) -> tuple[TableKey, ...]:
    """The keys of a table with their documentation; `without`: fields that are not keys."""
    docs, hidden = docs_of(model), frozenset(without)
    return tuple(replace(key, doc=docs.get(key.field, "")) for key in keys_of(model) if key.field not in hidden)
