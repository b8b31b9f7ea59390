from __future__ import annotations

import gzip
import hashlib
import json
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.modules import component, module
from tests.reports import weighed
from wbuild.builtins.measure import measure, size_of, sizes
from wbuild.builtins.metrics import verdicts
from wbuild.builtins.sections import parts
from wbuild.errors import ArtifactError
from wbuild.model.happened import Sizes
from wbuild.model.written import Budget, SizeMetric

SIZES = Sizes(raw=1000, gzip=500, brotli=400, zstd=450)
PRODUCERS = b"\x01\x08language\x02\x01C\x0203\x03Zig\x00"


def test_every_byte_is_in_one_section() -> None:
    data = module(memory=(1, 2), customs={"name": b"\x00", "x": b"12345"})
    found = parts(data)
    assert [part.name for part in found] == ["header", "type", "function", "memory", "export", "code", "name", "x"]
    assert sum(part.size for part in found) == len(data)
    assert found[0].offset == 0
    assert all(after.offset == before.offset + before.size for before, after in pairwise(found))


def test_what_a_component_embeds_is_opened() -> None:
    data = component(module(), module(code=b"\x01" * 200))
    found = parts(data)
    assert [part.name for part in found if part.name.endswith("header")] == ["header", "module 0/header", "module 1/header"]
    assert sum(part.size for part in found) == len(data)
    assert next(part.size for part in found if part.name == "module 1/code") == 208


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=5))
def test_sections_add_up_whatever_their_number(size: int, number: int) -> None:
    data = component(*[module(code=b"\x01" * size)] * number)
    assert sum(part.size for part in parts(data)) == len(data)


def test_sizes_are_those_of_the_usual_tools() -> None:
    data = module(code=b"\x01" * 5000)
    found = sizes(data)
    assert found.raw == len(data)
    assert found.gzip == len(gzip.compress(data, 9, mtime=0))
    assert found.brotli < found.gzip < found.raw
    assert found.zstd < found.raw
    assert [size_of(data, metric) for metric in get_args(SizeMetric)] == [found.raw, found.gzip, found.brotli, found.zstd]


def test_measure_says_everything_about_a_module() -> None:
    data = module(
        exports=("b", "a"),
        imports=[("env", "log"), ("env", "abort")],
        code=b"\x41\x00\xc0\x1a",  # i32.const 0, i32.extend8_s, drop
        memory=(2, None),
        customs={"producers": PRODUCERS, "target_features": b"\x01+\x07simd128"},
    )
    (made,) = measure({}, [data])
    doc = json.loads(made)
    assert doc["sha256"] == hashlib.sha256(data).hexdigest()
    assert doc["sizes"]["raw"] == len(data) == sum(part["size"] for part in doc["sections"])
    assert doc["imports"] == ["env.abort", "env.log"]
    assert doc["exports"] == ["a", "b"]
    assert doc["memory"] == [2, None]
    assert doc["producers"] == {"language": ["C 03", "Zig"]}
    assert list(doc["features"]) == ["sign-ext"]
    assert doc["features"]["sign-ext"].startswith("instruction 0xc0 in function 2 at 0x")
    assert measure({}, [data]) == [made]


def test_measure_of_a_component() -> None:
    (made,) = measure({}, [component(module())])
    doc = json.loads(made)
    assert doc["memory"] is None
    assert "component-model" in doc["features"]


def test_what_is_no_wasm_is_the_artifacts_fault() -> None:
    with pytest.raises(ArtifactError):
        measure({}, [b"#!/bin/sh\n"])


@pytest.mark.parametrize(
    ("metric", "limit", "status"),
    [
        ("gzip", 500, "warn"),  # F122: equal passes
        ("gzip", 499, "over"),  # F122: one byte more fails
        ("gzip", 501, "warn"),
        ("gzip", 555, "warn"),
        ("gzip", 556, "ok"),
        ("raw", 999, "over"),
        ("brotli", 400, "warn"),
        ("zstd", 449, "over"),
        ("zstd", 4500, "ok"),
    ],
)
def test_F122_a_limit_is_exact_to_the_byte(metric: str, limit: int, status: str) -> None:
    (verdict,) = verdicts(Budget(**{metric: limit}), weighed("x", sizes=SIZES))
    assert (verdict.metric, verdict.limit, verdict.status) == (metric, limit, status)
    assert verdict.actual == getattr(SIZES, metric)


def test_verdicts_come_in_the_order_of_the_metrics() -> None:
    found = verdicts(Budget(zstd=1000, raw=2000, gzip=500, warn=1.0), weighed("x", sizes=SIZES))
    assert [(verdict.metric, verdict.status) for verdict in found] == [("raw", "ok"), ("gzip", "warn"), ("zstd", "ok")]
    assert verdicts(Budget(), weighed("x", sizes=SIZES)) == ()
