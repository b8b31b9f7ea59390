"""Projects with members and defaults: what artifacts get, and whose file a problem is in."""

from __future__ import annotations

import pytest

from tests.catalogs import made_up
from wbuild.errors import Problem, UsageError
from wbuild.manifest.load import BoundaryFacts, Member, early_project, load
from wbuild.model.written import Artifact, EnvFrom, Manifest

FACTS = BoundaryFacts(folder="/src/repo/shop", repository="/src/repo", version="0.3.1")
ROOT = '[project]\nmembers = ["services/*"]\n'
HELLO = '[artifact.hello]\nlang = "c"\n'


def manifest(text: str, members: dict[str, str] | None = None, facts: BoundaryFacts = FACTS) -> Manifest:
    found = [Member(folder=folder, file=f"{folder}/wbuild.toml", content=content) for folder, content in (members or {}).items()]
    return load(text, "wbuild.toml", facts, made_up(), found)


def only(text: str) -> Artifact:
    (artifact,) = manifest(text).artifacts
    return artifact


def problems(text: str, members: dict[str, str] | None = None, facts: BoundaryFacts = FACTS) -> list[Problem]:
    with pytest.raises(UsageError) as caught:
        manifest(text, members, facts)
    return list(caught.value.problems)


def places(found: list[Problem]) -> list[tuple[str, str, int]]:
    return [(p.code, p.place.file, p.place.line) if p.place else (p.code, "", 0) for p in found]


def test_defaults_are_for_all_artifacts_and_the_artifact_wins() -> None:
    text = '[defaults]\ntarget = "freestanding"\nkind = "reactor"\ntags = ["a"]\n'
    found = manifest(text + '[artifact.x]\nlang = "c"\n[artifact.y]\nlang = "c"\ntargets = ["wasip1"]\nkind = "command"\ntags = ["b"]\n')
    assert [(a.targets, a.kind, a.tags) for a in found.artifacts] == [
        (("freestanding",), "reactor", ("a",)),
        (("wasip1",), "command", ("b",)),
    ]


def test_defaults_of_a_language_win_over_those_of_all() -> None:
    text = '[defaults]\ntags = ["all"]\nbudget = { raw = 10, gzip = 5 }\n[defaults.c]\ntags = ["c"]\nbudget.gzip = 7\n'
    found = manifest(text + '[artifact.x]\nlang = "c"\n[artifact.y]\nlang = "cpp"\n[artifact.z]\nlang = "c"\nbudget = "3 B"\n')
    budgets = [(a.budget.raw, a.budget.gzip) if a.budget else None for a in found.artifacts]
    assert budgets == [(10, 7), (10, 5), (3, None)]
    assert [a.tags for a in found.artifacts] == [("c",), ("all",), ("c",)]


def test_tables_merge_key_by_key_and_variables_as_wholes() -> None:
    text = '[defaults]\nenv = { A = "1", B = { from = "B", default = "x" } }\nflags.compile = ["-a"]\n'
    found = only(text + HELLO + 'env = { B = { from = "C" }, D = "4" }\nflags.link = ["-b"]\n')
    assert found.env == {"A": "1", "B": EnvFrom(from_="C"), "D": "4"}
    assert (found.flags.compile, found.flags.link) == (("-a",), ("-b",))


def test_options_of_the_language_may_have_defaults() -> None:
    text = '[defaults.c.c]\nstd = "c11"\ninclude = ["inc"]\n'
    assert only(text + HELLO + '[artifact.hello.c]\ninclude = ["mine"]\n').options == {"std": "c11", "include": ("mine",)}
    assert only(text + '[artifact.x]\nlang = "cpp"\n').options == {}


def test_the_language_and_checks_may_be_defaults() -> None:
    found = only('[defaults]\nlang = "c"\n[[defaults.check]]\nstdout = "x"\n[artifact.hello]\n')
    assert (found.lang, [c.name for c in found.checks]) == ("c", ["check 1"])


TWO = '[artifact.x]\nlang = "c"\n[artifact.y]\nlang = "c"\n'


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("defaults = 3\n", "WB205", "defaults: expected a table, got an integer"),
        ("defaults.c = 3\n", "WB205", "defaults.c: expected a table, got an integer"),
        ("defaults.tagz = []\n", "WB203", 'unknown key "tagz" in defaults'),
        ("defaults.rsut = {}\n", "WB203", 'unknown key "rsut" in defaults'),
        ("defaults.tags = 3\n", "WB205", "defaults.tags: expected an array, got an integer"),
        ('defaults.target = "wasi"\n', "WB207", 'defaults.target: "wasi" is none of freestanding, wasip1, wasip1-threads, wasip2, web'),
        ('defaults.lang = "rsut"\n[artifact.z]\n', "WB204", 'unknown language "rsut"'),
        ('defaults.hosts = ["gat"]\n', "WB285", 'defaults.hosts[1]: unknown host "gat"'),
        ('defaults.c.hosts = ["gat"]\n', "WB285", 'defaults.c.hosts[1]: unknown host "gat"'),
        ('defaults.proposals.deny = ["x"]\n', "WB224", 'defaults.proposals.deny[1]: unknown proposal "x"'),
        ('defaults.env.PATH = "x"\n', "WB213", 'defaults.env: "PATH": it changes which programs or libraries a tool runs'),
        ('defaults.inputs = ["../../../x"]\n', "WB209", 'defaults.inputs[1]: "../../../x" leaves the project'),
        ('defaults.check = [{ invoke = "f()" }]\n', "WB219", "defaults.check[1]: invoke calls an export of a reactor"),
        ('defaults.c.std = "c11"\n', "WB203", 'defaults.c has keys of every artifact, and "std" is an option of C'),
        ("defaults.c.cpp = {}\n", "WB227", 'defaults.c.cpp: these defaults are for "c" only'),
        ("defaults.c.c.sdt = 3\n", "WB203", 'C has no option "sdt"'),
    ],
)
def test_a_wrong_default_is_one_problem_where_it_stands(text: str, code: str, message: str) -> None:
    (found,) = problems(text + TWO)
    assert (found.code, found.message[: len(message)]) == (code, message)
    assert found.place is not None
    assert found.place.line == 1


def test_a_default_that_an_artifact_cannot_have_names_the_artifact() -> None:
    found = problems('defaults.kind = "command"\ndefaults.target = "freestanding"\n' + TWO)
    assert places(found) == [("WB215", "wbuild.toml", 1)] * 2
    assert [p.message.partition(":")[0] for p in found] == ["artifact.x", "artifact.y"]


def test_members_bring_artifacts_with_paths_below_their_folder() -> None:
    found = manifest(
        ROOT + '[defaults]\ntags = ["all"]\n' + HELLO,
        {
            "services/a": '[artifact.api]\nlang = "c"\nout = "bin/x.wasm"\nc.sources = "../shared/*.c"\n',
            "services/b": '[artifact.one]\nlang = "c"\n\n[artifact.two]\nlang = "cpp"\npath = "deep/er"\n',
        },
    )
    assert [(a.name, a.path, a.member, a.line, a.tags) for a in found.artifacts] == [
        ("hello", ".", ".", 5, ("all",)),
        ("api", "services/a", "services/a", 1, ("all",)),
        ("one", "services/b/one", "services/b", 1, ("all",)),
        ("two", "services/b/deep/er", "services/b", 4, ("all",)),
    ]
    assert found.artifacts[1].out == "services/a/bin/x.wasm"
    assert found.members == ("services/a", "services/b")


def test_paths_of_members_stay_in_the_project() -> None:
    assert manifest(ROOT, {"services/a": HELLO + 'inputs = ["../../data/*"]\n'})
    found = problems(ROOT, {"services/a": HELLO + 'inputs = ["../../../data/*"]\nout = "../../dist/x.wasm"\n'})
    assert places(found) == [("WB209", "services/a/wbuild.toml", 3), ("WB209", "services/a/wbuild.toml", 4)]
    links = BoundaryFacts(folder="/src/repo/shop", escapes=lambda path, root: path == "services/a/link")
    found = problems(ROOT, {"services/a": HELLO + 'path = "link"\n'}, links)
    assert "through a symbolic link" in found[0].message


def test_problems_of_all_files_come_together_each_in_its_file() -> None:
    found = problems(
        ROOT + 'x = 1\n[defaults]\nhosts = ["gat"]\n',
        {"services/a": HELLO + "tagz = []\n", "services/b": "[artifact.b\n", "services/c": '[artifact.c]\nlang = "c"\n'},
    )
    assert places(found) == [
        ("WB203", "wbuild.toml", 3),
        ("WB285", "wbuild.toml", 5),
        ("WB203", "services/a/wbuild.toml", 3),
        ("WB200", "services/b/wbuild.toml", 1),
    ]


def test_wrong_defaults_of_members_are_in_the_projects_file() -> None:
    found = problems(ROOT + '[defaults]\nhosts = ["gat"]\n', {"services/a": HELLO, "services/b": '[artifact.b]\nlang = "c"\n'})
    assert places(found) == [("WB285", "wbuild.toml", 4)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[project]\nname = 'a'\n", "WB287"),
        ("[tools]\nmaker = '1'\n", "WB287"),
        ("[defaults]\n", "WB287"),
        ("[profile.x]\n", "WB287"),
        ("jobs = 3\n", "WB203"),
        ("artifacts = 3\n", "WB203"),
        ("artifact = 3\n", "WB205"),
        (HELLO + 'path = "../../../x"\n', "WB209"),
        ("[artifact.Top]\nlang = 'c'\n", "WB212"),
        ("[artifact.top]\nlang = 'c'\n", "WB212"),
        ("[artifact.z]\nlang = 'c'\nout = '../../top.wasm'\n", "WB212"),
        ("[artifact.z]\nlang = 'c'\nc.include = ['{vendor.lua}']\n", "WB221"),
    ],
)
def test_members_hold_artifacts_only(text: str, code: str) -> None:
    found = problems(ROOT + "[artifact.top]\nlang = 'c'\nout = 'top.wasm'\n", {"services/a": text})
    assert {(c, file) for c, file, _ in places(found)} == {(code, "services/a/wbuild.toml")}


def test_two_members_with_one_name() -> None:
    (found,) = problems(ROOT, {"services/a": HELLO, "services/b": HELLO})
    assert found.message == 'another artifact, of services/a, is called "hello" too'


def test_what_is_read_is_known_before_the_rest_is_checked() -> None:
    assert early_project(ROOT, "wbuild.toml", FACTS).members == ("services/*",)
    assert early_project('project.members = ["../../../x"]', "wbuild.toml", FACTS).members == ()
    assert [p.code for p in problems('project.members = ["../x"]')] == ["WB209"]
    assert early_project("[project]\n", "wbuild.toml", FACTS).members == ()
