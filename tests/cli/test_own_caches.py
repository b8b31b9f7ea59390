"""Caches of tools that steps with code of a project see: their own copies, and downloads that nobody else may write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_engine_processes import run
from tests.unit.engine_world import tool_step
from wbuild.model.happened import Result
from wbuild.model.planned import Out, Python, SharedCache, Step, Word

SEE = """
import os, pathlib, sys
cache = pathlib.Path(sys.argv[2])
said = [(cache / "libc").read_text() if (cache / "libc").exists() else "none", (cache / "mod/crate").read_text()]
for name in ("libc", "new", "mod/crate", "mod/new"):
    try:
        (cache / name).write_text("evil")
    except OSError as error:
        said.append(f"{name} refused")
open(sys.argv[1], "w").write(", ".join(said))
"""


def step(name: str, **more: object) -> Step:
    argv: list[str | Word] = [(Python(),), "-I", "-c", SEE, (Out(name),), (SharedCache("zig"),)]
    return tool_step(name, [], [name], argv, downloads=("mod",), **more)


def shared(folder: Path) -> Path:
    made = folder / "cache/shared/zig"
    (made / "mod").mkdir(parents=True)
    (made / "mod/crate").write_text("crate")
    (made / "libc").write_text("libc")
    return made


def ended(result: Result) -> None:
    assert result.problem is None, result.problem


@pytest.mark.usefixtures("fences")
def test_code_of_a_project_writes_its_own_copy_alone(tmp_path: Path) -> None:
    cache = shared(tmp_path)
    ended(run(tmp_path, step("x", runs_project_code=True))["x"])
    assert (tmp_path / "p/x").read_text() == "libc, crate, mod/crate refused, mod/new refused"
    assert [(cache / name).read_text() for name in ("libc", "mod/crate")] == ["libc", "crate"]
    assert not (cache / "new").exists()
    ended(run(tmp_path, step("y", runs_project_code=True))["y"])
    assert (tmp_path / "p/y").read_text().startswith("evil, crate")


@pytest.mark.usefixtures("fences")
def test_a_link_that_such_code_exchanges_is_made_anew(tmp_path: Path) -> None:
    shared(tmp_path)
    ended(run(tmp_path, step("x", runs_project_code=True))["x"])
    own = next((tmp_path / "cache/shared").glob("zig-of-*"))
    (own / "mod").unlink()
    (own / "mod").mkdir()
    (own / "mod/crate").write_text("evil")
    ended(run(tmp_path, step("y", runs_project_code=True))["y"])
    assert (tmp_path / "p/y").read_text().startswith("evil, crate, mod/crate refused")


def test_what_is_prepared_fills_the_shared_cache_once_before_it_is_copied(tmp_path: Path) -> None:
    cache = shared(tmp_path)
    (cache / "libc").unlink()
    folder = ".wbuild/prepared/libc/"
    make = "import sys; open(sys.argv[1] + '/libc', 'a').write('libc')"
    prepare = tool_step("libc", [], [folder], [(Python(),), "-I", "-c", make, (Out(folder),)], fills=(SharedCache("zig"),))
    for name in ("x", "y"):
        ended(run(tmp_path, step(name, runs_project_code=True, after=(folder,)), prepare)[name])
    assert (cache / "libc").read_text() == "libc"
    assert (tmp_path / "p/x").read_text().startswith("libc, crate")


def test_steps_that_make_the_copy_at_once_share_one(tmp_path: Path) -> None:
    """Each of them finds no copy yet, and fills one of its own before it looks again."""
    cache = shared(tmp_path)
    for number in range(200):
        (cache / f"object{number}").write_text("x")
    names = [f"x{number}" for number in range(6)]
    results = run(tmp_path, *(step(name, runs_project_code=True) for name in names))
    for name in names:
        ended(results[name])
    (own,) = (tmp_path / "cache/shared").glob("zig-of-*")
    assert (own / "mod").readlink() == cache / "mod"
    assert len([*own.glob("object*")]) == 200
