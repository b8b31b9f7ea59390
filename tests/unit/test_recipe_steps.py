"""Recipes whose steps make files and folders of their own: what the plan becomes, and what is refused when the recipe is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest

from tests.catalogs import TEXTS
from tests.plans import build_of, planned
from wbuild.builtins.table import BUILTINS
from wbuild.catalog.load import load
from wbuild.drivers import DRIVERS
from wbuild.errors import UsageError
from wbuild.model.planned import Builtin, Each, Late, Step, Tool
from wbuild.model.tool_recipe import BuiltinName
from wbuild.steps.tree import Tree
from wbuild.steps.words import portable

OUT = ".wbuild/out/release/it.wasip1"
HEAD = """\
type = "language"
name = "x"
title = "X"
category = "compiled"
driver = "compiler"
extensions = [".x"]
targets = ["wasip1"]
sources = ["*.x"]

[[toolchain]]
name = "x"
tools = ["maker"]
targets = ["wasip1"]
all-sources = true
"""
PREPARE = """
[[toolchain.prepare]]
verb = "library"
title = "X's library"
keep = ["*.a"]
run = ["{bin:mk}", "library", "{out}"]
"""
TRANSLATE = """
[[toolchain.step]]
verb = "translate"
out = "generated/"
run = ["{bin:mk}", "{in}", "{out}"]
"""
COMPILE = """
[[toolchain.step]]
verb = "compile"
each = "{step.translate/**/*.c}"
out = ".o"
depfile = true
run = ["{bin:mk}", "-I{prepare.library}", "-MF", "{depfile}", "{in}", "{out}"]
"""
LINK = """
[[toolchain.step]]
verb = "link"
run = ["{bin:mk-link}", "{step.compile/**/*.o}", "{prepare.library/*.a|,}", "{out}"]
"""
WHOLE = HEAD + PREPARE + TRANSLATE + COMPILE + LINK


def steps(recipe: str, *, toolchain: str = "x", names: Sequence[str] = ("it/a.x", "it/b.x")) -> dict[str, Step]:
    build = build_of(load(TEXTS, {"x.toml": recipe}), lang="x", toolchain=toolchain, options={}, tree=Tree(names=tuple(names)))
    return {
        step.name.partition(":")[2].partition(":")[0]: step for step in DRIVERS["compiler"].steps(build, ".wbuild/out/release/it.wasip1")
    }


def words(step: Step) -> list[str]:
    assert isinstance(step.action, Tool)
    return [portable(word) for word in step.action.argv]


def problems(recipe: str) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(TEXTS, {"x.toml": recipe})
    return [problem.message for problem in caught.value.problems]


def test_a_plan_of_folders() -> None:
    found = steps(WHOLE)
    assert list(found) == ["library", "translate", "compile", "link"]
    translate, compile_, link = found["translate"], found["compile"], found["link"]
    made, objects, library = (
        ".wbuild/out/release/it.wasip1/made/generated/",
        ".wbuild/out/release/it.wasip1/made/compile/",
        found["library"].outputs[0],
    )
    assert (translate.inputs, translate.outputs) == (("it/a.x", "it/b.x"), (made,))
    assert words(translate) == ["{maker}/mk", "it/a.x", "it/b.x", f"{{out}}/{made}"]
    assert (compile_.spread, compile_.suffix, compile_.outputs) == (Late(made, "**/*.c"), ".o", (objects,))
    assert words(compile_) == ["{maker}/mk", f"-I{library.rstrip('/')}", "-MF", "{scratch}/deps.d", "{in}", "{out}"]
    assert (compile_.inputs, compile_.candidates) == ((library,), (made,))  # it tells which of the other files it reads
    assert set(link.inputs) == {objects, library}
    assert words(link) == [
        "{maker}/mk",
        "link",
        f"<**/*.o of {objects}>",
        f"<*.a of {library}>",
        "{out}/.wbuild/out/release/it.wasip1/module.wasm",
    ]


def test_what_is_prepared_is_one_step_for_all_that_need_the_same() -> None:
    one = steps(WHOLE)["library"]
    assert (one.artifact, one.inputs, one.candidates, one.roots, one.keep) == ("", (), (), (), ("*.a",))
    assert one.label == "X's library (wasip1)"
    assert steps(WHOLE, names=("it/other.x",))["library"] == one
    assert steps(WHOLE.replace('"library", "{out}"', '"library", "-O", "{out}"'))["library"].name != one.name


def test_what_is_prepared_with_other_words_in_a_variable_is_another_step() -> None:
    words = '[toolchain.words.level]\nnone = ["-O0"]\nspeed = ["-O3"]\nsize = ["-Os"]\nsmallest = ["-Oz"]\n'
    recipe = HEAD + words + PREPARE + 'env = { FLAGS = "{level}" }\n' + TRANSLATE + COMPILE + LINK
    build = build_of(load(TEXTS, {"x.toml": recipe}), lang="x", toolchain="x", options={}, tree=Tree(names=("it/a.x",)))
    size, speed = (DRIVERS["compiler"].steps(replace(build, level=level), OUT)[0] for level in ("size", "speed"))
    assert [portable(step.env["FLAGS"]) for step in (size, speed)] == ["-Os", "-O3"]
    assert size.name != speed.name
    assert size.outputs != speed.outputs


def test_a_step_that_makes_one_file_and_a_builtin() -> None:
    step = '\n[[toolchain.step]]\nverb = "combine"\nout = "all.wasm"\nrun = ["{bin:mk}", "{in}", "{out}"]\n'
    slim = '\n[[toolchain.step]]\nverb = "slim"\nout = "slim.wasm"\nbuiltin = "strip"\nargs = { drop-names = "yes" }\n'
    last = '\n[[toolchain.step]]\nverb = "link"\nrun = ["{bin:mk-link}", "{step.combine}", "{in}", "{sources|+}", "{out}"]\n'
    found = steps(HEAD + step + slim + last)
    assert found["combine"].outputs == (f"{OUT}/made/all.wasm",)
    assert isinstance(found["slim"].action, Builtin)
    assert (found["slim"].action.name, found["slim"].action.args["drop-names"]) == ("strip", "yes")
    assert (found["slim"].inputs, found["slim"].outputs) == ((f"{OUT}/made/all.wasm",), (f"{OUT}/made/slim.wasm",))
    assert words(found["link"])[2:5] == [f"{OUT}/made/all.wasm", f"{OUT}/made/slim.wasm", "it/a.x+it/b.x"]
    assert found["link"].inputs == (f"{OUT}/made/slim.wasm", f"{OUT}/made/all.wasm", "it/a.x", "it/b.x")


def test_the_first_step_reads_the_project_and_later_ones_only_when_they_say_so() -> None:
    names = ("it/a.x", "it/b.x", "it/notes.h")
    recipe = WHOLE.replace('sources = ["*.x"]\n', 'sources = ["*.x"]\ninputs = ["*.h"]\n')
    found = steps(recipe, names=names)
    assert found["translate"].candidates == ("it/notes.h",)
    assert (found["link"].candidates, "it/notes.h" in found["compile"].candidates) == ((), False)
    reading = WHOLE.replace('sources = ["*.x"]\n', 'sources = ["*.x"]\ninputs = ["*.h"]\n').replace(
        'out = ".o"\n', 'out = ".o"\nreads-project = true\n'
    )
    assert "it/notes.h" in steps(reading, names=names)["compile"].candidates


def test_without_all_sources_the_first_is_the_root() -> None:
    assert words(steps(WHOLE.replace("all-sources = true\n", ""))["translate"])[1:-1] == ["it/a.x"]


def test_builtins_that_recipes_may_name_exist() -> None:
    assert {*get_args(BuiltinName)} - {""} <= {*BUILTINS}


def test_every_each_of_a_part_is_filled_in() -> None:
    action = steps(WHOLE)["compile"].action
    assert isinstance(action, Tool)
    assert [part for word in action.argv for part in word if isinstance(part, Each)] == [Each("in"), Each("out")]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('out = "generated/"\n', "", "only the last step makes the module: this one needs a name for what it makes"),
        ('out = "generated/"', 'out = "../generated/"', 'out: "../generated/" is no name of a file'),
        (
            'out = "generated/"',
            'out = "generated"',
            "toolchain[1].step[2].each: {step.translate} is no folder, so no file of it can be named",
        ),
        ('"{step.translate/**/*.c}"', '"{step.translte/**/*.c}"', "toolchain[1].step[2].each: unknown placeholder {step.translte/**/*.c}"),
        ('"{step.translate/**/*.c}"', '"*.c"', 'each: "*.c" does not say which files'),
        ('"{step.translate/**/*.c}"', '"{step.link/*.c}"', "toolchain[1].step[2].each: unknown placeholder {step.link/*.c}"),
        ('verb = "compile"', 'verb = "translate"', 'two steps of the toolchain have the verb "translate"'),
        ('verb = "compile"', 'verb = "Compile it"', '"Compile it" cannot be a verb: others name it in {step.VERB}'),
        ('verb = "link"\n', 'verb = "link"\nout = "x.wasm"\n', "the last step makes the module, so it has no `out`"),
        ('verb = "link"\n', 'verb = "link"\nbuiltin = "strip"\n', "a step runs something: a program or a builtin"),
        ('verb = "link"\n', 'verb = "link"\nafter = ["libary"]\n', 'no [[toolchain.prepare]] has the verb "libary"'),
        ('"library", "{out}"]', '"library"]', "no word and no variable has {out}, the folder that it fills"),
        ('keep = ["*.a"]', 'fills = "{scratch}"', 'fills: "{scratch}" is not the tool\'s cache'),
        ('"library", "{out}"]', '"library", "{in}", "{out}"]', "toolchain[1].prepare[1].run[3]: unknown placeholder {in}"),
        ('keep = ["*.a"]', 'fills = "{cache}"', "toolchain[1].step[2].run[2]: unknown placeholder {prepare.library}"),
    ],
)
def test_what_a_recipe_cannot_mean_is_refused_when_it_is_loaded(old: str, new: str, message: str) -> None:
    assert WHOLE.count(old) == 1
    assert message in problems(WHOLE.replace(old, new))


def with_files(files: str) -> str:
    """The recipe with files beside the module; `run` stands before the tables of files."""
    return (
        HEAD + '\n[[toolchain.step]]\nverb = "link"\nresult = "{scratch}/pkg/m.wasm"\nrun = ["{bin:mk}", "{in}", "{scratch}/pkg"]\n' + files
    )


GLUE = '\n[[toolchain.step.file]]\nrole = "glue"\nsuffix = ".js"\nresult = "{scratch}/pkg/{artifact}.js"\n'
ASSETS = '\n[[toolchain.step.file]]\nrole = "folder"\nsuffix = ".assets"\nresult = "{scratch}/pkg/assets"\n'


def test_files_beside_the_module_are_shipped_with_it() -> None:
    catalog = load(TEXTS, {"x.toml": with_files(GLUE + ASSETS)})
    plan = planned(catalog, '[artifact.a]\nlang = "x"\n', ["a.x"])
    (product,) = plan.products
    assert [(one.role, one.file) for one in product.files] == [("glue", "dist/release/a.js"), ("folder", "dist/release/a.assets/")]
    link = next(step for step in plan.steps if step.verb == "link")
    base = ".wbuild/out/release/a.wasip1"
    assert link.outputs == (f"{base}/module.wasm", f"{base}/beside/a.js", f"{base}/beside/a.assets/")
    assert {path: portable(word) for path, word in link.results.items()} == {
        f"{base}/module.wasm": "{scratch}/pkg/m.wasm",
        f"{base}/beside/a.js": "{scratch}/pkg/a.js",
        f"{base}/beside/a.assets/": "{scratch}/pkg/assets",
    }
    ship = next(step for step in plan.steps if step.verb == "ship")
    assert (ship.inputs, ship.outputs) == (link.outputs[1:], ("dist/release/a.js", "dist/release/a.assets/"))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (GLUE + GLUE, 'suffix: ".js" is no ending of its own'),
        (GLUE.replace('".js"', '".wasm"'), 'suffix: ".wasm" is no ending of its own'),
        (GLUE.replace('".js"', '"/../x"'), 'suffix: "/../x" is no ending of its own'),
        (GLUE.replace('"glue"', '"glu"'), 'toolchain[1].step[1].file[1].role: "glu" is none of glue, types, source-map, folder'),
        (GLUE.replace("{artifact}", "{artefact}"), "toolchain[1].step[1].file[1].result: unknown placeholder {artefact}"),
        (GLUE + LINK.replace("link", "last"), "only the last step leaves files that are shipped"),
    ],
)
def test_files_that_a_recipe_cannot_mean(files: str, message: str) -> None:
    assert message in problems(with_files(files))
