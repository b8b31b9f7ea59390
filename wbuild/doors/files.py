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
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Final

from wbuild.doors import locks, owned, presence
from wbuild.doors import walk as walking
from wbuild.doors.machine import free_bytes, machine_errors
from wbuild.doors.regular import UnfitError, opened, read
from wbuild.nothing_to_do import ASIDE

if sys.platform == "linux":
    import fcntl

__all__ = ["RealFiles", "asides", "read"]

_NAME: Final = re.compile(re.escape(ASIDE) + r"\d+-[0-9a-f]{8}")
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FICLONE: Final = 0x40049409
_CANNOT: Final = frozenset({errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EBADF, errno.EPERM})
_MANY: Final = 1 << 30
_ATTEMPTS: Final = 8
"""Times that a tree is removed in which others write meanwhile."""
_LARGE: Final = 1 << 16
"""Bytes from which a copy by the system is faster than one read and one write."""
_BLOCK: Final = 1 << 18
"""Bytes: more would not stay in the processor's cache."""


class RealFiles:
    """The real file system. Every method raises MachineError with the path for what the system refuses."""

    def write(self, path: Path, data: bytes | str, *, durable: bool = True, program: bool = False) -> None:
        """Write atomically, making parent folders; mode 0644, of a program 0755."""
        content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
        _make(path, partial(_write, data=content), needed=len(content), mode=stat.S_IXUSR if program else 0, durable=durable)

    def sha256(self, path: Path) -> str:
        """Digest (hex) of a file's bytes."""
        with machine_errors(path, "read"), opened(path, follow=True) as file:
            return _digest_of(file)

    def copy(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Copy (reflink where possible, never a hard link) atomically, keeping the executable bit."""
        with machine_errors(source, "read"), opened(source, follow=True) as origin:
            info = os.fstat(origin.fileno())
            _make(target, partial(_copy, origin), needed=info.st_size, mode=info.st_mode, durable=durable)

    def copy_verified(self, source: Path, target: Path, content: str) -> int | None:
        """Copy like `copy`, not durable; how many bytes, or None, and nothing written, when `source` is no file of this SHA-256."""
        with machine_errors(source, "read"):
            try:
                origin = opened(source)
            except (FileNotFoundError, NotADirectoryError, UnfitError):
                return None
            with origin:
                return _copy_verified(origin, target, content)

    def twin(self, source: Path, target: Path) -> None:
        """Make the same content at another place for a short while, for programs that only read it; see `Files.twin`."""
        with machine_errors(source, "read"):
            with owned.spot(target, make=True) as spot:
                if spot.ground is None:
                    target.parent.mkdir(parents=True, exist_ok=True)
                if source.stat().st_size > _BLOCK:
                    with suppress(OSError):
                        os.link(os.path.realpath(source), spot.name, dst_dir_fd=spot.folder)
                        return
            self.copy(source, target, durable=False)

    def move(self, source: Path, target: Path) -> None:
        """Rename atomically within a file system, replacing a file; across file systems: copy, then remove."""
        with machine_errors(target, "write"):
            try:
                _replace(source, target)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self.copy(source, target)
                self.remove(source)

    def remove(self, path: Path) -> None:
        """Remove a file or a whole tree (read-only ones too); nothing there is fine."""
        with machine_errors(path, "remove"):
            try:
                with owned.spot(path) as spot:
                    if spot.inside.count(os.sep) < 2:
                        spot.refuse_link()
                    if stat.S_ISDIR(os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False).st_mode):
                        _remove_tree(spot)
                    else:
                        os.unlink(spot.name, dir_fd=spot.folder)
            except (FileNotFoundError, NotADirectoryError):
                return

    def make_folder(self, path: Path) -> None:
        """Make a folder and those around it, as far as they are missing."""
        with machine_errors(path, "make"):
            owned.make_folder(path)

    def names(self, folder: Path) -> list[str]:
        """Sorted names in a folder; none where there is no folder."""
        with machine_errors(folder, "list"):
            return owned.names(folder)

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

    def walk(self, root: Path, start: str = "", *, own: Collection[str] = (), everything: bool = False) -> walking.Walked:
        """What stands below a folder; see `wbuild.doors.walk`."""
        return walking.walk(root, start, own=own, everything=everything)


def asides(folder: Path, *, older: float = 0.0) -> list[Path]:
    """Files right in a folder that are not whole, and for so many seconds already: left by killed processes, or being written."""
    limit = time.time() - older
    try:
        with owned.listed(folder) as place, os.scandir(place) as entries:
            found = [entry for entry in entries if _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
            return [folder / entry.name for entry in found if entry.stat(follow_symlinks=False).st_mtime <= limit]
    except OSError:
        return []


class _OtherContentError(Exception):
    """The file that was copied does not have the content that was promised."""


def _digest_of(file: FileIO) -> str:
    if os.fstat(file.fileno()).st_size < _LARGE:
        return hashlib.sha256(file.readall()).hexdigest()
    if sys.version_info >= (3, 11):
        return hashlib.file_digest(file, "sha256").hexdigest()
    return _copy_hashing(file, None)


def _copy_hashing(origin: FileIO, handle: int | None) -> str:
    """Copy all that is left of a file, if there is a target; its SHA-256."""
    digest = hashlib.sha256()
    block = memoryview(bytearray(min(_BLOCK, os.fstat(origin.fileno()).st_size + 1)))
    while count := origin.readinto(block):
        digest.update(block[:count])
        if handle is not None:
            _write(handle, block[:count])
    return digest.hexdigest()


def _copy(origin: FileIO, handle: int, content: str = "") -> int:
    """Copy a whole file; how many bytes. Raises _OtherContentError when its SHA-256 is not `content`, if that is given."""
    copied = _copied_by_system(origin, handle)
    if content or not copied:
        found = _digest_of(origin) if copied else _copy_hashing(origin, handle)
        if content not in ("", found):
            raise _OtherContentError
    return os.fstat(handle).st_size


def _copy_verified(origin: FileIO, target: Path, content: str) -> int | None:
    """A small file is compared before anything is written."""
    info = os.fstat(origin.fileno())
    if info.st_size >= _LARGE:
        fill = partial(_copy, origin, content=content)
    else:
        data = origin.readall()
        if hashlib.sha256(data).hexdigest() != content:
            return None
        fill = partial(_write, data=data)
    try:
        return _make(target, fill, needed=info.st_size, mode=info.st_mode, durable=False)
    except _OtherContentError:
        return None


def _write(handle: int, data: bytes | memoryview) -> int:
    """Write all of it; how many bytes."""
    done = os.write(handle, data)
    while done < len(data):
        done += os.write(handle, data[done:])
    return done


def _make(path: Path, fill: Callable[[int], int], *, needed: int, mode: int = 0, durable: bool = True) -> int:
    """Make a file with what `fill` writes, and let it take the place of `path`; what `fill` returns. Of `mode` the owner's x counts."""
    mode = 0o755 if mode & stat.S_IXUSR else 0o644
    with machine_errors(path, "write", needed=needed), owned.spot(path, make=True) as spot:
        aside = f"{spot.name.removesuffix(path.name)}{ASIDE}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            handle = os.open(aside, _NEW, mode, dir_fd=spot.folder)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(aside, _NEW, mode, dir_fd=spot.folder)
        try:
            try:
                made = fill(handle)
                if hasattr(os, "fchmod") and os.fstat(handle).st_mode & 0o777 != mode:  # the umask took something away
                    os.fchmod(handle, mode)
                if durable:
                    os.fsync(handle)
            finally:
                os.close(handle)
            os.replace(aside, spot.name, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(aside, dir_fd=spot.folder)
            raise
        return made


def _replace(source: Path, target: Path) -> None:
    """Rename, making the folders around the target. Raises OSError."""
    with owned.spot(source) as origin, owned.spot(target, make=True) as spot:
        try:
            os.replace(origin.name, spot.name, src_dir_fd=origin.folder, dst_dir_fd=spot.folder)
        except FileNotFoundError:
            if spot.ground is not None:
                raise
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(origin.name, spot.name, src_dir_fd=origin.folder, dst_dir_fd=spot.folder)


def _copied_by_system(origin: FileIO, handle: int) -> bool:
    """Let the system copy a whole file: as a reflink where the file system can, else without a way through this process.

    False where it cannot, and nothing has happened then; `origin` is at its beginning in any case.
    """
    if sys.platform != "linux" or os.fstat(origin.fileno()).st_size < _LARGE:
        return False
    try:
        fcntl.ioctl(handle, _FICLONE, origin.fileno())
    except OSError:
        return _copied_in_kernel(origin, handle)
    return True


def _copied_in_kernel(origin: FileIO, handle: int) -> bool:
    try:
        while os.copy_file_range(origin.fileno(), handle, _MANY):
            pass
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        os.lseek(handle, 0, os.SEEK_SET)
        os.ftruncate(handle, 0)
        return False
    finally:
        origin.seek(0)
    return True


def _remove_tree(spot: owned.Spot) -> None:
    """Like rmtree, but also through folders without write permission, and while others still write there or remove it too."""
    for _ in range(_ATTEMPTS):
        try:
            _rmtree(spot)
        except PermissionError:
            for _, _, _, folder in os.fwalk(spot.name, dir_fd=spot.folder):
                with suppress(OSError):
                    os.fchmod(folder, 0o700)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                raise
        try:
            os.stat(spot.name, dir_fd=spot.folder, follow_symlinks=False)
        except FileNotFoundError:
            return
    _rmtree(spot)


def _rmtree(spot: owned.Spot) -> None:
    if sys.version_info >= (3, 11):
        shutil.rmtree(spot.name, dir_fd=spot.folder)
    elif spot.folder is None:
        shutil.rmtree(spot.name)
    else:
        for _, folders, files, folder in os.fwalk(spot.name, topdown=False, dir_fd=spot.folder):
            for name in files:
                os.unlink(name, dir_fd=folder)
            for name in folders:
                if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                    os.unlink(name, dir_fd=folder)
                else:
                    os.rmdir(name, dir_fd=folder)
        os.rmdir(spot.name, dir_fd=spot.folder)
