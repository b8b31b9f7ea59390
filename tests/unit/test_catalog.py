from __future__ import annotations

import pytest

from tests.catalogs import HOST, LANGUAGE_C, MAKER, RUNTIME, SHRINKER, TEXTS, made_up
from tests.plans import shipped_catalog
from wbuild.catalog import load as catalog
from wbuild.errors import Problem, UsageError
from wbuild.manifest.artifact import known_features


def problems(local: dict[str, str]) -> list[Problem]:
    with pytest.raises(UsageError) as caught:
        catalog.load(TEXTS, local)
    return list(caught.value.problems)


def shipped_problems(name: str, text: str) -> list[Problem]:
    with pytest.raises(UsageError) as caught:
        catalog.load({**TEXTS, name: text}, {})
    return list(caught.value.problems)


def test_the_shipped_recipes_are_right() -> None:
    found = shipped_catalog()
    assert {"c", "zig", "wat"} <= set(found.languages)
    assert {"envoy", "fastly-compute", "spin", "shopify-functions", "cosmwasm", "cloudflare-workers"} <= set(found.hosts)
    assert found.digest == ""


CATEGORIES = {
    "compiled": "c cpp zig rust nim d",
    "managed": "go java scala kotlin csharp dart swift ocaml",
    "scripting": "python javascript typescript ruby php lua perl",
    "wasm-native": "assemblyscript moonbit grain wat",
    "other": "prebuilt command",
}
"""As they are promised; a language that brings a runtime along is managed, however its compiler works."""


def test_every_shipped_language_is_in_its_category() -> None:
    home = {name: category for category, names in CATEGORIES.items() for name in names.split()}
    assert {name: home.get(name) for name in shipped_catalog().languages} == {n: c.category for n, c in shipped_catalog().languages.items()}


def test_every_program_of_a_build_says_what_memory_it_takes() -> None:
    """Without a weight any number would start at the same time, whatever memory there is. What only fetches takes little."""
    found = shipped_catalog()
    steps = [(language.name, step) for language in found.languages.values() for chain in language.toolchains for step in chain.steps]
    silent = [f"{name}: {step.verb}" for name, step in steps if not step.network and not step.memory]
    optimizers = [tool.optimizer for tool in found.tools.values() if tool.optimizer]
    silent += [candidate.name for o in optimizers for level in o.levels.values() for candidate in level if not candidate.memory]
    assert silent == []


def test_everything_is_sorted_by_name_and_has_an_origin() -> None:
    found = made_up()
    assert (list(found.tools), list(found.languages), list(found.runtimes)) == (["maker", "shrinker"], ["c", "cpp"], ["engine"])
    assert {t.origin for t in found.tools.values()} == {"shipped"}


def test_own_recipes_add_and_replace() -> None:
    local = {
        "recipes/maker.toml": 'type = "tool"\n' + MAKER.replace("Makes modules", "Ours"),
        "recipes/d.toml": 'type = "language"\n' + LANGUAGE_C.replace('"c"', '"d"').replace('title = "C"', 'title = "D"'),
        "recipes/other.toml": 'type = "runtime"\n' + RUNTIME.replace('"engine"', '"other"'),
        "recipes/door.toml": 'type = "host"\n' + HOST.replace('"gate"', '"door"'),
    }
    found = catalog.load(TEXTS, local)
    assert (found.tools["maker"].summary, found.tools["maker"].origin) == ("Ours", "recipes/maker.toml")
    assert (found.languages["d"].origin, found.runtimes["other"].origin) == ("recipes/d.toml", "recipes/other.toml")
    assert list(found.hosts) == ["door", "gate"]
    assert len(found.digest) == 64
    assert found.digest == catalog.load(TEXTS, {k: v.replace("\n", "\r\n") for k, v in reversed(local.items())}).digest
    assert found.digest != catalog.load(TEXTS, {**local, "recipes/d.toml": local["recipes/d.toml"] + "# x\n"}).digest


@pytest.mark.parametrize("start", ["", 'type = "tol"\n', "type = 3\n"])
def test_own_recipes_say_what_they_are(start: str) -> None:
    (problem,) = problems({"r.toml": start + MAKER})
    assert problem.code == "WB225"
    assert problem.place is not None
    assert problem.place.file == "r.toml"


def test_two_own_recipes_with_one_name() -> None:
    (problem,) = problems({"a.toml": 'type = "tool"\n' + MAKER, "b.toml": 'type = "tool"\n' + MAKER})
    assert problem.message == 'a.toml has a tool "maker" too'


def test_problems_of_several_files_come_together() -> None:
    found = problems({"0.toml": "x = '\udce9'", "a.toml": "type = \n", "b.toml": 'type = "tool"\n' + MAKER + "x = 1\n"})
    assert [(p.code, p.place.file if p.place else "") for p in found] == [("WB201", "0.toml"), ("WB200", "a.toml"), ("WB203", "b.toml")]


TOOL, LANGUAGE, ENGINE = "toolchains/tools/maker.toml", "toolchains/languages/c.toml", "toolchains/runtimes/engine.toml"
LOCK = '[toolchain.lock]\nrun = ["{{bin:mk}}"]\nby-hand = "mk"\npackages = "{}"\n'
OPTIMIZER, GATE = "toolchains/tools/shrinker.toml", "toolchains/hosts/gate.toml"


@pytest.mark.parametrize(
    ("file", "text", "old", "new", "code"),
    [
        (TOOL, MAKER, 'name = "maker"', 'name = "ma ker"', "WB211"),
        (TOOL, MAKER, ">=1,<3", "^1", "WB225"),
        (TOOL, MAKER, "{self}/mk{exe}", "{slef}/mk", "WB226"),
        (TOOL, MAKER, "{self}/mk{exe}", "{self/mk", "WB226"),
        (TOOL, MAKER, 'bin = "mk"', 'bin = "mkk"', "WB225"),
        (TOOL, MAKER, "{version}", "{versoin}", "WB226"),
        (TOOL, MAKER, '"link"]', "", "WB200"),
        (TOOL, MAKER, '["{self}/mk{exe}", "link"]', "[]", "WB225"),
        (TOOL, MAKER, "bin = { mk", "bin-windows = { mkx = ['x'] }\nbin = { mk", "WB225"),
        (OPTIMIZER, SHRINKER, 'needs = ["maker"]', 'needs = ["makre"]', "WB225"),
        (OPTIMIZER, SHRINKER, 'needs = ["maker"]', 'needs = ["maker", "shrinker"]', "WB225"),
        (OPTIMIZER, SHRINKER, "{bin:mk}", "{bin:cc}", "WB226"),
        (OPTIMIZER, SHRINKER, "{features}", "{feature}", "WB226"),
        (OPTIMIZER, SHRINKER, "levels.size", "levels.none", "WB225"),
        (OPTIMIZER, SHRINKER, "[optimizer.features]", '[optimizer.debug]\nall = ["-g"]\n[optimizer.features]', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'name = "c"', 'name = "path"', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'sources = ["*.c"]', 'sources = ["*.c"]\naliases = ["cpp"]', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'sources = ["*.c"]', 'sources = ["*.c"]\naliases = ["c++"]', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'targets = ["wasip1", "freestanding"]\nsources', 'targets = ["wasip1"]\nsources', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'name = "include"', 'name = "std"', "WB225"),
        (LANGUAGE, LANGUAGE_C, "-I{value}", "-I{vlaue}", "WB226"),
        (LANGUAGE, LANGUAGE_C, "default = true", "default = 3", "WB205"),
        (LANGUAGE, LANGUAGE_C, 'choices = ["c99", "c11"]', 'choices = ["c99"]\ndefault = "c98"', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'tools = ["maker"]', 'tools = ["marker"]', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'tools = ["maker"]', "tools = []", "WB226"),
        (LANGUAGE, LANGUAGE_C, 'name = "tiny"', 'name = "big"', "WB225"),
        (LANGUAGE, LANGUAGE_C, "{option.std}", "{option.sdt}", "WB226"),
        (LANGUAGE, LANGUAGE_C, "words.target-kind", "words.taget-kind", "WB225"),
        (LANGUAGE, LANGUAGE_C, '"wasip1 command"', '"wasip9 command"', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'out = ".o"\n', "", "WB225"),
        (LANGUAGE, LANGUAGE_C, "each = true", "each = true\ndepfile = true", "WB226"),
        (LANGUAGE, LANGUAGE_C, 'verb = "link"', 'verb = "link"\neach = true\nout = ".x"', "WB225"),
        (LANGUAGE, LANGUAGE_C, 'name = "tiny"', 'name = "tiny"\nenv = { A = "{staet}" }\nvendor = ["{fodler}"]', "WB226"),
        (LANGUAGE, LANGUAGE_C, "[toolchain.words.target-kind]", LOCK.format("x") + "[toolchain.words.target-kind]", "WB225"),
        (LANGUAGE, LANGUAGE_C, "[toolchain.words.target-kind]", LOCK.format("(") + "[toolchain.words.target-kind]", "WB225"),
        (ENGINE, RUNTIME, 'tool = "maker"', 'tool = "mkr"', "WB225"),
        (ENGINE, RUNTIME, "{request}", "{reqest}", "WB226"),
        (ENGINE, RUNTIME, "{module}", "{modlue}", "WB226"),
        (ENGINE, RUNTIME, '"command"', '"comand"', "WB207"),
        (GATE, HOST, 'name = "gate"', 'name = "the gate"', "WB211"),
        (GATE, HOST, 'targets = ["wasip1"]', "targets = []", "WB225"),
        (GATE, HOST, "cargo =", "crates =", "WB225"),
        (GATE, HOST, HOST[HOST.index("[module]") :], "", "WB225"),
        (GATE, HOST, 'date = "2026-08"\n', "", "WB206"),
    ],
)
def test_one_problem_each(file: str, text: str, old: str, new: str, code: str) -> None:
    assert old in text
    found = shipped_problems(file, text.replace(old, new, 1))
    assert code in {p.code for p in found}
    assert all(p.place for p in found)


def test_proposals_of_own_hosts_are_known_ones() -> None:
    (problem,) = problems({"door.toml": 'type = "host"\n' + HOST.replace('"simd128"', '"simd12"')})
    assert (problem.code, problem.hint) == ("WB224", 'did you mean "simd128"?')
    assert all(set(host.denied) <= set(known_features(shipped_catalog())) for host in shipped_catalog().hosts.values())


def test_shipped_recipes_with_one_name() -> None:
    (problem,) = shipped_problems("toolchains/tools/again.toml", MAKER)
    assert problem.code == "WB225"


SYSTEM = """
[[route]]
source = "system"
package = "mk"
home = ["home"]
content = ["bin/mk{exe}"]
bin = { mk = ["{self}/bin/mk{exe}"] }
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "system"', 'source = "npm"', "only a route of the source system has home"),
        ('content = ["bin/mk{exe}"]\n', "", "`content` must name the files of that folder that make the tool"),
        ('["bin/mk{exe}"]', '["../mk"]', '"../mk" leads out of the tool\'s folder'),
        ('["bin/mk{exe}"]', '["/bin/mk"]', '"/bin/mk" leads out of the tool\'s folder'),
        ("expect = ", "# ", "a tool of the machine tells its version: [probe] must expect {version}"),
    ],
)
def test_routes_to_tools_of_the_machine(old: str, new: str, message: str) -> None:
    text = f'type = "tool"\n{MAKER}{SYSTEM}'
    catalog.load(TEXTS, {"maker.toml": text})
    assert old in text
    assert message in [problem.message for problem in problems({"maker.toml": text.replace(old, new, 1)})]
