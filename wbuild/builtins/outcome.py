"""What a runner says about one run of an artifact: the JSON "wbuild.outcome/1"."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Final

from wbuild.errors import BugError

__all__ = ["SCHEMA", "Outcome", "read"]

SCHEMA: Final = "wbuild.outcome/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One run. At most one of `trap`, `limit` and `error` is set."""

    runtime: str
    version: str = ""
    """Version of the runtime."""
    exit: int | None = None
    """Exit code; None when the run did not get that far."""
    stdout: bytes = b""
    stderr: bytes = b""
    returns: tuple[str, ...] | None = None
    """Values of the invoked function, as the check writes them; None when nothing was invoked."""
    trap: str | None = None
    """Reason of the trap that ended the run."""
    limit: str | None = None
    """The limit that ended the run: time, fuel, memory, output, …"""
    fuel: int | None = None
    """Instructions executed; None after the limit of time, where a loop is stopped before it is counted."""
    memory_pages: int = 0
    """Pages of linear memory at the end, 64 KiB each."""
    error: str | None = None
    """The runtime could not run it: does not load, an import is missing, the function does not exist."""


def read(data: bytes | None) -> Outcome:
    """Decode a runner's JSON. A runner that left nothing is an outcome with `error`. Raises BugError WB930 for another form."""
    if data is None:
        return Outcome(runtime="", error="the runner ended without an outcome")
    try:
        return _decode(json.loads(data))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise BugError("WB930", f"a runner's outcome is not {SCHEMA}: {error!r}") from None


def _decode(doc: dict[str, object]) -> Outcome:
    if doc.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(doc["schema"])
    returns, limit = doc.get("returns"), _text(doc.get("limit"))
    return Outcome(
        runtime=str(doc["runtime"]),
        version=str(doc.get("version") or ""),
        exit=_number(doc.get("exit")),
        stdout=_bytes(doc.get("stdout")),
        stderr=_bytes(doc.get("stderr")),
        returns=None if returns is None else tuple(str(value) for value in _list(returns)),
        trap=_text(doc.get("trap")),
        limit=limit,
        fuel=None if limit == "time" else _number(doc.get("fuel")),
        memory_pages=_number(doc.get("memory_pages")) or 0,
        error=_text(doc.get("error")),
    )


def _number(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int):
        raise TypeError(value)
    return int(value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _bytes(value: object) -> bytes:
    return base64.b64decode(str(value or ""), validate=True)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(value)
    return value
