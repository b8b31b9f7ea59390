"""What the driver of projects reads in Cargo.toml, go.mod, package.json and asconfig.json, and the steps that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.plans import context_of, make
from wbuild.catalog.language_rules import PROJECT_WORDS
from wbuild.drivers.build import Build
from wbuild.drivers.project import FORMATS, LockToMake, texts
from wbuild.errors import UsageError
from wbuild.model.language_recipe import ProjectName
from wbuild.model.planned import Step, Tool
from wbuild.plan.plan import BuildRequest, locks_to_make, make_plan
from wbuild.steps.words import portable

PACKAGE = '[package]\nname = "{}"\nversion = "0.1.0"\nedition = "2021"\n'
CDYLIB = '[lib]\ncrate-type = ["cdylib"]\n'
RUST = '[artifact.a]\nlang = "rust"\npath = "."\n'
GO = '[artifact.a]\nlang = "go"\npath = "."\n'
AS = '[artifact.a]\nlang = "assemblyscript"\npath = "."\n'


def steps(toml: str, files: Mapping[str, str]) -> dict[str, Step]:
    """The steps before optimizing, by verb."""
    return {step.verb: step for step in make(toml, files, level="none").steps if step.verb in ("fetch", "compile")}


def words(step: Step) -> list[str]:
    assert isinstance(step.action, Tool)
    return [portable(word) for word in step.action.argv]


def behind(step: Step, flag: str) -> list[str]:
    """The words behind each use of a flag."""
    line = words(step)
    return [line[i + 1] for i, word in enumerate(line) if word == flag]


def problem(toml: str, files: Mapping[str, str]) -> tuple[str, str]:
    with pytest.raises(UsageError) as caught:
        make(toml, files, level="none")
    (found,) = caught.value.problems
    return found.code, found.message


def cargo(**more: str) -> dict[str, str]:
    """A package alone in the root, with more files: `src__lib_rs` is src/lib.rs."""
    named = {name.replace("__", "/").replace("_rs", ".rs"): text for name, text in more.items()}
    return {"Cargo.toml": PACKAGE.format("my-app"), "Cargo.lock": "", "src/main.rs": "", **named}


def test_a_package_alone() -> None:
    found = steps(RUST, cargo(src__util_rs="", README=""))
    compile_ = found["compile"]
    assert found["fetch"].inputs == ("Cargo.lock",)
    assert behind(compile_, "--manifest-path") == ["Cargo.toml"]
    assert behind(compile_, "--bin") == ["my-app"]
    assert "--no-default-features" not in words(compile_)
    assert {o: portable(w) for o, w in compile_.results.items()} == {
        compile_.outputs[0]: "{state}/target/wasm32-wasip1/release/my-app.wasm"
    }
    assert compile_.inputs == ("Cargo.lock", "Cargo.toml", found["fetch"].outputs[0])
    assert compile_.candidates == ("README", "src/main.rs", "src/util.rs")


def test_features_of_the_package() -> None:
    toml = RUST + '[artifact.a.rust]\nfeatures = ["b", "c"]\ndefault-features = false\n'
    line = words(steps(toml, cargo())["compile"])
    assert [w for w in line if "features" in w] == ["--no-default-features", "--features=b", "--features=c"]


@pytest.mark.parametrize(
    ("manifest", "files", "option", "name"),
    [
        ('[[bin]]\nname = "tool"\npath = "src/main.rs"\n', ["src/main.rs"], "", "tool"),
        ("", ["src/main.rs", "src/bin/other.rs"], "my-app", "my-app"),
        ("", ["src/bin/other.rs"], "", "other"),
        ("", ["src/bin/big/main.rs", "src/bin/big/part.rs"], "", "big"),
        ('default-run = "other"\n', ["src/main.rs", "src/bin/other.rs"], "", "other"),
        ('autobins = false\n[[bin]]\nname = "x"\n', ["src/main.rs"], "", "x"),
    ],
)
def test_the_binary(manifest: str, files: list[str], option: str, name: str) -> None:
    toml = RUST + (f'[artifact.a.rust]\nbin = "{option}"\n' if option else "")
    found = steps(toml, {"Cargo.toml": PACKAGE.format("my-app") + manifest, "Cargo.lock": "", **dict.fromkeys(files, "")})
    assert behind(found["compile"], "--bin") == [name]


def test_a_cdylib_is_a_reactor() -> None:
    toml = RUST + 'target = "freestanding"\n'
    found = steps(toml, {"Cargo.toml": PACKAGE.format("my-lib") + CDYLIB, "Cargo.lock": "", "src/lib.rs": ""})["compile"]
    assert "--lib" in words(found)
    assert portable(found.results[found.outputs[0]]) == "{state}/target/wasm32-unknown-unknown/release/my_lib.wasm"


def kind(toml: str, files: Mapping[str, str]) -> str | None:
    """The kind of the one product."""
    (product,) = make(toml, files).products
    return product.artifact.kind


EXPORTING = "package main\n\n//go:wasmexport add\nfunc add(a, b int32) int32 { return a + b }\n\nfunc main() {}\n"
LIBRARY = {"Cargo.toml": PACKAGE.format("x") + CDYLIB, "Cargo.lock": "", "src/lib.rs": ""}
SAYS_COMMAND = 'kind = "command"\n'


@pytest.mark.parametrize(
    ("toml", "files", "expected"),
    [
        (RUST, cargo(), "command"),
        (RUST, LIBRARY, "reactor"),
        (RUST, {**LIBRARY, "src/main.rs": ""}, "reactor"),
        (RUST + '[artifact.a.rust]\nbin = "x"\n', {**LIBRARY, "src/main.rs": ""}, "command"),
        (RUST + SAYS_COMMAND, {**LIBRARY, "src/main.rs": ""}, "command"),
        (GO, {"go.mod": "module m\n", "main.go": "package main\n"}, "command"),
        (GO, {"go.mod": "module m\n", "main.go": EXPORTING}, "reactor"),
        (GO, {"go.mod": "module m\n", "main.go": "", "main_test.go": EXPORTING}, "command"),
        (GO, {"go.mod": "module m\n", "main.go": "", "tool.go": "//go:build ignore\n" + EXPORTING}, "command"),
        (GO, {"go.mod": "module m\n", "main.go": "", "other/other.go": EXPORTING}, "command"),
        (GO + '[artifact.a.go]\npackage = "./plug"\n', {"go.mod": "module m\n", "plug/plug.go": EXPORTING}, "reactor"),
        (GO + SAYS_COMMAND, {"go.mod": "module m\n", "main.go": EXPORTING}, "command"),
    ],
)
def test_the_sources_say_the_kind_unless_the_manifest_does(toml: str, files: Mapping[str, str], expected: str) -> None:
    assert kind(toml, files) == expected


def test_a_kind_from_the_sources_decides_how_go_is_called() -> None:
    assert "-buildmode=c-shared" in words(steps(GO, {"go.mod": "module m\n", "main.go": EXPORTING})["compile"])


def test_what_cannot_be_a_command_is_a_reactor() -> None:
    assert kind(AS, NPM) == "command"
    assert kind(AS + 'target = "freestanding"\n', NPM) == "reactor"
    assert kind('[artifact.a]\nlang = "c"\ntarget = "freestanding"\n', ["a.c"]) == "reactor"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("toml", "files", "message"),
    [
        (
            RUST + '[[artifact.a.check]]\nargs = ["x"]\n',
            LIBRARY,
            "artifact.a.check[1]: a reactor has no start, so a check of it needs invoke",
        ),
        (
            RUST + '[[artifact.a.check]]\ninvoke = "f()"\n',
            cargo(),
            "artifact.a.check[1]: invoke calls an export of a reactor, and this is a command",
        ),
    ],
)
def test_a_check_that_the_kind_of_the_sources_cannot_have(toml: str, files: Mapping[str, str], message: str) -> None:
    assert problem(toml, files) == ("WB219", message)


WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n'
    '[workspace.dependencies]\nshared = { path = "crates/shared" }\n',
    "Cargo.lock": "",
    "crates/app/Cargo.toml": PACKAGE.format("app") + "[dependencies]\nshared = { workspace = true }\n",
    "crates/app/src/main.rs": "",
    "crates/shared/Cargo.toml": PACKAGE.format("shared") + "[target.'cfg(unix)'.build-dependencies]\nmake = { path = \"../make\" }\n",
    "crates/shared/src/lib.rs": "",
    "crates/make/Cargo.toml": PACKAGE.format("make"),
    "crates/make/src/lib.rs": "",
    "crates/other/Cargo.toml": PACKAGE.format("other"),
    "crates/other/src/main.rs": "",
    "crates/old/Cargo.toml": PACKAGE.format("old"),
    ".cargo/config.toml": "[target.'cfg(all())']\nrustflags = ['-Cdebuginfo=0']\n",
    "crates/.cargo/config.toml": "",
}


@pytest.mark.parametrize("toml", [RUST + '[artifact.a.rust]\npackage = "app"\n', RUST.replace('path = "."', 'path = "crates/app"')])
def test_a_member_of_a_workspace(toml: str) -> None:
    found = steps(toml, WORKSPACE)
    compile_ = found["compile"]
    assert found["fetch"].inputs == ("Cargo.lock",)
    assert behind(compile_, "--manifest-path") == ["crates/app/Cargo.toml"]
    assert compile_.inputs[:3] == ("Cargo.lock", "Cargo.toml", "crates/app/Cargo.toml")
    assert compile_.candidates == (
        ".cargo/config.toml",
        "crates/.cargo/config.toml",
        "crates/app/src/main.rs",
        "crates/make/Cargo.toml",
        "crates/make/src/lib.rs",
        "crates/other/Cargo.toml",
        "crates/shared/Cargo.toml",
        "crates/shared/src/lib.rs",
    )


def test_configuration_that_cargo_would_not_find_from_the_root_is_named() -> None:
    found = behind(steps(RUST + '[artifact.a.rust]\npackage = "app"\n', WORKSPACE)["compile"], "--config")
    assert "crates/.cargo/config.toml" in found
    assert ".cargo/config.toml" not in found
    assert any(word.startswith("target.'cfg(target_family = \"wasm\")'.rustflags=") for word in found)


@pytest.mark.parametrize(
    ("toml", "files", "code", "message"),
    [
        (RUST, {}, "WB228", "artifact.a: no Cargo.toml in ."),
        (RUST, {"Cargo.toml": PACKAGE.format("x"), "src/main.rs": ""}, "WB228", "artifact.a: . has no Cargo.lock"),
        (
            RUST,
            {"Cargo.toml": "[package\n"},
            "WB228",
            "artifact.a: Cargo.toml is not TOML: Expected ']' at the end of a table declaration (at line 1, column 9)",
        ),
        (RUST, cargo(src__bin__b_rs=""), "WB238", 'artifact.a: the package "my-app" has 2 binaries'),
        (RUST + '[artifact.a.rust]\nbin = "b"\n', cargo(), "WB238", 'artifact.a: "my-app" has no binary "b"'),
        (RUST + 'kind = "reactor"\n', cargo(), "WB238", 'artifact.a: the package "my-app" has no library of crate-type cdylib'),
        (RUST + SAYS_COMMAND, LIBRARY, "WB238", 'artifact.a: the package "x" has no binary'),
        (
            RUST + 'kind = "reactor"\n[artifact.a.rust]\nbin = "my-app"\n',
            cargo(),
            "WB247",
            "artifact.a: a binary is a command, and kind is reactor",
        ),
        (RUST, WORKSPACE, "WB238", "artifact.a: Cargo.toml is that of a workspace, and `package` does not say which member"),
        (RUST + '[artifact.a.rust]\npackage = "ap"\n', WORKSPACE, "WB238", 'artifact.a: the workspace has no package "ap"'),
        (
            RUST,
            cargo() | {"Cargo.toml": PACKAGE.format("x") + '[dependencies]\ny = { path = "../y" }\n'},
            "WB239",
            "artifact.a: a path dependency leads to ../y, out of the project",
        ),
    ],
)
def test_problems_of_cargo_projects(toml: str, files: Mapping[str, str], code: str, message: str) -> None:
    assert problem(toml, files) == (code, message)


LOCKED = """version = 4

[[package]]
name = "my-app"
version = "0.1.0"
dependencies = [
 "itoa",
 "ryu 1.0.5",
 "ryu 2.0.0",
]

[[package]]
name = "itoa"
version = "0.4.8"
source = "registry+https://example.org"

[[package]]
name = "my-app"
version = "9.0.0"
source = "registry+https://example.org"

[[package]]
name = "ryu"
version = "1.0.5"
source = "registry+https://example.org"

[[package]]
name = "ryu"
version = "2.0.0"
source = "registry+https://example.org"
"""


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ('[dependencies]\nitoa = "0.4"\n', ""),
        ('[dependencies]\nitoa = "^0.4.2"\n', ""),
        ('[dependencies]\nitoa = "0"\n', ""),
        ('[dependencies]\nitoa = ">=0.1, <0.3"\n', ""),
        ('[dependencies]\nnumbers = { package = "itoa", version = "0.4" }\n', ""),
        ('[build-dependencies]\nryu = "1"\n[dev-dependencies]\nfloats = { package = "ryu", version = "2" }\n', ""),
        ('[dependencies]\nitoa = "0.4.9"\n', "my-app depends on itoa 0.4.9, and it has 0.4.8"),
        ('[dependencies]\nitoa = { version = "1" }\n', "my-app depends on itoa 1, and it has 0.4.8"),
        ('[dependencies]\nryu = "3"\n', "my-app depends on ryu 3, and it has 1.0.5, 2.0.0"),
        ('[target."cfg(unix)".dependencies]\nserde = { version = "1", optional = true }\n', "serde, which my-app depends on, is not in it"),
    ],
)
def test_a_cargo_lock_for_other_dependencies(manifest: str, reason: str) -> None:
    for text in (LOCKED, LOCKED.replace("\n", "\r\n")):
        files = cargo() | {"Cargo.toml": PACKAGE.format("my-app") + manifest, "Cargo.lock": text}
        if reason:
            assert problem(RUST, files) == ("WB228", f"artifact.a: Cargo.lock does not fit Cargo.toml: {reason}")
        else:
            steps(RUST, files)


def test_a_cargo_lock_of_another_version_of_the_package() -> None:
    files = cargo() | {"Cargo.toml": PACKAGE.format("my-app").replace("0.1.0", "0.2.0"), "Cargo.lock": LOCKED}
    assert problem(RUST, files) == ("WB228", "artifact.a: Cargo.lock does not fit Cargo.toml: my-app 0.2.0 is not in it")


def test_a_cargo_lock_knows_what_members_inherit_from_their_workspace() -> None:
    workspace = '[workspace]\nmembers = ["app"]\n[workspace.package]\nversion = "0.1.0"\n[workspace.dependencies]\nitoa = "{}"\n'
    member = '[package]\nname = "my-app"\nversion.workspace = true\n[dependencies]\nitoa.workspace = true\n'
    toml = RUST.replace('path = "."', 'path = "app"')
    files = {"Cargo.toml": workspace.format("0.4"), "Cargo.lock": LOCKED, "app/Cargo.toml": member, "app/src/main.rs": ""}
    steps(toml, files)
    files["Cargo.toml"] = workspace.format("1")
    assert problem(toml, files)[1].endswith("my-app depends on itoa 1, and it has 0.4.8")


def wanted(toml: str, files: Mapping[str, str]) -> dict[str, LockToMake]:
    """Lock files that have to be made, by name."""
    context = context_of(toml, files)
    names = tuple(artifact.name for artifact in context.manifest.artifacts)
    return {one.lock.file: one for one in locks_to_make(context, BuildRequest(artifacts=names, profile="dev"))}


def without(files: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: text for other, text in files.items() if other != name}


def test_the_clients_make_the_lock_files() -> None:
    rust = wanted(RUST + '[artifact.a.rust]\npackage = "app"\n', without(WORKSPACE, "Cargo.lock"))["Cargo.lock"]
    assert words(rust.step)[-6:-4] == ["update", "--workspace"]
    assert behind(rust.step, "--manifest-path") == ["crates/app/Cargo.toml"]
    assert {"Cargo.toml", "crates/make/src/lib.rs", ".cargo/config.toml"} <= {*rust.lock.reads}
    go = wanted(GO, without(MODULE, "go.sum"))["go.sum"]
    assert words(go.step)[1:] == ["list", "-C", ".", "-buildvcs=false", "-mod=mod", "-deps", '-f={{""}}', "./..."]
    assert go.lock.reads == ("go.mod", "main.go")
    npm = wanted(AS, without(NPM, "package-lock.json"))["package-lock.json"]
    assert any(word.endswith("npm-lock.mjs") for word in words(npm.step))
    assert npm.lock.reads == ("package.json",)
    assert all(one.step.network and not one.step.outputs for one in (rust, go, npm))


def test_a_workspace_has_one_lock_file() -> None:
    toml = "".join(f'[artifact.{name}]\nlang = "rust"\npath = "crates/{name}"\n' for name in ("app", "other"))
    assert [*wanted(toml, without(WORKSPACE, "Cargo.lock"))] == ["Cargo.lock"]


def test_what_is_there_or_cannot_be_read_is_not_made() -> None:
    assert not wanted(RUST, cargo())
    assert not wanted(GO, MODULE)
    assert not wanted(AS, NPM)
    assert not wanted(RUST, {"Cargo.toml": "[package\n"})
    assert not wanted(GO, {"go.mod": "module m\nrequire lib v0.0.0\nreplace lib => ./lib\n", "main.go": "", "lib/go.mod": "module lib\n"})


def test_a_package_lock_for_other_dependencies() -> None:
    package = json.loads(NPM["package.json"])
    fitting = {"packages": {"": package}}
    assert not wanted(AS, {**NPM, "package-lock.json": json.dumps(fitting)})
    package["devDependencies"]["prettier"] = "3"
    files = {**NPM, "package.json": json.dumps(package), "package-lock.json": json.dumps(fitting | {"packages": {"": {}}})}
    message = "artifact.a: package-lock.json does not fit package.json: it has other dependencies"
    assert problem(AS, files) == ("WB228", message)
    assert wanted(AS, files)["package-lock.json"].lock.reads == ("package-lock.json", "package.json")


MODULE = {"go.mod": "module m\n\ngo 1.26\n\nrequire example.org/x v1.0.0\n", "go.sum": "x", "main.go": "", "main_test.go": ""}


def test_a_go_module() -> None:
    found = steps(GO, MODULE)
    compile_ = found["compile"]
    assert found["fetch"].inputs == ("go.mod", "go.sum")
    assert compile_.inputs == ("go.mod", found["fetch"].outputs[0])
    assert compile_.candidates == ("go.sum", "main.go")
    assert portable(compile_.env["GOWORK"]) == "off"
    assert portable(compile_.env["GOPROXY"]) == "off"
    assert "GOPROXY" not in found["fetch"].env
    assert words(compile_)[-2:] == ["{root}/{out}/" + compile_.outputs[0], "."]


def test_tags_flags_and_a_package_below_the_module() -> None:
    toml = GO.replace('path = "."', 'path = "cmd"') + '[artifact.a.go]\npackage = "serve"\ntags = ["a", "b"]\nldflags = "-X main.v=1"\n'
    line = words(steps(toml, {**MODULE, "cmd/serve/main.go": ""})["compile"])
    assert line[-1] == "./cmd/serve"
    assert "-tags=a,b" in line
    assert "-ldflags=-buildid= -s -w -X main.v=1" in line


def test_without_requirements_or_with_vendored_modules_nothing_is_fetched() -> None:
    assert "fetch" not in steps(GO, {"go.mod": "module m\n", "main.go": ""})
    assert "fetch" not in steps(GO, {**MODULE, "vendor/modules.txt": ""})


def test_replaced_modules_and_workspaces_are_read() -> None:
    files = {
        "go.work": "go 1.26\nuse (\n\t./app // the program\n\t./lib\n)\n",
        "app/go.mod": "module app\nrequire (\n\tlib v0.0.0\n\tother v0.0.0\n\tfar v1.0.0\n)\nreplace other => ../other\n",
        "app/go.sum": "",
        "app/main.go": "",
        "lib/go.mod": "module lib\n",
        "lib/lib.go": "",
        "other/go.mod": "module other\n",
        "other/other.go": "",
        "unused/unused.go": "",
    }
    found = steps(GO.replace('path = "."', 'path = "app"'), files)
    assert portable(found["compile"].env["GOWORK"]) == "{root}/go.work"
    assert found["fetch"].inputs == ("app/go.mod", "app/go.sum", "lib/go.mod", "other/go.mod")
    assert found["compile"].candidates == ("app/go.sum", "app/main.go", "lib/go.mod", "lib/lib.go", "other/go.mod", "other/other.go")


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [
        ({"main.go": ""}, "WB228", "artifact.a: no go.mod in . or above"),
        ({"go.mod": MODULE["go.mod"], "main.go": ""}, "WB228", "artifact.a: . has no go.sum"),
        ({"go.mod": "module m\nreplace x => ../x\n"}, "WB239", "artifact.a: a module is replaced by ../x, out of the project"),
    ],
)
def test_problems_of_go_modules(files: Mapping[str, str], code: str, message: str) -> None:
    assert problem(GO, files) == (code, message)


NPM = {
    "package.json": json.dumps({"dependencies": {"@assemblyscript/wasi-shim": "0.1.0"}, "devDependencies": {"assemblyscript": "0.28.20"}}),
    "package-lock.json": "{}",
    "assembly/index.ts": "",
}


def test_an_assemblyscript_project_without_configuration() -> None:
    found = steps(AS, NPM)
    assert found["fetch"].inputs == ("package-lock.json", "package.json")
    assert found["compile"].candidates == ("assembly/index.ts", "package-lock.json", "package.json")
    assert behind(found["compile"], "--config") == ["node_modules/@assemblyscript/wasi-shim/asconfig.json"]
    assert "assembly/index.ts" in words(found["compile"])


def test_entries_of_asconfig_are_not_repeated() -> None:
    found = steps(AS, {**NPM, "asconfig.json": json.dumps({"entries": ["assembly/index.ts"]})})["compile"]
    assert "assembly/index.ts" not in words(found)
    assert "--config" not in words(found)


@pytest.mark.parametrize(
    ("files", "code", "message"),
    [
        ({}, "WB228", "artifact.a: no package.json in ."),
        (
            {**NPM, "package.json": "{"},
            "WB228",
            "artifact.a: package.json is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        ({**NPM, "package.json": "{}"}, "WB238", "artifact.a: package.json does not depend on assemblyscript"),
        ({n: t for n, t in NPM.items() if n != "package-lock.json"}, "WB228", "artifact.a: . has no package-lock.json"),
        ({**NPM, "asconfig.json": '{"entries": ["x.ts"]}'}, "WB238", 'artifact.a: there is no "x.ts" in .'),
    ],
)
def test_problems_of_assemblyscript_projects(files: Mapping[str, str], code: str, message: str) -> None:
    assert problem(AS, files) == (code, message)


def test_the_state_directory_belongs_to_the_tools_that_filled_it() -> None:
    before = context_of(RUST, cargo())
    zig = before.kit.pin("zig")
    after = replace(before, kit=replace(before.kit, pins={**before.kit.pins, "zig": replace(zig, version="2.0.0")}))
    request = BuildRequest(artifacts=("a",), profile="release")
    old, new = ({step.state for step in make_plan(context, request).steps if step.state} for context in (before, after))
    assert (len(old), len(new), len(old & new)) == (1, 1, 0)


def test_fetch_steps_alone_see_the_network() -> None:
    for toml, files in ((RUST, cargo()), (GO, MODULE), (AS, NPM)):
        assert [step.verb for step in make(toml, files).steps if step.network] == ["fetch"]


@pytest.mark.parametrize(("toml", "files", "kind"), [(RUST, cargo(), "cargo"), (GO, MODULE, "go"), (AS, NPM, "asconfig")])
def test_recipes_may_name_what_the_readers_find(toml: str, files: Mapping[str, str], kind: ProjectName) -> None:
    context = context_of(toml, files)
    (artifact,) = (replace(artifact, kind="command") for artifact in context.manifest.artifacts)
    language = context.catalog.languages[artifact.lang]
    build = Build(
        artifact=artifact,
        language=language,
        toolchain=language.toolchains[0],
        target="wasip1",
        level="size",
        debug="none",
        kit=context.kit,
        tree=context.tree,
        base=".",
    )
    assert language.project == kind
    assert texts(language, artifact, ".")
    assert set(FORMATS[kind].read(build).scope) == {f"project.{name}" for name in PROJECT_WORDS[kind]}
