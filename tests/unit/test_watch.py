"""`build --watch`: what is built again when something changes, what is said, and the program that runs meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import TEXT, WAT, Shop
from wbuild.errors import UsageError
from wbuild.session.asked import Asked
from wbuild.session.watch import Watching
from wbuild.session.watched_program import Program

TWO = WAT + '\n[artifact.sub]\nlang = "wat"\n'


class Script:
    """What happens in the folders while wbuild waits: one action a wait, and Ctrl-C after the last."""

    def __init__(self, *actions: Callable[[], object]) -> None:
        self.actions = list(actions)
        self.closed = 0

    def __call__(self, folders: Iterable[str]) -> Script:
        self.folders = set(folders)
        return self

    def wait(self) -> None:
        if not self.actions:
            raise KeyboardInterrupt
        self.actions.pop(0)()

    def close(self) -> None:
        self.closed += 1


def watched(shop: Shop, *actions: Callable[[], object], program: str = "", explain: bool = False) -> list[str]:
    """Lines of standard error, for people."""
    script = Script(*actions)
    watching = Watching(
        common=shop.another(), asked=Asked(), explain=explain, program=Program(name=program) if program else None, listen=script
    )
    with pytest.raises(KeyboardInterrupt):
        watching.forever()
    assert script.closed
    return shop.err.splitlines()


@pytest.fixture
def two(shop: Shop) -> Shop:
    shop.write("wbuild.toml", TWO)
    for name in ("add", "sub"):
        shop.write(f"{name}/{name}.wat", TEXT)
    shop.lock()
    return shop


def told(lines: list[str]) -> list[str]:
    """What each turn came to, without its time."""
    return [
        line.partition(" in ")[0]
        for line in lines
        if " s; " in line or line.startswith(("nothing to do", "failed", "rebuilt", "not built"))
    ]


def test_the_first_build_is_whole_and_the_next_says_what_was_rebuilt(two: Shop) -> None:
    lines = watched(two, lambda: two.write("sub/sub.wat", TEXT + ";; more\n"))
    assert "watching .; Ctrl-C ends" in lines
    assert told(lines) == ["rebuilt add, sub", "rebuilt sub"]
    assert two.out == "dist/dev/add.wasm\ndist/dev/sub.wasm\ndist/dev/sub.wasm\n"


def test_what_is_no_input_builds_nothing(two: Shop) -> None:
    lines = watched(two, lambda: two.write("notes.txt", "x"), lambda: two.write(".wbuild/x", "y"))
    assert told(lines) == ["rebuilt add, sub"]


def test_a_mistake_is_said_and_waited_out(two: Shop) -> None:
    lines = watched(two, lambda: two.write("wbuild.toml", TWO + "[what]\n"), lambda: two.write("wbuild.toml", TWO))
    assert any(line.startswith("error[WB2") for line in lines)
    assert told(lines) == ["rebuilt add, sub", "not built; waiting for a change", "nothing to do"]


def test_a_manifest_that_goes_may_come_back(two: Shop) -> None:
    lines = watched(two, (two.root / "wbuild.toml").unlink, lambda: two.write("wbuild.toml", TWO))
    assert "error[WB270]: no wbuild.toml in ." in lines
    assert told(lines)[1:] == ["not built; waiting for a change", "nothing to do"]


def test_a_failed_build_is_mended(two: Shop) -> None:
    def fail() -> None:
        two.programs["wat.py"] = lambda command: Answer(code=1, stderr="wrong")
        two.write("sub/sub.wat", "(wrong")

    def mend() -> None:
        del two.programs["wat.py"]
        two.write("sub/sub.wat", TEXT + ";; mended\n")

    assert told(watched(two, fail, mend)) == ["rebuilt add, sub", "failed: sub", "rebuilt sub"]


def test_what_is_wrong_with_the_command_line_ends_it(shop: Shop) -> None:
    with pytest.raises(UsageError, match="no artifact matches"):
        Watching(common=shop.another(), asked=Asked(words=("nothing",)), explain=False, program=None, listen=Script()).forever()


def test_no_project_at_all(shop: Shop) -> None:
    (shop.root / "wbuild.toml").unlink()
    with pytest.raises(UsageError, match=r"no wbuild\.toml"):
        Watching(common=shop.another(), asked=Asked(), explain=False, program=None, listen=Script())


def test_a_folder_that_has_gone_ends_it(two: Shop, tmp_path: Path) -> None:
    script = Script(lambda: two.root.rename(tmp_path / "elsewhere"))
    with pytest.raises(UsageError, match="was watched, and has gone"):
        Watching(common=two.another(), asked=Asked(), explain=False, program=None, listen=script).forever()


class Running:
    """A program that runs until it is stopped, or ends by itself with a code."""

    def __init__(self) -> None:
        self.ended: int | None = None
        self.stopped = False

    def code(self) -> int | None:
        return self.ended

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def runs(two: Shop) -> list[Running]:
    """The programs that were started, in their order."""
    started: list[Running] = []

    def background(command: object) -> Running:
        started.append(Running())
        return started[-1]

    two.runner.background = background  # type: ignore[method-assign]
    return started


def test_the_program_starts_again_when_its_artifact_was_built(two: Shop, runs: list[Running]) -> None:
    lines = watched(two, lambda: two.write("add/add.wat", TEXT + ";; more\n"), lambda: two.write("sub/sub.wat", TEXT + "\n"), program="sub")
    assert [line for line in lines if line.startswith("running")] == ["running sub", "running sub"]
    assert [run.stopped for run in runs] == [True, True]
    assert two.out == ""


def test_a_program_whose_artifact_failed_goes_on(two: Shop, runs: list[Running]) -> None:
    def fail() -> None:
        assert not runs[0].stopped
        two.programs["wat.py"] = lambda command: Answer(code=1, stderr="wrong")
        two.write("sub/sub.wat", "(wrong")

    watched(two, fail, lambda: None, program="sub")
    assert len(runs) == 1


def test_a_program_that_ends_by_itself_is_said_once(two: Shop, runs: list[Running]) -> None:
    def end() -> None:
        runs[0].ended = 3

    lines = watched(two, end, lambda: None, lambda: None, program="add")
    assert lines.count("add ended: exit 3") == 1
    assert not runs[0].stopped


def test_a_program_that_is_not_built_here(two: Shop) -> None:
    watching = Watching(common=two.another(), asked=Asked(), explain=False, program=Program(name="ad"), listen=Script())
    with pytest.raises(UsageError) as caught:
        watching.forever()
    problem = caught.value.problems[0]
    assert (problem.code, problem.hint) == ("WB229", "there is: add, sub")


def test_what_the_machine_lacks_is_said_and_waited_for(two: Shop) -> None:
    two.settings["offline"] = True
    lines = watched(two)
    assert any(line.startswith("error[WB4") for line in lines)
    assert told(lines) == ["failed: add, sub"]
