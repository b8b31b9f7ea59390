from __future__ import annotations

from tests.goldens import golden
from tests.reports import budget, everything, report, weighed
from wbuild.errors import Problem
from wbuild.model.happened import SectionSize
from wbuild.report import sizes, text, to_json


def test_the_table_of_a_first_minute() -> None:
    hello = weighed("hello", language="rust", budget=(budget("gzip", 50 << 10, 18637, "ok"),))
    assert text.summary(report(hello)) == (
        " artifact  language  category  target  raw       gzip      brotli    change  budget\n"
        " hello     rust      compiled  wasip1  40.9 KiB  18.2 KiB  15.9 KiB  new     36 % of 50 KiB gzip\n"
    )


def test_a_table_with_everything() -> None:
    golden("report/everything.txt", text.summary(everything()))


def test_colour_changes_no_column() -> None:
    def tagged(role: str, word: str) -> str:
        return f"<{role}>{word}</>" if role else word

    golden("report/everything-styled.txt", text.summary(everything(), tagged))


def test_the_list_of_checks() -> None:
    golden("report/checks.txt", text.checks(everything()))


def test_nothing_to_show() -> None:
    assert text.summary(report()) == ""
    assert text.checks(report()) == ""
    assert text.checks(report(weighed("a"))) == ""


BEFORE = weighed(
    "hello",
    52148,
    20000,
    18000,
    sections=(
        SectionSize(name="header", offset=0, size=8),
        SectionSize(name="code", offset=8, size=50_000),
        SectionSize(name="producers", offset=50_008, size=2_140),
    ),
    imports=("env.f", "wasi_snapshot_preview1.fd_write"),
    features={"bulk-memory": "instruction"},
)
AFTER = weighed(
    "hello",
    41902,
    sections=(
        SectionSize(name="header", offset=0, size=8),
        SectionSize(name="data", offset=8, size=100),
        SectionSize(name="code", offset=108, size=41_794),
    ),
    imports=("wasi_snapshot_preview1.fd_write",),
    exports=("_start",),
)


def test_where_the_bytes_of_one_artifact_are() -> None:
    golden("report/size.txt", sizes.summary(AFTER))
    assert sizes.summary(weighed("x", sizes=None)) == ""


def test_the_difference_of_two_measures() -> None:
    golden("report/difference.txt", sizes.render_difference(BEFORE, AFTER))
    metrics, parts = sizes.difference(BEFORE, AFTER)
    assert [(delta.name, delta.change) for delta in metrics] == [("raw", -10246), ("gzip", -1363), ("brotli", -1718), ("zstd", -1363)]
    assert sum(delta.change for delta in parts) == metrics[0].change


def test_a_row_leaves_out_the_name_that_a_problem_begins_with_and_no_other() -> None:
    missing = Problem(code="WB430", message="zig cannot be had")
    row, elsewhere = (weighed("a", status="skipped", sizes=None, choice=None, problems=(missing.about(name),)) for name in ("a", "b"))
    assert text.table(report(row)).splitlines()[1].endswith("skipped: zig cannot be had")
    assert text.table(report(elsewhere)).splitlines()[1].endswith("skipped: b: zig cannot be had")
    assert '"message": "a: zig cannot be had"' in to_json.render_artifact(row)
    assert '"subject"' not in to_json.render_artifact(row)
