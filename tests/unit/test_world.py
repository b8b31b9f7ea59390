"""What commands are given: settings from every origin, folders, and what the environment says; and the object of a command line."""

from __future__ import annotations

import io
import platform
from pathlib import Path

import pytest

from tests.unit.session_world import WAT, Shop
from wbuild.errors import MachineError, ProvisionError, UsageError
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.settings import Origin
from wbuild.session.trusted import Word, digest_of
from wbuild.session.world import (
    World,
    config_files,
    config_paths,
    fold_of,
    folder_of,
    set_in,
    shows_progress,
    this_platform,
    trusting,
)
from wbuild.terminal.console import Console

TOOL = 'type = "tool"\nname = "t"\nsummary = "x"\n\n[[route]]\nsource = "pypi"\npackage = "t"\nbin = { t = ["{self}/t"] }\n'


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A user who keeps everything below one folder."""
    config = tmp_path / "config.toml"
    config.write_text("jobs = 3\n")
    return {
        "HOME": str(tmp_path / "home"),
        "WBUILD_CONFIG": str(config),
        "WBUILD_STORE": str(tmp_path / "store"),
        "WBUILD_CACHE": str(tmp_path / "cache"),
    }


def build(environ: dict[str, str], start: Path, **flags: object) -> World:
    return World.build(environ, Console(out=io.StringIO(), err=io.StringIO()), start, flags)


def test_a_world_is_built_from_flags_variables_and_files(environ: dict[str, str], tmp_path: Path) -> None:
    world = build(environ | {"WBUILD_LOCK_TIMEOUT": "5s", "CI": "true", "SOURCE_DATE_EPOCH": "7"}, tmp_path, offline=True)
    assert world.settings["jobs"] == Origin(value=3, origin=environ["WBUILD_CONFIG"])
    assert (world.jobs, world.lock_timeout, world.ci, world.epoch, world.live) == (3, 5.0, True, 7, False)
    assert (world.store, world.cache) == (tmp_path / "store", tmp_path / "cache")
    assert world.doors.offline
    assert world.doors.platform == this_platform()
    assert world.open_store().path is not None
    assert world.open_cache() is not None


def test_lists_and_sizes_of_settings(environ: dict[str, str], tmp_path: Path) -> None:
    more = {"WBUILD_SOURCES": "system,registry", "WBUILD_PLAIN_ENV": "APP_*, X", "WBUILD_MEMORY": "1 GiB"}
    world = build(environ | more, tmp_path)
    assert world.sources == ("system", "pypi", "npm", "debian")
    assert (world.plain_env, world.memory) == (("APP_*", "X"), 1 << 30)
    free = build(environ, tmp_path).memory
    assert free is None or free > 0


def test_what_the_environment_says(environ: dict[str, str], tmp_path: Path) -> None:
    bare = build(environ, tmp_path)
    assert (bare.shell, bare.terminal, bare.github_output, bare.commit, dict(bare.system_env)) == ("/bin/sh", "dumb", None, "", {})
    more = {"SHELL": "/bin/zsh", "TERM": "xterm", "GITHUB_OUTPUT": "/out", "CI_COMMIT_SHA": "c1", "SystemRoot": "C:\\W"}
    full = build(environ | more, tmp_path)
    assert (full.shell, full.terminal, full.github_output, full.commit) == ("/bin/zsh", "xterm", Path("/out"), "c1")
    assert full.system_env == {"SystemRoot": "C:\\W"}


def test_a_look_at_a_project(environ: dict[str, str], tmp_path: Path) -> None:
    world = build(environ, tmp_path)
    assert world.doors.looking is None
    assert world.looking(tmp_path).doors.looking == tmp_path


@pytest.mark.parametrize(("value", "yes"), [(None, False), ("", False), ("0", False), ("False", False), ("1", True), ("yes", True)])
def test_variables_that_say_yes(value: str | None, yes: bool) -> None:
    assert set_in({} if value is None else {"CI": value}, "CI") is yes


def test_how_logs_fold() -> None:
    assert [fold_of(env) for env in ({}, {"GITHUB_ACTIONS": "true"}, {"GITLAB_CI": "true"})] == ["", "github", "gitlab"]


@pytest.mark.parametrize(
    ("environ", "terminal", "quiet", "shows"),
    [
        ({"TERM": "xterm"}, True, False, True),
        ({"TERM": "xterm"}, False, False, False),
        ({"TERM": "xterm"}, True, True, False),
        ({"TERM": "dumb"}, True, False, False),
        ({}, True, False, False),
        ({"TERM": "xterm", "CI": "1"}, True, False, False),
    ],
)
def test_where_lines_may_change(environ: dict[str, str], terminal: bool, quiet: bool, shows: bool) -> None:
    assert shows_progress(environ, terminal=terminal, quiet=quiet) is shows


def test_the_users_file_comes_before_the_systems(environ: dict[str, str]) -> None:
    paths = config_paths(environ)
    assert paths[0] == Path(environ["WBUILD_CONFIG"])
    assert len(paths) == 2
    assert config_paths({})[0].name == "config.toml"
    assert config_files(environ)[0].text == b"jobs = 3\n"


def test_a_variable_that_names_no_file(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        build(environ | {"WBUILD_CONFIG": str(tmp_path / "no.toml")}, tmp_path)
    assert caught.value.problems[0].code == "WB269"


def test_a_user_without_a_home_names_folders() -> None:
    nothing = {"store": Origin(value="", origin="default")}
    with pytest.raises(MachineError) as caught:
        folder_of(nothing, "store")
    assert caught.value.problems[0].code == "WB653"


def test_machines_that_no_tool_is_known_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "AARCH64")
    assert this_platform().endswith(("aarch64", "arm64"))
    monkeypatch.setattr(platform, "machine", lambda: "s390x")
    with pytest.raises(ProvisionError) as caught:
        this_platform()
    problem = caught.value.problems[0]
    assert (problem.code, "s390x" in problem.message) == ("WB431", True)


def test_recipes_are_trusted_by_their_digest(shop: Shop) -> None:
    assert not trusting(shop.environ, shop.root)()
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["t.toml"]'))
    shop.write("t.toml", TOOL)
    assert not trusting(shop.environ, shop.root)()
    trust, files = shop.another().world().trust, shop.files
    trust.remember(shop.root, Word(recipes=(digest_of(shop.open()),)), files)
    assert trusting(shop.environ, shop.root)()
    shop.write("t.toml", TOOL + "# other\n")
    assert not trusting(shop.environ, shop.root)()
    shop.write("wbuild.toml", "[")
    assert not trusting(shop.environ, shop.root)()


def test_one_object_makes_console_and_world_once(environ: dict[str, str], tmp_path: Path) -> None:
    common = Common(environ=environ, directory=tmp_path)
    common.calm()
    console = common.console
    common.calm()
    assert common.console is console
    common.quiet = True
    assert common.console is not console
    world = common.world(jobs="2")
    assert world.jobs == 2
    assert common.world() is world
    common.renew()
    assert common.world().jobs == 3


def test_where_the_search_for_a_project_begins(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert Common(environ=environ).start == tmp_path / "here"
    assert Common(environ=environ, directory=Path("x")).start == tmp_path / "here/x"
    assert Common(environ=environ, directory=tmp_path).start == tmp_path
    (tmp_path / "here").rmdir()
    with pytest.raises(MachineError):
        Common(environ=environ).start  # noqa: B018 - what is asked for is the error
    assert Common(environ=environ, directory=tmp_path).start == tmp_path


@pytest.mark.parametrize(("locked", "ci", "keeps"), [(None, True, True), (None, False, False), (True, False, True), (False, True, False)])
def test_ci_keeps_locks_unless_a_flag_says_otherwise(locked: bool | None, ci: bool, keeps: bool) -> None:
    assert Asked(locked=locked).keeps_locks(ci=ci) is keeps
