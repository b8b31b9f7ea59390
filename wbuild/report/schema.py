"""The JSON Schemas of what `to_json` writes, made from `model.happened`: types, defaults and the docs under the fields."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, Union, get_args, get_origin

from wbuild.model.happened import ArtifactReport, Comparison, Report
from wbuild.model.planned import JSON
from wbuild.report.document import keys_of
from wbuild.report.to_json import ARTIFACT_SCHEMA, COMPARE_SCHEMA, REPORT_SCHEMA

__all__ = ["artifact_schema", "compare_schema", "report_schema"]

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_MADE: Final[dict[str, JSON]] = {
    "type": "boolean",
    "description": "In dist/<profile>/report.json: whether the last run made it.",
}


def artifact_schema() -> dict[str, JSON]:
    """Of `<file>.report.json`."""
    definitions: dict[str, JSON] = {}
    top = _record(ArtifactReport, definitions)
    return {**_tagged(top, ARTIFACT_SCHEMA), "$schema": _DRAFT, "title": ARTIFACT_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def compare_schema() -> dict[str, JSON]:
    """Of `wbuild compare --format json`."""
    definitions: dict[str, JSON] = {}
    top = _record(Comparison, definitions)
    return {**_tagged(top, COMPARE_SCHEMA), "$schema": _DRAFT, "title": COMPARE_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def report_schema() -> dict[str, JSON]:
    """Of `--format json` and of `dist/<profile>/report.json`."""
    definitions: dict[str, JSON] = {}
    top = _record(Report, definitions)
    artifact = _tagged(_record(ArtifactReport, definitions), ARTIFACT_SCHEMA)
    properties = artifact["properties"]
    assert isinstance(properties, dict)
    definitions["ArtifactReport"] = {**artifact, "properties": {**properties, "made": _MADE}}
    return {**_tagged(top, REPORT_SCHEMA), "$schema": _DRAFT, "title": REPORT_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def _tagged(schema: dict[str, JSON], name: str) -> dict[str, JSON]:
    """With the `schema` field that every document starts with."""
    properties, required = schema["properties"], schema["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    tag: JSON = {"const": name}
    return {**schema, "properties": {"schema": tag, **properties}, "required": ["schema", *required]}


def _record(kind: type, definitions: dict[str, JSON]) -> dict[str, JSON]:
    properties: dict[str, JSON] = {}
    for key in keys_of(kind):
        schema, docs = _schema(key.type, definitions), _docs(key.owner)
        properties[key.name] = {**schema, "description": docs[key.name]} if key.name in docs else schema
    names: list[JSON] = list(properties)
    return {
        "type": "object",
        "description": inspect.cleandoc(kind.__doc__ or ""),
        "properties": properties,
        "required": names,
        "additionalProperties": False,
    }


def _schema(kind: Any, definitions: dict[str, JSON]) -> dict[str, JSON]:  # noqa: ANN401, PLR0911 - types are found out here
    origin, arms = get_origin(kind), get_args(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if kind.__name__ not in definitions:
            definitions[kind.__name__] = None
            definitions[kind.__name__] = _record(kind, definitions)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is Literal:
        return {"enum": list(arms)}
    if origin in {Union, types.UnionType}:
        return {"anyOf": [_schema(arm, definitions) for arm in arms]}
    if origin is tuple and arms[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arms[0], definitions)}
    if origin is tuple:
        items: list[JSON] = [_schema(arm, definitions) for arm in arms]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _schema(arms[1], definitions)}
    return {"type": "null"} if kind is type(None) else {"type": _PLAIN[kind]}


def _docs(kind: type) -> Mapping[str, str]:
    """Field → the string under it."""
    return _module_docs(kind.__module__).get(kind.__name__, {})


@lru_cache
def _module_docs(module: str) -> Mapping[str, Mapping[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return {node.name: _field_docs(node) for node in tree.body if isinstance(node, ast.ClassDef)}


def _field_docs(node: ast.ClassDef) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for field, following in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(following, ast.Expr):
            value = following.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[field.target.id] = inspect.cleandoc(value.value)
    return found
