"""Code that is already there → a proposal whose manifest loads."""

from __future__ import annotations

from tests.plans import make
from wbuild.catalog import load as catalogs
from wbuild.init.scaffold import project_text
from wbuild.init.survey import survey
from wbuild.manifest.boundary import BoundaryFacts
from wbuild.manifest.load import load
from wbuild.model.written import Artifact
from wbuild.session.shipped_data import recipe_texts
from wbuild.steps.tree import Tree

CATALOG = catalogs.load(recipe_texts(), {})
MAIN = "#include <stdio.h>\nint main(void) { return 0; }\n"


def proposed(files: dict[str, str], path: str = ".") -> list[Artifact]:
    found = survey(Tree(names=tuple(sorted(files)), texts=files), CATALOG, "shop", path)
    text = project_text("shop", [f.block for f in found])
    assert text.count("# guessed by `wbuild init` from ") == len(found)
    return list(load(text, "wbuild.toml", BoundaryFacts(), CATALOG).artifacts)


def test_no_code() -> None:
    assert survey(Tree(names=("README.md",)), CATALOG, "shop") == ()


def test_c_in_the_usual_places() -> None:
    (artifact,) = proposed({"src/main.c": MAIN, "src/a.c": "", "src/a.h": ""})
    assert (artifact.name, artifact.lang, artifact.kind, artifact.targets) == ("shop", "c", "command", ("wasip1",))
    assert artifact.options == {}


def test_c_elsewhere_names_its_sources() -> None:
    (artifact,) = proposed({"lib/x/a.c": "int f(void) { return 1; }", "b.c": ""})
    assert artifact.kind == "reactor"
    assert artifact.options == {"sources": ("*.c", "lib/**/*.c")}


def test_a_zig_program_and_its_parts() -> None:
    (artifact,) = proposed({"app/deep/start.zig": "pub fn main() void {}", "a.zig": ""})
    assert artifact.kind == "command"
    assert artifact.options == {"root": ("app/deep/start.zig",)}
    (usual,) = proposed({"src/main.zig": "pub fn main() void {}", "src/other.zig": ""})
    assert usual.options == {}


def test_every_wat_file_is_an_artifact() -> None:
    found = proposed({"add.wat": "(module)", "run.wat": '(module (func (export "_start")))'})
    assert [(a.name, a.kind, a.targets, a.options) for a in found] == [
        ("add", "reactor", ("freestanding",), {"source": ("add.wat",)}),
        ("run", "command", ("wasip1",), {"source": ("run.wat",)}),
    ]


def test_several_languages_and_a_folder_of_the_project() -> None:
    found = proposed({"main.c": MAIN, "main.zig": "pub fn main() void {}"}, path="tools/x")
    assert [(a.name, a.lang, a.path) for a in found] == [("shop", "c", "tools/x"), ("shop-zig", "zig", "tools/x")]


def test_hostile_file_names_cannot_leave_their_comment() -> None:
    name = 'x\n[project]\nname = "evil".wat'
    (artifact,) = proposed({name: "(module)"}) if name.endswith(".wat") else [None]
    assert artifact is not None
    assert artifact.name == "shop"


def test_a_kind_that_the_build_reads_itself_is_not_written() -> None:
    package = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
    files = {
        "lib/Cargo.toml": package.format("lib") + '[lib]\ncrate-type = ["cdylib"]\n',
        "lib/Cargo.lock": "",
        "lib/src/lib.rs": "",
        "lib/src/main.rs": "",
        "go/go.mod": "module example.org/calc\n",
        "go/calc.go": "package main\n\n//go:wasmexport add\nfunc add(a, b int32) int32 { return a + b }\n\nfunc main() {}\n",
        "tiny/go.mod": "module example.org/tiny\n",
        "tiny/tiny.go": "package main\n\n//export add\nfunc add(a, b int32) int32 { return a + b }\n\nfunc main() {}\n",
    }
    found = survey(Tree(names=tuple(sorted(files)), texts=files), CATALOG, "shop")
    text = project_text("shop", [f.block for f in found])
    assert {f.name: "\nkind = " in f.block for f in found} == {"lib": False, "lib-bin": False, "calc": False, "tiny": True}
    kinds = {product.artifact.name: product.artifact.kind for product in make(text, files).products}
    assert kinds == {"lib": "reactor", "lib-bin": "command", "calc": "reactor", "tiny": "reactor"}
