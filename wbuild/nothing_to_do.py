"""The nothing-to-do path of `wbuild build`: compare a recorded state with the world, print the recorded output, end.

After a build in which everything succeeded `wbuild.session.record` writes one state file per exact command line below
`.wbuild/state/`. A state says what that run depended on: wbuild itself, the declared environment, files (by size, times and
inode) and the listings of the project's folders. If all of it agrees, a full run would run no step; any doubt takes the full path.

This module is imported before anything else of wbuild and must stay cheap: standard library only, and little of that. A state is
bytes that are compared as they are; for each file nothing is made but what the system says about it.

Racy-clean rule: a file changed within `RACY_NS` before it was looked at could change again without new times, so a digest of its
content is compared too. Likewise the names in a folder are listed until the folder's own times have aged; then these vouch for the
names. What has aged is written down, so that the next run need not look so closely.
"""

from __future__ import annotations

import os
import stat
import sys
import time

from wbuild.doors.userkey import MAC_SIZE, NEW, READ, known_key, mac
from wbuild.text.project_names import DIST, GIT, MANIFEST, WORK

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing these takes longer than reading a state
    from collections.abc import Iterable, Mapping, Sequence

try:
    from _blake2 import blake2b  # the module hashlib loads OpenSSL, which takes longer than the whole comparison
except ImportError:
    from hashlib import blake2b

SHOWS_GIT, HIDES_WORK, HIDES_DIST = 1, 2, 4
"""Modes of a listing, joined by `|`: with `.git`; without what wbuild owns in this folder."""
ASIDE = ".wb-"
"""How names of files begin that are not yet whole."""
UNREADABLE = "/"
"""The listing of a folder that may not be listed."""
RACY_NS = 2_000_000_000
"""Nanoseconds; the coarsest time stamps in use (FAT) have steps of two seconds."""

Stamp = tuple[int, int, int, int]
"""Size, mtime_ns, inode, ctime_ns of a regular file."""
State = dict[str, bytes]
"""The parts of a state by name. In a list of names each ends with a NUL; numbers are of eight bytes."""
PARTS = (
    "environment",  # digest of the variables
    "variables",  # names of those that the project declares
    "absent",  # paths at which no file may be
    "files",  # paths
    "stamps",  # four numbers for each of them
    "young",  # path and digest of the content of each file that could change unseen
    "folders",  # paths
    "modes",  # of each: a byte
    "listings",  # digest of the names in each of them
    "times",  # of each: inode, mtime_ns, ctime_ns; zeros where these do not vouch for the names
    "color",  # the choice
    "stdout",
    "own",  # path and link of each folder that is wbuild's: where a link leads, "" for a real folder
    "plain",  # standard error without colour
    "colored",
)

_SCHEMA = "4"
_DIGEST = 16
"""Bytes."""
HIDDEN = tuple(
    frozenset(name for bit, name in ((SHOWS_GIT, GIT), (HIDES_WORK, WORK), (HIDES_DIST, DIST)) if bool(mode & bit) != (bit == SHOWS_GIT))
    for mode in range(8)
)
"""Names that a listing leaves out, by its mode."""
_LONGEST = 1 << 28
"""Bytes that a state can have."""
_LARGEST = (1 << 63) - 1
"""No number in a state is larger."""
_DESCRIPTORS = hasattr(os, "O_DIRECTORY") and os.open in os.supports_dir_fd
_MACHINE = (
    "CI",
    "SOURCE_DATE_EPOCH",
    "HOME",
    "XDG_DATA_HOME",
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
        state = _unchanged(argv, environ)
    except (OSError, ValueError):
        return None
    if state is None:
        return None
    color = wants_color(state["color"].decode(), environ, terminal=sys.stderr.isatty())
    return replay(*(state[name].decode("utf-8", "surrogateescape") for name in ("stdout", "colored" if color else "plain")))


def replay(stdout: str, stderr: str) -> int | None:
    """Print a recorded output; a closed pipe ends quietly. None when it cannot be written: the long way then says why."""
    try:
        sys.stderr.write(stderr)
        sys.stderr.flush()
        sys.stdout.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
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
    named = words[words.index("-C") + 1] if "-C" in words[:-1] else ""
    return named if os.path.isabs(named) else os.path.join(os.getcwd(), named)


def state_file(folder: str, argv: Sequence[str]) -> str:
    """Where the state of a command line given in the current folder is kept, for this interpreter and this wbuild."""
    try:
        here = os.getcwd()
    except OSError:  # it is gone: only whole paths mean anything
        here = ""
    words = (_SCHEMA, sys.version, sys.executable, __file__, here, *argv)
    return os.path.join(folder, WORK, "state", blake2b(name_list(words), digest_size=_DIGEST).hexdigest())


def name_list(names: Iterable[str]) -> bytes:
    """Names as a state has them."""
    return os.fsencode("".join([f"{name}\0" for name in names]))


def number_list(numbers: Iterable[int]) -> bytes:
    """Numbers as a state has them."""
    return b"".join([number.to_bytes(8, sys.byteorder, signed=True) for number in numbers])


def environment_id(environ: Mapping[str, str], names: Iterable[str]) -> bytes:
    """Digest of the variables that a build may depend on: wbuild's own, the machine's folders, and `names`."""
    wanted = {*_MACHINE, *names, *(name for name in environ if name.startswith("WBUILD_"))}
    return name_list_id(f"{name}={environ[name]}" for name in sorted(wanted) if name in environ)


def name_list_id(names: Iterable[str]) -> bytes:
    """Digest of names in this order."""
    return blake2b(name_list(names), digest_size=_DIGEST).digest()


def stamp(path: str) -> Stamp | None:
    """What the system says about a regular file; None where there is none."""
    try:
        info = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(info.st_mode):
        return None
    return info.st_size, info.st_mtime_ns, info.st_ino & _LARGEST, info.st_ctime_ns


def is_young(found: Stamp, now: int) -> bool:
    """Whether a file could change once more after `now` (nanoseconds) and keep its stamp."""
    return max(found[1], found[3]) > now - RACY_NS


def file_id(path: str) -> str:
    """Digest (hex) of a file's bytes; "" when they cannot be read."""
    digest = blake2b(digest_size=_DIGEST)
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def listing(folder: str, mode: int = 0) -> list[str] | None:
    """Sorted names in a folder: "name" is a file, "name/" a folder, "name/KIND/TARGET" a symbolic link; None where there is no folder.

    KIND is f, d or - (file, folder, nothing). A folder that may not be listed holds "/" alone. Without files that are not yet whole.
    """
    hidden = HIDDEN[mode]
    try:
        with os.scandir(folder) as entries:
            return sorted(line for entry in entries if entry.name not in hidden and (line := _listed(entry)))
    except PermissionError:
        return [UNREADABLE]
    except OSError:
        return None


def _listed(entry: os.DirEntry[str]) -> str:
    """What a listing says of an entry; "" for what is neither file, folder nor link."""
    name = entry.name
    if name.startswith(ASIDE):
        return ""
    if entry.is_symlink():
        try:
            kind = "f" if entry.is_file() else "d" if entry.is_dir() else "-"
        except OSError:  # a loop of links
            kind = "-"
        try:
            return f"{name}/{kind}/{os.readlink(entry.path)}"
        except OSError:  # it has just gone
            return ""
    return f"{name}/" if entry.is_dir() else name if entry.is_file() else ""


def link_of(path: str) -> str:
    """Where a link leads, as it says it; "" for anything else."""
    try:
        return os.readlink(path)
    except OSError:
        return ""


def open_folder(path: str) -> int | None:
    """A descriptor of a folder; None where the system has none of folders. Raises OSError."""
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) if _DESCRIPTORS else None


def write_state(path: str, state: State, key: bytes, folder: int | None) -> None:
    """Write a state file aside, then rename; `folder` is a descriptor of the folder that it is in, if there are any. Raises OSError."""
    parts = [state[name] for name in PARTS]
    body = b"".join([" ".join([str(len(part)) for part in parts]).encode(), b"\n", *parts])
    name = path if folder is None else os.path.basename(path)
    aside = f"{name}.{os.getpid()}"
    try:
        handle = os.open(aside, NEW, 0o600, dir_fd=folder)
    except FileExistsError:  # of a process that had this number before
        os.unlink(aside, dir_fd=folder)
        handle = os.open(aside, NEW, 0o600, dir_fd=folder)
    with open(handle, "wb") as file:
        file.write(_bound(path, folder, key, body) + body)
    os.replace(aside, name, src_dir_fd=folder, dst_dir_fd=folder)


def read_state(path: str, key: bytes, folder: int | None) -> State:
    """The state in a file. Raises OSError, and ValueError for one that is damaged, or that no run of this user has left in this place."""
    name = path if folder is None else os.path.basename(path)
    with open(os.open(name, READ, dir_fd=folder), "rb", 0) as file:
        content = file.read() if os.fstat(file.fileno()).st_size < _LONGEST else b""
    body = content[MAC_SIZE:]
    if not key or _bound(path, folder, key, body) != content[:MAC_SIZE]:
        raise ValueError(path)
    lengths = body[: body.index(b"\n")]
    start = len(lengths) + 1
    state = {}
    for name, length in zip(PARTS, map(int, lengths.split()), strict=True):
        state[name] = body[start : start + length]
        start += length
    return state


def _bound(path: str, folder: int | None, key: bytes, body: bytes) -> bytes:
    """What binds a state to the user's key, to its place, and to the folder that is there."""
    inode = (os.stat(os.path.dirname(path)) if folder is None else os.fstat(folder)).st_ino
    return mac(key, "state", os.fsencode(path), str(inode).encode(), body)


def _names(part: bytes) -> list[bytes]:
    return part.split(b"\0")[:-1]


def _numbers(part: bytes) -> list[int]:
    return memoryview(part).cast("q").tolist()


def _unchanged(argv: Sequence[str], environ: Mapping[str, str]) -> State | None:
    """The state recorded for this command line if everything in it still holds, else None."""
    folders = project_folders(start_folder(argv))
    for home in folders:
        path = state_file(home, argv)
        if os.path.isfile(path):
            now = time.time_ns()
            key = known_key(environ, folders)
            folder = open_folder(os.path.dirname(path))
            try:
                state = read_state(path, key, folder)
                if _about(state, home) and _holds(state, environ):
                    return _looked_closely(state, path, key, folder, now)
            finally:
                if folder is not None:
                    os.close(folder)
    return None


def _about(state: State, home: str) -> bool:
    """Whether a state is about the project in this folder, and what is wbuild's there is still a folder, or the link that it was."""
    words = map(os.fsdecode, _names(state["own"]))
    same = all(link_of(path) == link for path, link in zip(words, words, strict=True))
    return same and os.fsencode(os.path.join(home, MANIFEST)) in _names(state["files"])


def _holds(state: State, environ: Mapping[str, str]) -> bool:
    """Whether variables and files are what they were, as far as times tell. Raises OSError for a file that has gone."""
    if state["environment"] != environment_id(environ, map(os.fsdecode, _names(state["variables"]))):
        return False
    found: list[int] = []
    for path in _names(state["files"]):
        info = os.stat(path)
        found += (info.st_size, info.st_mtime_ns, info.st_ino & _LARGEST, info.st_ctime_ns)
    return found == _numbers(state["stamps"]) and not any(map(os.path.isfile, _names(state["absent"])))


def _looked_closely(state: State, path: str, key: bytes, folder: int | None, now: int) -> State | None:
    """The state if the content of young files and the names in folders are what they were. What has aged at `now` is written down."""
    young = _young(state, now)
    times = _times(state, os.path.dirname(path), now)
    if young is None or times is None:
        return None
    if (young, times) != (state["young"], state["times"]):
        try:
            write_state(path, {**state, "young": young, "times": times}, key, folder)
        except OSError:
            return state  # the next run looks closely again
    return state


def _young(state: State, now: int) -> bytes | None:
    """What remains of the part `young` at `now`; None when the content of a file has changed."""
    words = map(os.fsdecode, _names(state["young"]))
    remaining: list[str] = []
    for path, recorded in zip(words, words, strict=True):
        found = stamp(path)
        if found is None or file_id(path) != recorded:
            return None
        if is_young(found, now):
            remaining += (path, recorded)
    return name_list(remaining)


def _times(state: State, folder: str, now: int) -> bytes | None:
    """The part `times` as it is at `now`; None when the names in a folder have changed."""
    paths = _names(state["folders"])
    found: list[int] = []
    for path in paths:
        info = os.stat(path)
        found += (info.st_ino & _LARGEST, info.st_mtime_ns, info.st_ctime_ns)
    known = _numbers(state["times"])
    if found == known:
        return state["times"]
    device = _device_of_times(folder)
    for index, path in enumerate(paths):
        here = slice(3 * index, 3 * index + 3)
        if found[here] == known[here]:
            continue
        names = listing(os.fsdecode(path), state["modes"][index])
        if names is None or name_list_id(names) != state["listings"][_DIGEST * index : _DIGEST * (index + 1)]:
            return None
        if max(found[here][1:]) > now - RACY_NS or os.stat(path).st_dev != device or _has_links(path):
            found[here] = 0, 0, 0
    return number_list(found)


def _device_of_times(folder: str) -> int:
    """The device of a folder, if a new name in the folder changes its times there; else, and where nothing can be written, none."""
    probe = os.path.join(folder, f"{os.getpid()}.new")
    try:
        os.utime(folder, ns=(0, 0))
        with open(probe, "xb"):
            info = os.stat(folder)
        os.unlink(probe)
    except OSError:
        return -1
    return info.st_dev if info.st_mtime_ns else -1


def _has_links(folder: bytes) -> bool:
    """Whether names in a folder may come and go with what they point to."""
    try:
        with os.scandir(folder) as entries:
            return any(entry.is_symlink() for entry in entries)
    except PermissionError:
        return False
