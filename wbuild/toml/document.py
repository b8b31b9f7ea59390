"""How documents are laid out where that is not field by field: the published keys of a record, and where their values are.

An artifact's document has the fields of its measure among its own, and a row of a comparison those of the artifact's report. JSON out
(`to_json`), JSON in (`from_json`) and the schemas (`report.schema`) read this one table.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from wbuild.errors import Problem
from wbuild.model.happened import ArtifactReport, Compared, Measure
from wbuild.toml.shape import Shape, docs_of, keys_of, optional

__all__ = ["DocumentKey", "document_keys", "nested", "values_of"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLayout:
    """The keys of a record's document, in order; those that it has not itself are keys of the record in one of its fields."""

    keys: tuple[str, ...]
    inner: str = ""
    """The field of that record, which is no key itself; "" where there is none."""
    kind: Any = None
    """The type of that record, when it is there."""


_IDENTITY: Final = ("name", "language", "category", "toolchain", "target", "profile", "level", "file", "status")
_FOUND: Final = ("features", "imports", "exports", "producers", "memory")
LAYOUTS: Final[Mapping[type, DocumentLayout]] = {
    Problem: DocumentLayout(keys=("code", "message", "hint", "place", "detail", "log")),
    ArtifactReport: DocumentLayout(
        inner="measure",
        kind=Measure,
        keys=(
            *(*_IDENTITY, "beside", "sha256", "sizes", "previous", "sections", "unknown_sections", "unmatched", "undebugged"),
            *("budget", "checks", "hosts", "choice", "validation", *_FOUND, "tools", "problems", "seconds", "platform", "reproducible"),
        ),
    ),
    Compared: DocumentLayout(
        inner="report",
        kind=ArtifactReport,
        keys=(
            *("name", "target", "language", "category", "toolchain", "tool", "version", "level", "status", "why"),
            *("sizes", "fuel", "start_ms", "build_seconds"),
        ),
    ),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKey:
    """One key of a document."""

    name: str
    shape: Shape
    owner: Any
    """The record that has the field."""

    @property
    def doc(self) -> str:
        """The documentation of the field; "" for none."""
        return docs_of(self.owner).get(self.name, "")


def document_keys(kind: Any) -> tuple[DocumentKey, ...]:  # noqa: ANN401 - a dataclass
    """The keys of a record's document, in order."""
    return _keys(kind)


@cache
def _keys(kind: Any) -> tuple[DocumentKey, ...]:  # noqa: ANN401 - a dataclass
    own = {key.field: DocumentKey(name=key.field, shape=key.shape, owner=kind) for key in keys_of(kind)}
    layout = LAYOUTS.get(kind)
    if layout is None:
        return tuple(own.values())
    found = ({key.name: key for key in document_keys(layout.kind)} if layout.inner else {}) | own
    if _may_lack(kind, layout):
        found |= {name: dataclasses.replace(found[name], shape=optional(found[name].shape)) for name in _required(layout.kind)}
    return tuple(found[name] for name in layout.keys)


def values_of(record: Any) -> Mapping[str, object]:  # noqa: ANN401 - a dataclass
    """Key → value of a record's document, in order. A record that is not there has the defaults of its fields, and null without one."""
    kind: type = type(record)
    own: dict[str, object] = {key.field: getattr(record, key.field) for key in keys_of(kind)}
    layout = LAYOUTS.get(kind)
    if layout is None:
        return own
    if layout.inner:
        inner = own.pop(layout.inner)
        own = {**(_blank(layout.kind) if inner is None else values_of(inner)), **own}
    return {name: own[name] for name in layout.keys}


def nested(kind: type, document: Mapping[str, object]) -> Mapping[str, object]:
    """The document of a record with the fields of its inner record in an object of their own, as `values_of` took them out."""
    layout = LAYOUTS.get(kind)
    if layout is None or not layout.inner:
        return document
    if _may_lack(kind, layout) and all(document.get(name) is None for name in _required(layout.kind)):
        return {**document, layout.inner: None}
    return {**document, layout.inner: {key.name: document[key.name] for key in document_keys(layout.kind) if key.name in document}}


def _may_lack(kind: Any, layout: DocumentLayout) -> bool:  # noqa: ANN401 - a dataclass
    return any(key.field == layout.inner and key.default is None for key in keys_of(kind))


def _required(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a dataclass
    return tuple(key.field for key in keys_of(kind) if key.required)


@cache
def _blank(kind: type) -> Mapping[str, object]:
    """Key → default of a record that is not there."""
    made = kind(**dict.fromkeys(_required(kind)))
    return values_of(made)
