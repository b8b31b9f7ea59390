from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogs import made_up
from wbuild.errors import Problem, UsageError
from wbuild.manifest.load import BoundaryFacts, load, profile_names, recipe_globs, resolve_profile
from wbuild.model.written import Budget, Manifest, Optimize

HELLO = '[artifact.hello]\nlang = "c"\n'
FACTS = BoundaryFacts(folder="/src/repo/apps/shop", repository="/src/repo", version="0.3.1")


def manifest(text: str, facts: BoundaryFacts = FACTS) -> Manifest:
    return load(text, "wbuild.toml", facts, made_up())


def problems(text: str, facts: BoundaryFacts = FACTS) -> tuple[Problem, ...]:
    with pytest.raises(UsageError) as caught:
        manifest(text, facts)
    assert all(problem.place for problem in caught.value.problems)
    return caught.value.problems


def codes(text: str, facts: BoundaryFacts = FACTS) -> list[str]:
    return [problem.code for problem in problems(text, facts)]


def test_defaults() -> None:
    found = manifest(HELLO)
    (hello,) = found.artifacts
    assert (hello.path, hello.targets, hello.kind, hello.line) == (".", ("wasip1",), "command", 1)
    assert (found.project.name, found.folder) == ("shop", ".")


def test_an_artifact_among_several_has_its_own_folder() -> None:
    found = manifest(HELLO + '[artifact.api]\nlang = "cpp"\n')
    assert [(a.path, a.kind, a.line) for a in found.artifacts] == [("hello", "command", 1), ("api", "reactor", 3)]


def test_short_forms() -> None:
    (hello,) = manifest(HELLO + 'target = "freestanding"\nkind = "reactor"\nbudget = "60 KiB"\nopt = "speed"\n').artifacts
    assert hello.targets == ("freestanding",)
    assert hello.budget == Budget(raw=61440)
    assert hello.opt == Optimize(level="speed")


def test_options_of_the_language_are_explicit_keys_only() -> None:
    (hello,) = manifest(HELLO + '[artifact.hello.c]\nstd = "c11"\nsources = "src/./*.c"\ninclude = ["inc/"]\n').artifacts
    assert hello.options == {"std": "c11", "sources": ("src/*.c",), "include": ("inc",)}


def test_checks_get_names() -> None:
    (hello,) = manifest(
        HELLO + "[[artifact.hello.check]]\n[[artifact.hello.check]]\nname = 'b'\ntimeout = '1min'\nfuel = '12M'\n"
    ).artifacts
    assert [(c.name, c.timeout, c.fuel) for c in hello.checks] == [("check 1", 10.0, None), ("b", 60.0, 12_000_000)]


def test_root_widens_the_boundary() -> None:
    found = manifest('[project]\nroot = "../.."\n' + HELLO + '[[artifact.hello.check]]\nstdin-file = "../../data/x"\n')
    assert found.folder == "apps/shop"
    assert codes('[project]\nroot = "../.."\n' + HELLO + 'path = "../../.."\n') == ["WB209"]


@pytest.mark.parametrize("root", ["../../..", "src", "../x", "/"])
def test_root_stays_in_the_repository(root: str) -> None:
    assert codes(f'[project]\nroot = "{root}"\n' + HELLO) == ["WB209"]
    assert codes('[project]\nroot = ".."\n' + HELLO, BoundaryFacts(folder="/src/shop")) == ["WB209"]


@pytest.mark.parametrize("path", ["../x", "/etc", "C:/x", "a/../../x", "a\\\\b", "x\\ny", ""])
@pytest.mark.parametrize(
    "line",
    [
        'path = "{}"',
        'out = "{}"',
        'inputs = ["{}"]',
        'exclude = ["{}"]',
        'c.sources = ["{}"]',
        'c.include = ["{}"]',
        'check = [{{ stdin-file = "{}" }}]',
        'check = [{{ dirs = {{ d = "{}" }} }}]',
    ],
)
def test_F113_paths_stay_inside(path: str, line: str) -> None:
    assert set(codes(HELLO + line.format(path) + "\n")) == {"WB209"}


def test_F113_symbolic_links_are_asked_for() -> None:
    asked = []

    def escapes(path: str, root: str) -> bool:
        asked.append((path, root))
        return path == "link/data"

    facts = BoundaryFacts(folder="/src/repo/shop", repository="/src/repo", escapes=escapes)
    text = '[project]\nroot = ".."\n' + HELLO + 'path = "link"\ninputs = ["data/**/*.txt"]\n'
    (problem,) = problems(text, facts)
    assert "through a symbolic link" in problem.message
    assert asked == [("link", ".."), ("link/data", "..")]


@pytest.mark.parametrize(
    "name", ["a b", "a;b", "$(x)", "`x`", "a&&b", "a/b", "../x", "-rf", ".x", "con", "NUL", "aux.wasm", "x" * 101, "a\\nb", "naïve", "x."]
)
def test_F112_bad_names(name: str) -> None:
    assert codes(f'[artifact."{name}"]\nlang = "c"\npath = "."\n') == ["WB211"]
    assert "WB211" in codes(HELLO + f'[vendor."{name}"]\nfrom = "npm:x"\nversion = "1"\n')
    assert codes(HELLO + f'[profile."{name}"]\n') == ["WB211"]


@pytest.mark.parametrize(("name", "hint"), [("a b", "a-b"), ("con", "my-con"), ("$()", "my-app"), ("-rf", "rf"), ("x" * 200, "x" * 50)])
def test_bad_names_come_with_a_good_one(name: str, hint: str) -> None:
    (problem,) = problems(f'[artifact."{name}"]\nlang = "c"\npath = "."\n')
    assert problem.hint == f'call it "{hint}"'


def test_F112_texts_that_a_shell_would_run_stay_texts() -> None:
    (hello,) = manifest(
        HELLO + 'flags.compile = ["$(rm -rf /)", "a; b", "`c`"]\n[[artifact.hello.check]]\nname = "$(x); y"\nargs = ["&& z\\n"]\n'
    ).artifacts
    assert hello.flags.compile == ("$(rm -rf /)", "a; b", "`c`")
    assert (hello.checks[0].name, hello.checks[0].args) == ("$(x); y", ("&& z\n",))


@pytest.mark.parametrize(
    "key", ["mirrors", "sources", "proxy", "ca-file", "store", "cache", "jobs", "memory", "offline", "remote-cache", "lock-timeout"]
)
def test_F114_the_machine_is_not_configured_by_a_project(key: str) -> None:
    assert codes(f"{key} = 1\n{HELLO}") == ["WB210"]
    assert codes(f"[project]\n{key} = {{ url = 'x' }}\n{HELLO}") == ["WB210"]


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "PATH", "Path", "NODE_OPTIONS", "PYTHONPATH", "PYTHONSTARTUP", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "https_proxy"],
)
def test_F114_variables_that_choose_programs_are_refused(name: str) -> None:
    assert codes(HELLO + f'env = {{ {name} = "x" }}\n') == ["WB213"]
    assert manifest(HELLO + f'[[artifact.hello.check]]\nenv = {{ {name} = "x" }}\n')


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "my_secret", "API_KEY", "DB_PASSWORD", "a-b"])
def test_credentials_are_not_read(name: str) -> None:
    assert codes(HELLO + f'env = {{ A = {{ from = "{name}" }} }}\n') == ["WB213"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[[artifact]]\n", "WB205"),
        ("artifact = 3\n", "WB205"),
        ("artifact.x = 3\n", "WB205"),
        ("[artifact.x]\n", "WB206"),
        ("profile = 3\n" + HELLO, "WB205"),
        ("tools = 3\n" + HELLO, "WB205"),
        ('tools.maker = "^1"\n' + HELLO, "WB218"),
        ("tools.maker = 1\n" + HELLO, "WB205"),
        ('tools.macker = "1"\n' + HELLO, "WB217"),
        ('toolchains.cc = "big"\n' + HELLO, "WB204"),
        ('toolchains.c = "huge"\n' + HELLO, "WB216"),
        (HELLO + 'toolchain = "huge"\n', "WB216"),
        (HELLO + 'toolchain = "big"\ntarget = "freestanding"\n', "WB215"),
        (HELLO + 'kind = "command"\ntarget = "freestanding"\n', "WB215"),
        (HELLO + 'target = "wasip2"\n', "WB215"),
        (HELLO + 'target = "wasi"\n', "WB207"),
        (HELLO + "targets = []\n", "WB223"),
        (HELLO + 'targets = ["wasip1", "wasip1"]\n', "WB223"),
        (HELLO + 'target = "wasip1"\ntargets = ["wasip1"]\n', "WB219"),
        ('[artifact.a]\nlang = "c++"\n', "WB204"),
        ('[artifact.a]\nlang = "rsut"\n', "WB204"),
        (HELLO + 'hosts = ["gat"]\n', "WB285"),
        (HELLO + 'hosts = ["gate"]\ntarget = "freestanding"\nkind = "reactor"\n', "WB286"),
        (HELLO + "wit = 'x'\n", "WB203"),
        (HELLO + "[artifact.hello.cpp]\n", "WB227"),
        (HELLO + "c = 3\n", "WB205"),
        (HELLO + "c.stdd = 3\n", "WB203"),
        (HELLO + 'c.std = "c89"\n', "WB207"),
        (HELLO + "c.fast = 1\n", "WB205"),
        (HELLO + 'c.include = ["{vendor.lua}/src"]\n', "WB221"),
        (HELLO + 'c.include = ["{vendor.lua}/../src"]\n', "WB209"),
        (HELLO + 'tags = ["a b"]\n', "WB211"),
        (HELLO + 'out = "dist/x.wasm"\n', "WB209"),
        (HELLO + 'out = "wbuild.toml"\n', "WB209"),
        (HELLO + 'proposals.allow = ["smid"]\n', "WB224"),
        (HELLO + 'proposals = { allow = ["simd"], deny = ["simd128"] }\n', "WB219"),
        (HELLO + 'proposals = { allow = ["simd128"], deny = ["simd128"] }\n', "WB219"),
        (HELLO + 'opt = { metric = "gzip" }\n', "WB206"),
        (HELLO + 'profile.edge = { opt = "size" }\n', "WB220"),
        (HELLO + 'profile.release = { inherits = "dev" }\n', "WB220"),
        (HELLO + '[profile.edge]\ninherits = "rel"\n', "WB220"),
        (HELLO + '[profile.edge]\ninherits = "edge"\n', "WB220"),
        (HELLO + '[profile.dev]\ninherits = "release"\n[profile.release]\ninherits = "dev"\n', "WB220"),
        (HELLO + '[vendor.lua]\nfrom = "debian-source:lua"\nversion = "5"\n', "WB218"),
        (HELLO + '[vendor.lua]\nfrom = "npm:lua"\nversion = ">=5"\n', "WB218"),
        (HELLO + '[vendor.lua]\nfrom = "npm:lua"\n', "WB206"),
        ('[project]\nrequires-wbuild = ">=0.4"\n' + HELLO, "WB214"),
        ('[project]\nrequires-wbuild = "newest"\n' + HELLO, "WB218"),
        (HELLO + '[artifact.Hello]\nlang = "c"\n', "WB212"),
        (HELLO + 'targets = ["wasip1", "freestanding"]\ntoolchain = "x"\n[artifact."hello.freestanding"]\nlang = "c"\n', "WB212"),
        (HELLO + 'out = "x.wasm"\n[artifact.b]\nlang = "c"\nout = "./X.wasm"\n', "WB212"),
        ("artifacts = 1\n", "WB203"),
    ],
)
def test_one_problem_each(text: str, code: str) -> None:
    assert code in codes(text)


def test_every_problem_of_env_is_noted() -> None:
    env = 'env = { A = 1, LD_PRELOAD = "x", B = { from = "API_TOKEN", default = 2 }, C = { from = "SECRET" } }\n'
    assert sorted(codes(HELLO + env)) == ["WB205", "WB205", "WB213", "WB213", "WB213"]


def test_proposals_have_common_names_too() -> None:
    (hello,) = manifest(HELLO + 'proposals = { allow = ["simd"] }\n').artifacts
    assert hello.proposals.allow == ("simd",)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('stdin = ""\nstdin-file = "x"', "WB219"),
        ('stdout = ""\nstdout-file = "x"', "WB219"),
        ('returns = "3"', "WB219"),
        ('invoke = "f()"', "WB219"),
        ("exit = 256", "WB223"),
        ("exit = 3\ntraps = true", "WB219"),
        ('name = "a\\nb"', "WB223"),
        ('name = "check 2"', "WB212"),
        ('runtimes = ["engin"]', "WB217"),
        ('env = { "A=B" = "" }', "WB223"),
        ('dirs = { "" = "x" }', "WB223"),
        ("timeout = 10", "WB208"),
        ("memory = '64 MB '\nfuel = '0'", "WB208"),
    ],
)
def test_checks_of_commands(line: str, code: str) -> None:
    assert codes(f"{HELLO}[[artifact.hello.check]]\n{line}\n[[artifact.hello.check]]\n") == [code]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "WB219"),
        ('invoke = "f()"\nargs = ["x"]', "WB219"),
        ('invoke = "f()"\ntraps = true\nreturns = "1"', "WB219"),
        ('invoke = "f()"\nexit = 1', "WB219"),
        ('invoke = "f"', "WB219"),
        ('invoke = "f()"\nruntimes = ["engine"]', "WB215"),
    ],
)
def test_checks_of_reactors(line: str, code: str) -> None:
    assert codes(f'[artifact.a]\nlang = "cpp"\n[[artifact.a.check]]\n{line}\n') == [code]


def test_a_call_needs_no_result() -> None:
    (artifact,) = manifest('[artifact.a]\nlang = "cpp"\n[[artifact.a.check]]\ninvoke = "f(1, 2)"\n').artifacts
    assert artifact.checks[0].returns is None


def test_all_problems_of_a_file_at_once() -> None:
    found = problems('jobs = 3\n[artifact.a]\nlang = "rsut"\nbudgte = 1\nkind = "comand"\n[artifact.b]\nlang = "c"\nc.stdd = 1\n')
    assert [(p.code, p.place.line if p.place else 0) for p in found] == [
        ("WB210", 1),
        ("WB204", 3),
        ("WB203", 4),
        ("WB207", 5),
        ("WB203", 8),
    ]


PROFILES = """
[profile.edge]
opt = { level = "smallest", metric = "brotli" }
[profile.slow]
inherits = "dev"
[profile.fast]
inherits = "edge"
debug = "names"
[artifact.plain]
lang = "c"
[artifact.own]
lang = "c"
opt = "speed"
[artifact.own.profile.edge]
debug = "dwarf"
[artifact.own.profile.dev]
opt = "size"
"""


@pytest.mark.parametrize(
    ("artifact", "profile", "override", "level", "metric", "debug"),
    [
        ("plain", "dev", None, "none", "raw", "names"),
        ("plain", "release", None, "size", "raw", "none"),
        ("plain", "edge", None, "smallest", "brotli", "none"),
        ("plain", "fast", None, "smallest", "brotli", "names"),
        ("plain", "fast", "none", "none", "brotli", "names"),
        ("plain", "slow", None, "none", "raw", "names"),
        ("own", "release", None, "speed", "raw", "none"),
        ("own", "edge", None, "speed", "raw", "dwarf"),
        ("own", "fast", None, "speed", "raw", "names"),
        ("own", "slow", None, "none", "raw", "names"),
        ("own", "dev", None, "size", "raw", "names"),
        ("own", "dev", "smallest", "smallest", "raw", "names"),
    ],
)
def test_order_of_levels(artifact: str, profile: str, override: str | None, level: str, metric: str, debug: str) -> None:
    found = manifest(PROFILES)
    named = next(a for a in found.artifacts if a.name == artifact)
    optimize, kept = resolve_profile(found, named, profile, override)  # type: ignore[arg-type]
    assert (optimize.level, optimize.metric, kept) == (level, metric, debug)


def test_unknown_profiles_are_refused_with_the_list() -> None:
    found = manifest(PROFILES)
    assert profile_names(found) == ("dev", "release", "edge", "slow", "fast")
    with pytest.raises(UsageError) as caught:
        resolve_profile(found, found.artifacts[0], "relaese")
    assert caught.value.problems[0].hint == 'did you mean "release"?'


def test_recipes_are_known_before_the_rest_is_checked() -> None:
    text = '[project]\nrecipes = ["recipes/*.toml"]\n[artifact.a]\nlang = "mine"\n'
    assert recipe_globs(text, "wbuild.toml", FACTS) == ("recipes/*.toml",)
    assert recipe_globs(text.encode(), "wbuild.toml", FACTS) == ("recipes/*.toml",)
    assert recipe_globs(HELLO, "wbuild.toml", FACTS) == ()
    assert recipe_globs('project.recipes = ["../x"]', "wbuild.toml", FACTS) == ()
    assert codes('project.recipes = ["../x"]') == ["WB209"]


def test_names_that_are_none_are_shown_where_they_stand() -> None:
    (problem,) = problems('[artifact]\n"a b" = { lang = "c", path = "." }\n')
    assert problem.place is not None
    assert (problem.place.line, problem.place.column, problem.place.width) == (2, 1, 5)


words = st.sampled_from(
    ["artifact", "hello", "lang", "c", "check", "target", "budget", "opt", "profile", "release", "env", "flags", "path", "project", "root"]
)
texts = st.recursive(
    st.one_of(st.sampled_from(['"c"', '"wasip1"', '"size"', "3", "true", '"60 KB"', "[]", "1979-05-27"]), words.map(lambda w: f'"{w}"')),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda i: f"[{', '.join(i)}]"),
        st.dictionaries(words, inner, max_size=4).map(lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["project", "tools", "toolchains", "profile", "vendor", "artifact"]), texts, max_size=4))
def test_any_manifest_loads_or_says_why(tables: dict[str, str]) -> None:
    try:
        manifest("".join(f"{name} = {value}\n" for name, value in tables.items()))
    except UsageError as error:
        found = error.problems
    else:
        return
    assert all(problem.place for problem in found)
