"""How a failed step is told: what, its own output, and the command line to repeat it by hand."""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Command, Exit
from wbuild.doors.regular import opened
from wbuild.engine.refusal import REFUSED
from wbuild.errors import MachineError, Problem, UsageError, WbuildError
from wbuild.model.planned import Step
from wbuild.sources.client import refusal
from wbuild.text.redact import HIDDEN

_HEAD: Final = 48 << 10
_TAIL: Final = 16 << 10
KILLED: Final = 9
_WASM: Final = b"\0asm"
MAKEFLAGS: Final = "MAKEFLAGS"
"""Names the jobserver of one run."""
_ADVICE: Final = {"WB109": "a step may write its outputs and its scratch folder (TMPDIR) only, never into the project; "}


def title(step: Step) -> str:
    """How messages name a step: "compile of hello src/a.c"."""
    return f"{step.verb} of {step.label}"


def ended_by(done: Exit) -> int:
    """The signal that ended a program, also when a program in between reported it as exit code 137; 0 for none."""
    return KILLED if done.code == 128 + KILLED else done.signal


def how(step: Step, done: Exit) -> str:
    """How a program ended, in words."""
    if done.timed_out:
        return f"time-out after {step.timeout:g} s"
    number = ended_by(done)
    if number:
        return f"killed by signal {number}" + (" (out of memory?)" if number == KILLED else "")
    return f"exit {done.code}"


def failed(step: Step, done: Exit, command: Command, log: Path) -> Problem:
    """The problem of a program that did not end well."""
    if done.cancelled:
        return Problem(code="WB108", message=f"{title(step)} was interrupted")
    code = "WB103" if done.timed_out else "WB102" if ended_by(done) else "WB492" if step.network else "WB101"
    text = said(log)
    answer = refusal(text) if code == "WB492" else ""
    if code == "WB101" and command.fence is not None and REFUSED.search(text):
        code = "WB109"
    by_hand = f"to repeat it: {repeat(step, command)}"
    advice = "run fewer steps at once (-j); " if code == "WB102" and ended_by(done) == KILLED else _ADVICE.get(code, "")
    if answer:
        code = "WB425"
        advice = "the registry wants credentials, or others: `wbuild explain WB425` says where its client takes them; "
    why = f"the registry refuses it ({answer})" if answer else how(step, done)
    return Problem(code=code, message=f"{title(step)} failed: {why}", hint=advice + by_hand, detail=text)


def unfetched(step: Step, text: str = "") -> Problem:
    """The problem of a fetch step under --offline; `text` is what its client said that had to make do with what is there."""
    return Problem(
        code="WB493",
        message=f"{title(step)} needs the network, and --offline forbids it",
        hint="run `wbuild fetch` once without --offline",
        detail=text,
    )


def repeat(step: Step, command: Command, *, inside: bool = False) -> str:
    """A shell line that runs the step's program again; `inside` a shell that has the step's environment.

    A fetch step's environment is the client's own, and never shown.
    """
    secret = () if inside else step.hidden
    shown = [f"{name}={HIDDEN if name in secret else value}" for name, value in sorted(command.env.items()) if name != MAKEFLAGS]
    env = [] if step.network or inside else ["env", "-i", *shown]
    line = f"cd {shlex.quote(str(command.cwd))} && {shlex.join([*env, *command.argv])}"
    return f"{line} < {shlex.quote(str(command.stdin))}" if command.stdin else line


def said(log: Path) -> str:
    """A tool's output as text, its middle left out when it is long."""
    try:
        with opened(log) as file:
            data = file.read(_HEAD + _TAIL + 1)
            if len(data) > _HEAD + _TAIL:
                size = file.seek(0, os.SEEK_END)
                file.seek(size - _TAIL)
                left = size - _HEAD - _TAIL
                data = data[:_HEAD] + f"\n[wbuild: {left} bytes left out, all of it is in {log}]\n".encode() + file.read()
    except OSError:
        return ""
    return data.decode("utf-8", "replace")


def merged(problems: Sequence[Problem]) -> Problem:
    """One problem that says all of several."""
    first = problems[0]
    if len(problems) == 1:
        return first
    others = "\n".join(f"error[{p.code}]: {p.message}" + (f"\nhint: {p.hint}" if p.hint else "") for p in problems[1:])
    detail = f"{first.detail}\n{others}" if first.detail else others
    return replace(first, detail=detail, log="")


def raised(error: WbuildError) -> Problem:
    """The problem of a step that raised."""
    return merged(error.problems)


def missing_output(step: Step, path: str, what: str) -> Problem:
    """F64: the program said that all is well, but the output is not there."""
    return Problem(
        code="WB104",
        message=f"{title(step)} ended well, but its output {path} {what}",
        hint="the step's command line must write that file; see the log of the step in .wbuild/log",
    )


def replaceable(root: Path, path: str, written: str) -> None:
    """Raise UsageError when what stands at a copy's place is neither a Wasm file nor what wbuild wrote (`written`: its SHA-256, or "")."""
    target = Path(os.path.realpath(root / path))
    if not target.is_relative_to(os.path.realpath(root)):
        message = f"{path} leads out of the project through a link"
        raise UsageError("WB252", message, hint="put a folder or file in the place of the link, or choose another `out`")
    if not os.path.lexists(target):
        return
    try:
        with opened(target) as file:
            data = file.read(len(_WASM))
            if data == _WASM or (written and hashlib.sha256(data + file.readall()).hexdigest() == written):
                return
    except OSError:  # whatever it is, it is no Wasm file
        pass
    raise UsageError(
        "WB252",
        f"`out` would replace {path}, which is no Wasm file, and which wbuild did not write",
        hint="choose another file; `out-replaces = true` in the artifact's table lets it replace this one",
    )


def free(step: Step, target: Path, path: str) -> None:
    """Raise MachineError when a folder stands where an output goes: what is in it may be anybody's."""
    if target.is_dir() and not target.is_symlink():
        message = f"{title(step)} cannot put {path} in place: a folder of this name is there"
        raise MachineError("WB645", message, hint="move the folder away, or remove it")
