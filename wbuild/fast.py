"""The nothing-to-do path of `wbuild build`: compare a recorded state with the world, print the recorded output, end.

After a build in which everything succeeded `wbuild.cli.remember` writes one state file per exact command line below
`.wbuild/state/`. A state says what that run depended on: wbuild itself, the declared environment, files (as `Stamp`s) and
the listings of the project's folders. If all of it agrees, a full run would run no step; any doubt takes the full path.

This module is imported before anything else of wbuild and must stay cheap: standard library only, and little of that.

Racy-clean rule: a file changed within `RACY_NS` before it was looked at could change again without a new time stamp, so its
stamp carries a digest and the content is compared too; once it has aged, the state is written again without the digest.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module typing costs more than the whole comparison
    from typing import Any

SCHEMA = 1
MANIFEST = "wbuild.toml"
WORK = ".wbuild"
"""Folder of everything that wbuild keeps in a project, beside the manifest."""
IGNORED = frozenset((".git", WORK, "dist", "target", "node_modules"))
"""Folders that are never inputs."""
ASIDE = ".wb-"
"""How names of files begin that are not yet whole."""
RACY_NS = 2_000_000_000
"""Nanoseconds; the coarsest time stamps in use (FAT) have steps of two seconds."""

Stamp = list[int | str] | None
"""[size, mtime_ns, inode, ctime_ns] and, for a file that was young, its SHA-256; None where there is no regular file."""

_MACHINE = (
    "CI",
    "SOURCE_DATE_EPOCH",
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
)


def try_nothing_to_do(argv: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """The exit code when this exact command line has nothing to do (its output is then printed), else None."""
    if "build" not in argv:
        return None
    try:
        state = _unchanged(list(argv), environ)
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return None
    if state is None:
        return None
    color = wants_color(state["color"], environ, terminal=sys.stderr.isatty())
    return replay(state["stdout"], state["stderr"]["color" if color else "plain"])


def replay(stdout: str, stderr: str) -> int | None:
    """Print a recorded output; a closed pipe ends quietly. None when it cannot be written: the long way then says why."""
    try:
        sys.stderr.write(stderr)
        sys.stderr.flush()
        sys.stdout.reconfigure(errors="surrogateescape")  # type: ignore[union-attr]
        sys.stdout.write(stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        nobody = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nobody, stream.fileno())
    except OSError:
        return None
    return 0


def wants_color(choice: str, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether text for a stream is coloured: `--color`, then NO_COLOR, TERM and what the stream is."""
    if choice != "auto":
        return choice == "always"
    return terminal and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def project_folder(start: str) -> str | None:
    """The nearest folder at or above `start` that holds a manifest."""
    return next(iter(project_folders(start)), None)


def project_folders(start: str) -> list[str]:
    """Every folder at or above `start` that holds a manifest, the nearest first: a member's project is further up."""
    found = []
    folder = os.path.abspath(start)
    while True:
        if os.path.isfile(os.path.join(folder, MANIFEST)):
            found.append(folder)
        above = os.path.dirname(folder)
        if above == folder:
            return found
        folder = above


def start_folder(argv: Sequence[str]) -> str:
    """Where the search for the manifest begins: the current folder, or the one that `-C` names."""
    words = list(argv[: argv.index("--")] if "--" in argv else argv)
    return os.path.join(os.getcwd(), words[words.index("-C") + 1]) if "-C" in words[:-1] else os.getcwd()


def state_file(folder: str, argv: Sequence[str]) -> str:
    """Where the state of a command line given in the current folder is kept."""
    name = hashlib.sha256(json.dumps([os.getcwd(), *argv]).encode()).hexdigest()[:24]
    return os.path.join(folder, WORK, "state", f"{name}.json")


def build_id() -> str:
    """What tells one wbuild from another: its files and recipes (by size and time), and the interpreter."""
    package = os.path.dirname(os.path.abspath(__file__))
    found = [sys.version, sys.executable]
    for root in (package, os.path.join(os.path.dirname(package), "toolchains")):
        _files_below(root, found)
    return hashlib.sha256("\n".join(found).encode("utf-8", "surrogateescape")).hexdigest()


def environment_id(environ: Mapping[str, str], names: Iterable[str]) -> str:
    """Digest of the variables that a build may depend on: wbuild's own, the machine's folders, and `names`."""
    wanted = {*_MACHINE, *names, *(name for name in environ if name.startswith("WBUILD_"))}
    return hashlib.sha256(json.dumps([[name, environ.get(name)] for name in sorted(wanted)]).encode()).hexdigest()


def stamp(path: str, now: int) -> Stamp:
    """What identifies the state of a file at `now` (nanoseconds)."""
    try:
        info = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(info.st_mode):
        return None
    found: list[int | str] = [info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns]
    if info.st_mtime_ns > now - RACY_NS:
        found.append(sha256(path))
    return found


def sha256(path: str) -> str:
    """Digest (hex) of a file's bytes."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def age(recorded: Stamp, now: int) -> bool:
    """Drop the digest of a stamp that still holds and is no longer young at `now`; whether it had one."""
    if recorded is None or len(recorded) < 5 or int(recorded[1]) > now - RACY_NS:
        return False
    del recorded[4]
    return True


def listing(folder: str) -> list[str] | None:
    """Sorted names in a folder, those of folders with a slash at the end, as `Files.walk` sees them; None where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(name for entry in entries if (name := _listed(entry)))
    except OSError:
        return None


def folder_link(path: str) -> str:
    """Where a symbolic link to a folder points, as it says it; "" for anything else."""
    return os.readlink(path) if os.path.islink(path) and os.path.isdir(path) else ""


def _listed(entry: os.DirEntry[str]) -> str:
    """A folder's name with a slash, a file's without, a link to a folder with its target; "" for what is never an input."""
    if entry.is_dir(follow_symlinks=False):
        return "" if entry.name in IGNORED else entry.name + "/"
    try:
        if entry.name.startswith(ASIDE):
            return ""
        if entry.is_file():
            return entry.name
        is_link = entry.is_symlink() and entry.name not in IGNORED and entry.is_dir()
        return f"{entry.name}@{os.readlink(entry.path)}" if is_link else ""
    except OSError:  # a loop of links
        return ""


def write_state(path: str, state: Mapping[str, object]) -> None:
    """Write a state file aside, then rename. Raises OSError."""
    aside = f"{path}.{os.getpid()}"
    with open(aside, "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(aside, path)


def _unchanged(argv: list[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The state recorded for this command line if everything in it still holds, else None."""
    for folder in project_folders(start_folder(argv)):
        path = state_file(folder, argv)
        if os.path.isfile(path):
            state = _holding(path, argv, environ)
            if state is not None:
                return state
    return None


def _holding(path: str, argv: list[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The state in a file if everything in it still holds, else None."""
    with open(path, encoding="utf-8") as file:
        state: dict[str, Any] = json.load(file)
    now = time.time_ns()
    if state["schema"] != SCHEMA or state["argv"] != argv or state["cwd"] != os.getcwd() or state["build"] != build_id():
        return None
    if state["environment"] != environment_id(environ, state["variables"]):
        return None
    if any(listing(folder) != names for folder, names in state["folders"].items()):
        return None
    aged = False
    for name, recorded in state["files"].items():
        if not same(name, recorded):
            return None
        aged |= age(recorded, now)
    if aged:
        write_state(path, state)
    return state


def same(path: str, recorded: Stamp) -> bool:
    """Whether a file is what it was when it was recorded."""
    try:
        info = os.stat(path)
    except OSError:
        return recorded is None
    if not stat.S_ISREG(info.st_mode):
        return recorded is None
    if recorded is None or recorded[:4] != [info.st_size, info.st_mtime_ns, info.st_ino, info.st_ctime_ns]:
        return False
    return len(recorded) < 5 or recorded[4] == sha256(path)


def _files_below(folder: str, found: list[str]) -> None:
    """Add name, size and time of every file below a folder that can change what wbuild does."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                _files_below(entry.path, found)
        elif entry.name.endswith((".py", ".toml", ".mjs", ".json")):
            info = entry.stat()
            found.append(f"{entry.path} {info.st_size} {info.st_mtime_ns}")
