"""What must not matter does not: where, by whom, when and on how busy a machine something is built. What must, does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.terminal import end_all, start
from tests.cli.toys import Shell, shell, wheel, with_toys

HELLO = "include sub/hello.inc\nenv SOURCE_DATE_EPOCH\nenv TZ\nenv LANG\nenv MODE\nenv HOME_OF_SOMEBODY\n"
SHUFFLED = """
import os
real_scandir, real_listdir = os.scandir, os.listdir
class Shuffled:
    def __init__(self, path="."):
        with real_scandir(path) as entries:
            self.entries = iter(sorted(entries, key=lambda entry: entry.name[::-1], reverse=True))
    def __iter__(self): return self
    def __next__(self): return next(self.entries)
    def __enter__(self): return self
    def __exit__(self, *given): return None
    def close(self): return None
os.scandir = Shuffled
os.supports_fd.add(Shuffled)
open(os.path.join(os.path.dirname(__file__), "seen"), "w").close()
os.listdir = lambda path=".": sorted(real_listdir(path), key=lambda name: name[::-1], reverse=True)
"""
"""Another order of every listing, for the process that imports it."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project with headers in two folders that was built once, with its cache."""
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), hello=HELLO, other="include deep/er/other.inc\n")
    for name in ("hello/sub/hello.inc", "hello/a.inc", "hello/a-b.inc", "hello/a/c.inc", "other/deep/er/other.inc", "other/Z.inc"):
        place.write(name, f"say {Path(name).name}\n")
    place.env |= {"WBUILD_STORE": str(folder / "store"), "WBUILD_CACHE": str(folder / "cache")}
    place.run("build", "--opt").ends(0)
    return place


def clone(built: Shell, folder: Path) -> Shell:
    """The sources somewhere else, with what only this machine knows left behind."""
    place = shell(folder / "work", folder / "home")
    shutil.copytree(built.folder, place.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".wbuild", "dist"))
    place.env |= built.env | {"HOME": str(place.home)}
    return place


def artifacts(place: Shell) -> dict[str, bytes]:
    return {name: data for name, data in place.files().items() if name.startswith("dist/") and name.endswith(".wasm")}


def without_tools(place: Shell, *flags: str, env: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """The artifacts of a build that can run nothing: every step must be a hit."""
    nothing = {"WBUILD_STORE": str(place.home / "nothing"), **(env or {})}
    place.run("build", "--opt", "--offline", *flags, env=nothing).ends(0)
    return artifacts(place)


VOLATILE = {
    "gitlab": {"CI": "true", "GITLAB_CI": "true", "CI_PIPELINE_ID": "7", "CI_JOB_ID": "8", "CI_COMMIT_SHA": "a" * 40},
    "github": {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_SHA": "b" * 40, "RUNNER_TEMP": "/nowhere"},
    "make": {"CARGO_MAKEFLAGS": "--jobserver-auth=3,4", "MAKEFLAGS": "-j8", "MFLAGS": "-j8", "MAKELEVEL": "2", "WBUILD_JOBS": "3"},
    "terminal": {"TERM": "xterm-256color", "COLUMNS": "40", "LINES": "9", "NO_COLOR": "1", "FORCE_COLOR": "1"},
    "user": {"USER": "somebody", "LOGNAME": "somebody", "HOSTNAME": "elsewhere", "SHELL": "/bin/false", "PWD": "/", "OLDPWD": "/"},
    "folders": {"TMPDIR": "{folder}", "TMP": "{folder}", "TEMP": "{folder}", "HOME": "{folder}", "XDG_DATA_HOME": "{folder}"},
    "locale": {"TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    "compilers": {"CC": "gcc", "CFLAGS": "-O0", "RUSTFLAGS": "-g", "GOFLAGS": "-v", "LD_LIBRARY_PATH": "/nowhere", "MODE": "another"},
}


@pytest.mark.parametrize("name", VOLATILE)
def test_F67_F68_a_variable_that_no_step_declares_changes_no_key(name: str, built: Shell, tmp_path: Path) -> None:
    place = clone(built, tmp_path)
    env = {variable: value.format(folder=tmp_path) for variable, value in VOLATILE[name].items()}
    assert without_tools(place, env=env) == artifacts(built)


def test_F68_a_terminal_and_the_current_folder_change_no_key(built: Shell, tmp_path: Path) -> None:
    place = clone(built, tmp_path)
    terminal = start(place, "build", "--opt", "--offline", WBUILD_STORE=str(place.home / "nothing"))
    try:
        assert terminal.end() == 0
    finally:
        end_all()
    assert artifacts(place) == artifacts(built)
    shutil.rmtree(place.folder / "dist")
    shutil.rmtree(place.folder / ".wbuild")
    assert without_tools(place, "-C", str(place.folder / "hello/sub")) == artifacts(built)


def test_F67_a_step_sees_only_what_is_declared(built: Shell, tmp_path: Path) -> None:
    assert b"0\nUTC\nC.UTF-8\nunset\nunset\n" in artifacts(built)["dist/release/hello.wasm"]
    place = clone(built, tmp_path)
    manifest = place.read("wbuild.toml")
    place.write(
        "wbuild.toml", manifest.replace('path = "hello"\n', 'path = "hello"\nenv = { MODE = { from = "MODE", default = "slow" } }\n')
    )
    for plain, told in ("", "env MODE: changed (never shown; "), ("MODE", "env MODE: slow → fast\n"):
        for mode, expected in ({}, "slow"), ({"MODE": "fast"}, "fast"):
            env = {**mode, "HOME_OF_SOMEBODY": "x", "WBUILD_PLAIN_ENV": plain}
            done = place.run("build", "--opt", "--explain", env=env).ends(0)
            assert f"0\nUTC\nC.UTF-8\n{expected}\nunset\n".encode() in artifacts(place)["dist/release/hello.wasm"]
        assert told in done.err


def test_F69_the_same_version_with_other_bytes_is_another_compiler(built: Shell, tmp_path: Path) -> None:
    place = clone(built, tmp_path)
    place.run("build", "--opt").ends(0)
    wheel(tmp_path / "wheels", ballast=1)
    place.env["PIP_FIND_LINKS"] = str(tmp_path / "wheels")
    place.run("lock", "--update").ends(0)
    assert place.read("wbuild.lock").replace("1.0", "") != built.read("wbuild.lock").replace("1.0", "")
    said = place.run("build", "--opt", "--explain").ends(0).err
    assert "tools toycc: other files of the same version" in said


def test_F76_everywhere_the_same_keys_and_the_same_bytes(built: Shell, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(SHUFFLED, "utf-8")
    machines = [
        (0o000, {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "WBUILD_JOBS": "1"}),
        (0o077, {"TZ": "America/St_Johns", "LC_ALL": "C", "WBUILD_JOBS": "5", "PYTHONHASHSEED": "1"}),
        (0o027, {"PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), built.env["PYTHONPATH"]]), "PYTHONHASHSEED": "2"}),
    ]
    found: list[dict[str, set[str]]] = []
    for number, (umask, env) in enumerate(machines):
        place = clone(built, tmp_path / f"{number}" / ("deeper" * number))
        place.env |= {**env, "WBUILD_CACHE": str(place.home / "cache")}
        place.run("build", "--opt", umask=umask).ends(0)
        assert artifacts(place) == artifacts(built)
        found.append(keys(place))
    assert (tmp_path / "site/seen").exists()
    assert all(found[0].values())
    assert found[1:] == found[:1] * 2


def keys(place: Shell) -> dict[str, set[str]]:
    """Names of all actions, read sets and contents in a cache."""
    base = Path(place.env["WBUILD_CACHE"], "cache-v1")
    return {kind: {path.name for path in (base / kind).rglob("*") if path.is_file()} for kind in ("ac", "sets", "cas")}


def test_F77_a_time_that_is_none_is_refused(built: Shell) -> None:
    said = built.run("build", "--opt", env={"SOURCE_DATE_EPOCH": "yesterday"}).ends(2).err
    assert said.startswith("error[WB262]: SOURCE_DATE_EPOCH: 'yesterday' is not a time\n")
    assert "hint: a whole number of seconds since 1970" in said


def test_F77_the_time_is_what_was_given_or_1970_and_never_now(built: Shell, tmp_path: Path) -> None:
    place = clone(built, tmp_path)
    for given, expected in ({}, "0"), ({"SOURCE_DATE_EPOCH": "1700000000"}, "1700000000"), ({"SOURCE_DATE_EPOCH": ""}, "0"):
        place.run("build", "--opt", env=given).ends(0)
        assert f"{expected}\nUTC\n".encode() in artifacts(place)["dist/release/hello.wasm"]
