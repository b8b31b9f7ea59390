"""`build --watch --run` with a real compiler and a real runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.toys import Shell
from tests.cli.watched import change, watched
from tests.real.machine import Machine


@pytest.mark.parametrize(("language", "source"), [("c", "src/greeting.c"), ("rust", "src/main.rs")])
def test_a_program_follows_its_source(tmp_path: Path, language: str, source: str) -> None:
    machine = Machine.make(tmp_path / "machine")
    machine.wbuild("init", "--lang", language, "hello", cwd=tmp_path).succeeds()
    place = Shell(tmp_path / "hello", tmp_path / "machine/home", dict(machine.environ))
    with watched(place, "--run", "hello") as build:
        build.until("Hello, world!")
        build.until("hello ended: exit 0")
        text = place.read(source)
        change(place, source, text.replace("Hello", "Good morning"))
        assert build.turn().startswith("rebuilt hello; ")
        build.until("Good morning, world!")
        change(place, source, text)
        build.until("Hello, world!")
        assert build.end() == 130
