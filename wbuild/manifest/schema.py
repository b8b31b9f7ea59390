"""The JSON Schema (draft 2020-12) of wbuild.toml, made from the model and a catalogue; only `wbuild schema` needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, is_dataclass
from typing import Any, Final

from wbuild.manifest.artifact import OPTION_TYPES
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.planned import JSON
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Profile, ProjectTable, Target, Vendor
from wbuild.text.units import COUNTS, DURATIONS, SIZES, show_count, show_duration, show_share, show_size
from wbuild.toml.shape import (
    ChoiceShape,
    FormShape,
    ListShape,
    MappingShape,
    RowShape,
    ScalarShape,
    Shape,
    TableKey,
    TableShape,
    UnionShape,
    docs_of,
    documented,
    shape_of,
    short_key,
)

__all__ = ["DEFAULTS_DOC", "MADE", "TARGET_DOC", "build", "shown_default"]

MADE: Final = frozenset({"name", "line", "member", "options"})
"""Fields of Artifact that are not keys: the table's name and what the loader fills in."""
DEFAULTS_DOC: Final = (
    "Keys of artifacts that do not set them. Tables merge key by key, everything else is replaced by what the artifact sets."
)
TARGET_DOC: Final = "Short for `targets` with one entry."

_SHOW: Final[Mapping[str, Any]] = {"size": show_size, "duration": show_duration, "count": show_count, "share": show_share}
_SCALARS: Final[Mapping[type, str]] = {str: "string", bool: "boolean", int: "integer", float: "number"}


def shown_default(key: TableKey) -> JSON:
    """The default as it would be written in TOML; None when there is nothing to write."""
    value = key.default
    if value is MISSING or value is None or value in ("", (), {}) or is_dataclass(value):
        return None
    form = next(_forms(key.shape), "")
    if form in _SHOW:
        shown: str = _SHOW[form](value)
        return shown
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if isinstance(value, str | int | float) else None


def _forms(shape: Shape) -> Iterator[str]:
    if isinstance(shape, FormShape):
        yield shape.form
    elif isinstance(shape, UnionShape):
        for member in shape.members:
            yield from _forms(member)


def build(catalog: Catalog) -> dict[str, JSON]:
    """The JSON Schema of wbuild.toml for a catalogue."""
    languages = catalog.languages.values()
    artifact = _table(Artifact, without=MADE)
    properties = artifact["properties"]
    assert isinstance(properties, dict)
    properties["lang"] = {"enum": [recipe.name for recipe in languages], "description": docs_of(Artifact)["lang"]}
    properties["target"] = {**_of(shape_of(Target)), "description": TARGET_DOC}
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
    for key in documented(model, without):
        described = _of(key.shape)
        described["description"] = key.doc
        default = shown_default(key)
        if default is not None:
            described["default"] = default
        properties[key.name] = described
        if key.required:
            required.append(key.name)
    table: dict[str, JSON] = {"type": "object", "properties": properties, "additionalProperties": False}
    return table | ({"required": required} if required else {})


def _options(recipe: LanguageRecipe) -> dict[str, JSON]:
    properties: dict[str, JSON] = {}
    for option in recipe.options:
        described = _of(shape_of(OPTION_TYPES[option.type]))
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


def _of(shape: Shape) -> dict[str, JSON]:  # noqa: PLR0911 - one line for each kind of type
    match shape:
        case FormShape(base=base, form=form):
            return _form(base, form)
        case UnionShape(members=members):
            any_of: list[JSON] = [_of(member) for member in members]
            return _of(members[0]) if len(members) == 1 else {"anyOf": any_of}
        case ChoiceShape(choices=choices):
            return {"enum": [choice for choice in choices if choice != ""]}
        case ListShape(item=item):
            return {"type": "array", "items": _of(item)}
        case RowShape(items=items):
            return {"type": "array", "prefixItems": [_of(item) for item in items], "minItems": len(items), "maxItems": len(items)}
        case MappingShape(item=item):
            return {"type": "object", "additionalProperties": _of(item)}
        case TableShape(model=model):
            short = short_key(model)
            return _table(model) if short is None else {"anyOf": [_of(short.shape), _table(model)]}
        case ScalarShape(type=kind):
            return {"type": _SCALARS[kind]}


def _form(base: type, form: str) -> dict[str, JSON]:
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
