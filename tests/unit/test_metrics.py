from __future__ import annotations

from dataclasses import fields
from typing import get_args

import pytest

from tests.reports import budget, report, weighed
from wbuild.builtins.metrics import BYTES, COUNT, INSTRUCTIONS, METRICS, Unit, columns, judges, share, tightest, unit_of
from wbuild.model.happened import ArtifactReport, Compared, Measure
from wbuild.model.written import Budget, SizeMetric
from wbuild.report.text import table
from wbuild.toml.document import document_keys, values_of


def test_every_metric_is_a_key_of_a_budget_and_every_limit_a_metric() -> None:
    assert [metric.name for metric in METRICS] == [field.name for field in fields(Budget) if field.name != "warn"]
    for metric in METRICS:
        assert metric.limit(Budget(**{metric.name: 7})) == 7
        assert metric.limit(Budget()) is None


def test_what_decides_between_candidates_is_a_size_in_bytes() -> None:
    assert {*get_args(SizeMetric)} <= {metric.name for metric in METRICS if metric.unit is BYTES}


def test_a_metric_is_read_from_the_report_of_what_was_made() -> None:
    assert [metric.read(weighed("a", 9, 8, 7)) for metric in METRICS] == [9, 8, 7, 8]
    assert [metric.read(weighed("a", sizes=None)) for metric in METRICS] == [None] * len(METRICS)


@pytest.mark.parametrize(
    ("unit", "exact", "short", "written"),
    [
        (BYTES, "61440 B", "60.0 KiB", "60 KiB"),
        (INSTRUCTIONS, "61440 instructions", "61.4 k", "61440"),
        (COUNT, "61440", "61440", "61440"),
    ],
)
def test_units_write_their_own_numbers(unit: Unit, exact: str, short: str, written: str) -> None:
    assert (unit.exact(61440), unit.short(61440), unit.written(61440)) == (exact, short, written)


def test_a_limit_of_a_metric_that_another_version_knows_is_a_plain_number() -> None:
    assert unit_of("imports") is COUNT
    shown = table(report(weighed("a", budget=(budget("imports", 4000, 4002, "over"),))))
    assert shown.splitlines()[1].endswith("OVER by 2: 101 % of 4000 imports")


def test_tables_have_a_column_for_some() -> None:
    assert [metric.name for metric in columns()] == ["raw", "gzip", "brotli"]


def test_an_artifacts_document_has_every_field_of_report_and_measure() -> None:
    own = {field.name for field in fields(ArtifactReport)} - {"measure"}
    assert {key.name for key in document_keys(ArtifactReport)} == own | {field.name for field in fields(Measure)}


def test_a_document_of_what_was_not_made_has_the_same_keys() -> None:
    made, missing = values_of(weighed("a")), values_of(weighed("a", sizes=None))
    assert [*made] == [*missing] == [key.name for key in document_keys(ArtifactReport)]
    assert (missing["sha256"], missing["sizes"], missing["imports"], missing["features"], missing["memory"]) == ("", None, (), {}, None)


def test_a_row_of_a_comparison_shows_some_of_the_report() -> None:
    row = Compared(report=weighed("a", 9, 8, 7), tool="zig", version="0.17.1", fuel=5)
    assert [*values_of(row)][:6] == ["name", "target", "language", "category", "toolchain", "tool"]
    assert values_of(row)["fuel"] == 5
    assert "measure" not in values_of(row)
    assert "report" not in values_of(row)


@pytest.mark.parametrize(("metric", "level", "judged"), [("raw", "none", False), ("raw", "size", True), ("unknown", "none", False)])
def test_limits_of_sizes_judge_builds_with_an_optimizer(metric: str, level: str, judged: bool) -> None:
    assert judges(budget(metric, 1, 2, "over"), level) == judged


def test_the_tightest_limit_is_the_one_that_is_used_most() -> None:
    half, most = budget("raw", 100, 50, "ok"), budget("gzip", 10 << 10, 9 << 10, "warn")
    assert tightest((half, most)) == most
    assert tightest(()) is None
    assert share(most) == "90 % of 10 KiB gzip"
