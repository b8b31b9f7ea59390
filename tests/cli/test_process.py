"""The runner's promises, on real programs: no shell, capped output, whole groups ended, nothing leaked."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wbuild.doors import process
from wbuild.doors.interfaces import Command
from wbuild.doors.pipes import SelectDrain, ThreadDrain
from wbuild.doors.process import ProcessRunner
from wbuild.errors import MachineError, ProvisionError, StepError


@pytest.fixture(params=[SelectDrain, ThreadDrain])
def runner(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ProcessRunner]:
    """Both ways of reading pipes; no descriptor is left open but that of the keeper, which comes with the first program and stays."""
    monkeypatch.setattr(process, "drain", request.param)
    made = ProcessRunner(grace=0.3)
    made.run(python("pass", tmp_path), log=tmp_path / "first")
    before = open_files()
    yield made
    assert open_files() == before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0


def python(code: str, cwd: Path, **more: object) -> Command:
    return Command(argv=(sys.executable, "-I", "-c", code), cwd=cwd, **more)  # type: ignore[arg-type]


def ended(pid: int) -> bool:
    """Gone, or a zombie that only waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def soon(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within a while: a signal that was sent has not arrived yet."""
    end = time.monotonic() + 30
    while not true() and time.monotonic() < end:
        time.sleep(0.01)
    return true()


def wait_for(path: Path) -> str:
    for _ in range(500):
        if path.exists() and path.read_text().endswith("\n"):
            return path.read_text()
        time.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


def test_output_environment_and_input(runner: ProcessRunner, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("hello")
    code = "import os, sys; print(sorted(k for k in os.environ if k != 'LC_CTYPE'), sys.stdin.read()); sys.stderr.write('warned')"
    done = runner.run(python(code, tmp_path, env={"A": "1"}, stdin=tmp_path / "in.txt"), log=tmp_path / "log" / "x.txt")
    assert (done.code, done.signal, done.timed_out, done.truncated) == (0, 0, False, False)
    assert sorted((tmp_path / "log" / "x.txt").read_text().replace("\n", "").split("warned")) == ["", "['A'] hello"]


def test_stdout_to_a_file_and_stderr_to_the_log(runner: ProcessRunner, tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256))); sys.stderr.write('said')"
    assert runner.run(python(code, tmp_path, stdout=tmp_path / "out"), log=tmp_path / "log").code == 0
    assert (tmp_path / "out").read_bytes() == bytes(range(256))
    assert (tmp_path / "log").read_text() == "said"


def test_silence_leaves_no_log_but_an_empty_stdout(runner: ProcessRunner, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("of an earlier run")
    assert runner.run(python("", tmp_path, stdout=tmp_path / "out"), log=tmp_path / "log").code == 0
    assert (tmp_path / "out").read_bytes() == b""
    assert not (tmp_path / "log").exists()


def test_F76_a_program_that_finds_one_processor(runner: ProcessRunner, tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    count = python("import os; print(len(os.sched_getaffinity(0)))", tmp_path, confined=True)
    assert runner.run(count, log=tmp_path / "log").code == 0
    assert (tmp_path / "log").read_text() == "1\n"
    assert os.sched_getaffinity(0) == before


def test_exit_code_and_signal(runner: ProcessRunner, tmp_path: Path) -> None:
    assert runner.run(python("raise SystemExit(3)", tmp_path), log=tmp_path / "log").code == 3
    killed = runner.run(python("import os; os.kill(os.getpid(), 9)", tmp_path), log=tmp_path / "log")
    assert (killed.code, killed.signal) == (137, 9)


@pytest.mark.parametrize("piece", ["b'x' * 65536", "b'\\xff\\xfe' * 30000", "b'line\\n' * 10000"])
def test_F85_output_without_end_is_capped(runner: ProcessRunner, tmp_path: Path, piece: str) -> None:
    code = f"import sys\nfor _ in range(400): sys.stdout.buffer.write({piece})"
    done = runner.run(python(code, tmp_path, limit=100_000), log=tmp_path / "log")
    assert (done.code, done.truncated) == (0, True)
    text = (tmp_path / "log").read_bytes()
    assert len(text) < 100_200
    assert text.endswith(b"[wbuild: output was cut after 100000 bytes]\n")


def test_F85_output_that_never_ends_is_capped_and_ends_with_the_time_limit(runner: ProcessRunner, tmp_path: Path) -> None:
    code = "import sys\nwhile True: sys.stdout.buffer.write(b'\\xff' * 65536)"
    done = runner.run(python(code, tmp_path, limit=100_000, timeout=2.0), log=tmp_path / "log")
    assert (done.timed_out, done.truncated) == (True, True)
    assert (tmp_path / "log").stat().st_size < 100_200


def test_time_out_ends_the_whole_group(runner: ProcessRunner, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time, pathlib\n"
        "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'])\n"
        "pathlib.Path('pid').write_text(f'{child.pid}\\n'); time.sleep(600)"
    )
    runner.grace = 60.0  # so that it is TERM that ends it, however slow the machine is
    for seconds in (1.5, 6.0, 24.0):  # a busy machine needs longer until there is a child
        start = time.monotonic()
        done = runner.run(python(code, tmp_path, timeout=seconds), log=tmp_path / "log")
        assert (done.timed_out, done.signal) == (True, signal.SIGTERM)
        assert seconds <= time.monotonic() - start < seconds + 30
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().endswith("\n"):
            break
    child = int(wait_for(tmp_path / "pid"))
    assert soon(lambda: ended(child))


def test_F81_a_program_that_ignores_term_is_killed_after_the_grace(runner: ProcessRunner, tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
    done = runner.run(python(code, tmp_path, timeout=1.0), log=tmp_path / "log")
    assert (done.timed_out, done.signal) == (True, signal.SIGKILL)


def test_F80_cancel_ends_running_programs_and_refuses_new_ones(runner: ProcessRunner, tmp_path: Path) -> None:
    code = "import pathlib, os, time; pathlib.Path(f'pid').write_text(f'{os.getpid()}\\n'); time.sleep(60)"

    def cancel() -> None:
        wait_for(tmp_path / "pid")
        runner.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    done = runner.run(python(code, tmp_path), log=tmp_path / "log")
    thread.join()
    assert done.cancelled
    assert ended(int((tmp_path / "pid").read_text()))
    assert runner.run(python("", tmp_path), log=tmp_path / "log").cancelled


def test_F86_a_daemon_with_the_pipe_is_not_waited_for(runner: ProcessRunner, tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, pathlib\n"
        "d = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "print('started'); pathlib.Path('pid').write_text(f'{d.pid}\\n')"
    )
    assert runner.run(python(code, tmp_path), log=tmp_path / "log").code == 0
    assert (tmp_path / "log").read_text() == "started\n"
    os.kill(int(wait_for(tmp_path / "pid")), signal.SIGKILL)


def test_what_cannot_start_says_why(runner: ProcessRunner, tmp_path: Path) -> None:
    with pytest.raises(ProvisionError, match="there is no such program"):
        runner.run(Command(argv=(str(tmp_path / "none"),), cwd=tmp_path), log=tmp_path / "log")
    plain = tmp_path / "plain"
    plain.write_text("neither a script nor a program")
    with pytest.raises(MachineError, match="Permission denied"):
        runner.run(Command(argv=(str(plain),), cwd=tmp_path), log=tmp_path / "log")
    plain.chmod(plain.stat().st_mode | stat.S_IXUSR)
    with pytest.raises(ProvisionError, match="not a program for this machine"):
        runner.run(Command(argv=(str(plain),), cwd=tmp_path), log=tmp_path / "log")
    plain.write_text("#!/nowhere/interpreter\n")
    with pytest.raises(ProvisionError, match="interpreter or loader"):
        runner.run(Command(argv=(str(plain),), cwd=tmp_path), log=tmp_path / "log")
    with pytest.raises(MachineError, match="too long"):
        runner.run(python("", tmp_path, env={"X": "x" * 4_000_000}), log=tmp_path / "log")
    with pytest.raises(MachineError, match="no such folder"):
        runner.run(python("", tmp_path / "gone"), log=tmp_path / "log")


def test_F112_words_reach_the_program_unchanged(runner: ProcessRunner, tmp_path: Path) -> None:
    words = ("$(touch x)", "`touch x`", ";", "&&", "a\nb", "'", '"', "*", "", "\udcff")
    code = "import sys; sys.stdout.buffer.write(b'|'.join(w.encode('utf-8', 'surrogateescape') for w in sys.argv[1:]))"
    command = Command(argv=(sys.executable, "-X", "utf8", "-I", "-c", code, *words), cwd=tmp_path, stdout=tmp_path / "out")
    assert runner.run(command, log=tmp_path / "log").code == 0
    assert (tmp_path / "out").read_bytes() == b"|".join(w.encode("utf-8", "surrogateescape") for w in words)
    assert not (tmp_path / "x").exists()


def test_interactive_gives_the_programs_own_code(tmp_path: Path) -> None:
    assert ProcessRunner().interactive(python("raise SystemExit(7)", tmp_path)) == 7
    assert ProcessRunner().interactive(python("import os; os.kill(os.getpid(), 9)", tmp_path)) == 137


STUBBORN = (
    "import subprocess, sys, pathlib, os, signal, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "child = subprocess.Popen([sys.executable, '-I', '-c', 'import time; time.sleep(60)'])\n"
    "pathlib.Path('pid').write_text(f'{os.getpid()} {child.pid}\\n')\n"
    "time.sleep(float(sys.argv[1]))"
)


def stubborn(tmp_path: Path, seconds: str) -> Command:
    return Command(argv=(sys.executable, "-I", "-c", STUBBORN, seconds), cwd=tmp_path)


def test_F81_a_program_beside_wbuild_is_stopped_with_all_that_it_started(tmp_path: Path) -> None:
    running = ProcessRunner(grace=0.3).background(stubborn(tmp_path, "60"))
    try:
        pids = [int(pid) for pid in wait_for(tmp_path / "pid").split()]
        assert running.code() is None
    finally:
        running.stop()
    assert soon(lambda: all(ended(pid) for pid in pids))
    assert running.code() == 128 + signal.SIGKILL
    running.stop()


def test_a_program_beside_wbuild_that_ends_leaves_nothing(tmp_path: Path) -> None:
    runner = ProcessRunner()
    running = runner.background(stubborn(tmp_path, "0"))
    pids = [int(pid) for pid in wait_for(tmp_path / "pid").split()]
    assert soon(lambda: running.code() is not None)
    assert running.code() == 0
    assert soon(lambda: all(ended(pid) for pid in pids))
    with pytest.raises(ProvisionError, match="there is no such program"):
        runner.background(Command(argv=(str(tmp_path / "none"),), cwd=tmp_path))


ANSWERS = """
import sys, time
while line := sys.stdin.buffer.readline():
    data = sys.stdin.buffer.read(int(line))
    if data == b"die":
        sys.exit(1)
    if data == b"sleep":
        time.sleep(60)
    print(len(data), flush=True)
"""


def test_a_conversation_answers_big_and_small_questions_of_several_threads(runner: ProcessRunner, tmp_path: Path) -> None:
    conversation = runner.converse(python(ANSWERS, tmp_path))
    found: dict[int, bytes | None] = {}

    def ask(size: int) -> None:
        found[size] = conversation.ask(b"x" * size, 60)

    threads = [threading.Thread(target=ask, args=(size,)) for size in (0, 1, 5_000_000, 70_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    conversation.stop()
    conversation.stop()
    assert found == {size: b"%d" % size for size in found}
    assert conversation.ask(b"more", 60) is None


def test_a_conversation_ends_with_its_program_and_at_the_limit_of_time(runner: ProcessRunner, tmp_path: Path) -> None:
    for question, seconds in ((b"die", 60.0), (b"sleep", 0.3)):
        conversation = runner.converse(python(ANSWERS, tmp_path))
        assert conversation.ask(question, seconds) is None
        assert conversation.ask(b"again", 60) is None


def test_cancelling_ends_a_conversation_too(runner: ProcessRunner, tmp_path: Path) -> None:
    conversation = runner.converse(python(ANSWERS, tmp_path))
    threading.Timer(0.3, runner.cancel).start()
    with pytest.raises(StepError, match="interrupted"):
        conversation.ask(b"sleep", 60)


def test_a_program_that_is_not_there_answers_nothing(runner: ProcessRunner, tmp_path: Path) -> None:
    with pytest.raises(ProvisionError):
        runner.converse(Command(argv=("/nowhere/program",), cwd=tmp_path))
