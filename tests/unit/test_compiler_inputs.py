"""What the driver of compilers takes for sources and for what may be read besides."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plans import context_of
from wbuild.model.planned import Plan, Step
from wbuild.plan.plan import BuildRequest, make_plan


def plan(lang: str, files: Mapping[str, str], more: str = "") -> Plan:
    text = f'[artifact.a]\nlang = "{lang}"\npath = "."\n{more}'
    return make_plan(context_of(text, files), BuildRequest(artifacts=("a",), profile="dev"))


def step(found: Plan, verb: str) -> Step:
    return next(step for step in found.steps if step.verb == verb)


def test_nim_may_read_any_file_while_it_compiles_and_says_not_which() -> None:
    found = step(plan("nim", {"src/main.nim": "", "src/a.nim": "", "README.md": "", "data.bin": ""}), "translate")
    assert found.own_code
    assert not found.depfile
    assert {"src/main.nim", "src/a.nim", "README.md", "data.bin"} <= {*found.inputs, *found.candidates}


@pytest.mark.parametrize("verb", ["compile", "link"])
def test_a_library_that_an_option_names_is_read_by_both_steps_of_kotlin(verb: str) -> None:
    found = step(plan("kotlin", {"src/Main.kt": "", "libs/x.klib": "", "libs/y.klib": ""}, 'kotlin.libraries = "libs/x.klib"\n'), verb)
    assert [name for name in (*found.inputs, *found.candidates) if name.endswith(".klib")] == ["libs/x.klib"]


def test_of_two_modules_that_could_be_the_one_none_is_left_out() -> None:
    files = {"one.wasm": "", "two.wasm": ""}
    assert step(plan("prebuilt", files), "take").inputs == ("one.wasm", "two.wasm")
    assert step(plan("prebuilt", files, 'prebuilt.file = "two.wasm"\n'), "take").inputs == ("two.wasm",)
