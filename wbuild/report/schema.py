"""The JSON Schemas of what `to_json` writes, made from `model.happened`: types, defaults and the docs under the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wbuild.model.happened import ArtifactReport, Comparison, Report
from wbuild.model.planned import JSON
from wbuild.report.to_json import ARTIFACT_SCHEMA, COMPARE_SCHEMA, REPORT_SCHEMA
from wbuild.toml.document import document_keys
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
    docs_of,
)

__all__ = ["artifact_schema", "compare_schema", "report_schema"]

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_MADE: Final[dict[str, JSON]] = {
    "type": "boolean",
    "description": "In dist/<profile>/report.json: whether the last run made it.",
}


def artifact_schema() -> dict[str, JSON]:
    """The JSON Schema of `<file>.report.json`."""
    definitions: dict[str, JSON] = {}
    top = _record(ArtifactReport, definitions)
    return {**_tagged(top, ARTIFACT_SCHEMA), "$schema": _DRAFT, "title": ARTIFACT_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def compare_schema() -> dict[str, JSON]:
    """The JSON Schema of `wbuild compare --format json`."""
    definitions: dict[str, JSON] = {}
    top = _record(Comparison, definitions)
    return {**_tagged(top, COMPARE_SCHEMA), "$schema": _DRAFT, "title": COMPARE_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def report_schema() -> dict[str, JSON]:
    """The JSON Schema of `--format json` and of `dist/<profile>/report.json`."""
    definitions: dict[str, JSON] = {}
    top = _record(Report, definitions)
    artifact = _tagged(_record(ArtifactReport, definitions), ARTIFACT_SCHEMA)
    properties = artifact["properties"]
    assert isinstance(properties, dict)
    definitions["ArtifactReport"] = {**artifact, "properties": {**properties, "made": _MADE}}
    return {**_tagged(top, REPORT_SCHEMA), "$schema": _DRAFT, "title": REPORT_SCHEMA, "$defs": dict(sorted(definitions.items()))}


def _tagged(schema: dict[str, JSON], name: str) -> dict[str, JSON]:
    """A schema with the field `schema` that every document starts with."""
    properties, required = schema["properties"], schema["required"]
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    tag: JSON = {"const": name}
    return {**schema, "properties": {"schema": tag, **properties}, "required": ["schema", *required]}


def _record(model: Any, definitions: dict[str, JSON]) -> dict[str, JSON]:  # noqa: ANN401 - a dataclass
    properties: dict[str, JSON] = {}
    for key in document_keys(model):
        schema = _schema(key.shape, definitions)
        properties[key.name] = {**schema, "description": key.doc} if key.doc else schema
    names: list[JSON] = list(properties)
    return {
        "type": "object",
        "description": docs_of(model)[""],
        "properties": properties,
        "required": names,
        "additionalProperties": False,
    }


def _schema(shape: Shape, definitions: dict[str, JSON]) -> dict[str, JSON]:  # noqa: PLR0911 - one line for each kind of type
    match shape:
        case TableShape(model=model):
            if model.__name__ not in definitions:
                definitions[model.__name__] = None
                definitions[model.__name__] = _record(model, definitions)
            return {"$ref": f"#/$defs/{model.__name__}"}
        case ChoiceShape(choices=choices):
            return {"enum": list(choices)}
        case UnionShape(members=members, optional=optional):
            arms: list[JSON] = [_schema(member, definitions) for member in members]
            return {"anyOf": [*arms, {"type": "null"}] if optional else arms}
        case ListShape(item=item):
            return {"type": "array", "items": _schema(item, definitions)}
        case RowShape(items=items):
            row: list[JSON] = [_schema(item, definitions) for item in items]
            return {"type": "array", "prefixItems": row, "minItems": len(row), "maxItems": len(row)}
        case MappingShape(item=item):
            return {"type": "object", "additionalProperties": _schema(item, definitions)}
        case ScalarShape(type=kind) | FormShape(base=kind):
            return {"type": _PLAIN[kind]}
