"""Go sources and module files as Go's own tools see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.plans import context_of
from wbuild.drivers import gosource
from wbuild.errors import UsageError
from wbuild.model.planned import Step
from wbuild.plan.plan import BuildRequest, make_plan
from wbuild.steps.tree import Closed, Part

TOML = '[artifact.a]\nlang = "go"\npath = "app"\n'
MAIN = "package main\n\nfunc main() {}\n"


@pytest.mark.parametrize(
    "text",
    [
        MAIN,
        f"\ufeff{MAIN}",
        MAIN.replace("\n", "\r\n"),
        f"/* Licence */ {MAIN}",
        f"/*\npackage doc is a program.\n*/\n{MAIN}",
        f"// package doc\n//go:build wasip1\n\n{MAIN}",
        "package main\n\nfunc\tmain ( ) {}\n" + 'const s = "/* "\n',
        "package main;import `fmt`\nfunc main() { fmt.Println('\\'', '\"') }\n",
    ],
)
def test_a_program(text: str) -> None:
    found = gosource.read(text)
    assert (found.package, found.start, found.exports) == ("main", True, False)


@pytest.mark.parametrize(
    ("text", "exports"),
    [
        ("package main\n\n//go:wasmexport add\nfunc add() {}\n", True),
        ("package main\r\n\r\n//go:wasmexport add\r\nfunc add() {}\r\n", True),
        ("package main\n\nconst doc = `\n//go:wasmexport add\n`\n", False),
        ("package main\n\n/*\n//go:wasmexport add\n*/\n", False),
        ("package main\n\n  //go:wasmexport add\n", False),
        ("package main\n\n// go:wasmexport add\n", False),
        ("package main\n\n//go:wasmexported add\n", False),
        ('package main\n\nconst s = "`"\n\n//go:wasmexport add\nfunc add() {}\n\nconst t = "`"\n', True),
        ("package main\n\nconst r = '`'\n\n//go:wasmexport add\nfunc add() {}\n", True),
    ],
)
def test_exports_are_directives_only(text: str, exports: bool) -> None:
    assert gosource.read(text).exports is exports


@pytest.mark.parametrize(
    ("name", "constraint", "built"),
    [
        ("main.go", "", True),
        ("a/_main.go", "", False),
        (".main.go", "", False),
        ("main_test.go", "", False),
        ("main_linux.go", "", False),
        ("main_wasip1.go", "", True),
        ("main_wasm.go", "", True),
        ("main_wasip1_wasm.go", "", True),
        ("main_js_wasm.go", "", False),
        ("main_linux_wasm.go", "", False),
        ("linux.go", "", True),
        ("main_linux.gen.go", "", False),
        ("main.go", "ignore", False),
        ("main.go", "wasip1", True),
        ("main.go", "wasip1 && wasm && !cgo && go1.21", True),
        ("main.go", "linux || (darwin && cgo)", False),
        ("main.go", "!(linux || windows)", True),
        ("main.go", "custom", False),
        ("main.go", "mine // with a word", True),
        ("main.go", "&& (", True),
        ("main.go", "(" * 5000, True),
    ],
)
def test_files_for_other_systems_are_no_part_of_a_package(name: str, constraint: str, built: bool) -> None:
    text = f"//go:build {constraint}\n\n{MAIN}" if constraint else MAIN
    assert gosource.builds(name, gosource.read(text), ["mine"]) is built


def test_a_constraint_behind_the_package_clause_is_a_comment() -> None:
    assert gosource.builds("a.go", gosource.read(f"// package x\n{MAIN}\n//go:build ignore\n"))


def compile_step(files: Mapping[str, str], *, toml: str = TOML, **tree: object) -> Step:
    context = context_of(toml, files)
    plan = make_plan(
        replace(context, tree=replace(context.tree, **tree)),  # type: ignore[arg-type]
        BuildRequest(artifacts=("a",), profile="dev"),
    )
    return next(step for step in plan.steps if step.verb == "compile")


def read(step: Step) -> set[str]:
    return {*step.inputs, *step.candidates}


def test_modules_that_take_part_and_no_others() -> None:
    files = {
        "app/go.mod": 'module a\n\nrequire (\n\tb v0.0.0\n\tc v0.0.0\n)\nreplace b => ../b // beside\nreplace c=>"../my c"\n',
        "app/go.sum": "",
        "app/main.go": MAIN,
        "app/nested/go.mod": "module n\n",
        "app/nested/n.go": "package n\n",
        "app/vendor/d/go.mod": "module d\n",
        "b/go.mod": "module b\n",
        "b/b.go": "package b\n",
        "my c/go.mod": "module c\n",
        "other/o.go": "package o\n",
    }
    step = compile_step(files)
    found = read(step)
    assert {*files} - found == {"app/nested/go.mod", "app/nested/n.go", "other/o.go"}
    assert {"app", "b", "my c"} <= {*step.roots}


@pytest.mark.parametrize("line", ["replace b => /elsewhere/b", "replace b => ../../b", 'replace b => "/elsewhere/b"'])
def test_a_module_out_of_the_project_is_refused(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        compile_step({"app/go.mod": f"module a\n\n{line}\n", "app/main.go": MAIN})
    assert caught.value.problems[0].code == "WB239"


def test_a_workspace_with_line_ends_of_windows_and_comments() -> None:
    work = "go 1.22\n\nuse (\n\t./app // ours\n\tlib\n)\n"
    files = {"go.work": work, "app/go.mod": "module a\n", "app/main.go": MAIN, "lib/go.mod": "module l\n", "lib/l.go": "package l\n"}
    assert {"go.work", "lib/l.go"} <= read(compile_step(files))


def test_files_that_flags_name() -> None:
    toml = f'{TOML}flags = {{ compile = ["-overlay=../over.json", "-modfile=../alt.mod", "-pgo=../cpu.pgo"] }}\n'
    files = {
        "app/go.mod": "module a\n",
        "app/main.go": MAIN,
        "over.json": '{"Replace": {"main.go": "../texts/main.go", "gone.go": "", "x.go": "../../x.go"}}',
        "texts/main.go": MAIN,
        "alt.mod": "module a\n",
        "alt.sum": "",
        "cpu.pgo": "",
        "unnamed": "",
    }
    step = compile_step(files, toml=toml)
    assert read(step) >= {*files} - {"unnamed"}
    assert "unnamed" not in read(step)


def test_tests_count_where_they_may_be_embedded() -> None:
    files = {"app/go.mod": "module a\n", "app/main.go": MAIN, "app/main_test.go": "", "app/data/x_test.go": ""}
    assert not {"app/main_test.go", "app/data/x_test.go"} & read(compile_step(files))
    files["app/data/d.go"] = "package d\n\n//go:embed *\nvar F embed.FS\n"
    assert {"app/main_test.go", "app/data/x_test.go"} & read(compile_step(files)) == {"app/data/x_test.go"}


@pytest.mark.parametrize(
    ("embed", "counts"),
    [
        ("//go:embed web/node_modules/x.js", True),
        ("//go:embed web", True),
        ("//go:embed *", True),
        ("//go:embed other", False),
        ('import "a/web/node_modules/p"', True),
        ("", False),
    ],
)
def test_a_closed_folder_counts_where_a_source_may_name_it(embed: str, counts: bool) -> None:
    files = {"app/go.mod": "module a\n", "app/main.go": f"package main\n\n{embed}\nvar x string\n"}
    closed = {"app/web/node_modules": Closed("aside")}
    part = Part(names=("app/web/node_modules/x.js",))
    step = compile_step(files, closed=closed, opened=lambda folder: part if folder == "app/web/node_modules" else Part())
    assert ("app/web/node_modules/x.js" in step.candidates) is counts


@pytest.mark.parametrize(
    ("embed", "file", "counts"),
    [
        ("text.txt", "main_test.go", False),
        ("text.txt main_test.go", "main_test.go", True),
        ("*", "main_test.go", True),
        ("main_*.go", "main_test.go", True),
        ("web/*", "main_test.go", False),
        ("all:data", "data/deep/x_test.go", True),
        ("data", "database_test.go", False),
        ("d[ab]ta", "data/x_test.go", True),
        ('"a b" data', "main_test.go", True),
    ],
)
def test_a_test_that_an_embed_may_reach_counts(embed: str, file: str, counts: bool) -> None:
    files = {"app/go.mod": "module a\n", "app/main.go": f"{MAIN}//go:embed {embed}\nvar f embed.FS\n", f"app/{file}": ""}
    assert (f"app/{file}" in read(compile_step(files))) == counts


def test_a_workspace_whose_modules_need_each_other_alone_needs_no_go_sum() -> None:
    lib = {"lib/go.mod": "module example.com/l\n", "lib/l.go": "package l\n"}
    app = {"app/go.mod": "module a\n\nrequire example.com/l v0.0.0\n", "app/main.go": MAIN}
    files = {"go.work": "go 1.26\nuse (\n\t./app\n\t./lib\n)\n", **lib, **app}
    assert {"go.work", "lib/l.go"} <= read(compile_step(files))
    with pytest.raises(UsageError, match=r"app has no go\.sum"):
        compile_step({**files, "app/go.mod": "module a\n\nrequire (\n\texample.com/l v0.0.0\n\texample.com/far v1.0.0\n)\n"})
