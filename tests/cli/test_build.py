"""The main job with toy tools: what a build says, what it writes, when it does nothing."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.toys import Shell, copied, plain, shell, with_toys

HELLO = "say hello\npad 300\n"
CHECKED = """
[artifact.hello]
lang = "toy"
path = "hello"
budget = "1 KiB"
tags = ["edge"]

[[artifact.hello.check]]
name = "says hello"
stdout = "hello\\n"
"""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A project that was locked, with its tools in the store."""
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), CHECKED, hello=HELLO)
    place.run("lock").ends(0)
    place.run("tools", "install").ends(0)
    return place


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    """A fresh copy of it, with an empty cache and the same store."""
    return copied(locked, tmp_path)


def steps(text: str) -> list[str]:
    """The lines of steps in what a build says."""
    return sorted(line.strip() for line in plain(text).splitlines() if line.startswith(" ") and "{time}" in line)


def test_a_first_minute(project: Shell) -> None:
    done = project.run("build", "--opt").ends(0)
    assert done.out == "dist/release/hello.wasm\n"
    assert steps(done.err) == [
        "check hello 1 passed {time}",
        "compile hello {time}",
        "optimize hello 349 → 47 B −86.5 % {time}",
    ]
    table = [" ".join(line.split()) for line in done.err.splitlines()[-2:]]
    assert table == [
        "artifact language category target raw gzip brotli change budget",
        table[1],
    ]
    assert table[1].startswith("hello toy compiled wasip1 47 B ")
    assert table[1].endswith(" new 4 % of 1 KiB raw")
    index = json.loads(project.read("dist/release/report.json"))
    assert [(a["name"], a["status"], a["made"]) for a in index["artifacts"]] == [("hello", "ok", True)]
    assert json.loads(project.read("dist/release/hello.wasm.report.json"))["sizes"]["raw"] == 47
    assert project.read(".wbuild/.gitignore") == "*\n"


def test_the_second_build_has_nothing_to_do(project: Shell) -> None:
    first = project.run("build", "--opt").ends(0)
    second = project.run("build", "--opt").ends(0)
    assert second.out == first.out
    assert steps(second.err) == []
    assert second.err.splitlines()[-1].split()[-6:-5] == ["="] or " = " in second.err
    full = project.run("-v", "build", "--opt").ends(0)
    assert " ran" not in full.err
    assert [line for line in full.err.splitlines() if line.startswith(" hello")] == [second.err.splitlines()[-1]]


def test_quiet_prints_the_path_only(project: Shell) -> None:
    for _ in range(2):
        done = project.run("build", "-q", "--opt", "hello").ends(0)
        assert (done.out, done.err) == ("dist/release/hello.wasm\n", "")


@pytest.mark.parametrize("line", ["--opt hello", "hello --opt", "--opt=size hello", "--opt -j 2 hello"])
@pytest.mark.parametrize("command", ["build", "plan"])
def test_opt(line: str, command: str, project: Shell) -> None:
    words = [word for word in line.split() if command == "build" or word not in ("-j", "2")]
    done = project.run(command, *words).ends(0)
    assert "dist/release/hello.wasm" in done.out


def test_levels_and_profiles(project: Shell) -> None:
    assert project.run("build").ends(0).out == "dist/dev/hello.wasm\n"
    assert project.run("build", "--opt=none").ends(0).out == "dist/release/hello.wasm\n"
    assert "error[WB261]" in project.run("build", "--opt=fast").ends(2).err
    assert "error[WB222]" in project.run("build", "--profile", "tiny").ends(2).err
    assert "error[WB268]" in project.run("build", "--target", "web").ends(2).err


def test_only_what_depends_on_a_change_is_built(project: Shell) -> None:
    project.write("hello/hello.toy", "include x.inc\n")
    project.write("hello/x.inc", "say hello\n")
    project.write("hello/other.inc", "say other\n")
    project.run("build").ends(0)
    project.write("hello/other.inc", "say changed\n")
    assert steps(project.run("build").ends(0).err) == []
    project.write("hello/x.inc", "say bye\n")
    explained = project.run("build", "--explain").ends(0)
    assert [s for s in steps(explained.err) if s.startswith("compile")] == ["compile hello {time}"]
    assert "because hello: inputs hello/x.inc: changed" in plain(explained.err)


def test_plan_explains_and_writes_nothing(project: Shell) -> None:
    before = project.files()
    done = project.run("plan", "--opt", "--explain").ends(0)
    assert "because first build" in done.out
    assert project.files() == before
    project.run("build", "--opt").ends(0)
    assert "because" not in project.run("plan", "--opt", "--explain").ends(0).out
    assert "<words of" in project.run("plan", "--opt").ends(0).out
    assert "<words of" not in project.run("plan", "--opt", "--resolved").ends(0).out
    document = json.loads(project.run("plan", "--opt", "--format", "json").ends(0).out)
    assert document["schema"] == "wbuild.plan/1"
    assert project.run("plan", "--format", "dot").ends(0).out.startswith("digraph plan {\n")
    assert 'compile<br>hello"]' in project.run("plan", "--format", "mermaid").ends(0).out


def test_the_schema_is_there_while_the_manifest_or_a_recipe_is_wrong(project: Shell) -> None:
    whole = project.run("schema").ends(0)
    project.write("recipes/broken.toml", 'type = "tool"\nname = 1\n')
    done = project.run("schema").ends(0)
    assert done.out == whole.out
    assert "warning: the schema may lack own recipes: " in done.err
    project.write("wbuild.toml", project.read("wbuild.toml") + "\n[artifact.\n")
    done = project.run("schema").ends(0)
    assert json.loads(done.out)["type"] == "object"
    assert "warning: the schema may lack own recipes: " in done.err


def test_a_failing_compiler(project: Shell) -> None:
    """Its own output, the command line to repeat it, other artifacts go on."""
    project.write("bad/bad.toy", "fail bad.toy:1: no such \x1b[31mverb\n")
    project.write("wbuild.toml", project.read("wbuild.toml") + '\n[artifact.bad]\nlang = "toy"\npath = "bad"\n')
    done = project.run("build").ends(1)
    assert done.out == "dist/dev/hello.wasm\n"
    assert "error[WB101]: compile of bad failed: exit 1\nbad.toy:1: no such \\x1b[31mverb\nhint: to repeat it: cd " in done.err
    assert done.err.count("error[") == 1
    index = json.loads(project.read("dist/dev/report.json"))
    assert {a["name"]: a["status"] for a in index["artifacts"]} == {"hello": "ok", "bad": "failed"}


def test_F122_the_exact_budget_passes_and_one_byte_more_does_not(project: Shell) -> None:
    """F122."""
    text = project.read("wbuild.toml")
    project.write("wbuild.toml", text.replace("1 KiB", "47 B"))
    project.run("build", "--opt").ends(0)
    project.write("wbuild.toml", text.replace("1 KiB", "46 B"))
    done = project.run("build", "--opt").ends(3)
    assert "error[WB300]: hello is 1 B over its raw budget: 47 B, limit 46 B\nhint: `wbuild size hello` shows" in done.err
    assert "OVER by 1 B: 103 % of 46 B raw" in done.err
    report = json.loads(project.read("dist/release/hello.wasm.report.json"))
    assert report["budget"] == [{"actual": 47, "limit": 46, "metric": "raw", "status": "over"}]
    project.run("build", "--opt").ends(3)
    told = project.run("build").ends(0).err.partition(" (759 % of 46 B raw)\n")
    assert told[1:] == (
        " (759 % of 46 B raw)\n",
        " hello: no names of functions, though the profile's debug asks for it: the toolchain wrote none\n",
    )


def test_a_failing_check(project: Shell) -> None:
    project.write("hello/hello.toy", "say good bye\n")
    done = project.run("build", "--opt").ends(3)
    assert 'error[WB301]: check "says hello" of hello failed on wasmtime' in done.err
    assert "good bye" in done.err
    assert project.run("build").ends(0)
    assert "error[WB301]" in project.run("check").ends(3).err
    assert "unchecked" in project.run("build", "--opt", "--no-check").ends(0).err


def test_check(project: Shell) -> None:
    done = project.run("test", "hello").ends(0)
    assert "passed" in done.err
    assert "error[WB278]" in project.run("check", "--runtime", "v8").ends(2).err


def test_a_check_that_did_not_run_is_not_reported_by_its_last_verdict(project: Shell) -> None:
    project.run("check").ends(0)
    project.write("wbuild.toml", project.read("wbuild.toml") + '\n[[artifact.hello.check]]\nname = "more"\nstdin-file = "in.txt"\n')
    project.write("hello/in.txt", "break\n")
    done = project.run("check").ends(1)
    assert "error[WB101]: check of hello more failed: exit 1" in done.err
    assert "no check that can run" not in done.err
    (project.folder / "hello/hello.toy").write_text("do nonsense\n")
    done = project.run("check").ends(1)
    assert " passed" not in done.err


def test_run(project: Shell) -> None:
    done = project.run("run", "hello").ends(0)
    assert done.out == "hello\n"
    with_args = project.run("run", "-q", "hello", "--", "--opt", "b").ends(2)
    assert with_args.out == "hello\n--opt\nb\n"
    built = project.run("run", "dist/dev/hello.wasm", "--", "x").ends(1)
    assert built.out == "hello\nx\n"
    refused = project.run("run", "dist/dev/hello.wasm", "--invoke", "f(1)").ends(2)
    assert refused.err == (
        "error[WB292]: A toy in its place does not run dist/dev/hello.wasm: it exports no function `f`\nhint: it exports no function\n"
    )


def piped(project: Shell, data: bytes, *args: str) -> subprocess.CompletedProcess[bytes]:
    """A command line with bytes on its standard input."""
    argv = [sys.executable, "-m", "wbuild", *args]
    return subprocess.run(argv, cwd=project.folder, env=project.env, input=data, capture_output=True, check=False, timeout=100)


def test_standard_input_and_text_stand_where_a_file_may(project: Shell) -> None:
    project.run("build", "-q").ends(0)
    module = (project.folder / "dist/dev/hello.wasm").read_bytes()
    assert b"stdin (-)\n" in piped(project, module, "size", "-").stdout
    assert b" exports: _start" in piped(project, module, "inspect", "-").stdout
    assert piped(project, module, "check", "-", "--host", "spin").returncode in (0, 3)
    assert piped(project, module, "run", "-").stdout == b"hello\n"
    assert b"standard input: not a Wasm file" in piped(project, b"nothing", "size", "-").stderr
    assert piped(project, b"(module)", "run", "-").stdout == b"(module)\n"
    project.write("text.wat", "(module)")
    assert project.run("run", "text.wat").ends(0).out == "(module)\n"
    assert "text (text.wat)" in project.run("size", "text.wat").ends(0).out
    assert "text.wat" in project.run("inspect", "text.wat").ends(0).out
    wrong = piped(project, b"(module", "size", "-")
    assert (wrong.returncode, wrong.stdout) == (1, b"")
    assert wrong.stderr == b"error[WB101]: standard input cannot be assembled\nstandard input:1:1: expected `)`\n"


def test_a_file_that_is_not_there(project: Shell) -> None:
    assert "hint: name a .wasm or .wat file" in project.run("inspect", "hello").ends(2).err
    assert "hint: an artifact is named without" in project.run("size", "hello.wasm").ends(2).err


def test_size(project: Shell) -> None:
    done = project.run("size").ends(0)
    assert "hello (dist/release/hello.wasm)" in done.out
    assert "total" in done.out
    project.run("build").ends(0)
    difference = project.run("size", "hello", "--against", "dist/dev/hello.wasm").ends(0)
    assert "raw" in difference.out
    recorded = project.run("size", "dist/dev/hello.wasm", "--against", "dist/release/hello.wasm.report.json", "--format", "json").ends(0)
    document = json.loads(recorded.out)
    assert document["schema"] == "wbuild.size/1"
    assert document["difference"]["sizes"][0]["name"] == "raw"


def test_inspect(project: Shell) -> None:
    project.run("build", "-q").ends(0)
    assert " exports: _start" in project.run("inspect", "dist/dev/hello.wasm").ends(0).out
    assert "error[WB330]: wbuild.toml: not a Wasm file" in project.run("inspect", "wbuild.toml").ends(3).err


def test_the_lock(project: Shell) -> None:
    project.run("lock", "--check").ends(0)
    text = project.read("wbuild.lock")
    (project.folder / "wbuild.lock").unlink()
    assert "error[WB271]" in project.run("build", "--locked").ends(2).err
    assert "error[WB271]" in project.run("build", env={"CI": "true"}).ends(2).err
    assert "error[WB271]" in project.run("lock", "--check").ends(2).err
    assert not (project.folder / "wbuild.lock").exists()
    done = project.run("build", "--no-locked", env={"CI": "true"}).ends(0)
    assert "wrote wbuild.lock: binaryen 1.0, toycc 1.0, toyrt 1.0" in done.err
    assert project.read("wbuild.lock") == text


def test_an_exact_version_goes_into_the_manifest(project: Shell) -> None:
    done = project.run("lock", "toycc@1.0").ends(0)
    assert 'toycc = "1.0"' in project.read("wbuild.toml")
    assert "[tools] now has toycc" in done.err
    assert "error[WB279]" in project.run("lock", "toyc").ends(2).err


def test_a_version_that_does_not_exist_changes_nothing(project: Shell) -> None:
    before = project.read("wbuild.toml"), project.read("wbuild.lock")
    assert "error[WB413]" in project.run("lock", "toycc@77").ends(4).err
    assert (project.read("wbuild.toml"), project.read("wbuild.lock")) == before


@pytest.mark.parametrize("spelt", ["tools.toycc = '0.9'", "tools = { toycc = '0.9' }"])
def test_a_manifest_that_cannot_be_edited_stays_as_it_is(spelt: str, project: Shell) -> None:
    text = f"{spelt}\n{project.read('wbuild.toml')}"
    project.write("wbuild.toml", text)
    assert "error[WB279]" in project.run("lock", "toycc@1.0").ends(2).err
    assert project.read("wbuild.toml") == text


def test_a_manifest_change_touches_only_its_blocks(project: Shell) -> None:
    before = project.read("wbuild.lock")
    project.write("recipes/toy.toml", project.read("recipes/toy.toml") + "# a comment\n")
    stale = project.run("build", "--locked").ends(2)
    assert "error[WB272]: wbuild.lock does not fit wbuild.toml\n  the project's own recipes changed" in stale.err
    project.run("build").ends(0)
    after = project.read("wbuild.lock")
    assert [a for a, b in zip(before.splitlines(), after.splitlines(), strict=True) if a != b] == [
        line for line in before.splitlines() if line.startswith("recipes = ")
    ]


def test_offline(project: Shell) -> None:
    project.run("fetch").ends(0)
    project.run("build", "--opt", "--offline", env={"PIP_FIND_LINKS": "/nowhere"}).ends(0)
    done = project.run("build", "--offline", env={"WBUILD_STORE": str(project.home / "empty"), "WBUILD_CACHE": str(project.home / "c2")})
    assert "error[WB412]: offline" in done.ends(4).err


def test_selection(project: Shell) -> None:
    for word in ("tag:edge", "lang:toy", "hel*", "category:compiled", "target:wasip1"):
        assert project.run("build", word).ends(0).out == "dist/dev/hello.wasm\n"
    assert project.run("build", "helo").ends(2).err == 'error[WB267]: no artifact matches "helo"\nhint: did you mean "hello"?\n'


def test_clean(project: Shell) -> None:
    project.run("build", "--opt").ends(0)
    project.write("dist/mine.txt", "mine")
    project.run("clean").ends(0)
    left = set(project.files())
    assert "dist/mine.txt" in left
    assert not [name for name in left if name.startswith((".wbuild", "dist/release"))]
    assert "nothing to clean" in project.run("clean").ends(0).err


def test_json(project: Shell) -> None:
    document = json.loads(project.run("build", "--opt", "--format", "json").ends(0).out)
    assert document["schema"] == "wbuild.report/1"
    assert document["artifacts"][0]["name"] == "hello"
    tools = json.loads(project.run("tools", "list", "--format", "json").ends(0).out)
    assert {"binaryen", "toycc", "toyrt"} <= {t["name"] for t in tools["tools"] if t["installed"]}


def test_tools(project: Shell) -> None:
    where = project.run("tools", "where", "toycc").ends(0).out.strip()
    assert Path(where, "toytools/main.py").is_file()
    assert " source pypi" in project.run("tools", "info", "toycc").ends(0).out
    assert "all 3 are in the store" in project.run("tools", "install").ends(0).err
    project.run("tools", "verify").ends(0)
    assert "error[WB279]" in project.run("tools", "where", "toyc").ends(2).err


def test_damage_is_found_and_repaired(project: Shell) -> None:
    store = project.home / "store"
    env = {"WBUILD_STORE": str(store)}
    project.run("tools", "install", "toycc", env=env).ends(0)
    (program,) = store.rglob("toytools/main.py")
    program.chmod(0o644)
    program.write_text("print('evil')")
    done = project.run("tools", "verify", env=env).ends(5)
    assert "error[WB550]: damaged in the store: toycc" in done.err
    project.run("tools", "verify", "--repair", env=env).ends(0)
    project.run("tools", "verify", env=env).ends(0)


def test_F112_F63_hostile_paths_are_literal(project: Shell) -> None:
    """F63, F112."""
    for name in ("with space", "quote'\"", "$(touch pwned)", "percent%41", "emoji 🦀", "n" * 200, "-leading"):
        folder = project.folder.parent / name
        shutil.copytree(project.folder, folder)
        done = project.run("build", "--opt", cwd=folder).ends(0)
        assert done.out == "dist/release/hello.wasm\n"
        shutil.rmtree(folder)
    project.write("hello/-v $(touch pwned) ; x.toy", "say ; more\n")
    project.run("build").ends(0)
    assert not list(project.folder.rglob("pwned"))


def test_F63_names_that_are_no_text(project: Shell) -> None:
    """F63."""
    folder = project.folder.rename(Path(os.fsdecode(os.fsencode(project.folder.parent) + b"/\xff\n")))
    done = project.run("build", "--opt", cwd=folder)
    assert done.code in (0, 2), done.err
    assert "Traceback" not in done.err


def test_F116_no_secret_is_written_anywhere(project: Shell) -> None:
    """F116."""
    canary = "canary-7d793037a076"
    env = {
        "GITHUB_TOKEN": canary,
        "AWS_SECRET_ACCESS_KEY": canary,
        "HTTPS_PROXY": f"http://user:{canary}@127.0.0.1:9",
        "PIP_INDEX_URL": f"https://user:{canary}@127.0.0.1:9/simple",
        "WBUILD_STORE": str(project.home / "store"),
        "WBUILD_CACHE": str(project.home / "cache"),
    }
    (project.folder / "wbuild.lock").unlink()
    project.write("hello/hello.toy", "say hello\nenv GITHUB_TOKEN\n")
    lines = ["-vv lock", "-vv build --opt", "build --opt --explain", "config", "plan --format json"]
    said = [project.run(*line.split(), env=env) for line in lines]
    project.run("lock", env={**env, "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": ""})
    assert all(canary not in done.out + done.err for done in said)
    for root in (project.folder, project.home):
        for path in root.rglob("*"):
            assert not path.is_file() or canary.encode() not in path.read_bytes(), path


def test_F123_a_failure_leaves_the_old_artifact(project: Shell) -> None:
    """F123."""
    project.run("build", "--opt").ends(0)
    before = (project.folder / "dist/release/hello.wasm").read_bytes()
    with (project.folder / "dist/release/hello.wasm").open("rb") as held:
        project.write("hello/hello.toy", "say hello\nsay more\n")
        project.run("build", "--opt").ends(3)
        assert held.read() == before
    project.write("hello/hello.toy", "fail now\n")
    after = (project.folder / "dist/release/hello.wasm").read_bytes()
    project.run("build", "--opt").ends(1)
    assert (project.folder / "dist/release/hello.wasm").read_bytes() == after


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_F80_F82_signals_end_the_tools_too(number: int, code: int, project: Shell) -> None:
    """F80, F82."""
    pid = project.meeting / "pid"
    project.write("hello/hello.toy", f"sleep {pid}\n")
    command, pipe = [sys.executable, "-m", "wbuild", "build"], subprocess.PIPE
    process = subprocess.Popen(command, cwd=project.folder, env=project.env, stdout=pipe, stderr=pipe, text=True)
    while not (pid.exists() and pid.read_text()):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    project.write("hello/hello.toy", "say hello\n")
    project.run("build").ends(0)


def test_F84_a_killed_compiler_says_what_to_do(project: Shell) -> None:
    """F84."""
    project.write("hello/hello.toy", "die 9\n")
    done = project.run("build").ends(1)
    assert "error[WB102]: compile of hello failed: killed by signal 9 (out of memory?)\nhint: run fewer steps at once (-j); " in done.err


def test_F86_a_daemon_is_not_waited_for_and_holds_no_pipe_of_ours(project: Shell) -> None:
    """F86."""
    pid = project.meeting / "pid"
    project.write("hello/hello.toy", f"daemon {pid}\nsay hello\n")
    try:
        assert project.run("build").ends(0).out == "dist/dev/hello.wasm\n"
        os.kill(int(pid.read_text()), 0)
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


@pytest.mark.usefixtures("fences")
def test_F65_a_compiler_that_writes_into_the_project(project: Shell) -> None:
    """F65."""
    project.write("hello/hello.toy", f"sleep {project.folder / 'hello/hello.toy'}\nsay hello\n")
    before = project.read("hello/hello.toy")
    for _ in range(2):
        done = project.run("build")
        assert done.code == 1
        assert "error[WB109]: compile of hello failed: exit 1\n" in done.err
        assert f"Permission denied: '{project.folder / 'hello/hello.toy.aside'}'" in done.err
    assert project.read("hello/hello.toy") == before


def test_color(project: Shell) -> None:
    assert "\x1b[1mhello" in project.run("build", "--color=always").ends(0).err
    assert "\x1b[1mhello" in project.run("build", "--color=always").ends(0).err
    assert "\x1b" not in project.run("build", "--color", "never").ends(0).err
    assert "\x1b" not in project.run("build").ends(0).err
