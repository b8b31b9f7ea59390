"""Artifacts that need others, and what keeps the steps of a plan from being run: files with two makers, cycles, replaced sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.plans import context_of, make
from tests.unit.engine_world import builtin_step, tool_step
from wbuild.errors import UsageError
from wbuild.manifest.needs import with_needed
from wbuild.model.locked import Lock
from wbuild.model.planned import In, Plan, Root, Tool
from wbuild.plan.affected import Change, affected
from wbuild.plan.plan import BuildRequest, make_plan
from wbuild.steps.order import tangles

TOML = """
[artifact.app]
lang = "c"
kind = "reactor"
targets = ["freestanding", "wasip1"]
needs = ["a", "b"]
env = { A = "at {artifact.a}." }
flags = { link = ["--embed={artifact.b}"] }
[artifact.app.c]
defines = ["B={artifact.b}"]
[artifact.b]
lang = "wat"
needs = ["a"]
[artifact.a]
lang = "c"
kind = "reactor"
targets = ["wasip1", "freestanding"]
out = "app/a.wasm"
"""
FILES = ["app/main.c", "a/main.c", "b/b.wat", "app/a.wasm", "wbuild.toml"]


def plan(*names: str, toml: str = TOML, targets: tuple[str, ...] = (), files: list[str] | None = None) -> Plan:
    return make_plan(context_of(toml, files or FILES), BuildRequest(artifacts=names, profile="release", targets=targets))  # type: ignore[arg-type]


def products(made: Plan) -> list[tuple[str, str, bool]]:
    return [(p.artifact.name, p.target, p.only_needed) for p in made.products]


def test_a_selection_has_all_that_it_needs_each_before_what_needs_it() -> None:
    made = plan("b")
    assert products(made) == [("b", "freestanding", False), ("a", "wasip1", True)]
    assert next(step.artifact for step in made.steps if step.artifact) == "a"
    assert products(plan("app", targets=("wasip1",))) == [
        ("app", "wasip1", False),
        ("b", "freestanding", True),
        ("a", "wasip1", True),
    ]
    assert products(plan("a", "b", targets=("freestanding",)))[1:] == [("a", "wasip1", False), ("a", "freestanding", False)]
    assert with_needed(context_of(TOML, FILES).manifest.artifacts, ["b"]) == ("b", "a")


def test_files_of_needed_artifacts_are_inputs_and_words() -> None:
    steps = [step for step in plan("app").steps if step.name.startswith("app.freestanding:") and isinstance(step.action, Tool)]
    assert steps[0].verb == "compile"
    for step in steps[:2]:
        assert step.inputs[-3:] == ("dist/release/b.wasm", "dist/release/a.wasm", "app/a.wasm")
        assert step.env["A"] == ("at ", Root(), "/", In("dist/release/a.wasm"), ".")
    words = [word for step in steps if isinstance(step.action, Tool) for word in step.action.argv]
    assert ("-DB=", Root(), "/", In("dist/release/b.wasm")) in words
    assert ("--embed=", Root(), "/", In("dist/release/b.wasm")) in words
    assert not any("app/a.wasm" in step.candidates for step in plan("app").steps)


def test_what_changed_touches_those_that_need_it() -> None:
    context = context_of(TOML, FILES)
    lock = Lock(tools={}, toolchains={})
    whole = make_plan(context, BuildRequest(artifacts=("app", "b", "a"), profile="release"))
    change = Change(files=frozenset({"b/b.wat"}), manifest=context.manifest, lock=lock)
    assert affected(change, whole, context.manifest, lock, context.catalog) == {"app", "b"}


def test_F72_an_out_that_would_replace_a_source() -> None:
    with pytest.raises(UsageError) as caught:
        plan("app", "a", toml=TOML.replace("app/a.wasm", "app/main.c"))
    assert {p.code for p in caught.value.problems} == {"WB259"}
    assert caught.value.problems[0].message == 'artifact.a.out: "app/main.c" is an input of compile of app main.c'


def test_F72_outputs_that_differ_in_case_only() -> None:
    with pytest.raises(UsageError) as caught:
        make('[artifact.a]\nlang = "c"\n', ["main.c", "Main.c"])
    assert {p.code for p in caught.value.problems} == {"WB258"}
    first = caught.value.problems[0].message
    assert first.startswith("compile of a Main.c and compile of a main.c would both write")
    assert first.endswith("which differ in case only")


def test_F72_every_tangle_is_told() -> None:
    steps = [builtin_step(name, [], [out], does="join") for name, out in (("a", "x"), ("b", "x"), ("c", "X/y"), ("d", "z/Q"), ("e", "Z/q"))]
    assert [(p.code, p.message.partition(" would ")[2]) for p in tangles(steps)] == [
        ("WB258", 'both write "x"'),
        ("WB258", 'both write "z/Q" and "Z/q", which differ in case only'),
        ("WB258", 'both write "x" and something below it'),
    ]
    ring = [tool_step("a", ["z"], ["x"]), tool_step("b", ["x"], ["y"]), tool_step("c", ["y"], ["z"]), tool_step("d", ["z"], [])]
    problems = list(tangles(ring))
    assert [p.code for p in problems] == ["WB257"]
    assert problems[0].message in (
        "steps wait for each other: make of a → make of b → make of c → make of a",
        "steps wait for each other: make of b → make of c → make of a → make of b",
        "steps wait for each other: make of c → make of a → make of b → make of c",
    )
    assert [p.message for p in tangles([replace(ring[0], outputs=("z",))])] == ["steps wait for each other: make of a → make of a"]


def test_references_need_needs() -> None:
    with pytest.raises(UsageError) as caught:
        context_of(TOML.replace('needs = ["a", "b"]\n', ""), FILES)
    assert [p.message.partition(" names")[0] for p in caught.value.problems] == [
        "artifact.app.env.A",
        "artifact.app.flags.link[1]",
        "artifact.app.c.defines[1]",
    ]
    assert {p.code for p in caught.value.problems} == {"WB256"}
    assert caught.value.problems[0].place is not None
