"""The tour builds, optimized and checked, from the sources and the lock that stand in the repository."""

from __future__ import annotations

import json
from pathlib import Path

from tests.real.examples import LANGUAGES, copied
from tests.real.machine import CACHE, Machine


def test_the_tour(tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    shared = {"WBUILD_CACHE": str(CACHE)}  # the README's first command has just built all this elsewhere: keys hold no folder
    here = copied(tmp_path / "unpacked").parent
    done = machine.wbuild("-C", "tour", "build", "--opt", "--locked", cwd=here, **shared).succeeds()
    index = json.loads((here / "tour/dist/release/report.json").read_text("utf-8"))
    assert {artifact["language"] for artifact in index["artifacts"]} == LANGUAGES
    for artifact in index["artifacts"]:
        assert artifact["checks"]
        assert {check["status"] for check in artifact["checks"]} == {"passed"}
        assert artifact["choice"]["after"] < artifact["choice"]["before"]
        assert {verdict["status"] for verdict in artifact["budget"]} <= {"ok", "warn"}
    again = machine.wbuild("-C", "tour", "build", "--opt", "--locked", cwd=here, **shared).succeeds()
    assert again.stdout == done.stdout
    assert again.stdout.splitlines() == [f"tour/dist/release/{artifact['name']}.wasm" for artifact in index["artifacts"]]
    compared = machine.wbuild("-C", "tour", "compare", "words-*", "--format", "json", cwd=here, **shared).succeeds()
    (contract,) = json.loads(compared.stdout)["contracts"]
    assert (len(contract["artifacts"]), len(contract["checks"]), contract["start_runs"]) == (6, 14, 5)
    assert all(row[figure] > 0 for row in contract["artifacts"] for figure in ("fuel", "start_ms", "build_seconds"))
    one = machine.wbuild("-C", "tour/words-zig", "build", "--opt", "--locked", cwd=here, **shared).succeeds()
    assert one.stdout == "tour/dist/release/words-zig.wasm\n"
    assert "compile   words-zig" not in one.stderr
