"""What a runner says about one run of an artifact: the JSON "wbuild.outcome/1"."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from wbuild.errors import BugError
from wbuild.text import show
from wbuild.toml.from_json import parse

__all__ = ["SCHEMA", "Outcome", "changed", "read"]

SCHEMA: Final = "wbuild.outcome/1"
Stream = Annotated[bytes, "base64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run. At most one of `trap`, `limit` and `error` is set."""

    runtime: str
    version: str = ""
    """Version of the runtime."""
    exit: int | None = None
    """Exit code; None when the run did not get that far."""
    stdout: Stream = b""
    stderr: Stream = b""
    returns: tuple[str, ...] | None = None
    """Values of the invoked function, as the check writes them; None when nothing was invoked."""
    trap: str | None = None
    """Reason of the trap that ended the run."""
    limit: str | None = None
    """The limit that ended the run: time, fuel, memory, output, …"""
    fuel: int | None = None
    """Instructions executed; None after the limit of time, where a loop is stopped before it is counted."""
    memory_pages: int | None = None
    """Pages of linear memory at the end, 64 KiB each; None when no memory can be seen from outside."""
    error: str | None = None
    """The runtime could not run it: does not load, an import is missing, the function does not exist."""
    schema: Literal["wbuild.outcome/1"] = SCHEMA


def read(data: bytes | None) -> Outcome:
    """Decode a runner's JSON. A runner that left nothing is an outcome with `error`. Raises BugError WB930 for another form."""
    if data is None:
        return Outcome(runtime="", error="the runner ended without an outcome")
    try:
        found = parse(Outcome, data)
    except ValueError as error:
        raise BugError("WB930", f"a runner's outcome is not {SCHEMA}: {error}") from None
    return replace(found, fuel=None) if found.limit == "time" else found


def changed(before: Outcome, after: Outcome | None) -> str:
    """What is different in words that fit before the name of a check; "" when it is the same."""
    if after is None or after.error is not None:
        return "could not be run in"
    if after.limit is not None:
        return f"ran into the limit of {show.escape(after.limit, cap=40)} in"
    trapped = before.trap is not None, after.trap is not None
    differences = (
        (trapped == (False, True), "trapped in"),
        (trapped == (True, False), "no longer trapped in"),
        (before.stdout != after.stdout, "changed the output of"),
        (before.exit != after.exit, "changed the exit code of"),
        (before.returns != after.returns, "changed the returned value of"),
        (not any(trapped) and before.stderr != after.stderr, "changed the error output of"),
    )
    return next((words for differs, words in differences if differs), "")
