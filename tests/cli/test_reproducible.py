"""`build --verify-reproducible`: what is the same everywhere, what is not and why, and nothing left behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell, with_toys

ARTIFACTS = """
[artifact.hello]
lang = "toy"
path = "hello"

[[artifact.hello.check]]
name = "runs"

[artifact.other]
lang = "toy"
path = "other"
"""
HELLO = "say hello\ninclude sub/hello.inc\nenv SOURCE_DATE_EPOCH\npad 300\n"
MEND = 'mend = { path = "toycc without --here" }\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project of two artifacts with its tools in the store, and a folder of its own for what is temporary."""
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), ARTIFACTS, hello=HELLO, other="say other\n")
    place.write("hello/sub/hello.inc", "say deeper\n")
    recipe = place.read("recipes/toy.toml")
    place.write("recipes/toy.toml", recipe.replace("[[toolchain]]", f"{MEND}[[toolchain]]", 1))
    (folder / "temporary").mkdir()
    place.env["TMPDIR"] = str(folder / "temporary")
    place.run("lock").ends(0)
    return place


@pytest.fixture
def project(made: Shell) -> Shell:
    """The project as it was written."""
    made.write("hello/hello.toy", HELLO)
    made.write("other/other.toy", "say other\n")
    return made


def temporary(place: Shell) -> list[Path]:
    return list(Path(place.env["TMPDIR"]).iterdir())


def test_the_same_everywhere(project: Shell) -> None:
    done = project.run("build", "--opt", "--verify-reproducible", env={"SOURCE_DATE_EPOCH": "1700000000"}).ends(0)
    assert done.out == "dist/release/hello.wasm\ndist/release/other.wasm\n"
    assert done.err.endswith("\nreproducible: hello, other\n")
    assert done.err.count("\n  check     hello ") == 1
    assert b"hello\n1700000000\ndeeper\n" in (project.folder / "dist/release/hello.wasm").read_bytes()
    assert temporary(project) == []


def test_nothing_comes_from_the_cache_and_every_time_anew(project: Shell) -> None:
    project.run("build", "hello").ends(0)
    for _ in range(2):
        said = project.run("build", "hello", "--verify-reproducible").ends(0).err
        assert len(re.findall(r"^  compile   hello", said, re.MULTILINE)) == 2
    assert "  compile  " not in project.run("build", "hello", "--explain").ends(0).err


@pytest.mark.parametrize(
    ("line", "cause", "hint"),
    [
        ("env TZ", r"the time zone or the language of whoever builds \((AAA-14|BBB\+12), TZ in the \w+ build\)", "do not read it while"),
        (
            "env LC_ALL",
            r"the time zone or the language of whoever builds \(tr_TR\.UTF-8, (LANG|LC_ALL) in the third build\)",
            "do not read",
        ),
        ("env HOME", r"a path of the machine \(.*temporary/wbuild-.*, a folder of the second build\)", "toycc without --here"),
        ("clock", r"the time of the build \(\d{19}\)", "write no time, or the one in SOURCE_DATE_EPOCH"),
        ("uuid", r"a number made for each build \([0-9a-f-]{36}\)", "turn the build id off"),
        (
            "hashes 40",
            r"an order that changes from build to build \(the same parts stand in another order in the data section\)",
            "sort what",
        ),
        ("random", r"a random number: .* \(\d+ bytes are others, and everything around them is the same\)", "give what generates"),
    ],
    ids=["zone", "language", "home", "time", "id", "hash seed", "random"],
)
def test_what_differs_and_why(line: str, cause: str, hint: str, project: Shell) -> None:
    project.write("hello/hello.toy", f"say hello\n{line}\n")
    done = project.run("build", "--opt", "--verify-reproducible").ends(3)
    said = done.err.partition("error[WB304]: ")[2]
    first_line = "dist/release/hello.wasm is not reproducible: the third build differs from the second build in the data section, offset 0x"
    assert said.startswith(first_line), done.err
    assert re.search(rf"likely cause: {cause}\n", said), said
    assert f"\nhint: {hint}" in said
    assert "\nit begins with: compile of hello\n" in said
    assert "\nreproducible: other\n" in said
    assert temporary(project) == []


def test_what_differs_is_kept_and_told_to_programs(project: Shell) -> None:
    project.write("hello/hello.toy", "env HOME\n")
    done = project.run("build", "--opt", "--verify-reproducible", "--format", "json").ends(3)
    report = json.loads(done.out)
    hello, other = report["artifacts"]
    found = hello["reproducible"]
    assert (report["exit"], hello["status"], [problem["code"] for problem in hello["problems"]]) == (3, "failed", ["WB304"])
    assert (found["status"], found["cause"], found["steps"]) == ("differs", "path", ["hello.wasip1:compile"])
    assert found["builds"] == ["the second build", "the third build"]
    assert found["files"] == [f".wbuild/reproduce/{build}/hello.wasm" for build in ("second", "third")]
    second, third = ((project.folder / file).read_bytes() for file in found["files"])
    assert second[found["offset"] :] != third[found["offset"] :]
    assert (other["status"], other["reproducible"]["status"]) == ("ok", "same")
    assert done.err.count("error[WB304]") == 1
    assert "to look closer: wbuild inspect .wbuild/reproduce/second/hello.wasm .wbuild/reproduce/third/hello.wasm\n" in done.err
    assert "data" in project.run("inspect", *found["files"]).ends(0).out
    assert json.loads(project.read("dist/release/report.json"))["artifacts"][0]["reproducible"]["status"] == "differs"
    project.write("hello/hello.toy", HELLO)
    again = json.loads(project.run("build", "--opt", "--verify-reproducible", "--format", "json", "hello").ends(0).out)
    assert again["artifacts"][0]["reproducible"]["status"] == "same"
    assert not (project.folder / ".wbuild/reproduce").exists()


def test_the_same_everywhere_on_this_machine_only(project: Shell) -> None:
    project.write("hello/hello.toy", "here\n")
    said = project.run("build", "--opt", "--verify-reproducible").ends(3).err
    assert "error[WB304]: dist/release/hello.wasm is reproducible on this machine only: a folder of it is in the data section" in said
    assert re.search(r"likely cause: a path of the machine \(.*/store-v2/toycc-1.0-.*, the folder of toycc\)\n", said)
    assert "\nhint: toycc without --here" in said


def test_the_same_on_this_day_only(project: Shell) -> None:
    project.write("hello/hello.toy", "today\n")
    said = project.run("build", "--opt", "--verify-reproducible").err
    assert re.search(r"note: dist/release/hello\.wasm holds the day of today, \d{4}-\d\d-\d\d: |in the data section", said)


def test_one_that_cannot_be_built_elsewhere_and_one_that_can(project: Shell) -> None:
    project.write("../hidden.inc", "say hidden\n")
    project.write("hello/hello.toy", "include ../../hidden.inc\n")
    done = project.run("build", "--verify-reproducible", "--format", "json")
    assert done.code == 1
    assert (
        "error[WB305]: the second build failed where the first one succeeded: nothing is known about the reproducibility of hello\n"
        in done.err
    )
    assert [artifact["reproducible"]["status"] for artifact in json.loads(done.out)["artifacts"]] == ["unknown", "same"]
    assert done.err.endswith("\nreproducible: other\n")


def test_what_cannot_be_built_elsewhere(project: Shell) -> None:
    project.write("../hidden.inc", "say hidden\n")  # it lies above the project, so no copy has it
    project.write("hello/hello.toy", "include ../../hidden.inc\n")
    done = project.run("build", "hello", "--verify-reproducible")
    assert done.code == 1
    assert "error[WB101]: compile of hello failed" in done.err
    assert "error[WB305]: the second build failed where the first one succeeded" in done.err
    assert temporary(project) == []


@pytest.mark.parametrize("folder", ["target", "hello/dist", "build"])
def test_no_name_of_a_folder_keeps_it_from_the_copies(folder: str, project: Shell) -> None:
    project.write(f"{folder}/hidden.inc", "say hidden\n")
    project.write("hello/hello.toy", f"include ../{folder}/hidden.inc\n")
    assert project.run("build", "hello", "--verify-reproducible").ends(0).err.endswith("\nreproducible: hello\n")


def test_what_fails_here_is_not_built_elsewhere(project: Shell) -> None:
    project.write("hello/hello.toy", "fail on purpose\n")
    said = project.run("build", "--verify-reproducible").ends(1).err
    assert "verify" not in said


def test_it_does_not_go_with_watch(project: Shell) -> None:
    assert "--verify-reproducible does not go with --watch" in project.run("build", "--watch", "--verify-reproducible").ends(2).err
