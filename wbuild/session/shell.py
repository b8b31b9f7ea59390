"""`build --shell`: a shell in the folder and with the environment of a step that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from wbuild.engine.failure import repeat, title
from wbuild.errors import UsageError
from wbuild.model.happened import Result
from wbuild.session.project import shown
from wbuild.session.session import Session
from wbuild.terminal.console import Console

PROMPT: Final = "(wbuild) $ "


def require_terminal(console: Console) -> None:
    """Raises UsageError where nobody can type."""
    if not (console.answers() and console.out.isatty()):
        raise UsageError("WB229", "--shell needs a terminal", hint="without one, the hint of a failed step holds a line that repeats it")


def after_failure(session: Session, results: Sequence[Result]) -> None:
    """Open the user's shell for the first step whose program failed; nothing happens when none did.

    The step's private folder stays until the shell ends: other builds of the project wait. Raises UsageError, MachineError.
    """
    failed = {result.step for result in results if result.status == "failed"}
    engine = session.engine()
    step = next((step for step in session.plan.steps if step.name in failed and engine.left(step)), None)
    if step is None:
        if failed:
            session.console.note("no program failed, so there is no folder to open a shell in")
        return
    shell = session.world.shell
    if not Path(shell).is_file():
        raise UsageError("WB229", f"SHELL names {shell}, which is no program", hint="correct the variable, or unset it")
    with engine.kept(step) as command:
        folder = engine.folder(step)
        session.console.calm()
        session.console.write(f"shell in {shown(folder)}, with the environment of {title(step)}; `exit` ends it")
        session.console.write(f"to repeat the step: {repeat(step, command, inside=True)}")
        env = {**command.env, "PS1": PROMPT, "TERM": session.world.terminal}
        session.world.doors.runner.interactive(replace(command, argv=(shell,), cwd=folder, env=env))
