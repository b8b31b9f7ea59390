"""Every starter of every language builds, optimized and checked, for each of its targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.real.machine import Machine
from wbuild.init.scaffold import starters
from wbuild.session.shipped_data import template_texts

LANGUAGES = sorted({starter.language for starter in starters(template_texts())})


@pytest.mark.parametrize("language", LANGUAGES)
def test_starters_build(language: str, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "here"
    here.mkdir()
    names = []
    for starter in (s for s in starters(template_texts()) if s.language == language):
        for target in starter.targets:
            names.append(f"{starter.name}-{target}")
            options = ["--lang", language, "--template", starter.name, "--target", target]
            machine.wbuild("init", *options, names[-1] if len(names) > 1 else ".", "--name", names[-1], cwd=here).succeeds()
    done = machine.wbuild("build", "--opt", cwd=here).succeeds()
    assert done.stdout.splitlines() == [f"dist/release/{name}.wasm" for name in names]
    index = json.loads((here / "dist/release/report.json").read_text("utf-8"))
    for artifact in index["artifacts"]:
        assert [check["status"] for check in artifact["checks"]] == ["passed"] * len(artifact["checks"])
        assert artifact["checks"]
        assert artifact["choice"]["after"] <= artifact["choice"]["before"]
