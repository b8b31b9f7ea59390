"""The engine with real processes: Ctrl-C, worker processes of builtins, real programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.cli.toys import REPOSITORY
from tests.cli.watched import gone
from tests.doors import fake_doors
from tests.unit.engine_world import FakeStore, builtin_step, tool_step
from wbuild.cache import Cache
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.process import ProcessRunner
from wbuild.engine import Engine, Interrupted, StepStarted
from wbuild.engine.pool import Pool
from wbuild.errors import ArtifactError, StepError
from wbuild.model.happened import Result
from wbuild.model.planned import JSON, Out, Plan, Python, Scratch, SharedCache, State, Step, Word

BIG = b"x" * (300 << 10)


def which_process(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    return [str(os.getpid()).encode()]


def refuse(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    raise ArtifactError("WB301", "not a module", hint="look")


def die(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def engine(folder: Path, grace: float) -> Engine:
    files = RealFiles()
    doors = fake_doors(runner=ProcessRunner(grace=grace), files=files, clock=SystemClock())
    cache = Cache(folder / "cache", files)
    builtins = {"which": which_process, "refuse": refuse}
    return Engine(root=folder / "p", doors=doors, store=FakeStore(folder / "store"), cache=cache, jobs=4, builtins=builtins)


def run(folder: Path, *steps: Step, grace: float = 0.5) -> dict[str, Result]:
    (folder / "p").mkdir(exist_ok=True)
    return {result.step: result for result in engine(folder, grace).execute(Plan(steps=steps, products=()))}


def python_step(name: str, code: str, **more: object) -> Step:
    return tool_step(name, [], [name], [(Python(),), "-I", "-c", code, (Out(name),)], **more)


def test_real_programs_run_and_fail(tmp_path: Path) -> None:
    good = python_step("good", "import sys; open(sys.argv[1], 'w').write('made'); print('said')")
    bad = python_step("bad", "import sys; sys.stdout.buffer.write(b'\\xff no\\n'); sys.exit(3)")
    results = run(tmp_path, good, bad)
    assert (tmp_path / "p/good").read_text() == "made"
    assert (tmp_path / "p" / results["good"].log).read_text() == "said\n"
    problem = results["bad"].problem
    assert problem is not None
    assert (problem.message, problem.detail) == ("make of bad failed: exit 3", "� no\n")
    again = subprocess.run(["sh", "-c", problem.hint.removeprefix("to repeat it: ")], capture_output=True, check=False)
    assert (again.returncode, again.stdout) == (3, b"\xff no\n")
    assert run(tmp_path, good)["good"].status == "cached"


def test_builtins_with_big_inputs_run_in_other_processes(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "big").write_bytes(BIG)
    (tmp_path / "p" / "small").write_bytes(b"x")
    steps = [builtin_step(n, [n], [f"{n}.pid"], does="which") for n in ("big", "small")]
    results = run(tmp_path, *steps, builtin_step("no", ["big"], ["no"], does="refuse"))
    assert int((tmp_path / "p/small.pid").read_text()) == os.getpid()
    assert int((tmp_path / "p/big.pid").read_text()) != os.getpid()
    problem = results["no"].problem
    assert problem is not None
    assert (problem.code, problem.message, problem.hint) == ("WB301", "not a module", "look")


def test_F84_a_killed_worker_process_is_an_error_and_the_next_one_works() -> None:
    pool = Pool(1)
    with pytest.raises(StepError, match="out of memory"):
        pool.run(die, {}, [BIG])
    assert pool.run(which_process, {}, [BIG]) not in ([str(os.getpid()).encode()], [])
    pool.close()
    pool.close(now=True)


POOL = """
import time
from tests.cli.test_engine_processes import BIG, which_process
from wbuild.engine.pool import Pool
if __name__ == "__main__":
    print(Pool(1).run(which_process, {}, [BIG])[0].decode(), flush=True)
    time.sleep(600)
"""


def test_F80_worker_processes_end_with_a_wbuild_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(POOL)
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=env) as process:
        try:
            assert process.stdout is not None
            worker = int(process.stdout.readline())
        finally:
            process.kill()
    gone(worker)


WRITER = """
import pathlib, sys
for name in sys.argv[2:]:
    path = pathlib.Path(name)
    {action}
pathlib.Path(sys.argv[1]).write_text("made")
"""


@pytest.mark.usefixtures("fences")
@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("path.write_text('x')", "new"),
        ("path.write_text('x')", "in.c"),
        ("path.open('a').write('x')", "sub/in.c"),
        ("path.unlink()", "in.c"),
        ("__import__('os').truncate(path, 0)", "in.c"),
        ("path.rename('other.c')", "in.c"),
        ("path.mkdir()", "folder"),
        ("path.symlink_to('in.c')", "link"),
        ("pathlib.Path(sys.argv[1]).write_text('x'); pathlib.Path(sys.argv[1]).rename(path)", "in.c"),
    ],
)
def test_F65_a_step_that_writes_into_the_project_fails(tmp_path: Path, action: str, name: str) -> None:
    project = tmp_path / "p"
    (project / "sub").mkdir(parents=True)
    for source in ("in.c", "sub/in.c"):
        (project / source).write_text("source")
    before = sorted(p.relative_to(project) for p in project.rglob("*"))
    action = WRITER.replace("{action}", action)
    argv: list[str | Word] = [(Python(),), "-I", "-c", action, (Out("x"),), name]
    for _ in range(2):
        result = run(tmp_path, tool_step("x", ["in.c"], ["x"], argv))["x"]
        assert result.problem is not None
        assert (result.problem.code, result.problem.message) == ("WB109", "make of x failed: exit 1")
        assert f"Permission denied: '{name}'" in result.problem.detail or f"-> '{name}'" in result.problem.detail or name == "in.c"
        assert result.problem.hint.startswith("a step may write its outputs and its scratch folder (TMPDIR) only")
    assert [(project / source).read_text() for source in ("in.c", "sub/in.c")] == ["source", "source"]
    assert sorted(p.relative_to(project) for p in project.rglob("*") if ".wbuild" not in p.parts) == before
    assert not (project / "x").exists()


def test_F65_scratch_state_and_shared_caches_may_be_written(tmp_path: Path) -> None:
    action = WRITER.replace("{action}", "path.mkdir(parents=True, exist_ok=True); (path / 'f').write_text('x')")
    code = f"import os, tempfile; tempfile.mkstemp(); open('/dev/null', 'w'); os.mkdir(os.environ['HOME'] + '/x')\n{action}"
    places: list[str | Word] = [(State("s"),), (Scratch("t"),), (SharedCache("zig"),)]
    argv: list[str | Word] = [(Python(),), "-I", "-c", code, (Out("x"),), *places]
    for name in ("one", "two"):  # the second run in the same project makes its folders anew
        results = run(tmp_path, tool_step(name, [], ["x"], argv, state="st"))
        assert results[name].problem is None
    assert (tmp_path / "cache/shared/zig/f").exists()
    assert (tmp_path / "p/.wbuild/state-dirs/st/s/f").exists()


FILL = """
import fcntl, pathlib, sys, time
out, cache = map(pathlib.Path, sys.argv[1:])
(cache / f"{out.name}.began").touch()
with (cache / "lock").open("w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    end = time.monotonic() + 60
    while len(list(cache.glob("*.began"))) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    if not (cache / "library").exists():
        with (cache / "made").open("a") as made:
            made.write(f"by one of {len(list(cache.glob('*.began')))}")
        (cache / "library").write_text("library")
out.write_text((cache / "library").read_text())
"""
"""A tool that keeps a library for all projects, as zig keeps its libc: made under its own lock, while another project waits for it."""


def test_F75_two_projects_share_the_cache_of_a_tool(tmp_path: Path) -> None:
    results: dict[str, Result] = {}
    (tmp_path / "cache").mkdir()

    def build(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "cache").symlink_to(tmp_path / "cache")
        argv: list[str | Word] = [(Python(),), "-I", "-c", FILL, (Out(name),), (SharedCache("tool"),)]
        results.update(run(folder, tool_step(name, [], [name], argv)))

    threads = [threading.Thread(target=build, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert {name: result.status for name, result in results.items()} == {"one": "ran", "two": "ran"}
    assert (tmp_path / "cache/shared/tool/made").read_text() == "by one of 2"
    assert [(tmp_path / name / "p" / name).read_text() for name in ("one", "two")] == ["library", "library"]


SCRIPT = """
import sys
from pathlib import Path
from tests.cli.test_engine_processes import SLEEPER, python_step, run
from tests.unit.engine_world import tool_step
from wbuild.model.planned import Out, Python, SharedCache
from wbuild.engine import Interrupted

folder = Path(sys.argv[1])
run(folder, python_step("kept", "import sys; open(sys.argv[1], 'w').write('made')"))
words = [(Python(),), "-I", "-c", SLEEPER]
sleepers = [tool_step(f"s{n}", [], [f"s{n}"], [*words, (Out(f"s{n}"),), (SharedCache("pids"),)]) for n in range(4)]
try:
    run(folder, *sleepers, grace=float(sys.argv[2]))
except Interrupted as error:
    sys.exit(130 if all(r.status == "failed" for r in error.results) else 1)
"""
SLEEPER = """
import os, pathlib, signal, subprocess, sys, time
pids = pathlib.Path(sys.argv[2])
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"])
signal.signal(signal.SIGTERM, lambda *_: (pids / f"{os.getpid()}.term").touch())
pathlib.Path(sys.argv[1]).write_text("half")
(pids / f"{os.getpid()}.pid").write_text(f"{os.getpid()} {child.pid}\\n")
while True:
    time.sleep(600)
"""
"""Does not end at TERM, and has a child that does not either."""


@pytest.fixture
def pids(tmp_path: Path) -> Iterator[Callable[[], list[int]]]:
    """Ids of the sleepers and their children that have begun; none is left behind."""

    def found() -> list[int]:
        return [int(pid) for path in tmp_path.glob("cache/shared/pids/*.pid") for pid in path.read_text().split()]

    yield found
    for pid in found():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def sleeping(tmp_path: Path) -> Iterator[Callable[[float], subprocess.Popen[bytes]]]:
    """Starts four sleepers with a time of grace."""
    started: list[subprocess.Popen[bytes]] = []

    def start(grace: float) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-c", SCRIPT, str(tmp_path), str(grace)]
        started.append(subprocess.Popen(argv, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]))
        assert soon(lambda: len([p for p in tmp_path.glob("cache/shared/pids/*.pid") if p.read_text().endswith("\n")]) == 4)
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def soon(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within a while."""
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_F80_ctrl_c_leaves_no_process_and_no_output(
    tmp_path: Path, pids: Callable[[], list[int]], sleeping: Callable[[float], subprocess.Popen[bytes]]
) -> None:
    process = sleeping(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"")
    assert len(pids()) == 8
    assert all(soon(partial(ended, pid)) for pid in pids())
    assert sorted(path.name for path in (tmp_path / "p").iterdir()) == [".wbuild", "kept"]


def test_F81_a_second_ctrl_c_while_the_first_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes when the programs have been told to end, and before anybody waits for them."""
    cancel, calls = ProcessRunner.cancel, list[bool]()

    def interrupted(self: ProcessRunner, *, now: bool = False) -> None:
        cancel(self, now=now)
        calls.append(now)
        if not now:
            raise KeyboardInterrupt

    def first(event: object) -> None:
        if isinstance(event, StepStarted):
            raise KeyboardInterrupt

    monkeypatch.setattr(ProcessRunner, "cancel", interrupted)
    step = python_step("x", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    (tmp_path / "p").mkdir()
    with pytest.raises(Interrupted) as caught:
        replace(engine(tmp_path, 600.0), on_event=first).execute(Plan(steps=(step,), products=()))
    assert calls == [False, True]
    assert [result.status for result in caught.value.results] == ["failed"]


def test_F81_a_second_ctrl_c_does_not_wait(
    tmp_path: Path, pids: Callable[[], list[int]], sleeping: Callable[[float], subprocess.Popen[bytes]]
) -> None:
    process = sleeping(600.0)
    process.send_signal(signal.SIGINT)
    assert soon(lambda: len(list(tmp_path.glob("cache/shared/pids/*.term"))) == 4)
    assert not any(ended(pid) for pid in pids())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert all(soon(partial(ended, pid)) for pid in pids())
