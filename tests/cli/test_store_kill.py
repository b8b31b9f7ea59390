"""Installations that are killed or raced: FAULTS F51 to F53, with real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.store_child import PIN, store
from wbuild.store import CHECKPOINTS

ROOT = Path(__file__).parents[2]
BARE = replace(PIN, bin={})


def child(root: Path, checkpoint: str = "none", delay: float = 0.0) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "tests.cli.store_child", str(root), checkpoint, str(delay)]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str], timeout: float = 60) -> tuple[int, str]:
    out, error = process.communicate(timeout=timeout)
    return process.returncode, out + error


def downloads(root: Path) -> int:
    return len(root.with_name("downloads").read_text())


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_F51_killed_anywhere_the_next_run_succeeds(tmp_path: Path, checkpoint: str) -> None:
    root = tmp_path / "store"
    code, said = ended(child(root, checkpoint))
    assert code == -signal.SIGKILL, said
    here = store(root, "none", 0, tmp_path / "downloads")
    assert here.has(BARE) is (checkpoint == "store.after-rename")
    assert ended(child(root))[0] == 0
    assert here.damage(BARE) == ()
    left = [path.name for path in (root / "store-v2").glob(".tmp-*")]
    assert left == [] or checkpoint == "store.after-rename"
    here.repair(BARE, lambda event: None)
    assert list((root / "store-v2").glob(".tmp-*")) == []


def test_every_checkpoint_is_reached(tmp_path: Path) -> None:
    reached: list[str] = []
    here = store(tmp_path / "store", "none", 0, tmp_path / "downloads")
    here._checkpoint = reached.append
    here.ensure([BARE], lambda event: None)
    assert tuple(reached) == CHECKPOINTS


def test_F52_eight_processes_download_once(tmp_path: Path) -> None:
    root = tmp_path / "store"
    results = [ended(process) for process in [child(root, delay=0.5) for _ in range(8)]]
    assert [code for code, _ in results] == [0] * 8, results
    assert downloads(root) == 1
    assert sum("new in the store" in said for _, said in results) == 1


def test_F53_a_holder_that_is_killed_lets_the_next_one_in(tmp_path: Path) -> None:
    root = tmp_path / "store"
    holder = child(root, delay=60)
    assert holder.stdout is not None
    assert "downloading" in holder.stdout.readline()
    waiter = child(root)
    time.sleep(1)
    assert waiter.poll() is None
    holder.kill()
    holder.wait()
    assert ended(waiter, timeout=15)[0] == 0  # its own patience is 20 s
    assert holder.stderr is not None
    holder.stdout.close()
    holder.stderr.close()


def test_F53_a_holder_that_is_stopped_is_named(tmp_path: Path) -> None:
    root = tmp_path / "store"
    holder = child(root, delay=2)
    assert holder.stdout is not None
    holder.stdout.readline()
    holder.send_signal(signal.SIGSTOP)
    try:
        waiter = child(root)
        assert waiter.stdout is not None
        line = waiter.stdout.readline()
        assert line == f"waiting for pid {holder.pid} (this host) to install tool 1.0\n"
    finally:
        holder.send_signal(signal.SIGCONT)
    assert ended(holder)[0] == 0
    assert ended(waiter)[0] == 0
    assert downloads(root) == 1
