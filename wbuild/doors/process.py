"""Processes: each in its own group, its output capped, nothing left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from wbuild.doors.conversation import Dialogue
from wbuild.doors.fence import can_fence, inside
from wbuild.doors.interfaces import Command, Conversation, Exit, Running
from wbuild.doors.keeper import KEEPER
from wbuild.doors.machine import machine_errors
from wbuild.doors.pipes import Sink, drain, sink
from wbuild.errors import MachineError, ProvisionError, WbuildError

POSIX: Final = os.name == "posix"
_TICK: Final = 0.2
"""Seconds after which a waiting loop looks at its limits again."""


class ProcessRunner:
    """Starts programs without a shell. One runner may run many programs at once, from several threads."""

    def __init__(self, *, grace: float = 2.0) -> None:
        self.grace = grace
        """Seconds between TERM and KILL."""
        self._live: set[subprocess.Popen[bytes]] = set()
        self._guard = threading.Lock()
        self._cancelled = threading.Event()
        self._now = threading.Event()
        self._keeper = KEEPER

    @property
    def can_fence(self) -> bool:
        """See `Runner.can_fence`."""
        return can_fence()

    def run(self, command: Command, *, log: Path) -> Exit:
        """Run to the end; output that `Command.stdout` does not take goes to `log`, which exists only if there was some.

        Raises ProvisionError WB490 when the program does not exist, MachineError when it may not be started.
        """
        if self._cancelled.is_set():
            return Exit(code=130, cancelled=True)
        start = time.monotonic()
        with sink(log, limit=command.limit) as said, _stdout(command, said) as wrote:
            process = self._start(command)
            try:
                timed_out = self._attend(process, command, said, wrote)
            finally:
                self._finish(process)
            if said.dropped or wrote.dropped:
                said.note(f"output was cut after {command.limit} bytes")
        code = process.returncode
        return Exit(
            code=code if code >= 0 else 128 - code,
            signal=max(0, -code),
            timed_out=timed_out,
            cancelled=self._cancelled.is_set() and code != 0,
            seconds=time.monotonic() - start,
            truncated=bool(said.dropped or wrote.dropped),
        )

    def interactive(self, command: Command) -> int:
        """Run with the terminal's own streams; the program's exit code, 128 + signal for one that a signal ended."""
        try:
            process = subprocess.Popen(command.argv, cwd=command.cwd, env=dict(command.env))
        except (OSError, ValueError) as error:
            raise _not_started(error, command) from None
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:  # the terminal sends it to the program too, which decides what it means
                continue
            return code if code >= 0 else 128 - code

    def background(self, command: Command) -> Running:
        """Start with the terminal's own output and empty input, and do not wait; the caller stops it."""
        try:
            process = subprocess.Popen(
                command.argv,
                cwd=command.cwd,
                env=dict(command.env),
                stdin=subprocess.DEVNULL,
                start_new_session=POSIX,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except (OSError, ValueError) as error:
            raise _not_started(error, command) from None
        return Background(process, self.grace)

    def converse(self, command: Command) -> Conversation:
        """Start a program that answers questions; `cancel` ends it like all others."""
        try:
            process = self._keeper.started(command.own, partial(_talking, command))
        except (OSError, ValueError) as error:
            raise _not_started(error, command) from None
        with self._guard:
            self._live.add(process)
        if self._cancelled.is_set():
            _signal_group(process, kill=True)
        return Dialogue(process, end=self._finish, cancelled=self._cancelled.is_set)

    def cancel(self, *, now: bool = False) -> None:
        """End every running process group: TERM, after the grace period KILL; `now` skips the grace."""
        self._cancelled.set()
        if now:
            self._now.set()
        with self._guard:
            for process in self._live:
                _signal_group(process, kill=now)

    def _start(self, command: Command) -> subprocess.Popen[bytes]:
        with _input(command.stdin) as stdin:
            try:
                start = partial(_popen, command, stdin)
                fence = command.fence
                process = self._keeper.started(command.own, partial(inside, fence, start) if fence else start)
            except (OSError, ValueError) as error:
                raise _not_started(error, command) from None
        with self._guard:
            self._live.add(process)
        if self._cancelled.is_set():
            _signal_group(process, kill=self._now.is_set())
        return process

    def _attend(self, process: subprocess.Popen[bytes], command: Command, said: Sink, wrote: Sink) -> bool:
        """Drain the pipes until the program ends; True when it had to be ended because of its time limit."""
        deadline = time.monotonic() + command.timeout
        limits = _Limits(process=process, deadline=deadline, grace=self.grace, cancelled=self._cancelled.is_set, now=self._now.is_set)
        pipes = [(process.stdout, wrote), (process.stderr, said)]
        reading = drain(process, [(pipe, sink.write) for pipe, sink in pipes if pipe is not None])
        try:
            while not reading.step(limits.wait()):
                limits.enforce()
            reading.rest()
        finally:
            reading.close()
        return limits.timed_out

    def _finish(self, process: subprocess.Popen[bytes]) -> None:
        """End what the program left in its group, reap it, close its pipes."""
        _signal_group(process, kill=True)
        process.wait()
        self._keeper.ended(process.pid)
        with self._guard:
            self._live.discard(process)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):  # what it did not read any more cannot be written
                    pipe.close()


class Background:
    """See `Running`. The program is reaped last, so that its group is its own until then."""

    def __init__(self, process: subprocess.Popen[bytes], grace: float) -> None:
        self._process = process
        self._grace = grace
        self._end = drain(process, [])

    def code(self) -> int | None:
        """See `Running.code`."""
        if self._process.returncode is None:
            if not self._end.step(0):
                return None
            self._reap()
        code = self._process.returncode
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """See `Running.stop`."""
        if self._process.returncode is not None:
            return
        deadline = time.monotonic() + self._grace
        try:
            _signal_group(self._process, kill=False)
            while not self._end.step(_TICK) and time.monotonic() < deadline:
                pass
        finally:
            self._reap()

    def _reap(self) -> None:
        _signal_group(self._process, kill=True)
        self._process.wait()
        self._end.close()


class _Limits:
    """When a process must be told to end, and when it must be ended."""

    def __init__(
        self, *, process: subprocess.Popen[bytes], deadline: float, grace: float, cancelled: Callable[[], bool], now: Callable[[], bool]
    ) -> None:
        self.process = process
        self.deadline = deadline
        self.grace = grace
        self.cancelled = cancelled
        self.now = now
        self.timed_out = False
        self._kill_at: float | None = None

    def wait(self) -> float:
        """Seconds until the next look."""
        end = self.deadline if self._kill_at is None else self._kill_at
        return min(_TICK, max(0.0, end - time.monotonic()))

    def enforce(self) -> None:
        """TERM at the time limit or on cancelling, KILL when the grace period is over."""
        moment = time.monotonic()
        if self._kill_at is None:
            if self.cancelled() or moment >= self.deadline:
                self.timed_out = not self.cancelled()
                self._kill_at = moment + self.grace
                _signal_group(self.process, kill=False)
        elif moment >= self._kill_at or self.now():
            _signal_group(self.process, kill=True)
            self._kill_at = moment + self.grace


def _popen(command: Command, stdin: BinaryIO) -> subprocess.Popen[bytes]:
    with _confined() if command.confined and sys.platform == "linux" else nullcontext():
        return subprocess.Popen(
            command.argv,
            cwd=command.cwd,
            env=dict(command.env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if command.stdout else subprocess.STDOUT,
            start_new_session=POSIX,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            bufsize=0,
            umask=command.umask,
        )


def _talking(command: Command) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command.argv,
        cwd=command.cwd,
        env=dict(command.env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=POSIX,
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


@contextmanager
def _confined() -> Iterator[None]:
    """Processors belong to a thread, and go to what it starts."""
    usable = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(usable)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, usable)


def _stdout(command: Command, log: Sink) -> AbstractContextManager[Sink]:
    return sink(command.stdout, limit=command.limit, empty=True) if command.stdout else nullcontext(log)


def _input(path: Path | None) -> BinaryIO:
    source = path or Path(os.devnull)
    with machine_errors(source, "read"):
        return source.open("rb")


def _signal_group(process: subprocess.Popen[bytes], *, kill: bool) -> None:
    """Signal the whole group. The leader is not reaped before this, so its id cannot belong to another group."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":  # pragma: no cover - designed, not verified
            process.kill() if kill else process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)


_REPAIR: Final = "`wbuild tools verify --repair` restores damaged tools"
_REFUSALS: Final[Mapping[int, tuple[type[WbuildError], str, str, str]]] = {
    errno.ENOEXEC: (ProvisionError, "WB491", "not a program for this machine", _REPAIR),
    errno.EACCES: (MachineError, "WB605", "", "its folder must be on a file system that allows programs (not noexec)"),
    errno.EPERM: (MachineError, "WB605", "", "its folder must be on a file system that allows programs (not noexec)"),
    errno.ENOMEM: (MachineError, "WB606", "", "run fewer steps at once (-j)"),
    errno.EAGAIN: (MachineError, "WB606", "", "run fewer steps at once (-j), or raise the limit of processes (ulimit -u)"),
    errno.EMFILE: (MachineError, "WB612", "", "raise the limit of open files (ulimit -n)"),
    errno.ENFILE: (MachineError, "WB612", "", "too many files are open on this machine"),
    errno.E2BIG: (MachineError, "WB608", "its command line is too long", "use fewer or shorter sources and flags"),
}
"""errno → class, code, what it means (the system's own words when empty), hint."""


def _not_started(error: OSError | ValueError, command: Command) -> WbuildError:
    """What it means that a program could not be started."""
    program = command.argv[0]
    number = (error.errno if isinstance(error, OSError) else None) or 0
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    if number in (errno.ENOENT, errno.ENOTDIR):
        if not command.cwd.is_dir():
            return MachineError("WB613", f"cannot start {program} in {command.cwd}: there is no such folder")
        lacks = "its interpreter or loader is missing" if Path(program).exists() else "there is no such program"
        return ProvisionError("WB490", f"cannot start {program}: {lacks}", hint=_REPAIR)
    kind, code, what, hint = _REFUSALS.get(number, (MachineError, "WB607", "", ""))
    return kind(code, f"cannot start {program}: {what or why}", hint=hint)
