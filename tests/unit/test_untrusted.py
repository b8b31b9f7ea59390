"""Reports that a stranger wrote: whatever is in them, they are read or refused, and never believed more than their form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports import everything, report, weighed
from tests.unit.test_matrix import whole
from wbuild.ci import jobs
from wbuild.ci.merge import merge
from wbuild.ci.untrusted import ExpectedMatrix, read
from wbuild.errors import Problem
from wbuild.model.happened import Report
from wbuild.report.labels import labelled
from wbuild.report.markdown import render as markdown
from wbuild.report.to_json import report_document, written


def changed(**fields: Any) -> bytes:  # noqa: ANN401
    return json.dumps({**report_document(everything()), **fields}).encode()


def artifact(**fields: Any) -> bytes:  # noqa: ANN401
    document: dict[str, Any] = report_document(report(weighed("a")))
    document["artifacts"][0] |= fields
    return json.dumps(document).encode()


def test_what_wbuild_writes_is_read() -> None:
    assert read(written(everything()).encode()) == everything()
    plan = read(jobs.render(whole()).encode())
    assert isinstance(plan, ExpectedMatrix)
    assert len(plan.cells) == 16
    assert plan.cells[0].artifact == "cart"


@pytest.mark.parametrize("content", [b"{}", b"[]", b"3", b'"x"', b"null", b'{"schema": "wbuild.artifact/1"}', b'{"schema": ["x"]}'])
def test_other_documents_are_passed_over(content: bytes) -> None:
    assert read(content) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"schema": "wbuild.report/1"' + b', "a": {"a"' * 5000,
        b'{"schema": "wbuild.report/1"}',
        b'{"schema": "wbuild.report/1", "artifacts": {}}',
        b'{"schema": "wbuild.matrix/1", "jobs": [{"cells": 3}]}',
        b'{"schema": "wbuild.matrix/1", "jobs": [{"cells": [{"artifact": 3}]}]}',
        changed(artifacts=[3]),
        changed(artifacts=[{"schema": "wbuild.artifact/1"}]),
        changed(exit=-1),
        changed(exit=256),
        changed(exit=True),
        changed(seconds=float("inf")),
        changed(seconds=float("nan")),
        changed(seconds=-1),
        changed(extra="x" * ((1 << 20) + 1)),
        changed(extra=json.loads("[" * 40 + "]" * 40)),
        artifact(schema="wbuild.artifact/2"),
        artifact(sizes={"raw": -1, "gzip": 1, "brotli": 1, "zstd": 1}),
        artifact(sizes={"raw": 1 << 54, "gzip": 1, "brotli": 1, "zstd": 1}),
        artifact(sizes={"raw": 1.5, "gzip": 1, "brotli": 1, "zstd": 1}),
        artifact(status="fine"),
        artifact(name=3),
        artifact(problems=[{"code": "WB8", "message": "x"}]),
        artifact(problems=[{"code": "<b>", "message": "x"}]),
        artifact(problems=[{"code": "WB301\n", "message": "x"}]),
        artifact(problems=[{"code": "WB001", "message": "x"}]),
        b'{"schema": "wbuild.report/1", "n": ' + b"9" * 5000 + b"}",
        b'{"schema": "wbuild.report/1", "n": -Infinity}',
    ],
)
def test_what_no_report_holds_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        read(content)


def test_an_index_remembers_what_this_run_did_not_make() -> None:
    document = report_document(report(weighed("now"), weighed("then")))
    document["artifacts"][1]["made"] = False  # type: ignore[index,call-overload]
    content = json.dumps(document).encode()
    now, both = read(content), read(content, earlier=True)
    assert isinstance(now, Report)
    assert isinstance(both, Report)
    assert [a.name for a in now.artifacts] == ["now"]
    assert [a.name for a in both.artifacts] == ["now", "then"]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_damage_is_read_or_refused(data: st.DataObject) -> None:
    """One value somewhere in a report is replaced by another."""
    document: Any = json.loads(written(everything()))
    at = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], (dict, list)) or not at[key] or data.draw(st.booleans()):
            break
        at = at[key]
    at[key] = data.draw(_JSON)
    try:
        found = read(json.dumps(document).encode())
    except ValueError:
        return
    if isinstance(found, Report):
        assert len(markdown(labelled(merge([found])), limit=20_000).encode()) <= 20_000


def test_texts_of_any_length_stay_below_the_limit() -> None:
    long = Problem(code="WB301", message="m" * 500_000, hint="h" * 500_000, detail="d\n" * 400_000)
    made = report(weighed("n" * 100_000, problems=(long,), status="failed"), *(weighed(f"a{i}") for i in range(3000)))
    assert len(markdown(made, limit=60_000).encode()) <= 60_000
