from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import wbuild
from tests.goldens import golden
from tests.reports import everything, plan, product, report, run, weighed
from wbuild.model.happened import ArtifactReport, Report, Sizes
from wbuild.report.assemble import assemble
from wbuild.report.schema import artifact_schema, compare_schema, report_schema
from wbuild.report.to_json import artifact_document, render_artifact, render_index, report_document, written
from wbuild.toml.from_json import load, parse

SCHEMAS = Path(wbuild.__file__).parent / "schemas"


@pytest.mark.parametrize(("name", "schema"), [("report", report_schema), ("artifact", artifact_schema), ("compare", compare_schema)])
def test_published_schemas_are_fresh(name: str, schema: object) -> None:
    assert callable(schema)
    golden(f"../../wbuild/schemas/{name}.schema.json", json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
    Draft202012Validator.check_schema(schema())


def published(name: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8")))


def test_documents_fit_their_schemas() -> None:
    made = everything()
    published("report").validate(json.loads(written(made)))
    for artifact in made.artifacts:
        published("artifact").validate(json.loads(render_artifact(artifact)))
    whole = assemble(plan(product()), run())
    published("report").validate(json.loads(render_index(whole, written(made))))


def test_documents_come_back_as_they_were() -> None:
    made = assemble(plan(product()), run())
    assert parse(Report, written(made)) == made
    assert parse(ArtifactReport, render_artifact(made.artifacts[0])) == made.artifacts[0]


def test_documents_are_stable_and_harmless_on_a_terminal() -> None:
    shown = written(everything())
    assert shown == written(everything())
    assert shown.isascii()
    assert list(report_document(everything()))[:2] == ["schema", "project"]
    assert artifact_document(weighed("a", seconds=1.23456789))["seconds"] == 1.235


def files(index: str) -> Sequence[tuple[str, bool]]:
    return [(entry["file"], entry["made"]) for entry in json.loads(index)["artifacts"]]


def test_the_index_of_a_profile_keeps_what_this_run_did_not_make() -> None:
    first = render_index(report(weighed("b"), weighed("c")))
    assert files(first) == [("dist/release/b.wasm", True), ("dist/release/c.wasm", True)]
    second = render_index(report(weighed("a"), weighed("c")), first)
    assert files(second) == [("dist/release/a.wasm", True), ("dist/release/b.wasm", False), ("dist/release/c.wasm", True)]
    third = render_index(report(weighed("a")), second, {"dist/release/a.wasm", "dist/release/c.wasm"})
    assert files(third) == [("dist/release/a.wasm", True), ("dist/release/c.wasm", False)]


@pytest.mark.parametrize(
    "damaged",
    ["{", "[]", '{"schema": "x"}', '{"schema": "wbuild.report/1", "artifacts": 3}', '{"schema": "wbuild.report/1", "artifacts": [1, {}]}'],
)
def test_a_damaged_index_is_written_anew(damaged: str) -> None:
    assert files(render_index(report(weighed("a")), damaged)) == [("dist/release/a.wasm", True)]


@pytest.mark.parametrize(
    "doc",
    [
        {},
        {"raw": "1", "gzip": 1, "brotli": 1, "zstd": 1},
        {"raw": True, "gzip": 1, "brotli": 1, "zstd": 1},
        [],
        None,
    ],
)
def test_another_form_is_refused(doc: object) -> None:
    with pytest.raises(ValueError):
        load(Sizes, doc)


def test_another_form_is_refused_at_any_depth() -> None:
    whole = artifact_document(weighed("a"))
    for key, wrong in [("status", "fine"), ("memory", [1]), ("sections", {}), ("features", []), ("seconds", "1"), ("imports", [1])]:
        with pytest.raises(ValueError):
            load(ArtifactReport, {**whole, key: wrong})
