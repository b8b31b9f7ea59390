"""Did a run do what its check says? The builtin `judge`, and the wording of what differs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Final

from wbuild.builtins.outcome import Outcome, read
from wbuild.model.happened import CheckVerdict
from wbuild.model.planned import JSON
from wbuild.text import show, units

__all__ = ["compare", "judge"]

_SHOWN: Final = 72
"""Columns of a line shown in a message."""


def judge(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes]:
    """Builtin: [outcome, content of stdout-file or nothing] → [JSON of a CheckVerdict].

    `args`: the fields of `model.written.Check` as JSON (absent ones have their defaults), and `runtime`.
    """
    stdout = inputs[1] if len(inputs) > 1 else None
    verdict = compare(args, read(inputs[0]), stdout)
    doc = {
        "name": verdict.name,
        "runtime": verdict.runtime,
        "status": verdict.status,
        "message": verdict.message,
        "fuel": verdict.fuel,
    }
    return [json.dumps(doc, sort_keys=True).encode()]


def compare(check: Mapping[str, JSON], outcome: Outcome, stdout: bytes | None = None) -> CheckVerdict:
    """The verdict over one run; `stdout` is the content of the check's stdout-file."""
    name, runtime = str(check.get("name") or "check"), str(check.get("runtime") or outcome.runtime)
    if outcome.error is not None:
        return CheckVerdict(name=name, runtime=runtime, status="error", message=show.escape(outcome.error, cap=400))
    differences = list(_ending(check, outcome))
    if outcome.limit is None:
        differences += _output(check, outcome, stdout)
    message = "\n".join(differences)
    return CheckVerdict(name=name, runtime=runtime, status="failed" if message else "passed", message=message, fuel=outcome.fuel)


def _ending(check: Mapping[str, JSON], outcome: Outcome) -> Sequence[str]:
    """How the run ended, against how it should have."""
    if outcome.limit is not None:
        return [_limit(outcome.limit, check)]
    if check.get("traps"):
        if outcome.trap is not None:
            return []
        ended = "returned" if check.get("invoke") else f"ended with exit code {outcome.exit}"
        return [f"expected a trap, but it {ended}"]
    if outcome.trap is not None:
        return [f"trapped: {show.escape(outcome.trap, cap=200)}{_said(outcome.stderr)}"]
    expected = _whole(check.get("exit"))
    actual = 0 if outcome.exit is None else outcome.exit
    return [] if actual == expected else [f"exit code {actual}, expected {expected}{_said(outcome.stderr)}"]


def _limit(limit: str, check: Mapping[str, JSON]) -> str:
    seconds, fuel, memory, output = (check.get(name) for name in ("timeout", "fuel", "memory", "output"))
    match limit:
        case "time" | "timeout" | "seconds":
            allowed = units.show_duration(float(str(seconds))) if seconds else "it may"
            return f"stopped at the limit of time: it ran longer than {allowed}"
        case "fuel":
            allowed = f"{units.show_count(_whole(fuel))} instructions" if fuel else "it may"
            return f"stopped at the limit of fuel: it executed more than {allowed}"
        case "memory":
            allowed = units.show_size(_whole(memory)) if memory else "it may"
            return f"stopped at the limit of memory: it needed more than {allowed}"
        case "output":
            allowed = units.show_size(_whole(output)) if output else "it may"
            return f"stopped at the limit of output: it wrote more than {allowed}"
        case _:
            return f"stopped at the limit of {show.escape(limit, cap=80)}"


def _output(check: Mapping[str, JSON], outcome: Outcome, stdout: bytes | None) -> Sequence[str]:
    expected = stdout if stdout is not None else _encoded(check.get("stdout"))
    found = []
    if expected is not None and expected != outcome.stdout:
        found.append(_difference("stdout", expected, outcome.stdout))
    errors = _encoded(check.get("stderr"))
    if errors is not None and errors != outcome.stderr:
        found.append(_difference("stderr", errors, outcome.stderr))
    returns = check.get("returns")
    if returns is not None and outcome.trap is None and not _same_values(str(returns), outcome.returns or ()):
        actual = show.escape(", ".join(outcome.returns or ()), cap=200) or "nothing"
        found.append(f"returned {actual}, expected {show.escape(str(returns), cap=200) or 'nothing'}")
    return found


def _encoded(text: JSON) -> bytes | None:
    return None if text is None else str(text).encode("utf-8", "surrogateescape")


def _whole(value: JSON) -> int:
    return int(value) if isinstance(value, (int, float)) else 0


def _difference(stream: str, expected: bytes, actual: bytes) -> str:
    """The first line that differs, both sides."""
    pairs = zip_longest(expected.splitlines(keepends=True), actual.splitlines(keepends=True))
    for number, (want, got) in enumerate(pairs, 1):
        if want != got:
            return f"{stream} differs at line {number}:\n  expected {_line(want, got)}\n  actual   {_line(got, want)}"
    raise AssertionError  # equal lines make equal texts


def _line(line: bytes | None, other: bytes | None) -> str:
    """One side of a difference: an absent line, or its text, starting near the first different character when it is long."""
    if line is None:
        return "(nothing more)"
    text, against = (side.decode("utf-8", "backslashreplace") for side in (line, other or b""))
    ending = "" if text.rstrip("\r\n") != against.rstrip("\r\n") else "  (the line ends differ)"
    if not ending:
        text = text.removesuffix("\n") if text != "\n" else text
    same = next((at for at, (a, b) in enumerate(zip(text, against, strict=False)) if a != b), min(len(text), len(against)))
    start = max(0, same - _SHOWN // 2) if len(text) > _SHOWN else 0
    lead = "…" if start else ""
    return f'{lead}"{show.escape(text[start : start + 4 * _SHOWN], cap=_SHOWN)}"{ending}'


def _said(stderr: bytes) -> str:
    """The last line of standard error that is not empty, which is where programs say why they gave up."""
    lines = [line for line in stderr.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    return f' (stderr ends: "{show.escape(lines[-1].strip(), cap=_SHOWN)}")' if lines else ""


def _same_values(expected: str, actual: Sequence[str]) -> bool:
    if expected.strip() == ", ".join(actual).strip():
        return True
    wanted = [word.strip() for word in expected.split(",")] if expected.strip() else []
    return len(wanted) == len(actual) and all(_same_value(*pair) for pair in zip(wanted, actual, strict=True))


def _same_value(expected: str, actual: str) -> bool:
    """Equal as text or as numbers: 0x10 and 16, 1.50 and 1.5, nan and nan."""
    if expected == actual:
        return True
    try:
        return int(expected, 0) == int(actual, 0)
    except ValueError:
        pass
    try:
        want, got = float(expected), float(actual)
    except ValueError:
        return False
    return want == got or (want != want and got != got)  # noqa: PLR0124 - only NaN differs from itself
