"""The model described: documentation of every key, and the JSON Schema (draft 2020-12) of wbuild.toml.

The docstring under a field in `model/` is its documentation; Python throws it away, so it is read from the source. Only `wbuild schema`
and the generators of reference pages need this module.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from wbuild.manifest.artifact import OPTION_TYPES
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.planned import JSON
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Profile, ProjectTable, Target, Vendor
from wbuild.text.units import COUNTS, DURATIONS, SIZES, show_count, show_duration, show_share, show_size
from wbuild.toml.decode import TableKey, keys_of

__all__ = ["DEFAULTS_DOC", "MADE", "TARGET_DOC", "SchemaEntry", "build", "docs_of", "entries", "shown_default"]

MADE: Final = frozenset({"name", "line", "member", "options"})
"""Fields of Artifact that are not keys: the table's name and what the loader fills in."""
DEFAULTS_DOC: Final = (
    "Keys of artifacts that do not set them. Tables merge key by key, everything else is replaced by what the artifact sets."
)
TARGET_DOC: Final = "Short for `targets` with one entry."

_SHOW: Final[Mapping[str, Any]] = {"size": show_size, "duration": show_duration, "count": show_count, "share": show_share}
_SCALARS: Final[Mapping[Any, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaEntry:
    """One key with everything that a reference says about it."""

    name: str
    type: Any
    required: bool
    default: object
    doc: str


@cache
def docs_of(model: Any) -> Mapping[str, str]:  # noqa: ANN401 - a dataclass
    """Documentation of a dataclass's fields, and of the class itself under ""."""
    tree = ast.parse(inspect.getsource(sys.modules[model.__module__]))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__).body
    found = {"": inspect.cleandoc(model.__doc__ or "")}
    for statement, following in pairwise(body):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and isinstance(following, ast.Expr):
            text = following.value
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                found[statement.target.id] = " ".join(text.value.split())
    return found


def entries(model: Any, without: Iterable[str] = ()) -> Iterator[SchemaEntry]:  # noqa: ANN401 - a dataclass
    """The keys of a table with their documentation, in the order of the model."""
    docs, hidden = docs_of(model), frozenset(without)
    for key in keys_of(model):
        if key.field not in hidden:
            yield SchemaEntry(name=key.name, type=key.type, required=key.required, default=key.default, doc=docs.get(key.field, ""))


def shown_default(entry: SchemaEntry | TableKey) -> JSON:
    """The default as it would be written in TOML; None when there is nothing to write."""
    value = entry.default
    if value is MISSING or value is None or value in ("", (), {}) or is_dataclass(value):
        return None
    form = next((args[1] for args in _annotations(entry.type)), "")
    if form in _SHOW:
        shown: str = _SHOW[form](value)
        return shown
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if isinstance(value, str | int | float) else None


def _annotations(hint: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    if get_origin(hint) is Annotated:
        yield get_args(hint)
    elif get_origin(hint) in (Union, types.UnionType):
        for member in get_args(hint):
            yield from _annotations(member)


def build(catalog: Catalog) -> dict[str, JSON]:
    """The JSON Schema of wbuild.toml for a catalogue."""
    languages = catalog.languages.values()
    artifact = _table(Artifact, without=MADE)
    properties = artifact["properties"]
    assert isinstance(properties, dict)
    properties["lang"] = {"enum": [recipe.name for recipe in languages], "description": docs_of(Artifact)["lang"]}
    properties["target"] = {**_of(Target), "description": TARGET_DOC}
    properties["hosts"] = {"type": "array", "items": {"enum": [*catalog.hosts]}, "description": docs_of(Artifact)["hosts"]}
    properties |= {recipe.name: _options(recipe) for recipe in languages}
    artifact["not"] = {"required": ["target", "targets"]}
    toolchains: dict[str, JSON] = {recipe.name: {"enum": [t.name for t in recipe.toolchains]} for recipe in languages}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wbuild.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "project": _table(ProjectTable),
            "toolchains": {
                "type": "object",
                "description": "Which toolchain serves a language; default: the first that the machine can have.",
                "properties": toolchains,
                "additionalProperties": False,
            },
            "tools": {
                "type": "object",
                "description": "Exact versions of tools; default: the newest that the catalogue allows.",
                "properties": {tool.name: {"type": "string", "description": tool.summary} for tool in catalog.tools.values()},
                "additionalProperties": False,
            },
            "profile": _named(_table(Profile), docs_of(Profile)[""]),
            "vendor": _named(_table(Vendor), docs_of(Vendor)[""]),
            "defaults": _defaults(properties, [recipe.name for recipe in languages]),
            "artifact": _named(artifact, docs_of(Artifact)[""]),
        },
    }


def _defaults(properties: Mapping[str, JSON], languages: list[str]) -> dict[str, JSON]:
    """`[defaults]`: the keys of an artifact, and under a language's name the same for that language."""
    keys: dict[str, JSON] = {
        name: {"$ref": f"#/properties/artifact/additionalProperties/properties/{name}"} for name in properties if name not in languages
    }
    either: dict[str, JSON] = {"not": {"required": ["target", "targets"]}, "additionalProperties": False, "type": "object"}
    of_languages: dict[str, JSON] = {
        name: {
            **either,
            "description": f"Keys of artifacts whose language is {name}.",
            "properties": {**keys, name: {"$ref": f"#/properties/artifact/additionalProperties/properties/{name}"}},
        }
        for name in languages
    }
    return {**either, "description": DEFAULTS_DOC, "properties": {**keys, **of_languages}}


def _named(table: dict[str, JSON], doc: str) -> dict[str, JSON]:
    names: JSON = {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"}
    return {"type": "object", "description": doc, "propertyNames": names, "additionalProperties": table}


def _table(model: Any, without: Iterable[str] = ()) -> dict[str, JSON]:  # noqa: ANN401 - a dataclass
    properties: dict[str, JSON] = {}
    required: list[JSON] = []
    for entry in entries(model, without):
        described = _of(entry.type)
        described["description"] = entry.doc
        default = shown_default(entry)
        if default is not None:
            described["default"] = default
        properties[entry.name] = described
        if entry.required:
            required.append(entry.name)
    table: dict[str, JSON] = {"type": "object", "properties": properties, "additionalProperties": False}
    return table | ({"required": required} if required else {})


def _options(recipe: LanguageRecipe) -> dict[str, JSON]:
    properties: dict[str, JSON] = {}
    for option in recipe.options:
        described = _of(OPTION_TYPES[option.type])
        if option.choices:
            choices: dict[str, JSON] = {"enum": list(option.choices)}
            described = described | {"items": choices} if option.type == "list" else choices
        if option.type in ("globs", "paths"):
            described = {"anyOf": [{"type": "string"}, described]}
        described["description"] = option.doc
        if option.default is not None:
            described["default"] = list(option.default) if isinstance(option.default, tuple) else option.default
        properties[option.name] = described
    table: dict[str, JSON] = {"type": "object", "description": f"Options of {recipe.title}.", "properties": properties}
    return table | {"additionalProperties": False}


def _of(hint: Any) -> dict[str, JSON]:  # noqa: ANN401, PLR0911 - one line for each kind of annotation
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _form(args[0], args[1])
    if origin in (Union, types.UnionType):
        members = [_of(member) for member in args if member is not types.NoneType]
        return members[0] if len(members) == 1 else {"anyOf": list(members)}
    if origin is Literal:
        return {"enum": [choice for choice in args if choice != ""]}
    if origin is tuple:
        return {"type": "array", "items": _of(args[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(args[1])}
    if is_dataclass(hint):
        return _model(hint)
    return {"type": _SCALARS[hint]}


def _model(model: Any) -> dict[str, JSON]:  # noqa: ANN401 - a dataclass
    short = getattr(model, "SHORT", "")
    if not short:
        return _table(model)
    key = next(key for key in keys_of(model) if key.field == short)
    return {"anyOf": [_of(key.type), _table(model)]}


def _form(base: Any, form: str) -> dict[str, JSON]:  # noqa: ANN401 - str, int or float
    number = r"^\s*[0-9]+(\.[0-9]+)?\s*"
    match form:
        case "size":
            return {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": f"{number}({'|'.join(SIZES)})$"}]}
        case "count":
            return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": f"{number}({'|'.join(COUNTS)})$"}]}
        case "duration":
            return {"type": "string", "pattern": f"{number}({'|'.join(DURATIONS)})$"}
        case "share":
            return {"type": "string", "pattern": f"{number}%$"}
        case "path" | "glob":
            return {"type": "string", "minLength": 1}
    return {"type": _SCALARS[base]}
