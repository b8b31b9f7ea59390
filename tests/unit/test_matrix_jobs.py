"""`wbuild ci matrix`: from a project, its lock and what git says to the jobs of a CI system."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import TEXT, WAT, Shop
from tests.unit.test_git import OLD, FakeGit, raw
from wbuild.ci import matrix_jobs
from wbuild.ci.matrix_jobs import MatrixOptions, append, run
from wbuild.errors import MachineError, ProvisionError, UsageError

ASKED = MatrixOptions(
    artifacts=(), group="artifact", profiles=(), targets=(), platforms=(), changed_since=None, durations=None, out=None, format_="json"
)
TWO = WAT + '\n[artifact.sub]\nlang = "wat"\n'


@pytest.fixture
def two(shop: Shop) -> Shop:
    """Two artifacts and a lock."""
    shop.write("wbuild.toml", TWO)
    for name in ("add", "sub"):
        shop.write(f"{name}/{name}.wat", TEXT)
    shop.lock()
    return shop


def cells(shop: Shop) -> list[str]:
    return [f"{cell['artifact']} {cell['profile']} {cell['platform']}" for job in json.loads(shop.out)["jobs"] for cell in job["cells"]]


def test_every_artifact_is_a_job_of_the_release_on_this_machine(two: Shop) -> None:
    assert run(two.another(), ASKED) == 0
    assert cells(two) == ["add release linux-x86_64", "sub release linux-x86_64"]
    assert two.err == "2 cells in 2 jobs\n"


def test_profiles_and_platforms_multiply(two: Shop) -> None:
    run(two.another(), replace(ASKED, artifacts=("add",), profiles=("dev", "release", "dev"), platforms=("linux-x86_64", "macos-arm64")))
    assert len(cells(two)) == 4
    assert len(set(cells(two))) == 4


def test_one_of_each(two: Shop) -> None:
    run(two.another(), replace(ASKED, artifacts=("add",)))
    assert two.err == "1 cell in 1 job\n"


def test_a_platform_that_lacks_a_tool_is_left_out_and_named(two: Shop) -> None:
    two.source.missing.add(("wasmtime", "macos-arm64"))
    two.lock()
    run(two.another(), replace(ASKED, platforms=("linux-x86_64", "macos-arm64")))
    assert cells(two) == ["add release linux-x86_64", "sub release linux-x86_64"]
    assert two.err.count("is left out on macos-arm64") == 2
    with pytest.raises(ProvisionError) as caught:
        run(two.another(), replace(ASKED, platforms=("macos-arm64",)))
    assert caught.value.problems[0].code == "WB438"


def test_only_what_differs_from_a_revision(two: Shop) -> None:
    git = FakeGit(two)
    git.answers["diff-index"] = Answer(stdout=raw(("100644", "100644", OLD, "sub/sub.wat")))
    run(two.another(), replace(ASKED, changed_since="main"))
    assert cells(two) == ["sub release linux-x86_64"]


def test_what_cannot_be_planned_is_built_all_the_same(two: Shop) -> None:
    git = FakeGit(two)
    git.answers["diff-index"] = Answer(stdout=raw(("100644", "100644", OLD, "README")))
    (two.root / "sub/sub.wat").unlink()
    run(two.another(), replace(ASKED, changed_since="main"))
    assert cells(two) == ["sub release linux-x86_64"]


def test_a_project_without_a_lock_in_ci(two: Shop) -> None:
    (two.root / "wbuild.lock").unlink()
    two.ci = True
    with pytest.raises(UsageError, match="there is no"):
        run(two.another(), ASKED)


def test_durations_of_an_earlier_build(two: Shop) -> None:
    two.prepare(profile="release").build()
    run(two.another(), ASKED)
    by_itself = two.out
    run(two.another(), replace(ASKED, durations="dist"))
    assert two.out == by_itself


def test_forms_of_the_matrix(two: Shop, tmp_path: Path) -> None:
    run(two.another(), replace(ASKED, format_="gitlab"))
    assert "wbuild" in two.out
    run(two.another(), replace(ASKED, format_="github"))
    assert {line.partition("=")[0] for line in two.out.splitlines()} == {"matrix", "any", "count"}
    printed, two.environ["GITHUB_OUTPUT"] = two.out, str(tmp_path / "output")
    run(two.another(), replace(ASKED, format_="github", out=Path("matrix.json")))
    assert (tmp_path / "output").read_text() == printed
    assert two.out == ""
    assert json.loads(two.read("matrix.json"))["schema"] == "wbuild.matrix/1"


def test_cells_share_jobs_where_the_system_takes_few(two: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix_jobs, "LIMITS", {"json": 1})
    run(two.another(), ASKED)
    assert "note: json takes at most 1 jobs, so cells share them\n2 cells in 1 job\n" in two.err


def test_a_file_of_the_ci_system_that_cannot_be_written(tmp_path: Path) -> None:
    append(tmp_path / "a", "x\n")
    append(tmp_path / "a", "y\n")
    assert (tmp_path / "a").read_bytes() == b"x\ny\n"
    with pytest.raises(MachineError):
        append(tmp_path / "no/a", "x\n")
