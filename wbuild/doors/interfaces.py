"""The doors: the only code that touches the world. One real implementation and one fake each, built once in `cli/world.py`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from wbuild.doors.userkey import process_key
from wbuild.doors.walk import Walked
from wbuild.model.locked import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """What a program can touch, on systems that can refuse the rest (`Runner.can_fence`). A folder stands for all that is in it.

    What is not there when the program starts stays closed, and a link counts as what it leads to.
    """

    writable: tuple[str, ...] = ()
    """Files and folders that it may read and change."""
    readable: tuple[str, ...] | None = None
    """Files and folders that it may read, and whose programs it may start; None: all that the user may."""
    listable: tuple[str, ...] = ()
    """Folders whose names it may list, with those of all folders in them; what the files hold stays closed."""
    devices: tuple[str, ...] = ()
    """Device files that it may read, write and ask about."""
    network: bool = False
    """Whether it has sockets, and signals and abstract sockets reach beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A process to start. There is no shell; the environment is exactly `env`."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None
    """Standard input; None is empty input."""
    stdout: Path | None = None
    """File for standard output; None sends it to the log with standard error."""
    timeout: float = 1800.0
    """Seconds of wall time, then TERM and KILL to the whole process group."""
    fence: Fence | None = None
    """What it can touch; None: all that the user can."""
    umask: int = -1
    """Permissions that files which it makes do not get (POSIX); -1: those of wbuild itself."""
    confined: bool = False
    """To one processor (Linux): it finds only one when it asks how many there are."""
    own: Path | None = None
    """A folder that is its own, for temporary files: what has a TMPDIR there was started by it, and ends when wbuild is killed."""
    limit: int = 16 << 20
    """Bytes kept of each output stream; the rest is read and dropped, and the log says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a process ended."""

    code: int
    """Exit code; 128 + signal for a process that a signal ended."""
    signal: int = 0
    timed_out: bool = False
    cancelled: bool = False
    seconds: float = 0.0
    truncated: bool = False


class Running(Protocol):
    """A program that runs beside wbuild, in a process group of its own."""

    def code(self) -> int | None:
        """The exit code once the program has ended, 128 + signal for one that a signal ended; None while it runs."""
        ...

    def stop(self) -> None:
        """End it and all that it started: TERM, after a grace period KILL; one that has ended is fine."""
        ...


class Conversation(Protocol):
    """A program that stays, and answers one question after another: on its standard input it gets the size of each in decimal, a line
    feed and the bytes, and it answers with one line on its standard output."""

    def ask(self, question: bytes, timeout: float) -> bytes | None:
        """The answer without its line end. None when the program has ended or took longer than `timeout` seconds; it is ended then.

        Several threads may ask; their questions wait for each other. Raises StepError when everything was cancelled.
        """
        ...

    def stop(self) -> None:
        """End it and all that it started; one that has ended is fine."""
        ...


class Runner(Protocol):
    """The one door to processes."""

    @property
    def can_fence(self) -> bool:
        """Whether `Command.fence` holds here."""
        ...

    def run(self, command: Command, *, log: Path) -> Exit:
        """Run to the end. Raises ProvisionError when the program does not exist, MachineError when it may not be started."""
        ...

    def interactive(self, command: Command) -> int:
        """Run with the terminal's own streams; the program's exit code."""
        ...

    def background(self, command: Command) -> Running:
        """Start with the terminal's own output and empty input, and do not wait. Raises as `run` does."""
        ...

    def converse(self, command: Command) -> Conversation:
        """Start a program that answers questions; what it says on standard error is dropped. Raises as `run` does."""
        ...

    def cancel(self, *, now: bool = False) -> None:
        """End every running process group: TERM, after a grace period KILL; `now` skips the grace. Later `run` calls return cancelled."""
        ...


class Network(Protocol):
    """The one door to the network besides package clients."""

    def size(self, url: str) -> int:
        """Bytes of the file behind an http(s) or file URL. Raises ProvisionError."""
        ...

    def refuse_private(self, urls: Iterable[str]) -> None:
        """Raise ProvisionError for an address of this machine or of a private network that no configuration of the user names."""
        ...


class Clock(Protocol):
    """Time; a fake makes tests independent of it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back, for durations."""
        ...


class Files(Protocol):
    """What writes, hashes and locks files. Every write is aside, fsync, rename.

    `durable=False` leaves out the fsync: for what is compared with a digest before it is used.
    """

    def write(self, path: Path, data: bytes | str, *, durable: bool = True, program: bool = False) -> None:
        """Write atomically, making parent folders; mode 0644, of a program 0755. Raises MachineError (disk full, permission …)."""
        ...

    def sha256(self, path: Path) -> str:
        """Digest (hex) of a file's bytes."""
        ...

    def copy(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Copy (reflink where possible, never a hard link) atomically, keeping the executable bit."""
        ...

    def twin(self, source: Path, target: Path) -> None:
        """Make the same content at another place for a short while, for programs that only read it; parent folders are made.

        A big file is a hard link where that can be. A small one is a copy, because a link changes the change time of the original.
        """
        ...

    def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
        """Copy, not durable, if `source` is a file of the SHA-256 (hex) `content`: how many bytes. None, and nothing written, if not."""
        ...

    def move(self, source: Path, target: Path) -> None:
        """Rename atomically within a file system, replacing a file."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file or a whole tree (read-only ones too); nothing there is fine."""
        ...

    def make_folder(self, path: Path) -> None:
        """Make a folder and those around it, as far as they are missing."""
        ...

    def names(self, folder: Path) -> list[str]:
        """Sorted names in a folder; none where there is no folder."""
        ...

    def lock(self, path: Path, *, what: str, timeout: float, say: Callable[[str], None]) -> AbstractContextManager[None]:
        """Hold an advisory lock: flock on a file that is never unlinked.

        After 2 s of waiting `say` is told who holds it. Raises MachineError at the time-out (seconds).
        """
        ...

    def present(self, folder: Path) -> AbstractContextManager[None]:
        """Be one of those at work in what `folder` stands for, so that whoever tidies up spares what they use."""
        ...

    def oldest(self, folder: Path) -> float | None:
        """When the oldest work there that still goes on began (seconds since 1970); None when nobody is there. Raises MachineError."""
        ...

    def free(self, path: Path) -> int:
        """Free bytes of the file system that holds `path` (or its nearest existing parent)."""
        ...

    def walk(self, root: Path, start: str = "", *, own: Collection[str] = (), everything: bool = False) -> Walked:
        """What stands below `start`, a folder below root. Links are not followed.

        Closed and not entered: `.git`, the folders named in `own`, `node_modules` and folders with a CACHEDIR.TAG (these two only
        without `everything`), and what may not be listed. Raises MachineError when that is `start` itself.
        """
        ...


class Archives(Protocol):
    """Unpacking of downloads that nobody trusts yet."""

    def unpack(self, archive: Path, into: Path, *, executables: Sequence[str] = ()) -> int:
        """Unpack .whl/.zip/.deb/.tgz/.tar.*; how many files. Raises IntegrityError for a hostile or broken archive (FAULTS F25–F38)."""
        ...


def _nobody() -> bool:
    """Nobody has said anything."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything that touches the world, built once and handed down."""

    runner: Runner
    files: Files
    archives: Archives
    network: Network
    clock: Clock
    platform: Platform
    """The platform of this machine."""
    client_env: Mapping[str, str]
    """What package clients and fetch steps may see: HOME, proxies, credentials, client configuration; each gets its own part of it
    (`clients.seen_by`). Never logged."""
    key: bytes = field(default_factory=process_key, repr=False)
    """The user's key; see `wbuild.doors.userkey`."""
    offline: bool = False
    """No socket is opened at all."""
    program: Callable[[str], tuple[str, ...]] | None = None
    """Command line of an installed tool's program by name (npm from the pinned Node), installing it first; given to sources."""
    path: tuple[str, ...] = ()
    """Folders of the user's PATH, where tools of the machine are looked for. No step sees them."""
    looking: Path | None = None
    """Folder of a project that is only looked at: no program that lies in it or that its own recipes name is started."""
    trusts: Callable[[], bool] = _nobody
    """Whether the user has said that the recipes which this project brings are meant (`wbuild trust`)."""
    keep: Path | None = None
    """Folder for what package clients may keep between runs, such as lists of packages; None: nothing is kept."""
