"""`build --verify-reproducible` with real compilers: the tour comes out the same, and a path that leaks is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real.examples import copied
from tests.real.machine import Machine

CHECK = ("build", "--opt", "--no-check", "--locked", "--verify-reproducible")


@pytest.fixture
def tour(tmp_path: Path) -> tuple[Machine, Path]:
    return Machine.make(tmp_path / "machine"), copied(tmp_path)


def test_rust_and_assemblyscript(tour: tuple[Machine, Path]) -> None:
    """Not C and Go: what their compilers keep is made anew in the third build, which takes minutes."""
    machine, here = tour
    done = machine.wbuild(*CHECK, "words-rust", "words-as", cwd=here).succeeds()
    assert done.stderr.endswith("\nreproducible: words-as, words-rust\n")


def test_a_path_that_leaks(tour: tuple[Machine, Path]) -> None:
    machine, here = tour
    main = here / "words-rust/src/main.rs"
    main.write_text(f'{main.read_text("utf-8")}\n#[used]\nstatic HERE: &str = env!("CARGO_MANIFEST_DIR");\n', "utf-8")
    done = machine.wbuild(*CHECK, "words-rust", cwd=here).ends(3)
    assert "error[WB304]: dist/release/words-rust.wasm is not reproducible: " in done.stderr
    assert "likely cause: a path of the machine (" in done.stderr
    assert "--remap-path-prefix=" in done.stderr
