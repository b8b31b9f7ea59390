"""Stages of an optimizer: a graph of programs and builtins, and what a language changes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.catalogs import LANGUAGE_C, SHRINKER, TEXTS
from tests.plans import planned
from wbuild.catalog.load import load
from wbuild.errors import UsageError
from wbuild.model.planned import Builtin, Plan, Step, Tool
from wbuild.steps.words import portable

GRAPH = (
    SHRINKER[: SHRINKER.index("[[optimizer.levels")]
    + """\
[[optimizer.levels.size]]
name = "flat"
candidate = false
safe = true
run = ["{bin:shrink}", "--flat", "{in}", "{out}"]

[[optimizer.levels.size]]
name = "slim"
candidate = false
from = ["flat"]
builtin = "strip"

[[optimizer.levels.size]]
name = "joined"
from = ["slim", "compiled"]
run = ["{bin:shrink}", "{features}", "{language}", "{in}", "{in:compiled}", "{out}"]

[[optimizer.levels.size]]
name = "sure"
from = ["flat"]
safe = true
run = ["{bin:shrink}", "{in}", "{out}"]
"""
)
OWN = """
[optimizer]
words = ["--closed"]
without = ["slim", "joined"]

[[optimizer.levels.size]]
name = "sure"
run = ["{bin:shrink}", "{language}", "--mine", "{in}", "{out}"]

[[optimizer.levels.size]]
name = "more"
from = ["sure"]
run = ["{bin:shrink}", "--more", "{in}", "{out}"]
"""
CHECKED = """
[artifact.a]
lang = "c"

[[artifact.a.check]]
stdout = "x"
"""


def texts(optimizer: str = GRAPH, language: str = "") -> dict[str, str]:
    marked = LANGUAGE_C.replace("[[option]]", f"{language}\n[[option]]", 1)
    return {**TEXTS, "toolchains/tools/shrinker.toml": optimizer, "toolchains/languages/c.toml": marked}


def plan(toml: str = CHECKED, optimizer: str = GRAPH, language: str = "") -> Plan:
    return planned(load(texts(optimizer, language), {}), toml, ["a/a.c", "a.c"])


def words(step: Step) -> str:
    assert isinstance(step.action, Tool)
    return " ".join(portable(word) for word in step.action.argv).replace(".wbuild/out/release/a.wasip1/", "")


def stages(found: Plan) -> dict[str, Step]:
    return {step.name.rpartition(":")[2]: step for step in found.steps if ":optimize:" in step.name}


def problems(optimizer: str = GRAPH, language: str = "") -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(texts(optimizer, language), {})
    return [problem.message for problem in caught.value.problems]


def test_a_stage_goes_on_from_what_others_have_made() -> None:
    found = stages(plan())
    assert list(found) == ["flat", "slim", "joined", "sure"]
    assert words(found["flat"]).endswith("--flat base.wasm {out}/candidates/flat.raw.wasm")
    slim = found["slim"]
    assert isinstance(slim.action, Builtin)
    assert (slim.action.name, slim.inputs) == ("strip", (".wbuild/out/release/a.wasip1/candidates/flat.raw.wasm",))
    assert words(found["joined"]).endswith("candidates/slim.raw.wasm base.wasm {out}/candidates/joined.raw.wasm")
    assert words(found["sure"]).endswith("candidates/flat.raw.wasm {out}/candidates/sure.raw.wasm")


def test_only_candidates_are_ranked_and_each_has_a_place_in_the_contest() -> None:
    found = plan()
    rank = next(step for step in found.steps if step.name == "a.wasip1:rank")
    assert isinstance(rank.action, Builtin)
    assert rank.action.args["names"] == ["joined", "sure"]
    checks = [step.name.split(":")[2] for step in found.steps if step.verb == "check"]
    assert checks == ["compiled", "best", "second"]
    second = next(step for step in found.steps if step.name == "a.wasip1:challenge:second")
    assert ".wbuild/out/release/a.wasip1/checks/best.0.json" in second.inputs


def test_without_a_check_only_safe_candidates_run_with_what_they_go_on_from() -> None:
    assert list(stages(plan('[artifact.a]\nlang = "c"\n'))) == ["flat", "sure"]


def test_a_language_replaces_adds_and_forbids_stages_and_has_words() -> None:
    found = stages(plan(language=OWN))
    assert list(found) == ["flat", "sure", "more"]
    assert "--closed --mine base.wasm" in words(found["sure"])
    assert words(found["more"]).endswith("--more candidates/sure.raw.wasm {out}/candidates/more.raw.wasm")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('from = ["slim", "compiled"]', 'from = ["sure", "compiled"]', 'no stage before joined is called "sure"'),
        ('from = ["slim", "compiled"]', "from = []", "a stage works on something"),
        ("{in:compiled}", "{in:flat}", "optimizer.levels.size[3].run[5]: unknown placeholder {in:flat}"),
        ('builtin = "strip"\n', 'builtin = "strip"\nrun = ["x"]\n', "a stage is a program or a builtin"),
        ('builtin = "strip"\n', "", "a stage is a program or a builtin"),
        ('name = "slim"', 'name = "compiled"', '"compiled" cannot be the name of a stage'),
        ('name = "slim"', 'name = "flat"', 'two candidates of size are called "flat"'),
    ],
)
def test_what_a_graph_cannot_mean(old: str, new: str, message: str) -> None:
    assert message in problems(GRAPH.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"joined"]', '"jioned"]', 'no stage of the optimizer is called "jioned"'),
        ('without = ["slim", "joined"]', 'without = ["slim"]', "joined goes on from slim, which this language does without"),
        ("levels.size", "levels.sise", '"sise" is not a level that optimizes'),
    ],
)
def test_what_a_language_cannot_ask_of_the_optimizer(old: str, new: str, message: str) -> None:
    assert message in problems(language=OWN.replace(old, new))


def test_levels_without_stages_have_no_contest() -> None:
    assert not stages(replace(plan(optimizer=GRAPH.replace("levels.size", "levels.speed"))))
