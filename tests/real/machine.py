"""A machine for tests that run the real thing: an environment made from nothing, with a home of its own.

Downloads are shared by all tests and later runs: they stay in `WBUILD_STORE` and `WBUILD_CACHE`, or in `wbuild-tests` in the user's
cache folder. What tools keep for all projects (zig its libc) is there too, from the README's first command or any other build; a
machine begins with all of it, as hard links, because a link to a folder is none that wbuild takes. Results of steps are not shared:
every machine has an action cache of its own, so that every test builds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from platformdirs import user_cache_path, user_data_path

from wbuild.session.world import CLIENT_FILES

STORE: Final = Path(os.environ.get("WBUILD_STORE") or user_cache_path("wbuild-tests") / "store").absolute()
"""Where tools are kept; read when tests are collected, before any of them has a home of its own."""
CACHE: Final = Path(os.environ.get("WBUILD_CACHE") or user_cache_path("wbuild-tests") / "cache").absolute()
"""Where tools and package clients keep what serves all projects."""
DATA: Final = user_data_path("wbuild-tests").absolute()
"""What wbuild keeps of its user, who is one on all machines: whoever has another key believes no answer of an index that is kept, and
compares every file of every tool before its first use."""
_NETWORK: Final = re.compile(
    r"(?i:https?|all|no)_(?i:proxy)|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|(?i:PIP|UV|NPM_CONFIG)_\w+"
)
SCRIPT: Final = Path(sys.executable).parent / "wbuild"
"""The installed console script."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A process that ended."""

    argv: Sequence[str]
    code: int
    stdout: str
    stderr: str

    def succeeds(self) -> Done:
        """Assert exit code 0."""
        return self.ends(0)

    def ends(self, code: int) -> Done:
        """Assert an exit code, showing everything the process said otherwise."""
        assert self.code == code, f"{' '.join(self.argv)} ended with {self.code}, not {code}\n{self.stdout}{self.stderr}"
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where commands run."""

    folder: Path
    """Home, action cache and programs are below it."""
    environ: Mapping[str, str]

    @classmethod
    def make(cls, folder: Path, *, programs: Sequence[Path] = (SCRIPT,), path: Sequence[str] = (), shared: bool = True) -> Machine:
        """A machine whose PATH holds links to `programs`, then the folders `path`.

        Not `shared`: tools and package clients find nothing of what they keep for all projects; only the store is warm.
        """
        links = folder / "bin"
        links.mkdir(parents=True)
        for program in programs:
            (links / program.name).symlink_to(program)
        home = folder / "home"
        home.mkdir()
        (folder / "cache").mkdir()
        if shared:
            (CACHE / CLIENT_FILES).mkdir(parents=True, exist_ok=True)
            (folder / "cache" / CLIENT_FILES).symlink_to(CACHE / CLIENT_FILES)
            _begin_with(CACHE / "shared", folder / "cache/shared")
        environ = {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(links), *path]),
            "LC_ALL": "C.UTF-8",
            "WBUILD_STORE": str(STORE),
            "WBUILD_CACHE": str(folder / "cache"),
            **({"XDG_DATA_HOME": str(DATA)} if shared else {}),
            **network(),
        }
        return cls(folder=folder, environ=environ)

    def run(self, argv: Sequence[str], cwd: Path, *, stdin: str = "", **more: str) -> Done:
        """Run a command to its end; `more` are variables of the environment."""
        done = subprocess.run(
            argv, cwd=cwd, env={**self.environ, **more}, input=stdin, capture_output=True, encoding="utf-8", timeout=900, check=False
        )
        return Done(argv=argv, code=done.returncode, stdout=done.stdout, stderr=done.stderr)

    def wbuild(self, *args: str, cwd: Path, stdin: str = "", **more: str) -> Done:
        """Run the installed `wbuild`."""
        return self.run([str(SCRIPT), *args], cwd, stdin=stdin, **more)

    def cut_off(self, *args: str, cwd: Path) -> Done:
        """Run the installed `wbuild` where the kernel has no network, not even a loopback interface that is up.

        Skips the test, with what the kernel said, where a user may not make such a place.
        """
        if sys.platform != "linux":
            pytest.skip(f"no process of {sys.platform} can be cut off the network")
        rights = [] if os.geteuid() == 0 else ["--map-root-user"]
        unshare = ["/usr/bin/unshare", *rights, "--net", "--"]
        tried = self.run([*unshare, "/bin/true"], cwd)
        if tried.code:
            pytest.skip(f"this machine does not let its user cut a process off the network: {tried.stderr}")
        return self.run([*unshare, str(SCRIPT), *args], cwd)


def _begin_with(caches: Path, target: Path) -> None:
    """Caches of tools, without the copies that belong to projects."""
    for cache in caches.iterdir() if caches.is_dir() else ():
        if cache.is_dir() and "-of-" not in cache.name:
            shutil.copytree(cache, target / cache.name, symlinks=True, copy_function=_hard_link)


def _hard_link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, target)


def network() -> dict[str, str]:
    """How this machine reaches the network; part of where tests run, not of what they test."""
    return {name: value for name, value in os.environ.items() if _NETWORK.fullmatch(name)}
