"""The command line itself: help, errors, exit codes, streams, secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.toys import REPOSITORY, Shell
from tests.goldens import golden
from wbuild.cli.main import ALIASES, COMMANDS, MEANT, root

SUBCOMMANDS = ["cache info", "cache verify", "cache gc", "tools gc", "ci matrix", "ci cache-key", "ci init", "ci comment", "report merge"]
CANARY = "canary-5d41402abc"


@pytest.mark.parametrize(
    "command", ["", *COMMANDS, "tools list", "tools info", "tools install", "tools where", "tools verify", *SUBCOMMANDS]
)
def test_help(command: str, place: Shell) -> None:
    done = place.run(*command.split(), "--help", env={"COLUMNS": "100"}).ends(0)
    assert done.err == ""
    golden(f"help/{command.replace(' ', '-') or 'wbuild'}.txt", done.out)


def test_no_summary_is_cut(place: Shell) -> None:
    for line in ("--help", "tools --help"):
        commands = place.run(*line.split(), env={"COLUMNS": "100"}).ends(0).out.partition("Commands:\n")[2].splitlines()
        assert all(row[2] != " " and not row.endswith("...") for row in commands), "a summary does not fit into one line"


def test_version(place: Shell) -> None:
    assert place.run("--version").ends(0).out == "wbuild 0.1.0\n"


def test_without_a_command_help_is_shown(place: Shell) -> None:
    done = place.run().ends(2)
    assert done.out == ""
    assert done.err.startswith("Usage: wbuild ")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("install", "tools install"),
        ("optimize", "build --opt"),
        ("buidl", "build"),
        ("verify", "tools verify"),
        ("update", "lock --update"),
    ],
)
def test_unknown_commands_suggest(word: str, meant: str, place: Shell) -> None:
    assert place.run(word).ends(2).err == f"error[WB260]: unknown command '{word}'\nhint: did you mean `wbuild {meant}`?\n"


def test_only_existing_commands_are_suggested() -> None:
    for meant in (*MEANT.values(), *ALIASES.values()):
        if not meant.startswith("-"):
            name, _, rest = meant.partition(" ")
            command = root.get_command(None, name)  # type: ignore[arg-type]
            assert command is not None
            if rest.startswith("-"):
                assert any(rest in parameter.opts for parameter in command.params)
            elif rest:
                assert rest in command.commands  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("build --fro", "error[WB261]: no such option --fro\n"),
        ("build --offlin", "error[WB261]: no such option --offlin\nhint: did you mean --offline?\n"),
        ("build --opt=fast", "error[WB261]: invalid value for '--opt': 'fast' is no level; there is none, speed, size, smallest\n"),
        ("build -j", "error[WB261]: option '-j' requires an argument\n"),
        ("tools", "error[WB261]: missing command\nhint: `wbuild tools --help` lists what there is\n"),
        ("explain WB199", 'error[WB273]: there is no error "WB199"\n'),
        ("-C nowhere build", "error[WB261]: invalid value for '-C': Directory 'nowhere' does not exist\n"),
        ("build", "error[WB270]: no wbuild.toml in . or above\n"),
        ("run x.wasm", "error[WB281]: there is no file x.wasm\n"),
    ],
)
def test_mistakes(line: str, error: str, place: Shell) -> None:
    assert place.run(*line.split()).ends(2).err.startswith(error)


def test_common_options_stand_anywhere(place: Shell) -> None:
    place.run("init", "--lang", "wat", "p").ends(0)
    first, second = place.run("-C", "p", "schema").ends(0), place.run("schema", "-C", "p").ends(0)
    assert first.out == second.out != ""
    assert place.run("tools", "-C", "p", "list", "-q").ends(0).out.startswith(" tool ")


def test_explain(place: Shell) -> None:
    done = place.run("explain", "wb204").ends(0)
    assert done.out.startswith("WB204: unknown language (exit code 2)\n\n")
    assert place.run("explain").ends(0).out.count("\n") > 80


def test_config(place: Shell) -> None:
    file = place.write("c.toml", "jobs = 3\n")
    done = place.run("config", env={"WBUILD_CONFIG": str(file), "WBUILD_STORE": "/s"}).ends(0)
    rows = {line.split()[0]: line.split()[1:] for line in done.out.splitlines() if line.strip()}
    assert rows["jobs"] == ["3", str(file), "WBUILD_JOBS"]
    assert rows["store"] == ["/s", "WBUILD_STORE", "WBUILD_STORE"]
    assert rows["offline"] == ["false", "default", "WBUILD_OFFLINE"]
    place.run("config", env={"WBUILD_CONFIG": "/nowhere.toml"}).ends(2)


def test_F114_settings_are_the_machines(place: Shell) -> None:
    """F114."""
    place.write("wbuild.toml", '[project]\nname = "x"\nstore = "/tmp"\n')
    done = place.run("plan").ends(2)
    assert "only in user config" in done.err


def test_F83_closed_pipe(place: Shell) -> None:
    """F83."""
    command = [sys.executable, "-m", "wbuild", "tools", "list"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, cwd=place.folder, env=place.env, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("which", ["stdout", "stderr"])
def test_F83_closed_pipe_of_help_and_errors(which: str, place: Shell) -> None:
    """F83."""
    for line in (["--help"], ["nonsense"]):
        reader, writer = os.pipe()
        os.close(reader)
        out, err = (writer, subprocess.DEVNULL) if which == "stdout" else (subprocess.DEVNULL, writer)
        done = subprocess.run([sys.executable, "-m", "wbuild", *line], cwd=place.folder, env=place.env, check=False, stdout=out, stderr=err)
        os.close(writer)
        assert done.returncode in (0, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="shells there cannot close a stream")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start(closed: str, place: Shell) -> None:
    line = f"exec '{sys.executable}' -m wbuild languages {closed}"
    assert subprocess.run(["/bin/sh", "-c", line], cwd=place.folder, env=place.env, check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_output_that_finds_no_room_is_the_machines_fault(place: Shell) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "wbuild", "schema"]
        done = subprocess.run(command, cwd=place.folder, env=place.env, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[0]) == (6, "error[WB610]: cannot write the output: No space left on device")


def test_F116_a_bug_is_one_line_and_a_file_without_secrets(place: Shell) -> None:
    """F116: the crash file."""
    broken = "import sys, os, wbuild.cli.explain as e\ndef pages(): raise KeyError(os.environ['MY_TOKEN'])\ne.pages = pages\n"
    code = f"{broken}from wbuild.cli.main import run\nsys.exit(run(['explain', 'x{CANARY}'], dict(os.environ)))"
    env = {**place.env, "MY_TOKEN": CANARY}
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 70
    lines = done.stderr.splitlines()
    assert lines[0] == "error[WB900]: wbuild failed: KeyError: '***'"
    assert lines[1].startswith("hint: details are in ")
    (file,) = place.home.rglob("crash-*.txt")
    text = file.read_text()
    assert "Traceback" in text
    assert "KeyError" in text
    assert CANARY not in text + done.stderr + done.stdout


def test_nothing_heavy_is_imported_for_the_version(place: Shell) -> None:
    code = "import sys; from wbuild.cli.main import run; run(['--version'], {}); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, env=place.env, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"requests", "jinja2", "tomli", "platformdirs", "brotli", "zstandard", "wbuild.model", "wbuild.terminal.console", "difflib"}
    assert loaded & heavy == set()


def test_the_fast_path_imports_next_to_nothing(place: Shell) -> None:
    code = "import sys; before = set(sys.modules); import wbuild.nothing_to_do; print(*sorted(set(sys.modules) - before))"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"click", "typing", "dataclasses", "pathlib", "inspect", "subprocess", "importlib.metadata", "wbuild.errors"}
    assert not loaded & {*heavy, "collections", "hashlib", "json", "re"}


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130), ("SIGHUP", 143)])
def test_signals(name: str, code: int, place: Shell) -> None:
    if not hasattr(signal, name):
        pytest.skip(f"no {name} here")
    slow = "import os, sys, time, wbuild.cli.clean as c\ndef find(start): print('ready', flush=True); time.sleep(60)\nc.find = find\n"
    program = f"{slow}from wbuild.cli.main import run\nsys.exit(run(['clean'], dict(os.environ)))"
    command, pipe = [sys.executable, "-c", program], subprocess.PIPE
    process = subprocess.Popen(command, cwd=place.folder, env=place.env, text=True, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (code, "")
