"""The engine with real processes: Ctrl-C, worker processes of builtins, real programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.doors import fake_doors
from tests.unit.engine_world import FakeStore, builtin_step, tool_step
from wbuild.cache import Cache
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.process import ProcessRunner
from wbuild.engine import Engine
from wbuild.engine.pool import Pool
from wbuild.errors import ArtifactError, StepError
from wbuild.model.happened import Result
from wbuild.model.planned import JSON, Out, Plan, Python, Step

BIG = b"x" * (300 << 10)


def which_process(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    return [str(os.getpid()).encode()]


def refuse(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    raise ArtifactError("WB301", "not a module", hint="look")


def die(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def engine(folder: Path) -> Engine:
    files = RealFiles()
    doors = fake_doors(runner=ProcessRunner(grace=0.5), files=files, clock=SystemClock())
    cache = Cache(folder / "cache", files)
    builtins = {"which": which_process, "refuse": refuse}
    return Engine(root=folder / "p", doors=doors, store=FakeStore(folder / "store"), cache=cache, jobs=4, builtins=builtins)


def run(folder: Path, *steps: Step) -> dict[str, Result]:
    (folder / "p").mkdir(exist_ok=True)
    return {result.step: result for result in engine(folder).execute(Plan(steps=steps, products=()))}


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


SCRIPT = """
import sys
from pathlib import Path
from tests.cli.test_engine_processes import python_step, run
from wbuild.engine import Interrupted

SLEEPER = '''
import subprocess, sys, time, signal, pathlib, os
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[1]).write_text("half")
pathlib.Path(f"{os.getpid()}.pid").write_text(f"{os.getpid()} {child.pid}\\\\n")
time.sleep(60)
'''
try:
    run(Path(sys.argv[1]), *(python_step(f"s{n}", SLEEPER) for n in range(4)))
except Interrupted as error:
    sys.exit(130 if all(r.status == "failed" for r in error.results) else 1)
"""


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_F80_ctrl_c_leaves_no_process_and_no_output(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)], stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])
    project = tmp_path / "p"
    for _ in range(1000):
        if len([p for p in project.glob("*.pid") if p.read_text().endswith("\n")]) == 4:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=40)  # they sleep for a minute
    assert (process.returncode, said) == (130, b"")
    pids = [int(pid) for path in project.glob("*.pid") for pid in path.read_text().split()]
    assert len(pids) == 8
    assert all(ended(pid) for pid in pids)
    assert not [name for name in ("s0", "s1", "s2", "s3") if (project / name).exists()]
