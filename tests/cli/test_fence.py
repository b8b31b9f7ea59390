"""What a step cannot touch: each line of docs/explanation/security.md, tried by a program inside the fence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.test_engine_processes import engine
from tests.unit.engine_world import tool_step
from wbuild.doors import fence, landlock, seccomp
from wbuild.engine.events import Note
from wbuild.model.happened import Result
from wbuild.model.planned import Out, Plan, Python, Scratch, SharedCache, State, Step, Word

pytestmark = pytest.mark.usefixtures("fences")
TRY = """
import sys
def attempt():
    {code}
try:
    attempt()
except OSError as error:
    print("refused", error.errno)
else:
    print("done")
open(sys.argv[1], "w").write("x")
"""


def trial(folder: Path, code: str, *words: str | Word, **more: object) -> str:
    """What a step says that tries something: "done", or "refused" with the number of the error."""
    argv: list[str | Word] = [(Python(),), "-I", "-c", TRY.replace("{code}", code), (Out("x"),), *words]
    result = build(folder, tool_step("x", [], ["x"], argv, **more))[0]["x"]
    assert result.problem is None, result.problem
    return (folder / "p" / result.log).read_text().strip()


def build(folder: Path, *steps: Step) -> tuple[dict[str, Result], list[str]]:
    """Results by name, and what was noted."""
    (folder / "p").mkdir(exist_ok=True)
    made = engine(folder, 0.5)
    notes: list[str] = []
    object.__setattr__(made, "on_event", lambda event: notes.append(event.message) if isinstance(event, Note) else None)
    return {result.step: result for result in made.execute(Plan(steps=steps, products=()))}, notes


def needs(version: int) -> None:
    if landlock.version() < version:
        pytest.skip(f"this kernel has Landlock {landlock.version()}, and only {version} can refuse that")


def needs_filter() -> None:
    if not seccomp.can_filter():
        pytest.skip("this system has no seccomp, or wbuild does not know the numbers of its calls")


@pytest.mark.parametrize(
    "name", ["secret", "home/.ssh/id", "other/file", "p/not-declared", "p/.git/config", "cache/cache-v1/ac/x", "store/x/y"]
)
def test_files_that_no_step_declares_cannot_be_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    assert trial(tmp_path, f"open({str(path)!r}).read()") == "refused 13"
    assert trial(tmp_path, f"__import__('os').listdir({str(path.parent)!r})") == "refused 13"


@pytest.mark.parametrize("name", ["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/ssh", "/proc", "/proc/1/environ", "/proc/1/cmdline"])
def test_secrets_of_the_system_cannot_be_read(tmp_path: Path, name: str) -> None:
    if not Path(name).exists():
        pytest.skip(f"this system has no {name}")
    how = f"__import__('os').listdir({name!r})" if Path(name).is_dir() else f"open({name!r}, 'rb').read(1)"
    assert trial(tmp_path, how) == "refused 13"


def test_the_environment_of_wbuild_cannot_be_read(tmp_path: Path) -> None:
    assert trial(tmp_path, f"open('/proc/{os.getpid()}/environ', 'rb').read(1)") == "refused 13"
    assert trial(tmp_path, "open(f'/proc/{__import__(\"os\").getppid()}/environ', 'rb').read(1)") == "refused 13"


@pytest.mark.parametrize("name", ["home/.bashrc", "other/new", "cache/cache-v1/ac/x", "cache/shared/other/x", "store/store-v1/x", "p/new"])
def test_nothing_but_scratch_state_and_named_caches_can_be_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    assert trial(tmp_path, f"open({str(path)!r}, 'w')") == "refused 13"
    assert not path.exists()
    path.write_text("here")
    for code in (
        "open(P, 'a')",
        "__import__('os').unlink(P)",
        "__import__('os').link(P, sys.argv[2])",
        "__import__('os').rename(P, sys.argv[2])",
    ):
        said = trial(tmp_path, code.replace("P", repr(str(path))), (Scratch("there"),))
        assert said in ("refused 13", "refused 18"), code
    assert path.read_text() == "here"


def test_files_cannot_be_cut_by_name(tmp_path: Path) -> None:
    needs(3)
    path = tmp_path / "file"
    path.write_text("here")
    assert trial(tmp_path, f"__import__('os').truncate({str(path)!r}, 0)") == "refused 13"


@pytest.mark.parametrize("folder", ["/tmp", "/var/tmp", "/dev"])
def test_folders_of_everybody_cannot_be_written(tmp_path: Path, folder: str) -> None:
    assert trial(tmp_path, f"__import__('tempfile').mkstemp(dir={folder!r})") == "refused 13"


def test_scratch_state_and_named_caches_can_be_written(tmp_path: Path) -> None:
    for place in ((State("s"),), (Scratch("s"),), (SharedCache("zig"), "/s")):
        assert trial(tmp_path, "open(sys.argv[2], 'w').write('x')", place, state="st") == "done"
    assert trial(tmp_path, "open('/dev/null', 'w').write('x')") == "done"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices")
def test_devices_cannot_be_made_or_read(tmp_path: Path) -> None:
    made = "__import__('os').mknod(sys.argv[2], 0o60600, 0)"
    assert trial(tmp_path, made, (Scratch("disk"),)) == "refused 13"
    for name in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/tty"):
        if Path(name).exists():
            assert trial(tmp_path, f"open({name!r}, 'rb')") in ("refused 13", "refused 1", "refused 6")


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", "AF_PACKET"])
def test_steps_that_compile_have_no_sockets(tmp_path: Path, family: str) -> None:
    needs_filter()
    if not hasattr(socket, family):
        pytest.skip(f"this system has no {family}")
    assert trial(tmp_path, f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)") == "refused 97"
    assert trial(tmp_path, f"import socket; socket.socket(socket.{family}, socket.SOCK_STREAM)") == "refused 97"


def test_pairs_of_sockets_stay_but_none_that_could_write_elsewhere(tmp_path: Path) -> None:
    needs_filter()
    assert trial(tmp_path, "import socket; socket.socketpair()") == "done"
    assert trial(tmp_path, "import socket; socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)") == "refused 97"


def test_without_a_filter_landlock_still_refuses_tcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(4)
    monkeypatch.setattr(seccomp, "can_filter", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert trial(tmp_path, f"import socket; socket.create_connection(('127.0.0.1', {port}))") == "refused 13"
        assert trial(tmp_path, "import socket; socket.create_server(('127.0.0.1', 0))") == "refused 13"


def test_steps_that_fetch_have_the_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        said: list[bytes] = []

        def answer() -> None:
            connection, _ = server.accept()
            said.append(connection.recv(5))
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        code = f"import socket, sys; socket.create_connection(('127.0.0.1', {port})).send(b'hello')"
        step = tool_step("f", [], ["f"], [(Python(),), "-I", "-c", code, (SharedCache("c"),)], network=True)
        assert build(tmp_path, step)[0]["f"].problem is None
        thread.join()
    assert said == [b"hello"]


def test_steps_that_fetch_write_only_where_they_keep_things(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    code = "import sys; open(sys.argv[1] + '/x', 'w'); open(sys.argv[2], 'w')"
    for name in ("home/x", "p/x", "cache/cache-v1/x"):
        argv: list[str | Word] = [(Python(),), "-I", "-c", code, (SharedCache("c"),), str(tmp_path / name)]
        problem = build(tmp_path, tool_step("f", [], ["f"], argv, network=True))[0]["f"].problem
        assert problem is not None
        assert "Permission denied" in problem.detail
    assert (tmp_path / "cache/shared/c/x").exists()


def test_steps_that_fetch_have_a_folder_of_their_own_for_temporary_files(tmp_path: Path) -> None:
    code = "import os, sys, tempfile; f, name = tempfile.mkstemp(); open(sys.argv[1] + '/where', 'w').write(name)"
    step = tool_step("f", [], ["f"], [(Python(),), "-I", "-c", code, (SharedCache("c"),)], network=True)
    assert build(tmp_path, step)[0]["f"].problem is None
    where = Path((tmp_path / "cache/shared/c/where").read_text())
    assert not where.is_relative_to(tmp_path / "p")
    assert not where.parent.exists()


def test_signals_do_not_reach_out(tmp_path: Path) -> None:
    needs(6)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        assert trial(tmp_path, f"__import__('os').kill({process.pid}, 9)") == "refused 1"
        assert process.poll() is None
        process.kill()
    assert trial(tmp_path, f"__import__('os').kill({os.getpid()}, 0)") == "refused 1"


CALL = """
    import ctypes
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(NUMBER, 0, 0, 0, 0, 0) == -1:
        raise OSError(ctypes.get_errno(), '')
""".strip()


@pytest.mark.parametrize(
    ("name", "number"), [("mount", 0), ("ptrace", 6), ("bpf", 9), ("keyctl", 14), ("unshare", 4), ("open_by_handle_at", 15)]
)
def test_calls_that_no_step_needs(tmp_path: Path, name: str, number: int) -> None:
    needs_filter()
    refused = seccomp.refused()
    assert trial(tmp_path, CALL.replace("NUMBER", str(refused[number]))) == "refused 1", name


def test_rings_are_off(tmp_path: Path) -> None:
    needs_filter()
    assert trial(tmp_path, CALL.replace("NUMBER", "425")) == "refused 38"


def test_what_programs_need_works_inside(tmp_path: Path) -> None:
    code = """
    import multiprocessing, subprocess, tempfile, threading, time
    assert subprocess.check_output(["/bin/sh", "-c", "echo hi"]) == b"hi\\n"
    tempfile.TemporaryFile().write(b"x")
    threading.Thread(target=time.time).start()
    multiprocessing.get_context("fork").Queue()
    open("/dev/urandom", "rb").read(8)
    assert open("/proc/meminfo").read() and time.localtime()
""".strip()
    assert trial(tmp_path, code) == "done"


def test_declared_folders_are_open_without_what_wbuild_and_git_keep_in_them(tmp_path: Path) -> None:
    project = tmp_path / "p"
    for name in ("a/b/c", ".git/config", "dist/dev/x", "top"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    for name, said in (
        ("a/b/c", "done"),
        ("top", "done"),
        (".git/config", "refused 13"),
        ("dist/dev/x", "refused 13"),
        (".wbuild/index", "refused 13"),
    ):
        assert trial(tmp_path, f"open({name!r})", roots=(".",)) == said
    assert trial(tmp_path, "open('./top')", roots=("a",)) == "refused 13"
    assert trial(tmp_path, "open('./a/b/c')", roots=("a",)) == "done"
    assert trial(tmp_path, "__import__('os').listdir('.')", roots=(".",)) == "done"
    (tmp_path / "secret").write_text("secret")
    (project / "link").symlink_to("../secret")
    (project / "there").symlink_to("a")
    assert trial(tmp_path, "open('link')", roots=(".",)) == "refused 13"
    assert trial(tmp_path, "open('there/b/c')", roots=("there",)) == "done"


def test_links_upward_are_no_maze(tmp_path: Path) -> None:
    project = tmp_path / "p"
    (project / "a/b").mkdir(parents=True)
    (project / "top").write_text("x")
    for name, target in (("self", "."), ("a/up", ".."), ("a/b/root", "../.."), ("through", "a/up"), ("round", "round")):
        (project / name).symlink_to(target)
    assert trial(tmp_path, "open('a/b/root/self/through/top')", roots=(".",)) == "done"
    (tmp_path / "aside").write_text("x")
    results, _ = build(tmp_path, reader("../aside", roots=(".",)))
    assert results["x"].status == "ran"


def test_a_link_opens_nothing_that_wbuild_and_git_keep(tmp_path: Path) -> None:
    """In CI `.git/config` holds a token: a repository with a link to it would have it in an artifact."""
    project = tmp_path / "p"
    for name in (".git/config", ".git/x/y", "dist/dev/x"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("secret")
    for name, target in (("config", ".git/config"), ("git", ".git"), ("deep", ".git/x"), ("made", "dist")):
        (project / name).symlink_to(target)
    for name in ("config", "git/config", "deep/y", "made/dev/x"):
        folder = name.partition("/")[0]
        for more in ({"roots": (".",)}, {"roots": (folder,)}, {"roots": (".",), "candidates": (name,)}):
            assert trial(tmp_path, f"open({name!r})", **more) == "refused 13"
    assert trial(tmp_path, "open('.git/config')", roots=(".",), candidates=(".git/config",)) == "done"


def test_what_wbuild_keeps_in_another_place_is_read_where_it_is(tmp_path: Path) -> None:
    """WBUILD_WORK, or a link that is meant: what one step has made is the next one's input."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work/made").write_text("hello")
    (tmp_path / "work/deeper").symlink_to("../secret")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "p").mkdir()
    (tmp_path / "p/.wbuild").symlink_to("../work")
    results, notes = build(tmp_path, reader(".wbuild/made", [".wbuild/made"], roots=(".",)))
    assert (results["x"].status, results["x"].kept, notes) == ("ran", True, [])
    assert trial(tmp_path, "open('.wbuild/deeper')", candidates=(".wbuild/deeper",), roots=(".",)) == "refused 13"


def test_code_of_the_project_reads_no_folder_that_its_key_leaves_out(tmp_path: Path) -> None:
    project = tmp_path / "p"
    for name in ("a/own", "a/node_modules/m/x", "a/data/x", "a/data/out/x", "a/other/deep/x", "a/empty/none/"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            (project / name).write_text("x")
    known = {"roots": ("a",), "candidates": ("a/own", "a/data/x"), "own_code": True}
    for name, said in (("a/own", "done"), ("a/data/x", "done")):
        assert trial(tmp_path, f"open({name!r})", **known) == said
    (project / "a/data/late").write_text("x")
    for name in ("a/node_modules/m/x", "a/data/out/x", "a/other/deep/x", "a/data/late"):
        assert trial(tmp_path, f"open({name!r})", **known) == "refused 13"
        assert trial(tmp_path, f"open({name!r}, 'rb')", **{**known, "own_code": False}) == "done"  # its tool tells what it has read
    assert trial(tmp_path, "__import__('os').listdir('a/empty')", **known) == "done"
    results, notes = build(tmp_path, reader("a/data/out/x", roots=("a",), candidates=("a/data/x",), own_code=True))
    assert (results["x"].status, results["x"].kept) == ("ran", False)
    assert notes[0].endswith('write `inputs = ["data/out/x"]` below [artifact.app]')


def test_names_alone_may_be_seen_where_that_is_declared(tmp_path: Path) -> None:
    (tmp_path / "p/crates/a").mkdir(parents=True)
    (tmp_path / "p/crates/a/x").write_text("x")
    for code, said in (("__import__('os').listdir('crates')", "done"), ("open('crates/a/x')", "refused 13")):
        assert trial(tmp_path, code, listed=("crates",)) == said


def reader(name: str, inputs: Sequence[str] = (), **more: object) -> Step:
    code = "import sys; data = open(sys.argv[2]).read(); print('read'); open(sys.argv[1], 'w').write(data)"
    return tool_step("x", inputs, ["x"], [(Python(),), "-I", "-c", code, (Out("x"),), name], **more)


def test_a_step_that_reads_what_it_does_not_declare_runs_once_more(tmp_path: Path) -> None:
    (tmp_path / "p/shared").mkdir(parents=True)
    (tmp_path / "p/shared/text").write_text("hello")
    for _ in range(2):
        results, notes = build(tmp_path, reader("shared/text", roots=("a",)))
        assert (results["x"].status, results["x"].kept, (tmp_path / "p/x").read_text()) == ("ran", False, "hello")
        said = "make of x reads shared/text, which it does not declare: its result is used, but not kept; "
        assert notes == [f'{said}write `inputs = ["../shared/text"]` below [artifact.app]']
    results, notes = build(tmp_path, reader("shared/text", ["shared/text"], roots=("a",)))
    assert (results["x"].status, results["x"].kept, notes) == ("ran", True, [])


def test_a_file_above_the_project_too_but_never_a_secret(tmp_path: Path) -> None:
    (tmp_path / "settings").write_text("hello")
    results, notes = build(tmp_path, reader("../settings"))
    assert (results["x"].status, results["x"].kept) == ("ran", False)
    said = "make of x reads files of the project or above it, which it does not declare: its result is used, but not kept; "
    assert notes == [f"{said}name what it reads in `inputs` below [artifact.app]"]
    for name in (".netrc", ".ssh/id"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("secret")
        problem = build(tmp_path, reader(f"../{name}"))[0]["x"].problem
        assert problem is not None
        assert problem.code == "WB109"


def test_a_plain_error_takes_no_second_run(tmp_path: Path) -> None:
    code = "import sys; open(sys.argv[2] + '/ran', 'a').write('x'); sys.exit('a.c:1: error: use of undeclared identifier')"
    step = tool_step("x", [], ["x"], [(Python(),), "-I", "-c", code, (Out("x"),), (SharedCache("c"),)])
    assert build(tmp_path, step)[0]["x"].problem is not None
    assert (tmp_path / "cache/shared/c/ran").read_text() == "x"


def test_the_mechanism_has_a_name() -> None:
    assert fence.mechanism().startswith("Landlock ")
