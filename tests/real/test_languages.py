"""Languages that are recipes alone: the example of each, from its lock, and the whole *words* contract beside the tour's languages."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.real.examples import FURTHER, copied
from tests.real.machine import CACHE, Machine

WORDS = sorted(path.parent.name for path in FURTHER.glob("words-*/wbuild.toml"))
CHECKS = 14


def test_there_is_one_for_each() -> None:
    assert WORDS == ["words-d", "words-kotlin", "words-nim"]


@pytest.mark.parametrize("name", WORDS)
def test_the_words_contract(name: str, tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    shared = {"WBUILD_CACHE": str(CACHE)}
    alone = Path(shutil.copytree(FURTHER, tmp_path / "alone", ignore=shutil.ignore_patterns(".wbuild", "dist")))
    machine.wbuild("build", "--opt", "--locked", name, cwd=alone, **shared).succeeds()
    tour = copied(tmp_path / "unpacked")
    shutil.copytree(FURTHER / name, tour / name)
    machine.wbuild("build", "--opt", name, cwd=tour, **shared).succeeds()
    report = json.loads((tour / f"dist/release/{name}.wasm.report.json").read_text("utf-8"))
    assert [check["status"] for check in report["checks"]] == ["passed"] * CHECKS
    assert {verdict["status"] for verdict in report["budget"]} <= {"ok", "warn"}
    assert report["choice"]["after"] < report["choice"]["before"]
    assert (alone / f"dist/release/{name}.wasm").read_bytes() == (tour / f"dist/release/{name}.wasm").read_bytes()
