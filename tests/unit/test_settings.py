"""Flag > WBUILD_* > the user's config.toml > the system's > default."""

from __future__ import annotations

import pytest

from wbuild.errors import UsageError
from wbuild.session.settings import ConfigFile, Value, resolve, sources_of
from wbuild.session.world import epoch_of

DEFAULTS: dict[str, Value] = {
    "store": "/s",
    "cache": "/c",
    "work": "",
    "cache-limit": 5 << 30,
    "jobs": 4,
    "memory": "free",
    "lock-timeout": 600.0,
    "offline": False,
    "sources": "",
    "plain-env": "",
}
USER = ConfigFile(path="/home/me/config.toml", text='jobs = 3\nstore = "tools"\n')
SYSTEM = ConfigFile(path="/etc/config.toml", text="jobs = 2\noffline = true\n")


def values(flags: dict[str, object], environ: dict[str, str], *files: ConfigFile) -> dict[str, tuple[object, str]]:
    return {name: (o.value, o.origin) for name, o in resolve(flags, environ, files, DEFAULTS).items()}


def test_defaults() -> None:
    assert values({}, {}) == {name: (value, "default") for name, value in DEFAULTS.items()}


def test_order() -> None:
    found = values({}, {}, USER, SYSTEM)
    assert found["jobs"] == (3, USER.path)
    assert found["offline"] == (True, SYSTEM.path)
    assert values({}, {"WBUILD_JOBS": "7"}, USER, SYSTEM)["jobs"] == (7, "WBUILD_JOBS")
    assert values({"jobs": "9"}, {"WBUILD_JOBS": "7"}, USER)["jobs"] == (9, "flag")
    assert values({"offline": True}, {"WBUILD_OFFLINE": "0"})["offline"] == (True, "flag")


def test_a_limit_is_a_size() -> None:
    assert values({}, {"WBUILD_CACHE_LIMIT": "2 GiB"})["cache-limit"] == (2 << 30, "WBUILD_CACHE_LIMIT")
    assert values({}, {"WBUILD_CACHE_LIMIT": "1000"})["cache-limit"] == (1000, "WBUILD_CACHE_LIMIT")
    user = ConfigFile(path="/home/me/config.toml", text='cache-limit = "500 MB"\n')
    assert values({}, {}, user)["cache-limit"] == (500_000_000, user.path)


def test_paths_in_a_file_are_relative_to_the_file() -> None:
    assert values({}, {}, USER)["store"] == ("/home/me/tools", USER.path)


@pytest.mark.parametrize(("text", "value"), [("free", "free"), ("4 GiB", 4 << 30), ("500 MB", 500_000_000), ("4096", 4096)])
def test_memory(text: str, value: Value) -> None:
    assert values({}, {"WBUILD_MEMORY": text})["memory"] == (value, "WBUILD_MEMORY")


@pytest.mark.parametrize(("text", "value"), [("1", True), ("true", True), ("no", False), ("0", False), ("", False)])
def test_offline_variable(text: str, value: bool) -> None:
    assert values({}, {"WBUILD_OFFLINE": text})["offline"] == (value, "WBUILD_OFFLINE")


def test_empty_variables_count_as_unset() -> None:
    assert values({}, {"WBUILD_STORE": ""})["store"] == ("/s", "default")


@pytest.mark.parametrize(
    ("flags", "environ", "message"),
    [
        ({"jobs": "0"}, {}, "--jobs: '0' is not a whole number from 1"),
        ({"jobs": "x"}, {}, "--jobs: 'x' is not a whole number from 1"),
        ({}, {"WBUILD_LOCK_TIMEOUT": "soon"}, "WBUILD_LOCK_TIMEOUT: 'soon' is not a number of seconds"),
        ({}, {"WBUILD_LOCK_TIMEOUT": "nan"}, "WBUILD_LOCK_TIMEOUT: 'nan' is not a number of seconds"),
        ({}, {"WBUILD_CACHE_LIMIT": "5 G"}, "WBUILD_CACHE_LIMIT: '5 G' is not a size such as 5 GiB"),
        ({}, {"WBUILD_OFFLINE": "maybe"}, "WBUILD_OFFLINE: 'maybe' is not true or false"),
    ],
)
def test_values_that_make_no_sense(flags: dict[str, object], environ: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(flags, environ, (), DEFAULTS)
    assert [(p.code, p.message) for p in caught.value.problems] == [("WB262", message)]


def test_every_mistake_of_a_file_with_its_place() -> None:
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, (ConfigFile(path="c.toml", text='jobs = "many"\n[mirors]\nx = 1\n'),), DEFAULTS)
    problems = caught.value.problems
    assert [(p.code, p.place and (p.place.line, p.place.column)) for p in problems] == [("WB263", (1, 1)), ("WB263", (2, 2))]
    assert problems[0].message == "jobs must be a whole number from 1"
    assert problems[1].message == "unknown setting 'mirors'"


def test_a_file_that_is_not_toml() -> None:
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, (ConfigFile(path="c.toml", text="jobs ="),), DEFAULTS)
    assert caught.value.problems[0].code == "WB200"


@pytest.mark.parametrize(
    ("said", "sources"),
    [
        ("", ()),
        ("system, pypi", ("system", "pypi")),
        ("registry", ("pypi", "npm", "debian")),
        ("system,registry,npm", ("system", "pypi", "npm", "debian")),
    ],
)
def test_sources(said: str, sources: tuple[str, ...]) -> None:
    found, origin = values({"sources": said}, {})["sources"]
    assert sources_of(str(found)) == sources
    assert origin == "flag"


def test_sources_in_a_file_are_a_list() -> None:
    file = ConfigFile(path="/etc/config.toml", text='sources = ["system", "registry"]')
    assert values({}, {}, file)["sources"] == ("system,registry", file.path)
    with pytest.raises(UsageError, match="sources must be a list of pypi, npm, debian, system, registry"):
        values({}, {}, ConfigFile(path="/etc/config.toml", text='sources = ["systm"]'))


@pytest.mark.parametrize("text", ["now", "-1", "+1", "1.5", "1e9", " 1", "0x1", "\u0663", "253402300800", "9" * 5000])
def test_F77_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        epoch_of({"SOURCE_DATE_EPOCH": text})
    assert caught.value.problems[0].code == "WB262"
    assert len(caught.value.problems[0].message) < 100


def test_F77_no_time_is_1970() -> None:
    assert [epoch_of(env) for env in ({}, {"SOURCE_DATE_EPOCH": ""}, {"SOURCE_DATE_EPOCH": "007"})] == [0, 0, 7]
    assert epoch_of({"SOURCE_DATE_EPOCH": "253402300799"}) == 253402300799


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("jobs", "12", 12),
        ("jobs", "true", None),
        ("lock-timeout", "1.5", 1.5),
        ("lock-timeout", '"30s"', 30.0),
        ("lock-timeout", "true", None),
        ("lock-timeout", "-1", None),
        ("offline", "false", False),
        ("offline", "1", None),
        ("store", '""', None),
        ("store", '"a\\u0000b"', None),
        ("memory", '"free"', "free"),
        ("plain-env", '["APP_*", " X "]', "APP_*,X"),
        ("plain-env", '["a b"]', None),
        ("plain-env", "[1]", None),
        ("sources", "3", None),
    ],
)
def test_values_in_a_file(name: str, raw: str, value: Value | None) -> None:
    file = ConfigFile(path="/etc/config.toml", text=f"{name} = {raw}\n")
    if value is not None:
        assert values({}, {}, file)[name] == (value, file.path)
        return
    with pytest.raises(UsageError) as caught:
        values({}, {}, file)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message.startswith(f"{name} must be ")) == ("WB263", True)


def test_an_unknown_key_names_the_nearest_or_all() -> None:
    with pytest.raises(UsageError) as caught:
        values({}, {}, ConfigFile(path="c.toml", text="job = 1\nqqqqqqqqqq = 1\n"))
    near, far = (problem.hint or "" for problem in caught.value.problems)
    assert near == "did you mean 'jobs'?"
    assert far.startswith("known: store, cache, ")
