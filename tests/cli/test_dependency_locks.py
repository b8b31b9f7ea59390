"""Lock files of a project's own dependencies: made where they lack, said so, never half-written, never under `--locked`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.toys import Shell, shell, with_toys

CRATE = """
type = "language"
name = "crate"
title = "Crate"
category = "compiled"
driver = "project"
project = "cargo"
extensions = [".none"]
targets = ["wasip1"]
sources = ["src/main.rs"]
[[toolchain]]
name = "toycc"
tools = ["toycc"]
targets = ["wasip1"]
[toolchain.lock]
run = ["{bin:toycc}", "lock", "{project.manifest}"]
by-hand = "toycc lock"
packages = 'source = "'
[[toolchain.step]]
verb = "compile"
run = ["{bin:toycc}", "crate", "{project.manifest}", "{out}"]
"""
PACKAGE = '[package]\nname = "crate"\nversion = "0.1.0"\n\n[dependencies]\n'
MISSING = "words has no Cargo.lock"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A package with two dependencies and no lock file; wbuild.lock is there, and the tool in the store."""
    folder = tmp_path_factory.mktemp("crates")
    made = with_toys(shell(folder / "work", folder / "home"), '\n[artifact.words]\nlang = "crate"\npath = "words"\n')
    made.write("recipes/crate.toml", CRATE)
    made.write("words/src/main.rs", "")
    made.write("words/Cargo.toml", f'{PACKAGE}b = "2"\n')
    made.write("words/Cargo.lock", "")
    made.run("lock").ends(0)
    made.run("tools", "install").ends(0)
    (made.folder / "words/Cargo.lock").unlink()
    made.write("words/Cargo.toml", f'{PACKAGE}a = "1"\nb = "2"\n')
    return made


@pytest.fixture
def crate(ready: Shell, tmp_path: Path) -> Shell:
    """A copy of that project."""
    shutil.copytree(ready.folder, tmp_path / "work")
    return Shell(tmp_path / "work", ready.home, dict(ready.env))


def test_a_build_makes_a_missing_lock_file_and_says_so(crate: Shell) -> None:
    done = crate.run("build").ends(0)
    assert f"note: created {Path('words', 'Cargo.lock')} (2 packages)\n" in done.err
    assert 'name = "a"' in crate.read("words/Cargo.lock")
    assert crate.run("run", "words").ends(0).out == "2 packages\n"
    again = crate.run("build", "--locked").ends(0)
    assert "created" not in again.err
    assert again.out == done.out
    assert crate.run("lock", "--check").ends(0).out == ""


@pytest.mark.parametrize("command", [("lock",), ("fetch",), ("check",), ("build", "--opt"), ("size",)], ids=" ".join)
def test_every_command_that_needs_one_makes_it(command: tuple[str, ...], crate: Shell) -> None:
    assert "(2 packages)" in crate.run(*command).ends(0).err
    assert crate.read("words/Cargo.lock").count("source = ") == 2


def test_a_build_with_nothing_to_do_comes_right_after_one_that_made_a_lock_file(crate: Shell) -> None:
    crate.run("build").ends(0)
    states = {path.name: path.read_bytes() for path in (crate.folder / ".wbuild/state").iterdir()}
    assert states
    crate.run("build").ends(0)
    assert {path.name: path.read_bytes() for path in (crate.folder / ".wbuild/state").iterdir()}.keys() == states.keys()
    (crate.folder / "words/Cargo.lock").unlink()
    assert "created" in crate.run("build").ends(0).err


@pytest.mark.parametrize(
    ("command", "env"),
    [(("build", "--locked"), {}), (("build",), {"CI": "true"}), (("fetch", "--locked"), {}), (("lock", "--check"), {})],
    ids=["locked", "CI", "fetch", "lock --check"],
)
def test_locked_makes_none_and_names_the_command(command: tuple[str, ...], env: dict[str, str], crate: Shell) -> None:
    before = crate.files()
    done = crate.run(*command, env=env).ends(2)
    assert "error[WB228]: " in done.err
    assert MISSING in done.err
    assert "`wbuild lock`" in done.err
    after = crate.files()
    assert {name for name in before.keys() ^ after.keys() if not name.startswith(".wbuild/")} == set()


def test_a_plan_says_what_would_be_made_and_writes_nothing(crate: Shell) -> None:
    before = crate.files()
    done = crate.run("plan").ends(0)
    assert f"note: {MISSING}; `wbuild build` brings it in order with `toycc lock`\n" in done.err
    assert "words:compile" in done.out.replace(".wasip1", "")
    assert crate.files() == before


def test_a_lock_file_for_other_dependencies_is_brought_up_to_date(crate: Shell) -> None:
    crate.run("build").ends(0)
    crate.write("words/Cargo.toml", f'{PACKAGE}a = "1"\nb = "2"\nc = "3"\n')
    locked = crate.run("build", "--locked").ends(2)
    assert "words/Cargo.lock does not fit Cargo.toml: c, which crate depends on, is not in it" in locked.err
    assert "note: updated " in crate.run("build").ends(0).err
    assert 'name = "c"' in crate.read("words/Cargo.lock")


def test_the_client_sees_the_configuration_of_its_user_and_its_failure_is_told(crate: Shell) -> None:
    crate.write("words/Cargo.toml", f'{PACKAGE}nobody = "1"\n')
    done = crate.run("build").ends(4)
    assert "error[WB492]: lock of words/Cargo.lock failed: exit 101\n" in done.err
    assert f"wanted by {crate.folder / 'words' / 'Cargo.toml'}" in done.err
    assert "hint: to repeat it by hand: `toycc lock` in words\n" in done.err
    assert sorted(path.name for path in (crate.folder / "words").iterdir()) == ["Cargo.toml", "src"]
    assert not (crate.folder / ".wbuild/locking").exists()


def test_a_client_that_makes_none(crate: Shell) -> None:
    crate.write("words/Cargo.toml", f'{PACKAGE}nothing = "1"\n')
    assert "error[WB248]: `toycc lock` ended well, but made no " in crate.run("build").ends(2).err


def test_offline_makes_none(crate: Shell) -> None:
    assert "error[WB493]: lock of words/Cargo.lock needs the network" in crate.run("build", "--offline").ends(4).err


def test_an_interrupted_client_leaves_no_half_file_and_no_process(crate: Shell) -> None:
    pid = crate.meeting / "pid"
    crate.write("words/Cargo.toml", f'{PACKAGE}slow = "{pid}"\n')
    command, pipe = [sys.executable, "-m", "wbuild", "build"], subprocess.PIPE
    crate.trust()
    process = subprocess.Popen(command, cwd=crate.folder, env=crate.env, stdout=pipe, stderr=pipe, text=True)
    try:
        while process.poll() is None and not (pid.exists() and pid.read_text()):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
        assert "Traceback" not in err
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)
    finally:
        process.kill()
        process.wait()
        with suppress(ProcessLookupError, ValueError, FileNotFoundError):
            os.kill(int(pid.read_text()), signal.SIGKILL)
    assert not (crate.folder / "words/Cargo.lock").exists()
    crate.write("words/Cargo.toml", f'{PACKAGE}a = "1"\n')
    assert "(1 package)" in crate.run("build").ends(0).err
