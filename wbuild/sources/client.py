"""Starting package clients (pip, npm, apt): environment, output, and what their failures mean."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Command, Doors
from wbuild.doors.machine import disk_full, machine_errors
from wbuild.doors.places import has_home
from wbuild.errors import IntegrityError, ProvisionError, WbuildError
from wbuild.sources.clients import seen_by
from wbuild.text.redact import redactor

TAIL: Final = 4000
"""Characters of a client's output that an error shows."""
_TURN: Final = threading.BoundedSemaphore(2 * (os.cpu_count() or 1))
"""Clients compute as much as they wait, so more at once only get into each other's way."""
_TOKENS = re.compile(r"((?:_authToken|_auth|_password|Authorization)\s*[:=]\s*)\S.*", re.IGNORECASE)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|[\x00-\x08\x0b-\x1f\x7f]")
_DIFFERENT = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY|Hash Sum mismatch")
_FULL = re.compile(r"No space left on device|ENOSPC|Disk quota exceeded|EDQUOT|File too large")
_UNREACHABLE = re.compile(
    r"Retrying \(Retry|ConnectTimeout|ReadTimeout|NewConnectionError|ProxyError|SSLError|CERTIFICATE_VERIFY_FAILED"
    r"|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET_TIMEOUT|UNABLE_TO_VERIFY|SELF_SIGNED_CERT"
    r"|Could not resolve|Temporary failure|Could not connect|Unable to connect|Cannot initiate the connection|Connection failed"
    r"|Connection timed out|Network is unreachable|Certificate verification failed|Could not handshake|\b(?:407|50[0234])  [A-Z]"
)
_REFUSED = re.compile(r"\b(40[13])  ?(?:Client Error|Unauthorized|Forbidden)|\bE(40[13])\b|\bgot (40[13])\b")
_NO_TOKEN = re.compile(r"\bplease run `cargo login\b|\brequire a credential-provider\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOutcome:
    """How a run of a package client ended."""

    code: int
    said: str
    """What it said besides the answer: warnings and errors, without credentials and control characters."""


@contextmanager
def scratch(inside: Path | None = None) -> Iterator[Path]:
    """A folder for one run of a client, removed afterwards; in the system's folder for temporary files if not `inside` another.

    Raises MachineError when it cannot be made.
    """
    with machine_errors(inside or Path(tempfile.gettempdir()), "make a temporary folder in"):
        folder = tempfile.TemporaryDirectory(prefix=".tmp-wbuild-", dir=inside)
    with folder as name:
        yield Path(name)


def clean(text: str, env: Mapping[str, str]) -> str:
    """A client's output as it may be shown and kept: no credentials, those of its environment neither, no escape sequences."""
    return _TOKENS.sub(r"\1***", redactor(env)(_CONTROL.sub("", text))).strip()


def run_client(
    argv: Sequence[str], *, client: str, doors: Doors, folder: Path, env: Mapping[str, str], stdout: Path | None = None
) -> ClientOutcome:
    """Run a client to its end in an own folder; `client` says which variables of the user it sees.

    Raises ProvisionError when it cannot be started or was ended.
    """
    log = folder / f"log-{len(list(folder.iterdir()))}.txt"
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))
    home = {} if has_home(doors.client_env) else {"HOME": str(folder)}
    seen = {**seen_by(client, doors.client_env), **temporary, **home, **env}
    command = Command(argv=tuple(argv), cwd=folder, env=seen, stdout=stdout, timeout=3600.0)
    with _TURN:
        result = doors.runner.run(command, log=log)
    said = clean(log.read_text("utf-8", "replace"), doors.client_env) if log.exists() else ""
    if result.cancelled or result.timed_out:
        raise ProvisionError(
            "WB414", f"{_program(argv)} was {'interrupted' if result.cancelled else 'ended after an hour'}", detail=said[-TAIL:]
        )
    return ClientOutcome(code=result.code, said=said)


def failure(argv: Sequence[str], outcome: ClientOutcome, *, what: str, folder: Path) -> WbuildError:
    """The error for a client that failed to `what`, by what it said."""
    said = outcome.said
    program = _program(argv)
    if _DIFFERENT.search(said):
        return IntegrityError(
            "WB510",
            f"cannot {what}: what the registry sent has another digest than the lock",
            hint="the file was replaced upstream, or something in between changes it; never build with it",
            detail=said[-TAIL:],
        )
    if _FULL.search(said):
        return disk_full(folder, what)
    answer = refusal(said)
    if answer:
        return ProvisionError(
            "WB411",
            f"cannot {what}: the registry answers {answer}",
            hint=f"check the credentials in {program}'s own configuration",
            detail=said[-TAIL:],
        )
    if _UNREACHABLE.search(said):
        return ProvisionError(
            "WB410",
            f"cannot {what}: the registry cannot be reached",
            hint=f"check the network, the proxy settings and {program}'s own configuration; -v shows what {program} said",
            log=said[-TAIL:],
        )
    return ProvisionError("WB414", f"cannot {what}: {program} failed with exit code {outcome.code}", detail=said[-TAIL:])


def unreachable(outcome: ClientOutcome) -> bool:
    """Whether the client said that its registry could not be reached or refused it."""
    return bool(_UNREACHABLE.search(outcome.said) or refusal(outcome.said))


def refusal(said: str) -> str:
    """How a registry refused a client, by what the client said: "401", "no token"; "" when it did not."""
    found = _REFUSED.search(said)
    if found:
        return found[found.lastindex or 0]
    return "no token" if _NO_TOKEN.search(said) else ""


def refuse_offline(doors: Doors, what: str) -> None:
    """Raises ProvisionError under `--offline`."""
    if doors.offline:
        raise ProvisionError("WB412", f"offline: cannot {what}", hint="run once without --offline")


def plain_name(name: str) -> bool:
    """Whether a name from a registry can be the name of a file."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,250}", name) is not None


def _program(argv: Sequence[str]) -> str:
    names = [Path(word).name for word in argv[:3]]
    return next((client for client in ("npm", "apt") if any(client in name for name in names)), "pip")
