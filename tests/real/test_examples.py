"""Every example builds, optimized and checked, from the sources and the lock that stand in the repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.real.machine import Machine

ROOT = Path(__file__).parent.parent.parent / "examples"
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("*/wbuild.toml"))


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example: str, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "repository"
    (here / ".git").mkdir(parents=True)
    for folder in {example, "words"}:
        shutil.copytree(ROOT / folder, here / folder, ignore=shutil.ignore_patterns(".wbuild", "dist"))
    done = machine.wbuild("-C", example, "build", "--opt", "--locked", cwd=here).succeeds()
    assert done.stdout.splitlines()
    index = json.loads((here / example / "dist/release/report.json").read_text("utf-8"))
    for artifact in index["artifacts"]:
        assert artifact["checks"]
        assert {check["status"] for check in artifact["checks"]} == {"passed"}
        assert artifact["choice"]["after"] < artifact["choice"]["before"]
        assert not artifact["budget"] or {verdict["status"] for verdict in artifact["budget"]} <= {"ok", "warn"}
    again = machine.wbuild("-C", example, "build", "--opt", "--locked", cwd=here).succeeds()
    assert again.stdout == done.stdout
