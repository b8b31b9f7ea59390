"""Which parts of a machine steps may see: what programs need of a system, and what lies around a project. Never a user's secrets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from wbuild.text.project_names import GIT

DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/pts")
SHARED_MEMORY: Final = "/dev/shm"  # noqa: S108 - the folder of memory that the processes of a step share
_PROGRAMS: Final = ("/usr", "/lib", "/lib32", "/lib64", "/libx32", "/bin", "/sbin", "/opt", "/nix/store", "/gnu/store")
_ETC: Final = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld.so.preload", "alternatives", "localtime", "timezone", "locale.alias", "locale.conf"),
    *("passwd", "group", "nsswitch.conf", "hosts", "host.conf", "resolv.conf", "gai.conf", "services", "protocols", "mime.types"),
    *("ssl/certs", "ssl/openssl.cnf", "ssl/cert.pem", "pki/tls/certs", "pki/ca-trust", "pki/java", "ca-certificates", "crypto-policies"),
    *("os-release", "lsb-release", "debian_version", "fonts", "magic", "clang", "gai.conf"),
)
"""Names in /etc that programs may read: no shadow, no keys, no configuration of services."""
_PROC: Final = (
    *("cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "cgroups", "devices", "vmstat", "swaps"),
    *("sys/kernel", "sys/vm", "sys/fs", "sys/crypto"),
)
"""Nothing of any program: not even its own entries have a name before it starts. Links of its own (/proc/self/exe) can be followed."""
_SYS: Final = ("devices/system/cpu", "devices/system/node", "fs/cgroup", "kernel/mm")
_OBEYED: Final = (".cargo/config", ".cargo/config.toml")
"""Names with a dot beside which tools look upward from a project."""
_COMMON: Final = frozenset(("/", "/home", "/Users", "/var/home", "/tmp", "/var/tmp", "/var", "/etc", "/run", "/dev", "/boot"))  # noqa: S108
"""Folders in which different people and services have theirs: of these the files alone."""
_CLOSED_IN_GIT: Final = ("config", "config.worktree", "credentials", "modules")
"""Names in `.git` under which addresses with passwords may stand."""


@cache
def machine() -> tuple[str, ...]:
    """What programs of this system need besides their own files."""
    parts = [("/etc", _ETC), ("/proc", _PROC), ("/sys", _SYS)]
    names = (*_PROGRAMS, *(f"{folder}/{name}" for folder, below in parts for name in below))
    return tuple(name for name in names if os.path.exists(name))


@cache
def python() -> tuple[str, ...]:
    """The interpreter that runs wbuild, with its library."""
    places = (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.path.realpath(sys.executable)))
    return tuple(dict.fromkeys(place for place in places if place != "/"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """A project's folder and what is around it."""

    root: str
    """The project's folder once all links are followed."""
    closed: tuple[str, ...]
    """Places that are never opened, nor any folder around one: homes, folders of wbuild's own. Without links.
    A home that the project is in counts for what is beside it."""

    def repository(self) -> Iterator[str]:
        """What is in the project's repository and holds no passwords."""
        git = os.path.join(self.root, GIT)
        yield from (entry.path for entry in _entries(git) if entry.name not in _CLOSED_IN_GIT)

    def parents(self) -> Iterator[str]:
        """What is in the folders above: nothing whose name begins with a dot but what tools obey, no homes of people, nothing behind links.

        Folders are open up to the end of the repository that the project is in, without one beside the project; above that, files.
        """
        folder, near = self.root, self._near()
        while os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
            foreign = [place for place in self.closed if not _within(folder, place)]
            for entry in _entries(folder):
                if entry.name.startswith(".") or entry.is_symlink() or _within(self.root, entry.path):
                    continue
                if entry.is_file() or (folder in near and not any(_within(place, entry.path) for place in foreign)):
                    yield entry.path
            yield from (path for name in _OBEYED if os.path.isfile(path := os.path.join(folder, name)))

    def _near(self) -> frozenset[str]:
        """Folders above the project whose folders belong to it."""
        way: list[str] = []
        folder = self.root
        while not os.path.lexists(os.path.join(folder, GIT)):
            above = os.path.dirname(folder)
            if above == folder:
                return frozenset(way[:1]) - _COMMON
            way.append(above)
            folder = above
        return frozenset(way) - _COMMON


def secret_places(env: Mapping[str, str]) -> tuple[str, ...]:
    """Homes of this user, and every file and folder that variables of clients name; without links."""
    found = [place for place in env.values() if os.path.isabs(place)]
    with suppress(ImportError, KeyError, OSError):
        import pwd  # noqa: PLC0415 - not on every system

        found.append(pwd.getpwuid(os.getuid()).pw_dir)
    return tuple(dict.fromkeys(place for each in (*found, "/root") if (place := os.path.realpath(each)) != "/"))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries
