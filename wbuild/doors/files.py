"""Writing, hashing and locking files. Every write is aside, fsync, rename."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from wbuild.doors import locks
from wbuild.doors.machine import free_bytes, machine_errors

if sys.platform == "linux":
    import fcntl

NEVER_WALKED: Final = frozenset({".git", ".wbuild", "dist", "target", "node_modules"})
_FICLONE: Final = 0x40049409
_BLOCK: Final = 1 << 20


class RealFiles:
    """The real file system. Every method raises MachineError with the path for what the system refuses."""

    def write(self, path: Path, data: bytes | str) -> None:
        """Write atomically, making parent folders; mode 0644."""
        content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        with _aside(path, needed=len(content)) as file:
            file.write(content)

    def sha256(self, path: Path) -> str:
        """Digest (hex) of a file's bytes."""
        with machine_errors(path, "read"), path.open("rb", buffering=0) as file:
            if sys.version_info >= (3, 11):
                return hashlib.file_digest(file, "sha256").hexdigest()
            digest = hashlib.sha256()
            block = memoryview(bytearray(_BLOCK))
            while count := file.readinto(block):
                digest.update(block[:count])
            return digest.hexdigest()

    def copy(self, source: Path, target: Path) -> None:
        """Copy (reflink where possible, never a hard link) atomically, keeping the executable bit."""
        with machine_errors(source, "read"), source.open("rb", buffering=0) as origin:
            info = os.fstat(origin.fileno())
            with _aside(target, needed=info.st_size, executable=bool(info.st_mode & stat.S_IXUSR)) as file:
                if not _reflink(origin, file):
                    shutil.copyfileobj(origin, file, _BLOCK)

    def twin(self, source: Path, target: Path) -> None:
        """The same content at another place for a short while, for programs that only read it; see `Files.twin`."""
        with machine_errors(source, "read"):
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.stat().st_size > _BLOCK:
                with suppress(OSError):
                    os.link(os.path.realpath(source), target)
                    return
            shutil.copyfile(source, target)

    def move(self, source: Path, target: Path) -> None:
        """Rename atomically within a file system, replacing a file; across file systems: copy, then remove."""
        with machine_errors(target, "write"):
            try:
                source.replace(target)
            except FileNotFoundError:
                target.parent.mkdir(parents=True, exist_ok=True)
                source.replace(target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self.copy(source, target)
                source.unlink()

    def remove(self, path: Path) -> None:
        """Remove a file or a whole tree (read-only ones too); nothing there is fine."""
        with machine_errors(path, "remove"):
            try:
                info = path.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return
            if stat.S_ISDIR(info.st_mode):
                _remove_tree(path)
            else:
                path.unlink(missing_ok=True)

    def lock(self, path: Path, *, what: str, timeout: float, say: Callable[[str], None]) -> AbstractContextManager[None]:
        """Hold an advisory lock; see `wbuild.doors.locks.lock`."""
        return locks.lock(path, what=what, timeout=timeout, say=say)

    def free(self, path: Path) -> int:
        """Free bytes of the file system that holds `path` (or its nearest existing parent)."""
        return free_bytes(path)

    def walk(self, root: Path, on_link: Callable[[str], None] | None = None) -> Iterator[tuple[str, bool]]:
        """Every path below root in sorted order, POSIX and relative, with True for folders. Links to folders are not entered.

        `on_link` is told every symbolic link but those that stand for a folder that is never walked.
        """
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            with machine_errors(root / folder, "list"), os.scandir(root / folder if folder else root) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            below: list[str] = []
            for entry in found:
                name = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and entry.name in NEVER_WALKED:
                    continue
                if on_link is not None and entry.is_symlink() and (entry.name not in NEVER_WALKED or _is_file(entry)):
                    on_link(name)
                if is_folder:
                    below.append(name)
                if is_folder or _is_file(entry):
                    yield name, is_folder
            waiting += reversed(below)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a loop of links
        return False


@contextmanager
def _aside(path: Path, *, needed: int, executable: bool = False) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its place when the block ends well."""
    aside = path.with_name(f".wb-{os.getpid()}-{secrets.token_hex(4)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with machine_errors(path, "write", needed=needed):
        try:
            handle = os.open(aside, flags, 0o644)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(aside, flags, 0o644)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                if hasattr(os, "fchmod"):
                    os.fchmod(file.fileno(), 0o755 if executable else 0o644)
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise


def _reflink(origin: BinaryIO, target: BinaryIO) -> bool:
    if sys.platform != "linux":
        return False
    try:
        fcntl.ioctl(target.fileno(), _FICLONE, origin.fileno())
    except OSError:
        return False
    return True


def _remove_tree(path: Path) -> None:
    """Like rmtree, but also through folders without write permission."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:  # another process removes it too
        shutil.rmtree(path, ignore_errors=True)
    except PermissionError:
        for folder, _, _ in os.walk(path):
            with suppress(OSError):
                Path(folder).chmod(0o700)
        shutil.rmtree(path)
