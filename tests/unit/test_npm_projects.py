"""What npm would install for an AssemblyScript project, and what such a project reads outside of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.plans import context_of, make
from wbuild.drivers.npmrange import satisfies
from wbuild.errors import UsageError
from wbuild.model.planned import Step
from wbuild.plan.plan import BuildRequest, locks_to_make, make_plan

AS = '[artifact.app]\nlang = "assemblyscript"\ntarget = "freestanding"\npath = "packages/app"\n'
ASC = {"assemblyscript": "0.28.20"}


def package(name: str, **more: object) -> str:
    return json.dumps({"name": name, "version": "1.0.0", **more})


def lock(**packages: object) -> str:
    return json.dumps({"lockfileVersion": 3, "packages": {name.replace("__", "/"): entry for name, entry in packages.items()}})


ROOT = {"workspaces": ["packages/*"], "devDependencies": ASC}
APP = {"dependencies": {"lib": "^1.0.0"}}
WORKSPACE = {
    "package.json": package("root", **ROOT),
    "package-lock.json": json.dumps(
        {
            "packages": {
                "": ROOT,
                "node_modules/lib": {"resolved": "packages/lib", "link": True},
                "packages/app": APP,
                "packages/lib": {},
                "packages/other": {},
            }
        }
    ),
    "packages/app/package.json": package("app", **APP),
    "packages/app/assembly/index.ts": "",
    "packages/lib/package.json": package("lib"),
    "packages/lib/assembly/index.ts": "",
    "packages/other/package.json": package("other"),
    "packages/other/index.ts": "",
}


def steps(files: Mapping[str, str], toml: str = AS) -> dict[str, Step]:
    return {step.verb: step for step in make(toml, files, level="none").steps}


def problem(files: Mapping[str, str]) -> str:
    with pytest.raises(UsageError) as caught:
        make(AS, files)
    return caught.value.problems[0].message


def without(files: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: text for other, text in files.items() if other != name}


def test_the_lock_of_the_workspace_is_the_lock_of_its_members() -> None:
    own = {"packages/app/package-lock.json": lock(node_modules__lib={"version": "1.0.0", "resolved": "https://example.com/lib.tgz"})}
    fetch = steps({**WORKSPACE, **own})["fetch"]
    assert fetch.inputs == (
        "package-lock.json",
        "package.json",
        "packages/app/package.json",
        "packages/lib/package.json",
        "packages/other/package.json",
    )


def test_members_that_are_depended_on_are_read_and_others_are_not() -> None:
    compile_ = steps(WORKSPACE)["compile"]
    assert compile_.roots == ("packages/app", "packages/lib")
    assert "packages/lib/assembly/index.ts" in compile_.candidates
    assert "packages/other/index.ts" not in compile_.candidates


@pytest.mark.parametrize(
    ("workspaces", "members"),
    [
        (["packages/*"], True),
        (["./packages/*/"], True),
        ({"packages": ["packages/app", "packages/lib", "packages/other"]}, True),
        (["**"], True),
        (["packages/*", "!packages/app"], False),
        (["libs/*"], False),
    ],
)
def test_who_is_a_member_is_what_npm_takes_for_one(workspaces: object, members: bool) -> None:
    app = {"dependencies": {"lib": "*"}, "devDependencies": ASC}
    files = {
        **WORKSPACE,
        "package.json": package("root", workspaces=workspaces),
        "packages/app/package.json": package("app", **app),
        "packages/app/package-lock.json": json.dumps({"packages": {"": app}}),
        "package-lock.json": json.dumps({"packages": {"": {}, "packages/app": app, "packages/lib": {}, "packages/other": {}}}),
    }
    assert ("package-lock.json" in steps(files)["fetch"].inputs) == members


def test_the_lock_of_a_workspace_is_made_in_its_root() -> None:
    context = context_of(AS, without(WORKSPACE, "package-lock.json"))
    (made,) = locks_to_make(context, BuildRequest(artifacts=("app",), profile="dev"))
    assert made.lock.file == "package-lock.json"
    assert made.lock.problem == ". has no package-lock.json"
    assert set(made.lock.reads) == {n for n in WORKSPACE if n.endswith("package.json")}


def test_a_new_member_makes_the_lock_unfit() -> None:
    files = {**WORKSPACE, "packages/new/package.json": package("new")}
    assert problem(files) == "artifact.app: package-lock.json does not fit package.json: it has other dependencies"


@pytest.mark.parametrize("place", ["node_modules/lib", "packages/app/node_modules/lib"])
def test_a_lock_that_takes_a_member_from_a_registry_is_refused(place: str) -> None:
    entries = {"": ROOT, place: {"version": "1.0.0", "resolved": "https://example.com/lib-1.0.0.tgz"}, "packages/app": APP}
    files = {**WORKSPACE, "package-lock.json": json.dumps({"packages": {**entries, "packages/lib": {}, "packages/other": {}}})}
    expected = 'package-lock.json takes "lib" from "https://example.com/lib-1.0.0.tgz", but it is a member of the workspace'
    assert problem(files) == f"artifact.app: {expected}"


@pytest.mark.parametrize("wish", ["^2.0.0", "latest", "npm:evil@1", "https://example.com/lib.tgz"])
def test_a_member_of_another_version_than_asked_for_is_never_looked_for(wish: str) -> None:
    files = {**without(WORKSPACE, "package-lock.json"), "packages/app/package.json": package("app", dependencies={"lib": wish})}
    assert "the member of the workspace in packages/lib is version 1.0.0" in problem(files)


OWN = json.dumps({"packages": {"": {"devDependencies": ASC}}})


def test_a_workspace_of_another_client_leaves_a_package_its_own_lock() -> None:
    app = {"packages/app/package.json": package("app", devDependencies=ASC), "packages/app/package-lock.json": OWN}
    assert "packages/app/package-lock.json" in steps({**without(WORKSPACE, "package-lock.json"), **app})["fetch"].inputs
    wishing = {**app, "packages/app/package.json": package("app", devDependencies={**ASC, "lib": "^1.0.0"})}
    assert "the member of the workspace in packages/lib" in problem({**without(WORKSPACE, "package-lock.json"), **wishing})


@pytest.mark.parametrize(
    ("workspaces", "own", "above", "refused"),
    [
        (["packages/*"], False, False, True),
        (["packages/*"], True, True, True),
        (["packages/*"], True, False, False),
        (["libs/*"], False, False, False),
    ],
)
def test_a_workspace_around_the_project_is_an_error_with_a_way_out(workspaces: object, own: bool, above: bool, refused: bool) -> None:
    toml = AS.replace("packages/app", ".")
    files = {
        "package.json": package("app", devDependencies=ASC),
        "assembly/index.ts": "",
        "../../package.json": package("root", workspaces=workspaces),
        **({"package-lock.json": OWN} if own else {}),
    }
    context = context_of(toml, files)
    outside = ("../../package.json", *(("../../package-lock.json",) if above else ()))
    names = tuple(name for name in context.tree.names if not name.startswith(".."))
    tree = replace(context.tree, names=names, above=outside, home="/home/me/mono/packages/app")
    found = None
    try:
        make_plan(replace(context, tree=tree), BuildRequest(artifacts=("app",), profile="dev"))
    except UsageError as error:
        found = error.problems[0]
    expected = 'artifact.app: "packages/app" is a member of the npm workspace in ../.., which is outside of the project'
    assert (found is not None and found.message == expected) == refused
    assert not refused or '[project] root = "../.."' in str(found and found.hint)


FILEDEP = {"dependencies": {"mylib": "file:../../shared/mylib", "packed": "file:../packed-1.0.0.tgz"}, "devDependencies": ASC}
LOCAL = {
    "packages/app/package.json": package("app", **FILEDEP),
    "packages/app/package-lock.json": json.dumps(
        {"packages": {"": FILEDEP, "../../shared/mylib": {"dependencies": {"deep": "file:../deep"}}, "../../shared/deep": {}}}
    ),
    "packages/app/.npmrc": "",
    "packages/app/assembly/index.ts": "",
    "packages/packed-1.0.0.tgz": "",
    "shared/mylib/package.json": package("mylib", dependencies={"deep": "file:../deep"}),
    "shared/mylib/assembly/index.ts": "",
    "shared/deep/package.json": package("deep"),
    "shared/deep/index.ts": "",
}


def test_file_dependencies_come_from_the_project_with_theirs() -> None:
    made = steps(LOCAL)
    assert {*made["fetch"].inputs} == {
        *(name for name in LOCAL if name.endswith(("package.json", "package-lock.json"))),
        "packages/app/.npmrc",
        "packages/packed-1.0.0.tgz",
    }
    assert made["compile"].roots == ("packages/app", "shared/mylib", "shared/deep")
    assert {"shared/mylib/assembly/index.ts", "shared/deep/index.ts"} <= {*made["compile"].candidates}


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ("file:../../../away", "which is outside of the project"),
        ("file:/etc", "which is outside of the project"),
        ("file:../gone", "and there is no such folder or tarball"),
    ],
)
def test_file_dependencies_that_are_not_in_the_project(wish: str, message: str) -> None:
    files = {**LOCAL, "packages/app/package.json": package("app", dependencies={"x": wish}, devDependencies=ASC)}
    assert message in problem(files)


def test_package_json_may_begin_with_a_byte_order_mark() -> None:
    files = {name: f"\ufeff{text}" if name.endswith("package.json") else text for name, text in WORKSPACE.items()}
    assert steps(files)["fetch"].inputs == steps(WORKSPACE)["fetch"].inputs


PLAIN = {
    "packages/app/package.json": package("app", devDependencies=ASC),
    "packages/app/package-lock.json": json.dumps({"packages": {"": {"devDependencies": ASC}}}),
    "packages/app/assembly/index.ts": "",
    "packages/app/notes.txt": "",
    "common/a.ts": 'export * from "./b";',
    "common/b.ts": "",
    "common/c/index.ts": "",
    "common/base.json": "{}",
    "common/more/asconfig.json": json.dumps({"options": {"lib": ["../lib"]}}),
    "common/lib/g.ts": "",
    "common/tool.cjs": "",
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('import { A } from "../../../common/a";', {"common/a.ts", "common/b.ts"}),
        ("import * as c from '../../../common/c'", {"common/c/index.ts"}),
        ('export { x } from\n  "../../../common/b"', {"common/b.ts"}),
        ('// import { A } from "../../../common/a";\n/* from "../../../common/b" */', set()),
        ('import { x } from "some-package";', set()),
    ],
)
def test_imports_from_neighbouring_folders_are_read(source: str, expected: set[str]) -> None:
    compile_ = steps({**PLAIN, "packages/app/assembly/index.ts": source})["compile"]
    assert expected <= {*compile_.candidates}
    assert bool(expected) == any(name.startswith("common/") for name in compile_.candidates)
    assert bool(expected) == (len(compile_.roots) > 1)


@pytest.mark.parametrize(
    ("config", "expected", "told"),
    [
        ({"extends": "../../common/base.json"}, {"common/base.json"}, True),
        ({"extends": "../../common/more/asconfig.json"}, {"common/more/asconfig.json", "common/lib/g.ts"}, True),
        ({"options": {"lib": "../../common/lib"}}, {"common/lib/g.ts"}, True),
        ({"targets": {"release": {"transform": ["../../common/tool.cjs"]}}}, {"common/tool.cjs"}, False),
        ({"options": {"transform": "./t.mjs"}}, set(), False),
        ({"extends": "some-package/asconfig.json"}, set(), False),
        ({"extends": "./node_modules/@assemblyscript/wasi-shim/asconfig.json"}, set(), True),
    ],
)
def test_what_configurations_name_is_read_and_with_a_transform_everything_is(config: object, expected: set[str], told: bool) -> None:
    compile_ = steps({**PLAIN, "packages/app/asconfig.json": json.dumps(config)})["compile"]
    assert expected <= {*compile_.candidates, *compile_.inputs}
    assert ("packages/app/notes.txt" in compile_.inputs) != told


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("1.2.3", "^1.2", True),
        ("2.0.0", "^1.2", False),
        ("0.2.5", "^0.2.3", True),
        ("0.3.0", "^0.2.3", False),
        ("0.0.4", "^0.0.3", False),
        ("0.5.0", "^0.x", True),
        ("1.2.9", "~1.2.3", True),
        ("1.3.0", "~1.2.3", False),
        ("1.0.0", "", True),
        ("1.0.0", "*", True),
        ("1.0.1", "1.0.0", False),
        ("1.5.0", "1.x", True),
        ("3.0.0", "1.x || >= 2.5 <4", True),
        ("2.0.0", "1.x || >=2.5 <4", False),
        ("1.5.0", "1.0 - 2", True),
        ("3.0.0", "1.0 - 2", False),
        ("1.5.0", ">1", False),
        ("1.0.0-beta", "1.0.0-beta", True),
        ("1.0.0-beta", "^1", None),
        ("1.0.0", "latest", None),
    ],
)
def test_ranges_of_npm(version: str, wanted: str, expected: bool | None) -> None:
    assert satisfies(version, wanted) is expected
