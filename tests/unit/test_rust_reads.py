"""What cargo may read beside the package: what sources, manifests and configuration name, and what is listed of it in a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.plans import context_of
from wbuild.model.locked import Lock
from wbuild.model.planned import Step
from wbuild.plan.affected import Change, affected
from wbuild.plan.plan import BuildRequest, make_plan

TOML = '[artifact.a]\nlang = "rust"\npath = "app"\n'
PACKAGE = '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n'


def compile_step(
    files: Mapping[str, str], *, above: Mapping[str, str] | None = None, folders: tuple[str, ...] = (), toml: str = TOML
) -> Step:
    """The step that compiles app, in a project with more files."""
    given = {"app/Cargo.toml": PACKAGE, "app/Cargo.lock": "", "app/src/main.rs": "", **files}
    context = context_of(toml, given)
    texts = {**context.tree.texts, **(above or {})}
    tree = replace(context.tree, texts=texts, above=tuple(above or ()), folders=(*context.tree.folders, *folders))
    plan = make_plan(replace(context, tree=tree), BuildRequest(artifacts=("a",), profile="dev"))
    return next(step for step in plan.steps if step.verb == "compile")


def beside(step: Step) -> set[str]:
    """Candidates outside of the package."""
    return {name for name in step.candidates if not name.startswith("app/")}


@pytest.mark.parametrize(
    "source",
    [
        'const A: &str = include_str!("../../shared/x.txt");',
        'const A: &[u8] = include_bytes!( "../../shared/x.txt" , );',
        'include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/x.txt"));',
        'const A: &str = include_str!(r"../../shared/x.txt");',
        'const A: &str = include_str!(r#"../../shared/x.txt"#);',
        'const Q: char = \'"\'; const A: &str = include_str!("../../shared/x.txt");',
        'fn f() { let q = "\\""; include_str!("../../shared/x.txt"); }',
        'sqlx::query_file!("../shared/x.txt");',
        'static A: Dir = include_dir!("$CARGO_MANIFEST_DIR/../shared");',
        'println!("cargo:rerun-if-changed=../shared/x.txt");',
        'println!("cargo::rerun-if-changed=../shared");',
        'let p = format!("{}/../shared/x.txt", dir);',
        'let p = format!("../shared/{name}.txt");',
        'const A: &str = include_str!("..\\\\..\\\\shared\\\\x.txt");',
        'wit_bindgen::generate!({ path: "../shared" });',
    ],
)
def test_what_a_literal_leads_to_is_read(source: str) -> None:
    step = compile_step({"app/src/main.rs": source, "shared/x.txt": "", "other/y.txt": ""})
    assert beside(step) == {"shared/x.txt"}
    assert any(root in ("shared", "shared/x.txt") for root in step.roots)


@pytest.mark.parametrize(
    "source",
    [
        'include_str!("../../../outside.txt");',
        'f("..");',
        'f("../..");',
        'f("../../missing");',
        'f("../src/main.rs");',
        '// "../../',
        'r#"',
    ],
)
def test_what_leads_nowhere_or_around_the_package_adds_nothing(source: str) -> None:
    assert not beside(compile_step({"app/src/main.rs": source, "shared/x.txt": "", "other/y.txt": ""}))


def test_a_module_outside_brings_the_folder_that_it_is_in_and_what_this_names() -> None:
    files = {
        "app/src/main.rs": '#[path = "../../shared/common.rs"]\nmod common;',
        "shared/common.rs": "mod inner;",
        "shared/inner.rs": 'const T: &str = include_str!("../texts/t.txt");',
        "shared/data.txt": "",
        "texts/t.txt": "",
        "other/y.rs": "",
    }
    assert beside(compile_step(files)) == {"shared/common.rs", "shared/inner.rs", "shared/data.txt", "texts/t.txt"}


def test_a_path_in_a_module_inside_of_a_file_has_folders_of_its_own() -> None:
    files = {"app/src/a.rs": 'mod b { #[path = "../../../../shared/c.rs"] mod c; }', "shared/c.rs": ""}
    assert beside(compile_step(files)) == {"shared/c.rs"}


def test_a_module_right_in_the_root_brings_its_neighbours_and_no_more() -> None:
    files = {
        "app/src/main.rs": '#[path = "../../top.rs"]\nmod top;',
        "top.rs": 'include_str!("top.txt");',
        "top.txt": "",
        "top/sub.rs": "",
        "next.rs": "",
    }
    assert beside(compile_step({**files, "big/x.rs": ""})) == {"top.rs", "top.txt", "top/sub.rs", "next.rs"}


@pytest.mark.parametrize(
    "manifest",
    [
        '[[bin]]\nname = "app"\npath = "../shared/main.rs"\n',
        '[lib]\npath = "../shared/main.rs"\n',
        'build = "../shared/main.rs"\n',
    ],
)
def test_roots_of_crates_that_a_manifest_names(manifest: str) -> None:
    text = PACKAGE + manifest
    assert beside(compile_step({"app/Cargo.toml": text, "shared/main.rs": "", "shared/mod.rs": ""})) == {"shared/main.rs", "shared/mod.rs"}


def test_vendored_packages_are_read_and_are_parts_of_their_own() -> None:
    files = {
        ".cargo/config.toml": '[source.crates-io]\nreplace-with = "v"\n[source.v]\ndirectory = "third/vendor"\n',
        "third/vendor/serde/Cargo.toml": '[package]\nname = "serde"\nversion = "1.0.0"\n',
        "third/vendor/serde/src/lib.rs": "",
        "third/other/x.rs": "",
    }
    step = compile_step(files)
    assert beside(step) == {".cargo/config.toml", "third/vendor/serde/Cargo.toml", "third/vendor/serde/src/lib.rs"}
    assert step.inner_cache is not None
    assert step.inner_cache.fetched == {"third/vendor/serde": ("serde",)}


def test_packages_that_the_configuration_puts_in_place_of_others() -> None:
    files = {".cargo/config.toml": 'paths = ["fork"]\n', "fork/Cargo.toml": PACKAGE.replace("app", "fork"), "fork/src/lib.rs": ""}
    step = compile_step(files)
    assert beside(step) == {".cargo/config.toml", "fork/Cargo.toml", "fork/src/lib.rs"}
    assert step.inner_cache is not None
    assert step.inner_cache.parts["fork"] == ("app", "fork")


def test_configuration_above_the_project_is_an_input_and_obeyed() -> None:
    above = {"../../.cargo/config.toml": "", "../.cargo/config.toml": "[target.wasm32-wasip1]\nrustflags = []\n"}
    step = compile_step({}, above=above)
    assert beside(step) == {*above}
    assert {*above} <= {*step.roots}
    words = [part for word in step.action.argv for part in word]  # type: ignore[union-attr]
    assert any(isinstance(part, str) and part.startswith("target.'cfg(") for part in words)


def test_configuration_that_another_one_includes() -> None:
    files = {
        ".cargo/config.toml": 'include = ["more.toml", { path = "missing.toml", optional = true }]\n',
        ".cargo/more.toml": 'include = "last.toml"',
        ".cargo/last.toml": "",
    }
    assert beside(compile_step(files)) == {*files}


def test_an_empty_folder_is_listed() -> None:
    assert "app/src/empty/" in compile_step({}, folders=("app", "app/src", "app/src/empty", "elsewhere")).candidates
    assert "elsewhere/" not in compile_step({}, folders=("elsewhere",)).candidates


def test_a_package_concerns_those_that_depend_on_it() -> None:
    files = {
        "app/Cargo.toml": PACKAGE + '[dependencies]\nb = { path = "../b" }\n',
        "b/Cargo.toml": PACKAGE.replace("app", "b") + '[build-dependencies]\nc = { path = "../c" }\n',
        "b/src/lib.rs": "",
        "c/Cargo.toml": PACKAGE.replace("app", "c"),
        "c/src/lib.rs": "",
    }
    inner = compile_step(files).inner_cache
    assert inner is not None
    assert inner.parts == {"app": ("app",), "b": ("app", "b"), "c": ("app", "b", "c")}


FROM_REGISTRY = (
    'version = 3\n[[package]]\nname = "app"\nversion = "0.1.0"\n[[package]]\nname = "itoa"\nversion = "1.0.0"\nsource = "registry+x"\n'
)


@pytest.mark.parametrize(
    ("files", "own", "runs"),
    [
        ({}, False, False),
        ({"app/build.rs": ""}, True, True),
        ({"app/Cargo.toml": f'{PACKAGE}build = "tools/make.rs"\n', "app/tools/make.rs": ""}, True, True),
        ({"app/Cargo.toml": f"{PACKAGE}build = false\n", "app/build.rs": ""}, False, False),
        ({"app/Cargo.toml": f"{PACKAGE}[lib]\nproc-macro = true\n"}, True, True),
        (
            {
                "app/Cargo.toml": f'{PACKAGE}[dependencies]\nm = {{ path = "../m" }}\n',
                "m/Cargo.toml": '[package]\nname = "m"\nversion = "0.1.0"\n',
                "m/build.rs": "",
            },
            True,
            True,
        ),
        ({"app/Cargo.lock": FROM_REGISTRY}, False, True),
    ],
)
def test_whose_programs_run_while_a_crate_is_compiled(files: Mapping[str, str], own: bool, runs: bool) -> None:
    step = compile_step(files)
    assert (step.own_code, step.runs_project_code) == (own, runs)


@pytest.mark.parametrize(
    ("file", "counts"),
    [("elsewhere/data.bin", True), ("docs/page.html", True), ("README.md", False), ("LICENSE", False), ("doc/a.rst", False)],
)
def test_any_file_but_documentation_counts_where_programs_of_the_project_run(file: str, counts: bool) -> None:
    for script in (True, False):
        given = {"app/Cargo.toml": PACKAGE, "app/Cargo.lock": "", "app/src/main.rs": "", **({"app/build.rs": ""} if script else {})}
        context = context_of(TOML, given)
        plan = make_plan(context, BuildRequest(artifacts=("a",), profile="dev"))
        lock = Lock(tools={}, toolchains={}, recipes="")
        change = Change(files=frozenset({file}), manifest=context.manifest, lock=lock)
        assert bool(affected(change, plan, context.manifest, lock, context.catalog)) == (counts and script)


MEMBERS = '[workspace]\nmembers = ["crates/*"]\n'


@pytest.mark.parametrize(
    "source",
    [
        'let x = std::fs::read("crates/other/x.txt");',
        'let p = root.join("crates/other");',
        'for x in std::fs::read_dir("crates") {}',
        'include_str!("../crates/other/x.txt");',
        'println!("cargo:rerun-if-changed=crates/other/x.txt");',
    ],
)
def test_members_below_the_package_count_where_a_literal_leads_to_them(source: str) -> None:
    files = {
        "app/Cargo.toml": PACKAGE + MEMBERS,
        "app/crates/other/Cargo.toml": PACKAGE.replace("app", "other"),
        "app/crates/other/src/lib.rs": "",
        "app/crates/other/x.txt": "",
    }
    alone = compile_step({**files, "app/build.rs": 'let x = "src/main.rs"; let y = "other";'})
    assert "app/crates/other/x.txt" not in alone.candidates
    step = compile_step({**files, "app/build.rs": source})
    assert "app/crates/other/x.txt" in step.candidates


def test_folders_in_which_cargo_looks_for_members_may_be_listed() -> None:
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["app", "crates/*", "tools/*/inner", "single"]\n',
        "crates/b/Cargo.toml": PACKAGE,
        "Cargo.lock": "",
    }
    step = compile_step({**files, "crates/b/x.txt": "", "tools/t/inner/Cargo.toml": PACKAGE})
    assert step.listed == ("crates", "tools")
    assert "crates/b/x.txt" not in step.candidates
    assert compile_step({}).listed == ()
