"""Running a builtin step: bytes in, bytes out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from wbuild.builtin import only_copies
from wbuild.doors.machine import machine_errors
from wbuild.engine.session import Session
from wbuild.errors import BugError
from wbuild.model.planned import Builtin, Step


def run_builtin(session: Session, step: Step) -> dict[str, bytes | Path | None]:
    """Contents of the step's outputs. Raises what the function raises (ArtifactError …), BugError for a function that is wrong."""
    action = step.action
    assert isinstance(action, Builtin)
    function = session.builtins.get(action.name)
    if function is None:
        raise BugError("WB904", f"step {step.name}: there is no builtin {action.name!r}")
    contents = [None if path in session.absent else _read(session.root / path) for path in step.inputs]
    run = function if only_copies(action.name, action.args) else partial(session.pool.run, function)
    made = run(action.args, contents)
    if len(made) != len(step.outputs):
        raise BugError("WB904", f"step {step.name}: builtin {action.name} gave {len(made)} outputs instead of {len(step.outputs)}")
    return dict(zip(step.outputs, made, strict=True))


def _read(path: Path) -> bytes:
    with machine_errors(path, "read"):
        return path.read_bytes()
