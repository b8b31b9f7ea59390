"""Programs that a killed wbuild has left: which are ended, and which are not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cli.watched import alive
from wbuild.doors.orphans import end_orphans


@contextmanager
def sleeper(**env: str) -> Iterator[int]:
    """A process that sleeps, as soon as it has its own environment."""
    code = "import sys, time; print(flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-I", "-c", code], env=env, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process.pid
        finally:
            process.kill()


def test_only_those_below_the_folder_end(tmp_path: Path) -> None:
    folder, link = tmp_path / "tmp", tmp_path / "link"
    folder.mkdir()
    link.symlink_to(folder)
    ours = [f"{folder}/step/tmp", f"{link}/step/tmp", f"{folder}/gone"]
    others = [str(folder), f"{folder}2/step/tmp", f"{folder}/../step", "", "/", str(tmp_path), "tmp/step"]
    with ExitStack() as stack:
        ending = [stack.enter_context(sleeper(TMPDIR=place)) for place in ours]
        staying = [stack.enter_context(sleeper(TMPDIR=place)) for place in others]
        staying.append(stack.enter_context(sleeper(HOME=f"{folder}/step/home")))
        assert end_orphans("TMPDIR", folder) == len(ending)
        assert not any(map(alive, ending))
        assert all(map(alive, staying))
        assert end_orphans("TMPDIR", folder) == 0


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    with sleeper(TMPDIR=os.fspath(tmp_path)) as pid:
        assert end_orphans("TMPDIR", tmp_path / "never") == 0
        assert alive(pid)
