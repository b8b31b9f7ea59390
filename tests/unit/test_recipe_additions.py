"""What recipes can say beside whole tools and languages: additions to shipped ones, shared words, files, words for each value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.catalogs import LANGUAGE_C, MAKER, TEXTS
from tests.plans import build_of, planned, shipped_catalog
from wbuild.catalog.load import lazy, load
from wbuild.catalog.word_tables import chosen_by, values_of
from wbuild.drivers.scope import dimensions, options
from wbuild.errors import UsageError
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.locked import Digest, Pin, PinnedFile
from wbuild.model.planned import Tool
from wbuild.model.shipped import Catalog
from wbuild.session import shipped_data
from wbuild.steps.kit import Kit
from wbuild.steps.words import Value, portable
from wbuild.text.lazy import LazyTable

FILE = PinnedFile(name="m.whl", size=3, digest=Digest(algorithm="sha256", hex="a" * 64))
MIRROR = """\
type = "tool"
name = "maker"
extends = "first"

[[route]]
source = "npm"
package = "our-maker"
needs = ["shrinker"]
bin = { mk = ["{self}/mk"], mk-link = ["{self}/mk", "link"] }
"""
LIBRARY = 'files = { library = "{self}/lib.klib" }\n'
MORE = """\
type = "language"
name = "c"
extends = "last"

[[option]]
name = "mode"
type = "string"
doc = "How."
choices = ["careful", "quick"]
words-for = { careful = ["-c", "-c"], quick = [] }

[[option]]
name = "checks"
type = "bool"
doc = "Whether."
words-for = { true = ["-on"], false = ["-off"] }

[[toolchain]]
name = "ours"
tools = ["maker"]
targets = ["wasip1"]

[[toolchain.step]]
verb = "compile"
run = ["{bin:mk}", "{option.mode}", "{option.checks}", "{level-kind}", "{in}", "{out}"]

[toolchain.words.level-kind]
"none command" = ["-lazy"]
"size command" = ["-small"]
"""


def problems(*local: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(TEXTS, {f"recipes/{number}.toml": text for number, text in enumerate(local)})
    return [problem.message for problem in caught.value.problems]


def spelled(words: Value) -> list[str]:
    assert isinstance(words, list)
    return [portable(word) for word in words]


def changed(text: str) -> Catalog:
    return load({**TEXTS, "toolchains/languages/c.toml": text}, {})


def test_a_project_adds_a_route_before_the_shipped_ones() -> None:
    tool = load(TEXTS, {"recipes/maker.toml": MIRROR.replace('needs = ["shrinker"]\n', "")}).tools["maker"]
    assert [(route.package, route.origin) for route in tool.routes] == [("our-maker", "recipes/maker.toml"), ("maker", "shipped")]
    assert tool.summary == "Makes modules"
    assert tool.origin == "recipes/maker.toml"
    last = load(TEXTS, {"recipes/maker.toml": MIRROR.replace("first", "last").replace('needs = ["shrinker"]\n', "")}).tools["maker"]
    assert [route.package for route in last.routes] == ["maker", "our-maker"]


def test_what_an_addition_says_is_checked_like_all_else() -> None:
    assert 'tool "maker" needs itself' in problems(MIRROR)  # shrinker needs it
    assert problems(MIRROR.replace('"maker"', '"mkaer"')) == ['there is no tool "mkaer" to add to']
    assert problems(MIRROR.replace('type = "tool"', 'type = "runtime"')) == ["nothing can be added to a runtime"]
    assert problems(MIRROR.replace('"first"', '"middle"'))[0] == 'extends: "middle" is none of first, last'
    twice = MIRROR.replace('needs = ["shrinker"]\n', "")
    assert problems(twice, twice) == ['recipes/0.toml has a tool "maker" too']


def test_a_project_adds_a_toolchain_and_options_to_a_shipped_language() -> None:
    catalog = load(TEXTS, {"recipes/c.toml": MORE})
    c = catalog.languages["c"]
    assert [(chain.name, chain.origin) for chain in c.toolchains] == [
        ("big", "shipped"),
        ("tiny", "shipped"),
        ("ours", "recipes/c.toml"),
    ]
    assert [option.name for option in c.options][-2:] == ["mode", "checks"]
    assert not catalog.wants_trust(c)  # a compile step inside the fence needs nobody's word
    same = load(TEXTS, {"recipes/c.toml": MORE.replace('"ours"', '"big"')}).languages["c"]
    assert [(chain.name, chain.origin) for chain in same.toolchains] == [("big", "recipes/c.toml"), ("tiny", "shipped")]


def test_an_addition_that_fetches_wants_trust_and_the_shipped_part_does_not() -> None:
    fetching = MORE.replace('verb = "compile"\n', 'verb = "compile"\nnetwork = true\n', 1)
    catalog = load(TEXTS, {"recipes/c.toml": fetching, "recipes/maker.toml": MIRROR.replace('needs = ["shrinker"]\n', "")})
    assert catalog.wants_trust(catalog.languages["c"])
    assert catalog.wants_trust(catalog.tools["maker"])
    assert not catalog.wants_trust(catalog.tools["shrinker"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ([], [])),
        ({"mode": "careful", "checks": True}, (["-c", "-c"], ["-on"])),
        ({"mode": "quick", "checks": False}, ([], ["-off"])),
    ],
)
def test_words_for_each_value(given: dict[str, str | bool], words: tuple[list[str], list[str]]) -> None:
    scope = options(build_of(load(TEXTS, {"recipes/c.toml": MORE}), toolchain="ours", options=given)).scope
    assert (spelled(scope["option.mode"]), spelled(scope["option.checks"])) == words


def test_words_for_what_an_option_cannot_be() -> None:
    assert problems(MORE.replace("quick = []", "fast = []")) == ['"fast" is no value of "mode"']
    assert problems(MORE.replace("false = ", "no = ")) == ['"no" is no value of "checks"']


def test_words_by_any_two_dimensions() -> None:
    build = build_of(load(TEXTS, {"recipes/c.toml": MORE}), toolchain="ours", options={})
    assert spelled(dimensions(build)["level-kind"]) == ["-small"]
    assert chosen_by("debug-link") == ("debug",)
    assert chosen_by("kind-level-late") == ("kind", "level")
    assert chosen_by("linked") == ()
    assert "reactor none" in values_of("kind-level")
    assert problems(MORE.replace('"none command"', '"command none"')) == ['"command none" is no level-kind']


def test_a_language_shares_words_with_its_toolchains() -> None:
    shared = '\n[words.level]\nnone = ["-0"]\nsize = ["-s"]\n\n[words.debug]\nnone = ["-q"]\n'
    own = '\n[toolchain.words.level]\nsize = ["-Z"]\nspeed = ["-3"]\n'
    text = LANGUAGE_C.replace("\n[[toolchain]]", f"{shared}\n[[toolchain]]", 1).replace(
        '"{option.std}"', '"{option.std}", "{level}", "{debug}"'
    )
    c = changed(text.replace('targets = ["wasip1"]\n\n[[toolchain.step]]', f'targets = ["wasip1"]\n{own}\n[[toolchain.step]]')).languages[
        "c"
    ]
    assert c.toolchains[0].words["level"] == {"none": ("-0",), "size": ("-Z",), "speed": ("-3",)}
    assert c.toolchains[0].words["debug"] == {"none": ("-q",)}
    assert c.toolchains[1].words["level"] == {"none": ("-0",), "size": ("-s",)}
    with pytest.raises(UsageError, match='nothing chooses from a table "levl"'):
        changed(text.replace("[words.level]", "[words.levl]"))


def test_a_tool_may_be_read_and_not_started() -> None:
    library = MAKER.replace(
        'bin = { mk = ["{self}/mk{exe}"], mk-link = ["{self}/mk{exe}", "link"] }', 'files = { library = "{self}/lib.klib" }'
    )
    library = library[: library.index("[probe]")] + library[library.index("[[route]]") :]
    c = LANGUAGE_C.replace('tools = ["maker"]', 'tools = ["maker", "library"]').replace(
        '"{in}", "{out}"', '"{file:library/library}", "{in}", "{out}"'
    )
    texts = {**TEXTS, "toolchains/tools/library.toml": library.replace('"maker"', '"library"'), "toolchains/languages/c.toml": c}
    assert load(texts, {}).tools["library"].routes[0].files == {"library": "{self}/lib.klib"}
    pin = Pin(
        name="library", version="1", platform="linux-x86_64", source="npm", package="l", files=(FILE,), members={"library": "{self}/l"}
    )
    kit = Kit(platform="linux-x86_64", pins={"library": pin})
    assert portable(kit.file("library", "library")) == "{library}/l"
    with pytest.raises(UsageError, match="has no file 'sysroot'"):
        kit.file("library", "sysroot")
    with pytest.raises(UsageError, match=r"unknown placeholder .file:library/libary"):
        load({**texts, "toolchains/languages/c.toml": c.replace("/library}", "/libary}")}, {})


def test_the_shipped_catalogue_reads_only_what_is_asked_for() -> None:
    texts = shipped_data.recipe_texts()
    read: list[str] = []

    def noting(path: str) -> str:
        read.append(path)
        return texts[path]

    catalog = lazy(LazyTable(texts, noting), shipped_data.OPTIMIZERS)
    assert "rust" in catalog.languages
    assert catalog.languages["c"].title == "C"
    assert catalog.tools["zig"].name == "zig"
    assert read == ["toolchains/languages/c.toml", "toolchains/tools/zig.toml"]


def test_it_is_the_same_as_the_one_that_is_checked_as_a_whole() -> None:
    checked, found = shipped_catalog(), shipped_data.catalog()
    assert found.optimizers == checked.optimizers
    for one, other in ((found.tools, checked.tools), (found.languages, checked.languages), (found.hosts, checked.hosts)):
        assert {**one} == {**other}  # the name of a recipe is that of its file
    assert isinstance(found.language("c++"), LanguageRecipe)
    assert found.language("cobol") is None


INTERPRETER = """\
name = "interpreter"
summary = "Runs scripts: on the machine, where it compiles them, and inside of the module that is shipped"

[[route]]
source = "npm"
package = "interpreter"
needs = ["maker"]
bin = { interpret = ["{bin:mk}", "{self}/interpreter.wasm"] }
files = { module = "{self}/interpreter.wasm" }
"""
SCRIPTED = """\
name = "c"
title = "Scripts"
category = "scripting"
driver = "compiler"
extensions = [".c"]
targets = ["wasip1"]
sources = ["*.c"]

[[toolchain]]
name = "interpreter"
tools = ["maker", "interpreter"]
targets = ["wasip1"]

[[toolchain.step]]
verb = "compile"
out = "script.bin"
run = ["{bin:interpret}", "--compile", "{in}", "{out}"]

[[toolchain.step]]
verb = "bundle"
run = ["{bin:mk}", "--merge", "{file:interpreter/module}", "{in}", "{out}"]

[toolchain.words.platform-machine]
linux-x86_64 = ["-m64"]
"""


def test_one_tool_in_two_roles() -> None:
    catalog = load({**TEXTS, "toolchains/tools/interpreter.toml": INTERPRETER, "toolchains/languages/c.toml": SCRIPTED}, {})
    compiled, bundled = (
        [portable(word) for word in step.action.argv]
        for step in planned(catalog, '[artifact.a]\nlang = "c"\nopt = "none"\n', ["a.c"]).steps[:2]
        if isinstance(step.action, Tool)
    )
    assert compiled[:3] == ["{maker}/mk", "{interpreter}/interpreter.wasm", "--compile"]
    assert bundled[:3] == ["{maker}/mk", "--merge", "{interpreter}/interpreter.wasm"]


def test_words_by_the_machine() -> None:
    catalog = load({**TEXTS, "toolchains/tools/interpreter.toml": INTERPRETER, "toolchains/languages/c.toml": SCRIPTED}, {})
    build = build_of(catalog, toolchain="interpreter", options={})
    assert spelled(dimensions(build)["platform-machine"]) == ["-m64"]
    with pytest.raises(UsageError, match="interpreter has no words for windows-x86_64"):
        dimensions(replace(build, kit=replace(build.kit, platform="windows-x86_64")))
