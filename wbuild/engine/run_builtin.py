"""Running a builtin step: bytes in, bytes out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from wbuild.builtins.table import COPY, only_copies
from wbuild.doors.machine import machine_errors
from wbuild.doors.regular import opened
from wbuild.engine.failure import title
from wbuild.engine.folders import files_in, is_folder
from wbuild.engine.session import Run
from wbuild.errors import BugError, StepError
from wbuild.model.planned import Builtin, Step, Word
from wbuild.steps.words import expand


def run_builtin(session: Run, step: Step) -> dict[str, bytes | Path | None]:
    """Contents of the step's outputs. Raises what the function raises (ArtifactError …), BugError for a function that is wrong."""
    action = step.action
    assert isinstance(action, Builtin)
    if action.name == COPY:
        return _copies(session, step)
    contents = [None if path in session.absent else _read(session.root / path) for path in step.inputs]
    made = _made(session, step, action, contents)
    if len(made) != len(step.outputs):
        raise BugError("WB904", f"step {step.name}: builtin {action.name} gave {len(made)} outputs instead of {len(step.outputs)}")
    return dict(zip(step.outputs, made, strict=True))


def _copies(session: Run, step: Step) -> dict[str, bytes | Path | None]:
    """What the builtin `copy` makes: the inputs as they are, folders file by file."""
    made: dict[str, bytes | Path | None] = {}
    for path, output in zip(step.inputs, step.outputs, strict=True):
        place = session.root / path
        made[output] = None if path in session.absent else place
        if is_folder(path) and path not in session.absent:
            made |= {f"{output}{name}": place / name for name in files_in(place)}
    return made


def _made(session: Run, step: Step, action: Builtin, contents: Sequence[bytes | None]) -> Sequence[bytes | None]:
    if action.worker and action.name in session.asking:
        return session.asking[action.name](action.args, contents, partial(_ask, session, step, action.worker))
    function = session.builtins.get(action.name)
    if function is None:
        raise BugError("WB904", f"step {step.name}: there is no builtin {action.name!r}")
    run = function if only_copies(action.name, action.args) else partial(session.pool.run, function)
    return run(action.args, contents)


def _ask(session: Run, step: Step, worker: tuple[Word, ...], question: bytes) -> bytes:
    """What the step's program answers. Raises StepError when it does not."""
    answer = session.workers.ask(expand(worker, session.places(step)), question, step.timeout)
    if answer is None:
        hint = "it is started anew for each build; if it happens again, the file is too much for it"
        raise StepError("WB102", f"{title(step)} failed: its program was ended, or took longer than {step.timeout:g} s", hint=hint)
    return answer


def _read(path: Path) -> bytes:
    with machine_errors(path, "read"), opened(path, follow=True) as file:
        return file.readall()
