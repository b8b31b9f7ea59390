"""Every example builds, optimized and checked, from the sources and the lock that stand in the repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.examples import EXAMPLES, copied
from tests.real.machine import Machine


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = copied(example, tmp_path / "repository")
    done = machine.wbuild("build", "--opt", "--locked", cwd=here).succeeds()
    assert done.stdout.splitlines()
    index = json.loads((here / "dist/release/report.json").read_text("utf-8"))
    for artifact in index["artifacts"]:
        assert artifact["checks"]
        assert {check["status"] for check in artifact["checks"]} == {"passed"}
        assert artifact["choice"]["after"] < artifact["choice"]["before"]
        assert not artifact["budget"] or {verdict["status"] for verdict in artifact["budget"]} <= {"ok", "warn"}
    again = machine.wbuild("build", "--opt", "--locked", cwd=here).succeeds()
    assert again.stdout == done.stdout
