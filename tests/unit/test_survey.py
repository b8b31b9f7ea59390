"""Build files, deploy files and dependencies → proposals, as golden manifests that load."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.goldens import golden
from tests.plans import shipped_catalog
from wbuild.catalog import load as catalogs
from wbuild.init.scaffold import project_text
from wbuild.init.survey import reads, survey
from wbuild.manifest.boundary import BoundaryFacts
from wbuild.manifest.load import load
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact
from wbuild.session.shipped_data import recipe_texts
from wbuild.steps.tree import Tree

LANGUAGE = """type = "language"
name = "{name}"
title = "{title}"
category = "compiled"
driver = "compiler"
extensions = ["{ending}"]
targets = {targets}
sources = ["nothing"]
{options}
[[toolchain]]
name = "made-up"
tools = ["zig"]
targets = {targets}
[[toolchain.step]]
verb = "compile"
run = ["{{bin:zig}}", "{{in}}", "{{out}}"]
"""
BOTH = '["wasip1", "freestanding"]'
STUBS = (
    ("rust", "Rust", ".none-rs", BOTH, {"package": "string", "bin": "string"}),
    ("go", "Go", ".none-go", '["wasip1"]', {"package": "string"}),
    ("assemblyscript", "AssemblyScript", ".none-ts", BOTH, {"entry": "list"}),
    ("cpp", "C++", ".cpp", BOTH, {"sources": "globs", "include": "paths", "defines": "list"}),
)


@cache
def full() -> Catalog:
    """The shipped recipes, and made-up ones for languages whose recipes may change."""
    local = {}
    for name, title, ending, targets, options in STUBS:
        tables = "".join(f'[[option]]\nname = "{key}"\ntype = "{kind}"\ndoc = "x"\n' for key, kind in options.items())
        local[f"{name}.toml"] = LANGUAGE.format(name=name, title=title, ending=ending, targets=targets, options=tables)
    return catalogs.load(recipe_texts(), local)


@cache
def bare() -> Catalog:
    """C, Zig and WAT only."""
    found = shipped_catalog()
    return replace(found, languages={name: found.languages[name] for name in ("c", "zig", "wat")})


def proposal(files: dict[str, str], catalog: Catalog, path: str = ".") -> str:
    names = tuple(sorted(files))
    tree = Tree(names=names, texts={name: files[name] for name in names if reads(name, catalog)})
    return project_text("shop", [found.block for found in survey(tree, catalog, "shop", path)])


def artifacts(files: dict[str, str], catalog: Catalog | None = None) -> list[Artifact]:
    chosen = catalog or full()
    return list(load(proposal(files, chosen), "wbuild.toml", BoundaryFacts(), chosen).artifacts)


CARGO = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
CDYLIB = '[lib]\ncrate-type = ["cdylib", "rlib"]\n'
WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n[workspace.dependencies]\nproxy-wasm = "0.2"\n',
    "crates/filter/Cargo.toml": CARGO.format("filter") + CDYLIB + "[dependencies]\nproxy-wasm = { workspace = true }\n",
    "crates/filter/src/lib.rs": "",
    "crates/common/Cargo.toml": CARGO.format("common"),
    "crates/common/src/lib.rs": "",
    "crates/tools/Cargo.toml": CARGO.format("tools") + '[[bin]]\nname = "load"\npath = "src/load.rs"\n',
    "crates/tools/src/load.rs": "fn main() {}",
    "crates/tools/src/bin/dump.rs": "fn main() {}",
    "crates/tools/src/bin/deep/main.rs": "fn main() {}",
    "crates/tools/fuzz/Cargo.toml": CARGO.format("tools-fuzz") + "[package.metadata]\ncargo-fuzz = true\n[[bin]]\nname = 'f'\n",
    "vendor/other/Cargo.toml": CARGO.format("other") + CDYLIB,
}
CRATE = {"src/lib.rs": "", ".cargo/config.toml": '[build]\ntarget = "wasm32-unknown-unknown"\n'}
GO = {
    "go.mod": "module example.com/shop/v2\n\ngo 1.24\n\nrequire (\n\tgithub.com/fastly/compute-sdk-go v1.4.0 // indirect\n)\n",
    "main.go": "package main\n\nfunc main() {}\n",
    "main_test.go": "package main\n",
    "cmd/dump/main.go": "// Dump.\npackage main\n\nfunc main() {}\n",
    "lib/lib.go": "package lib\n",
    "plugin/p.go": "package main\n\n//go:wasmexport add\nfunc add(a, b int32) int32 { return a + b }\n\nfunc main() {}\n",
    "gen/gen.go": "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
}
AS = {
    "package.json": json.dumps({"name": "@me/counter", "devDependencies": {"assemblyscript": "^0.28", "@extism/as-pdk": "1"}}),
    "asconfig.json": json.dumps({"entries": ["assembly/counter.ts"]}),
    "assembly/counter.ts": "",
}
ZIG = {
    "build.zig": 'pub fn build(b: *std.Build) void {\n    // const old = b.addExecutable(.{ .name = "old" });\n'
    '    const exe = b.addExecutable(.{\n        .name = "tool",\n        .root_module = b.createModule(.{\n'
    '            .root_source_file = b.path("app/tool.zig"),\n        }),\n    });\n'
    '    const two = b.addExecutable(.{ .name = "two", .root_source_file = .{ .path = "src/main.zig" } });\n}\n',
    "app/tool.zig": "pub fn main() void {}",
    "src/main.zig": "pub fn main() void {}",
}
CMAKE = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.20)
project(shop LANGUAGES C)
set(CORE core/a.c ${CMAKE_CURRENT_SOURCE_DIR}/core/b.c)   # a list
file(GLOB APP CONFIGURE_DEPENDS "app/*.c")
add_library(core STATIC ${CORE})
target_include_directories(core PUBLIC include $<BUILD_INTERFACE:x>)
add_executable(${PROJECT_NAME} ${APP} generated.c)
target_compile_definitions(shop PRIVATE -DVERSION="1" NDEBUG)
target_link_libraries(shop PRIVATE core m)
add_subdirectory(plugin)
""",
    "core/a.c": "",
    "core/b.c": "",
    "app/main.c": "int main(void) { return 0; }",
    "tests/test.c": "int main(void) { return 0; }",
    "plugin/CMakeLists.txt": "add_library(plug MODULE plug.cpp util.c)\n",
    "plugin/plug.cpp": "",
    "plugin/util.c": "",
}
MAKE = {
    "Makefile": "CC = cc\nCFLAGS = -O2 -Wall -Iinclude -DDEBUG=0\nCFLAGS += -I../up\nSRCS := $(wildcard src/*.c) \\\n  extra.c\n"
    "OBJS = $(SRCS:.c=.o)\nTARGET = calc\nLDLIBS = -lm\n\nall: $(OBJS)\n\t$(CC) -o $(TARGET) $(OBJS)\n",
    "src/main.c": "int main(void) { return 0; }",
    "src/sum.c": "",
    "extra.c": "",
    "unused.c": "",
}
PYTHON = {
    "pyproject.toml": '[project]\nname = "api"\ndependencies = ["Spin_SDK>=3", "requests"]\n',
    "app.py": "",
    "spin.toml": "spin_manifest_version = 2\n",
}
SPIN = {
    "spin.toml": '[component.api]\nsource = "api/target/wasm32-wasip1/release/api.wasm"\n[component.ui]\nsource = "ui.wasm"\n',
    "api/Cargo.toml": CARGO.format("api") + CDYLIB + '[dependencies]\nspin-sdk = "5"\n',
    "api/src/lib.rs": "",
    "other.c": "int main(void) { return 0; }",
}
SHOPIFY = {
    "extensions/discount/shopify.extension.toml": '[[extensions]]\ntype = "function"\n[extensions.build]\npath = "target/x.wasm"\n',
    "extensions/discount/Cargo.toml": CARGO.format("discount") + '[[bin]]\nname = "discount"\npath = "src/main.rs"\n',
    "extensions/discount/src/main.rs": "",
    "extensions/banner/shopify.extension.toml": '[[extensions]]\ntype = "ui_extension"\n',
    "extensions/banner/Cargo.toml": CARGO.format("banner"),
    "extensions/banner/src/main.rs": "",
}
LONE = {
    "nim": {
        "src/main.nim": "import greeting\necho greeting()\n",
        "src/greeting.nim": 'proc greeting*(): string =\n  if true: result = "hi"\n',
        "add.nim": "",
    },
    "nim-library": {"src/lib.nim": '{.pragma: wasm, exportc, codegenDecl: "__attribute__((export_name("$2"))) $1 $2$3".}\n'},
    "d": {"source/main.d": "module main;\n\nextern (C) int main(int argc, char** argv) @nogc nothrow\n{\n}\n", "source/add.d": ""},
    "kotlin": {"src/Main.kt": "fun main() {\n}\n", "src/app/Add.kt": "fun add() = 1\n"},
    "kotlin-library": {"src/Add.kt": "@WasmExport\nfun remain() = 1\n"},
}
CASES = {
    "cargo-workspace": WORKSPACE,
    "cargo-wasm-bindgen": {**CRATE, "Cargo.toml": CARGO.format("web") + CDYLIB + '[dependencies]\nwasm-bindgen = "0.2"\n'},
    "cargo-cosmwasm": {**CRATE, "Cargo.toml": CARGO.format("vault") + CDYLIB + '[dependencies]\ncosmwasm-std = "3"\n'},
    "cargo-worker": {
        "Cargo.toml": CARGO.format("edge") + CDYLIB + '[dependencies]\nworker = "0.6"\nwasm-bindgen = "0.2"\n',
        "wrangler.toml": 'name = "edge"\n',
        "src/lib.rs": "",
    },
    "cargo-fastly": {
        "Cargo.toml": CARGO.format("edge") + '[target."cfg(all())".dependencies]\nf = { package = "fastly", version = "0.11" }\n',
        "fastly.toml": 'language = "rust"\n',
        "src/main.rs": "",
    },
    "cargo-spin": SPIN,
    "cargo-shopify": SHOPIFY,
    "go": GO,
    "assemblyscript": AS,
    "javascript": {"package.json": '{"name": "x", "main": "src/app.js", "dependencies": {"@fastly/js-compute": "3"}}', "src/app.js": ""},
    "zig": ZIG,
    "cmake": CMAKE,
    "make": MAKE,
    "python": PYTHON,
    **LONE,
}


@pytest.mark.parametrize("case", CASES)
def test_proposals(case: str) -> None:
    text = proposal(CASES[case], full())
    load(text, "wbuild.toml", BoundaryFacts(), full())
    golden(f"init/{case}.toml", text)


@pytest.mark.parametrize("case", ["cargo-workspace", "cmake", "go"])
def test_languages_that_the_catalogue_does_not_have_are_comments(case: str) -> None:
    text = proposal(CASES[case], bare())
    load(text, "wbuild.toml", BoundaryFacts(), bare())
    golden(f"init/{case}-bare.toml", text)


def test_what_dependencies_imply() -> None:
    implied = {
        "proxy-wasm": ("envoy", "wasip1"),
        "fastly": ("fastly-compute", "wasip1"),
        "spin-sdk": ("spin", "wasip1"),
        "shopify_function": ("shopify-functions", "freestanding"),
        "wasm-bindgen": ("browser", "freestanding"),
        "cosmwasm-std": ("cosmwasm", "freestanding"),
    }
    for crate, (host, target) in implied.items():
        (found,) = artifacts({"Cargo.toml": f'{CARGO.format("x")}{CDYLIB}[dependencies]\n{crate} = "1"\n', "src/lib.rs": ""})
        assert (found.hosts, found.targets) == ((host,), (target,)), crate
    (plain,) = artifacts({"Cargo.toml": CARGO.format("x") + CDYLIB, "src/lib.rs": ""})
    assert (plain.hosts, plain.kind, plain.targets) == ((), "reactor", ("wasip1",))


def test_a_language_that_is_built_for_the_web_gets_that_target() -> None:
    found = full()
    rust = found.languages["rust"]
    chain = replace(rust.toolchains[0], targets=("web", "wasip1"))
    web = replace(found, languages={**found.languages, "rust": replace(rust, targets=("wasip1", "web"), toolchains=(chain,))})
    text = proposal(CASES["cargo-wasm-bindgen"], web)
    assert '\ntarget = "web"\n' in text
    assert load(text, "wbuild.toml", BoundaryFacts(), web).artifacts[0].targets == ("web",)


def test_paths_are_relative_to_the_manifest() -> None:
    text = proposal({"api/Cargo.toml": CARGO.format("api"), "api/src/main.rs": ""}, full(), "services/x")
    assert 'path = "services/x/api"\n' in text


def test_names_are_made_fit_and_different() -> None:
    files = {f"{folder}/Cargo.toml": CARGO.format(name) for folder, name in (("a", "x"), ("b", "X"), ("c", "con"), ("d", "a b"))}
    files |= {f"{folder}/src/main.rs": "" for folder in "abcd"}
    files |= {"e/Cargo.toml": CARGO.format("x") + CDYLIB, "e/src/main.rs": ""}
    assert [a.name for a in artifacts(files)] == ["x", "X-rust", "shop", "a-b", "x-2", "x-bin"]


def test_names_that_are_taken() -> None:
    tree = Tree(names=("go.mod", "main.go"), texts={"go.mod": "module m/app", "main.go": "package main"})
    assert [f.name for f in survey(tree, full(), "shop", taken=["APP"])] == ["app-go"]


def test_what_is_read() -> None:
    for name in ("Cargo.toml", "a/.cargo/config.toml", "x/go.mod", "spin.toml", "a/shopify.extension.toml", "x.go", "a/b.c", "Makefile"):
        assert reads(name, bare())
    for name in ("README.md", "cargo.toml.bak", "config.toml", "x.rs", "x.ts"):
        assert not reads(name, bare())


HOSTILE = [
    "",
    "[" * 100_000,
    "{" * 100_000,
    '{"a":' * 50_000,
    "[package]\nname = 3\n[lib]\ncrate-type = 'cdylib'\n[[bin]]\nname = []\n",
    "package = 3\nlib = []\nbin = {}\ndependencies = 'x'\ntarget = 3\n",
    '[package]\nname = "x\\n[artifact.evil]\\nlang = \\"c\\""\n[lib]\ncrate-type = ["cdylib"]\n',
    "[package]\nname = '../../etc'\n[[bin]]\nname = '../x'\npath = '../../y'\n",
    '{"name": 3, "dependencies": [], "devDependencies": {"assemblyscript": 1}, "entries": "x", "main": {}}',
    '{"entries": ["../../../x.ts", "\\u0000"], "extends": []}',
    "add_executable(" + "a(" * 20_000,
    "set(A ${A}${A}${A})\n" * 50 + "add_executable(${A} ${A})\n",
    "add_executable(x ../../../etc/passwd.c /abs.c x.c)\n",
    "SRCS = $(SRCS)$(SRCS) x.c\nTARGET = $(SRCS)\n",
    "SRCS = $(wildcard /etc/*.c ../../*.c **/*.c)\n",
    'b.addExecutable(.{ .name = "\x1b[2J", .root_source_file = b.path("../x.zig") })\n' * 200,
    "module " + "x/" * 10_000 + "\nrequire (\n" + "\ta.b/c v1\n" * 10_000,
    "\ufeff\r\n\x00\x01",
    "component = 3\nextensions = [1, 2]\n[project]\nname = 3\ndependencies = {x = 1}\n",
]
FILES = ("Cargo.toml", "go.mod", "package.json", "asconfig.json", "build.zig", "CMakeLists.txt", "Makefile", "pyproject.toml", "spin.toml")
SOURCES = {"x.c": "", "src/main.rs": "", "main.go": "package main", "x.zig": "", "assembly/index.ts": "", "app.py": "", "index.js": ""}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files_are_survived(text: str) -> None:
    for file in FILES:
        artifacts({**SOURCES, file: text})
    artifacts({**SOURCES, **dict.fromkeys(FILES, text)}, bare())


_FRAGMENTS = (
    "[package]\n",
    'name = "x"\n',
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "$",
    "add_executable(",
    "x.c",
    "\n",
    " = ",
    "SRCS",
    "\x00",
)
ODD = ("a\nb/Cargo.toml", "a\nb/src/main.rs", "x\\y/go.mod", "x\\y/main.go", "\udcff/build.zig", "\udcff.c", "d/\t.wat", "d/e.wat")
names = st.sampled_from([*ODD, *FILES, *SOURCES, "a/Cargo.toml", "a/src/lib.rs", "fastly.toml"])
contents = st.lists(st.sampled_from(_FRAGMENTS), max_size=12).map("".join)


@given(st.dictionaries(names, contents, max_size=6))
def test_any_folder_gives_a_manifest_that_loads(files: dict[str, str]) -> None:
    artifacts(files)


WINDOWS = {
    "cargo": {"Cargo.toml": '[package]\nname = "x"\nversion = "1.0.0"\n', "src/main.rs": "fn main() {}\n"},
    "npm": {"package.json": '{\n"name": "x",\n"devDependencies": {"assemblyscript": "1"}\n}\n', "assembly/index.ts": ""},
    "asconfig": {"package.json": "{}", "asconfig.json": '{\n"entries": ["a.ts"]\n}\n', "a.ts": ""},
    "make": {
        "Makefile": "# a \\\ncomment\nexport SRCS = main.c \\\n\tsum.c # two\nTARGET = calc\nCFLAGS += -DX=1 -DHASH=\\#\n",
        "main.c": "int main(void) {}\n",
        "sum.c": "",
    },
    "cmake": {
        "CMakeLists.txt": 'set(S "#1")\n#[=[ add_executable(no no.c)\n]] ]=]\nadd_executable(calc main.c # not this: no.c\n  sum.c)\n',
        "main.c": "int main(void) {}\n",
        "sum.c": "",
    },
    "zig": {
        "build.zig": '_ = "https://example.com";\nb.addExecutable(.{ .name = "calc", .root_source_file = b.path("a.zig") }); // a\n',
        "a.zig": "pub fn main() void {}\n",
    },
    "python": {"pyproject.toml": '[project]\nname = "x"\n', "app.py": ""},
    "c": {"main.c": "\nint main(void) { return 0; }\n"},
}


@pytest.mark.parametrize("case", WINDOWS)
def test_files_as_windows_writes_them_say_the_same(case: str) -> None:
    files = WINDOWS[case]
    windows = {name: "\ufeff" + text.replace("\n", "\r\n") for name, text in files.items()}
    assert proposal(windows, full()) == proposal(files, full()) != ""


def test_words_of_a_makefile_are_those_that_make_reads() -> None:
    (found,) = artifacts(WINDOWS["make"])
    assert found.options["defines"] == ("X=1", "HASH=#")


def test_comments_of_cmake_hide_nothing_else() -> None:
    (found,) = artifacts(WINDOWS["cmake"])
    assert found.name == "calc"
