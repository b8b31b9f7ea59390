"""What `wbuild fetch` brings is enough: afterwards every language builds where the kernel has no network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.examples import EXAMPLES, copied
from tests.real.machine import Machine

LANGUAGES = [example for example in EXAMPLES if example.startswith("words-") or example == "add-wat"]
"""One example a language."""


@pytest.mark.parametrize("example", LANGUAGES)
def test_F22_fetched_projects_build_without_a_network(example: str, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine", shared=False)
    here = copied(example, tmp_path / "repository")
    machine.wbuild("fetch", "--locked", cwd=here).succeeds()
    done = machine.cut_off("build", "--opt", "--locked", "--offline", cwd=here).succeeds()
    assert done.stdout.splitlines() == [f"dist/release/{example}.wasm"]
    (artifact,) = json.loads((here / "dist/release/report.json").read_text("utf-8"))["artifacts"]
    assert {check["status"] for check in artifact["checks"]} == {"passed"}
