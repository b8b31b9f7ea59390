"""Fakes of every door, shared by all sealed tests. They work on real (temporary) folders and start nothing."""

from __future__ import annotations

import hashlib
import shutil
import stat
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from wbuild.doors import walk as walking
from wbuild.doors.interfaces import Archives, Clock, Command, Conversation, Doors, Exit, Files, Network, Runner, Running
from wbuild.errors import MachineError, ProvisionError
from wbuild.model.locked import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a fake program does."""

    code: int = 0
    stdout: bytes | str = b""
    """Goes to `Command.stdout`, or to the log without one."""
    stderr: bytes | str = b""
    """Goes to the log."""
    files: Mapping[str, bytes | str] = field(default_factory=dict)
    """Files that it writes, relative to its working directory."""
    exit: Exit | None = None
    """The whole result, where more than the code matters."""


Respond = Callable[[Command], Answer]


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


@dataclass(frozen=True, slots=True)
class FakeRunning:
    """A program that ended at once."""

    exit: int

    def code(self) -> int | None:
        return self.exit

    def stop(self) -> None:
        """Nothing runs."""


class FakeConversation:
    """Answers questions with a function; None is a program that has ended."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.answer = answer
        self.stopped = False

    def ask(self, question: bytes, timeout: float) -> bytes | None:
        return self.answer(question)

    def stop(self) -> None:
        self.stopped = True


class FakeRunner:
    """Records every command and answers with `respond` (default: success, without output)."""

    can_fence = False

    def __init__(self, respond: Respond | None = None) -> None:
        self.respond: Respond = respond or (lambda command: Answer())
        self.seen: list[Command] = []
        self.cancelled = False
        self.conversations: list[FakeConversation] = []
        self.answer: Callable[[bytes], bytes | None] = lambda question: b""
        """What programs that are asked answer."""
        self._lock = threading.Lock()

    @property
    def lines(self) -> list[tuple[str, ...]]:
        """The command lines, in the order in which they were started."""
        return [command.argv for command in self.seen]

    def run(self, command: Command, *, log: Path) -> Exit:
        with self._lock:
            self.seen.append(command)
        if self.cancelled:
            return Exit(code=130, cancelled=True)
        answer = self.respond(command)
        for name, content in answer.files.items():
            path = command.cwd / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_bytes(content))
        log.parent.mkdir(parents=True, exist_ok=True)
        said = _bytes(answer.stderr)
        if command.stdout is None:
            said = _bytes(answer.stdout) + said
        else:
            command.stdout.parent.mkdir(parents=True, exist_ok=True)
            command.stdout.write_bytes(_bytes(answer.stdout))
        log.write_bytes(said)
        return answer.exit or Exit(code=answer.code)

    def interactive(self, command: Command) -> int:
        with self._lock:
            self.seen.append(command)
        return self.respond(command).code

    def background(self, command: Command) -> Running:
        with self._lock:
            self.seen.append(command)
        return FakeRunning(self.respond(command).code)

    def converse(self, command: Command) -> Conversation:
        with self._lock:
            self.seen.append(command)
            self.conversations.append(FakeConversation(self.answer))
        return self.conversations[-1]

    def cancel(self, *, now: bool = False) -> None:
        self.cancelled = True


class FakeNetwork:
    """Knows the sizes of some URLs; all others do not exist."""

    def __init__(self, sizes: Mapping[str, int] | None = None) -> None:
        self.sizes = dict(sizes or {})
        self.asked: list[str] = []

    def size(self, url: str) -> int:
        self.asked.append(url)
        if url not in self.sizes:
            raise ProvisionError("WB403", f"cannot reach {url}")
        return self.sizes[url]

    def refuse_private(self, urls: Iterable[str]) -> None:
        """All are public."""


class FakeClock:
    """Time that moves only when a test says so."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class FakeFiles:
    """Plain file operations without fsync; locks among the threads of this process."""

    def __init__(self, *, free: int = 1 << 40) -> None:
        self.free_bytes = free
        self.written: list[Path] = []
        self._locks: dict[Path, threading.Lock] = {}
        self._guard = threading.Lock()

    def write(self, path: Path, data: bytes | str, *, durable: bool = True, program: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_bytes(data))
        path.chmod(0o755 if program else 0o644)
        self.written.append(path)

    def sha256(self, path: Path) -> str:
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def copy(self, source: Path, target: Path, *, durable: bool = True) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
        target.chmod(0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)

    def twin(self, source: Path, target: Path) -> None:
        self.copy(source, target)

    def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
        if not source.is_file() or self.sha256(source) != content:
            return None
        self.copy(source, target)
        return target.stat().st_size

    def move(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)

    def remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def names(self, folder: Path) -> list[str]:
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    @contextmanager
    def lock(self, path: Path, *, what: str, timeout: float, say: Callable[[str], None]) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(path, threading.Lock())
        if not lock.acquire(timeout=timeout):
            raise MachineError("WB601", f"waited {timeout:g} s for {what}")
        try:
            yield
        finally:
            lock.release()

    def present(self, folder: Path) -> AbstractContextManager[None]:
        return nullcontext()

    def oldest(self, folder: Path) -> float | None:
        return None

    def free(self, path: Path) -> int:
        return self.free_bytes

    def walk(self, root: Path, start: str = "", *, own: Collection[str] = (), everything: bool = False) -> walking.Walked:
        return walking.walk(root, start, own=own, everything=everything)


class FakeArchives:
    """Archives whose content a test declares: archive name → {path: content}."""

    def __init__(self, contents: Mapping[str, Mapping[str, bytes | str]] | None = None) -> None:
        self.contents = dict(contents or {})
        self.unpacked: list[str] = []

    def unpack(self, archive: Path, into: Path, *, executables: Sequence[str] = ()) -> int:
        self.unpacked.append(archive.name)
        members = self.contents.get(archive.name, {})
        for name, content in members.items():
            path = into / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_bytes(content))
            path.chmod(0o755 if any(Path(name).match(pattern) for pattern in executables) else 0o644)
        return len(members)


def fake_doors(
    *,
    runner: Runner | None = None,
    files: Files | None = None,
    archives: Archives | None = None,
    network: Network | None = None,
    clock: Clock | None = None,
    platform: Platform = "linux-x86_64",
    client_env: Mapping[str, str] | None = None,
    offline: bool = False,
    program: Callable[[str], tuple[str, ...]] | None = None,
    keep: Path | None = None,
) -> Doors:
    """Doors made of fakes, but for those that a test brings."""
    return Doors(
        runner=runner or FakeRunner(),
        files=files or FakeFiles(),
        archives=archives or FakeArchives(),
        network=network or FakeNetwork(),
        clock=clock or FakeClock(),
        platform=platform,
        client_env=client_env or {},
        offline=offline,
        program=program,
        keep=keep,
    )
