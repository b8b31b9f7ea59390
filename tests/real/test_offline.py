"""What `wbuild fetch` brings is enough: afterwards every language builds where the kernel has no network."""

from __future__ import annotations

import json
from pathlib import Path

from tests.real.examples import LANGUAGES, copied
from tests.real.machine import Machine


def test_F22_a_fetched_project_builds_without_a_network(tmp_path: Path) -> None:
    """In its folder, and then in others, where only what clients keep for all projects helps."""
    machine = Machine.make(tmp_path / "machine", shared=False)
    tour = copied(tmp_path)
    machine.wbuild("fetch", "--locked", cwd=tour).succeeds()
    machine.cut_off("build", "--opt", "--locked", "--offline", cwd=tour).succeeds()
    artifacts = json.loads((tour / "dist/release/report.json").read_text("utf-8"))["artifacts"]
    assert {artifact["language"] for artifact in artifacts} == LANGUAGES
    assert {check["status"] for artifact in artifacts for check in artifact["checks"]} == {"passed"}
    fetching = ["words-as", "words-go", "words-rust"]
    verified = machine.cut_off("build", "--locked", "--offline", "--no-check", "--verify-reproducible", *fetching, cwd=tour).succeeds()
    assert verified.stderr.endswith(f"\nreproducible: {', '.join(fetching)}\n")
