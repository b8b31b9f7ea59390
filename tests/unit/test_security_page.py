"""Every line of docs/explanation/security.md about what is refused names a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_every_line_has_its_test() -> None:
    page = (REPOSITORY / "docs/explanation/security.md").read_text("utf-8").partition("## What a step can touch")[2]
    found = re.compile(r"^def (test_\w+)", re.MULTILINE)
    tests = {name for file in (REPOSITORY / "tests").rglob("test_*.py") for name in found.findall(file.read_text("utf-8"))}
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| a step")]
    assert len(rows) > 10
    for row in rows:
        assert re.findall(r"`(test_\w+)`", row), row
    assert {*re.findall(r"`(test_\w+)`", page)} <= tests
