"""Writing, hashing and locking files. Every write is aside, fsync, rename.

`durable=False` leaves out the fsync, for what is compared with a digest before it is used: after a power failure it is made again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Final

from wbuild.doors import locks, presence
from wbuild.doors.machine import free_bytes, machine_errors
from wbuild.fast import ASIDE

if sys.platform == "linux":
    import fcntl

NEVER_WALKED: Final = frozenset({".git", ".wbuild", "dist", "target", "node_modules"})
_NAME: Final = re.compile(re.escape(ASIDE) + r"\d+-[0-9a-f]{8}")
_FICLONE: Final = 0x40049409
_CANNOT: Final = frozenset({errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM})
_MANY: Final = 1 << 30
_ATTEMPTS: Final = 8
"""Times that a tree is removed in which others write meanwhile."""
_LARGE: Final = 1 << 16
"""Bytes from which a copy by the system is faster."""
_BLOCK: Final = 1 << 18
"""Bytes: more would not stay in the processor's cache."""


class RealFiles:
    """The real file system. Every method raises MachineError with the path for what the system refuses."""

    def write(self, path: Path, data: bytes | str, *, durable: bool = True) -> None:
        """Write atomically, making parent folders; mode 0644."""
        content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        with _aside(path, needed=len(content), durable=durable) as file:
            file.write(content)

    def sha256(self, path: Path) -> str:
        """Digest (hex) of a file's bytes."""
        with machine_errors(path, "read"), path.open("rb", buffering=0) as file:
            return _digest_of(file)

    def copy(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Copy (reflink where possible, never a hard link) atomically, keeping the executable bit."""
        with machine_errors(source, "read"), source.open("rb", buffering=0) as origin, _like(origin, target, durable=durable) as file:
            if not _copied_by_system(origin, file):
                shutil.copyfileobj(origin, file, _BLOCK)

    def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
        """Copy like `copy`, not durable; how many bytes, or None, and nothing written, when the SHA-256 of `source` is not `content`."""
        try:
            with machine_errors(source, "read"), source.open("rb", buffering=0) as origin, _like(origin, target, durable=False) as file:
                found = _digest_of(origin) if _copied_by_system(origin, file) else _copy_hashing(origin, file)
                if found != content:
                    raise _OtherContentError
                return origin.tell()
        except _OtherContentError:
            return None

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

    def present(self, folder: Path) -> AbstractContextManager[None]:
        """Be at work in a folder; see `wbuild.doors.presence`."""
        return presence.present(folder)

    def oldest(self, folder: Path) -> float | None:
        """When the oldest work that still goes on in a folder began; see `wbuild.doors.presence`."""
        return presence.oldest(folder)

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
                if entry.name in NEVER_WALKED if is_folder else entry.name.startswith(ASIDE):
                    continue
                if on_link is not None and entry.is_symlink() and (entry.name not in NEVER_WALKED or _is_file(entry)):
                    on_link(name)
                if is_folder:
                    below.append(name)
                if is_folder or _is_file(entry):
                    yield name, is_folder
            waiting += reversed(below)


def asides(folder: Path, *, older: float = 0.0) -> list[Path]:
    """Files right in a folder that are not whole, and for so many seconds already: left by killed processes, or being written."""
    limit = time.time() - older
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
            return [Path(entry.path) for entry in found if entry.stat(follow_symlinks=False).st_mtime <= limit]
    except OSError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a loop of links
        return False


class _OtherContentError(Exception):
    """What was copied is not what it should be."""


def _digest_of(file: FileIO) -> str:
    if sys.version_info >= (3, 11):
        return hashlib.file_digest(file, "sha256").hexdigest()
    return _copy_hashing(file, None)


def _copy_hashing(origin: FileIO, target: BinaryIO | None) -> str:
    """Copy all that is left of a file, if there is a target; its SHA-256."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(min(_BLOCK, os.fstat(origin.fileno()).st_size + 1)))
    while count := origin.readinto(block):
        digest.update(block[:count])
        if target is not None:
            target.write(block[:count])
    return digest.hexdigest()


def _like(origin: FileIO, target: Path, *, durable: bool) -> AbstractContextManager[BinaryIO]:
    """A new file that takes the place of `target`, of the size and kind of an open one."""
    info = os.fstat(origin.fileno())
    return _aside(target, needed=info.st_size, executable=bool(info.st_mode & stat.S_IXUSR), durable=durable)


@contextmanager
def _aside(path: Path, *, needed: int, executable: bool = False, durable: bool = True) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its place when the block ends well."""
    aside = path.with_name(f"{ASIDE}{os.getpid()}-{secrets.token_hex(4)}")
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
                if durable:
                    os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            with suppress(OSError):
                aside.unlink()
            raise


def _copied_by_system(origin: FileIO, target: BinaryIO) -> bool:
    """Let the system copy a whole file: as a reflink where the file system can, else without a way through this process.

    False where it cannot, and nothing has happened then; `origin` is at its beginning in any case.
    """
    if sys.platform != "linux" or os.fstat(origin.fileno()).st_size < _LARGE:
        return False
    try:
        fcntl.ioctl(target.fileno(), _FICLONE, origin.fileno())
    except OSError:
        return _copied_in_kernel(origin, target)
    return True


def _copied_in_kernel(origin: FileIO, target: BinaryIO) -> bool:
    try:
        while os.copy_file_range(origin.fileno(), target.fileno(), _MANY):
            pass
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        target.seek(0)
        target.truncate()
        return False
    finally:
        origin.seek(0)
    return True


def _remove_tree(path: Path) -> None:
    """Like rmtree, but also through folders without write permission, and while others still write there or remove it too."""
    for _ in range(_ATTEMPTS):
        try:
            shutil.rmtree(path)
        except PermissionError:
            for folder, _, _ in os.walk(path):
                with suppress(OSError):
                    Path(folder).chmod(0o700)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                raise
        if not os.path.lexists(path):
            return
    shutil.rmtree(path)
