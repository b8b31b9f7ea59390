"""Check mode: one run with nothing inherited from the terminal, every limit enforced, and its outcome in a file.

OUTCOME.json is `wbuild.outcome/1`: `runtime version exit stdout stderr returns trap backtrace limit fuel memory_pages error`,
the streams in base64. `exit` is null after a trap or a limit; `error` says why the module could not be run at all.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import wasmtime

from .wasmtime_guest import Guest
from .wasmtime_load import Kept, RefusedError, Settings, load, make_engine, version
from .wasmtime_request import BadRequestError, Limits, Request, read_request
from .wasmtime_values import BadValueError
from .wasmtime_virtual import Virtual
from .wasmtime_world import ENDLESS, Ended, World

if sys.platform != "win32":
    import resource

SCHEMA: Final = "wbuild.outcome/1"
DONE, BAD_REQUEST, SLOW = 0, 2, 75
"""Exit codes: an outcome is written; the request is wrong; an outcome is written that a faster machine might not have."""
POLL: Final = 0.02
"""Seconds between two looks at the clock and at the size of the output."""
GRACE: Final = 1.0
"""Seconds for a guest inside a call to the host to come back after it was told to stop."""
HEADROOM: Final = 512 << 20
"""Bytes of this process beside the guest's memory."""
FILES: Final = 1024
"""Descriptors, on every machine the same."""


class Report:
    """The outcome to be. Its file is opened at once, so that a guest that uses up all descriptors cannot prevent it.

    The first write counts.
    """

    def __init__(self, path: Path, library: str) -> None:
        self.path, self.library = path, library
        self.aside = path.with_name(f"{path.name}.{os.getpid()}.part")
        self.file = self.aside.open("wb")
        self.streams = (path.with_name(f"{path.name}.stdout"), path.with_name(f"{path.name}.stderr"))
        self.stdin = path.with_name(f"{path.name}.stdin")
        self.limit = 0
        self.lock, self.written = threading.Lock(), False

    def write(self, ended: Ended, error: str | None = None) -> None:
        with self.lock:
            if self.written:
                return
            self.written = True
            texts = [base64.b64encode(_head(path, self.limit)).decode("ascii") for path in self.streams]
            outcome = {"schema": SCHEMA, "runtime": "wasmtime", "version": self.library, **asdict(ended), "error": error}
            outcome.update(stdout=texts[0], stderr=texts[1])
            with self.file:
                self.file.write(json.dumps(outcome, indent=1, sort_keys=True).encode("utf-8") + b"\n")
                self.file.flush()
                os.fsync(self.file.fileno())
            self.aside.replace(self.path)
            for path in (*self.streams, self.stdin):
                with contextlib.suppress(OSError):
                    path.unlink()


class Watch:
    """Stops the guest when its time or its output is over, and ends the process when the guest does not come back."""

    def __init__(self, report: Report, limits: Limits, give_up: Callable[[str], None]) -> None:
        self.report, self.limits, self.give_up = report, limits, give_up
        self.deadline = time.monotonic() + limits.compile
        self.engine: wasmtime.Engine | None = None
        self.reason: str | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    def enter(self, engine: wasmtime.Engine) -> None:
        """Compiling is over, the guest begins."""
        self.deadline = time.monotonic() + self.limits.seconds
        self.engine = engine

    def leave(self) -> None:
        self.over.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.over.wait(POLL):
            late = time.monotonic() >= self.deadline
            if self.engine is None or self.reason:
                if late:
                    self.give_up(self.reason or "compile")
            elif self.too_long():
                self._stop(self.engine, "output")
            elif late:
                self._stop(self.engine, "time")

    def too_long(self) -> bool:
        return any(_size(path) > self.report.limit for path in self.report.streams)

    def _stop(self, engine: wasmtime.Engine, reason: str) -> None:
        self.deadline, self.reason = time.monotonic() + GRACE, reason
        engine.increment_epoch()


def check(request_path: Path, outcome_path: Path, libdir: Path, code: Path | None) -> int:
    """Do what the request says and write the outcome; returns the exit code of the process. `code`: folder of compiled code."""
    report = Report(outcome_path, version(libdir))
    try:
        request = read_request(request_path)
        report.limit = request.limits.output
        return _run(request, report, code)
    except (BadRequestError, BadValueError, RefusedError) as error:
        report.write(Ended(), str(error))
        print(f"wasmtime runner: {error}", file=sys.stderr)
        return BAD_REQUEST if isinstance(error, BadRequestError) else DONE


def _run(request: Request, report: Report, code: Path | None) -> int:
    limits = request.limits

    def give_up(reason: str) -> None:
        compiling = reason == "compile"
        _open_limits()
        report.write(
            Ended(limit="time" if compiling else reason), f"compiling took longer than {limits.compile:g} s" if compiling else None
        )
        os._exit(SLOW if compiling or reason == "time" else DONE)

    settings = Settings(features=request.features, deterministic=request.virtual)
    kept = Kept(folder=code, library=report.library, settings=settings) if code else None
    try:
        engine, data = make_engine(settings), Path(request.module).read_bytes()
    except (OSError, ValueError) as error:
        raise BadRequestError(str(error)) from None
    watch = Watch(report, limits, give_up)
    loaded = load(data, engine, kept)
    guest = Guest(loaded, _world(request, report, watch))
    _set_limits(limits)
    watch.enter(engine)
    try:
        ended = guest.run(request.invoke)
    finally:
        watch.leave()
        _open_limits()
    ended = _judge(ended, watch)
    guest.close()
    report.write(ended)
    return SLOW if ended.limit == "time" else DONE


def _world(request: Request, report: Report, watch: Watch) -> World:
    for path in report.streams:
        path.write_bytes(b"")
    if request.stdin_text is not None:
        report.stdin.write_bytes(request.stdin_text.encode("utf-8", "surrogateescape"))
    return World(
        args=(request.name, *request.args),
        env=request.env,
        read_only=request.dirs,
        stdin=request.stdin if request.stdin_text is None else str(report.stdin),
        stdout=str(report.streams[0]),
        stderr=str(report.streams[1]),
        fuel=ENDLESS if request.limits.fuel is None else request.limits.fuel,
        memory=request.limits.memory,
        stubs="trap" if request.imports == "trap" else "zero" if request.imports == "zero" else None,
        virtual=Virtual(lambda: watch.reason is not None) if request.virtual else None,
    )


def _judge(ended: Ended, watch: Watch) -> Ended:
    """What the watch stopped is no trap of the program, and output that was cut is no success."""
    reason = "output" if watch.too_long() else watch.reason if ended.trap == "interrupt" else None
    if reason is None:
        return ended
    return Ended(limit=reason, fuel=ended.fuel, memory_pages=ended.memory_pages, backtrace=ended.backtrace)


def _set_limits(limits: Limits) -> None:
    """The system's limits behind the engine's: size of the output files, and memory where the system can limit what is really used."""
    if sys.platform == "win32":
        return
    _soft(resource.RLIMIT_FSIZE, limits.output + 1)
    _soft(resource.RLIMIT_NOFILE, FILES)
    _soft(resource.RLIMIT_CORE, 0)
    limit_data(2 * limits.memory)


def limit_data(size: int) -> None:
    """Let this process take so many bytes of memory besides what it has and needs for itself, where the system can limit that."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        status = Path("/proc/self/status").read_text("ascii")
        used = next((int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmData:")), None)
        if used is not None:
            _soft(resource.RLIMIT_DATA, used + size + HEADROOM)


def _open_limits() -> None:
    if sys.platform != "win32":
        for kind in (resource.RLIMIT_FSIZE, resource.RLIMIT_DATA):
            _soft(kind, resource.RLIM_INFINITY)


def _soft(kind: int, value: int) -> None:
    """The soft limit only, so that it can be lifted again, and never above the hard one."""
    if sys.platform == "win32":
        return
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY and (value == resource.RLIM_INFINITY or value > hard):
        value = hard
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, hard))


def _head(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
