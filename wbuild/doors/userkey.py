"""The user's key: 32 random bytes in the user's data folder, which bind what wbuild keeps to this machine and this user.

Whatever a repository, an archive or a cache of a CI system can carry is made without it. It never lies in a project, in store or cache,
in an export, and no step may read it. Where there is no such folder (no HOME, read-only, a home inside the project) a random key serves
this process alone: what was bound to another is then simply not believed.

The path of a build with nothing to do imports this module too: it must stay cheap, so the folder is found here as platformdirs finds it.
"""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

try:
    from _blake2 import blake2b  # see wbuild.fast
except ImportError:
    from hashlib import blake2b

NAME = "key"
SIZE = 32
"""Bytes of a key."""
MAC_SIZE = 16
"""Bytes of what binds something to a key."""
READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_FOR_THIS_PROCESS: list[bytes] = []


def data_folder(environ: Mapping[str, str]) -> str:
    """The user's data folder for wbuild, as platformdirs names it; "" where there is none."""
    if sys.platform == "win32":  # pragma: no cover - designed, not verified
        import platformdirs  # noqa: PLC0415 - see above

        return platformdirs.user_data_dir("wbuild", appauthor=False)
    named = environ.get("XDG_DATA_HOME", "").strip()
    if os.path.isabs(named):
        return os.path.join(named, "wbuild")
    home = environ.get("HOME", "") or os.path.expanduser("~")
    if not os.path.isabs(home):
        return ""
    below = ("Library", "Application Support") if sys.platform == "darwin" else (".local", "share")
    return os.path.join(home, *below, "wbuild")


def mac(key: bytes, purpose: str, *parts: bytes) -> bytes:
    """What binds `parts` to a key, for one purpose (at most 16 letters); nobody without the key can make it."""
    made = blake2b(key=key, digest_size=MAC_SIZE, person=purpose.encode())
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()


def known_key(environ: Mapping[str, str], projects: Sequence[str] = ()) -> bytes:
    """The user's key; b"" when there is none, or none that can be believed. `projects`: folders in which it may not lie."""
    folder = data_folder(environ)
    if not folder or _inside(folder, projects):
        return b""
    return _read(os.path.join(folder, NAME))


def user_key(environ: Mapping[str, str], projects: Sequence[str] = ()) -> bytes:
    """The user's key, made on first use; where that cannot be, one for this process. `projects`: folders in which it may not lie."""
    key = known_key(environ, projects)
    if key:
        return key
    folder = data_folder(environ)
    if folder and not _inside(folder, projects):
        try:
            return _make(folder) or process_key()
        except OSError:
            pass
    return process_key()


def process_key() -> bytes:
    """A key that only this process knows."""
    if not _FOR_THIS_PROCESS:
        _FOR_THIS_PROCESS.append(os.urandom(SIZE))
    return _FOR_THIS_PROCESS[0]


def _inside(folder: str, projects: Sequence[str]) -> bool:
    """Whether a folder lies in one of the projects, which could bring a key along."""
    real = os.path.realpath(folder) + os.sep if projects else ""
    return any(real.startswith(os.path.realpath(project).rstrip(os.sep) + os.sep) for project in projects)


def _read(path: str) -> bytes:
    """The key in a file that this user alone can read; b"" for anything else."""
    try:
        handle = os.open(path, READ)
    except OSError:
        return b""
    try:
        info = os.fstat(handle)
        key = os.read(handle, SIZE + 1) if stat.S_ISREG(info.st_mode) and _private(info) else b""
    except OSError:
        return b""
    finally:
        os.close(handle)
    return key if len(key) == SIZE else b""


def _private(info: os.stat_result) -> bool:
    """Whether a file is this user's (root believes every owner of its home, as in containers), and closed to all others."""
    if not hasattr(os, "geteuid"):  # pragma: no cover - designed, not verified
        return True
    return _own(info) and not info.st_mode & 0o077


def _own(info: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or os.geteuid() in (info.st_uid, 0)


def _make(folder: str) -> bytes:
    """Make a key, or take the one that another process has just made; b"" where files cannot be closed to others. Raises OSError."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        info = os.stat(folder)
        if not stat.S_ISDIR(info.st_mode):
            raise
        if info.st_mode & 0o077 and _own(info):
            os.chmod(folder, 0o700)
    path = os.path.join(folder, NAME)
    aside = os.path.join(folder, f".{NAME}-{os.getpid()}-{os.urandom(8).hex()}")
    handle = os.open(aside, NEW, 0o600)
    try:
        try:
            os.write(handle, os.urandom(SIZE))
            os.fsync(handle)
        finally:
            os.close(handle)
        if not _linked(aside, path) and not _read(path):  # a damaged one, or one that others could read, is no key
            os.replace(aside, path)
    finally:
        if os.path.lexists(aside):
            os.unlink(aside)
    return _read(path)


def _linked(aside: str, path: str) -> bool:
    """Whether a file got its name, of which there was none: of several processes one wins."""
    try:
        if sys.platform == "win32":  # pragma: no cover - designed, not verified
            os.rename(aside, path)
        else:
            os.link(aside, path)
    except OSError:
        return False
    return True
