"""What is in a tree of the store: one line a file, its digest in the receipt. So damage can be named.

Trees are sealed: files are read-only, so that nobody writes into a tool by mistake, and so that writing leaves a trace (mode,
size or time). Folders stay writable for their owner: removing a tree needs no chmod.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.machine import machine_errors
from wbuild.model.locked import SHIMS

CONTENTS: Final = "contents.jsonl"
RECEIPT: Final = "receipt.json"
OWN: Final = frozenset({CONTENTS, RECEIPT, SHIMS})
"""Names in the top folder of a tree that are the store's."""
_LINK: Final = "link"

Hash = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Item:
    """One file or symbolic link."""

    path: str
    """Its path in the tree, with `/` on every system."""
    kind: str
    """`file`, `program` or `link`."""
    size: int
    """How many bytes it has."""
    time: int
    """Modification time in nanoseconds, 0 for links."""
    digest: str
    """SHA-256 (hex) of a file, target of a link."""


def seal(root: Path, hash_of: Hash) -> tuple[Item, ...]:
    """Make every file read-only and list the tree, sorted by path. Raises MachineError."""
    items = []
    with machine_errors(root, "seal"):
        for path, entry in sorted(_walk(root)):
            info = entry.stat(follow_symlinks=False)
            if not stat.S_ISLNK(info.st_mode):
                Path(entry.path).chmod(0o555 if info.st_mode & 0o111 else 0o444)
            items.append(_item(path, Path(entry.path), info, hash_of))
    return tuple(items)


def _item(path: str, place: Path, info: os.stat_result, hash_of: Hash) -> Item:
    if stat.S_ISLNK(info.st_mode):
        return Item(path, _LINK, 0, 0, place.readlink().as_posix())
    return Item(path, "program" if info.st_mode & 0o111 else "file", info.st_size, info.st_mtime_ns, hash_of(place))


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files and links below root, without the store's own."""
    folders = [("", str(root))]
    while folders:
        prefix, folder = folders.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append((path + "/", entry.path))
                elif path not in OWN:
                    yield path, entry


def encode(items: Sequence[Item]) -> str:
    """The text of the list; its digest is the tree's."""
    return "".join(json.dumps([i.path, i.kind, i.size, i.time, i.digest], ensure_ascii=True, separators=(",", ":")) + "\n" for i in items)


def decode(text: str) -> tuple[Item, ...] | None:
    """The list in a text, None when it is damaged."""
    try:
        # By hand, and in one call: some tools have 20 000 files, which take 37 ms so, and 95 ms with `toml.from_json`.
        items = tuple(Item(*line) for line in json.loads(f"[{','.join(text.splitlines())}]"))
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
    return items if all(map(_sound, items)) else None


def _sound(item: Item) -> bool:
    """Whether an item is of the form that is written, and lies in the tree."""
    texts = isinstance(item.path, str) and isinstance(item.kind, str) and isinstance(item.digest, str)
    if not texts or not isinstance(item.size, int) or not isinstance(item.time, int) or "\0" in item.path:
        return False
    return not item.path.startswith("/") and (".." not in item.path or ".." not in item.path.split("/"))


def digest(text: str) -> str:
    """SHA-256 (hex) over all paths, kinds, sizes and digests of a tree."""
    return hashlib.sha256(text.encode()).hexdigest()


def glance(root: Path, items: Sequence[Item]) -> Iterator[str]:
    """Files that are missing or whose mode, size or time changed; nothing is read. Enough to see any write."""
    base = f"{root}{os.sep}"
    for item in items:
        try:
            info = os.lstat(base + item.path)
        except OSError:
            yield f"{item.path} (missing)"
            continue
        if item.kind == _LINK:
            if not stat.S_ISLNK(info.st_mode) or Path(base + item.path).readlink().as_posix() != item.digest:
                yield f"{item.path} (changed)"
        elif not stat.S_ISREG(info.st_mode) or info.st_size != item.size or info.st_mtime_ns != item.time:
            yield f"{item.path} (changed)"
        elif os.name == "posix" and stat.S_IMODE(info.st_mode) != (0o555 if item.kind == "program" else 0o444):
            yield f"{item.path} (mode changed)"


def compare(root: Path, items: Sequence[Item], hash_of: Hash) -> Iterator[str]:
    """Like `glance`, but every file is read, and files that do not belong to the tree are named."""
    seen = set()
    for name in glance(root, items):
        seen.add(name.rpartition(" (")[0])
        yield name
    for item in items:
        if item.path not in seen and item.kind != _LINK and hash_of(root / item.path) != item.digest:
            yield f"{item.path} (changed)"
    known = {item.path for item in items}
    with machine_errors(root, "list"):
        extra = sorted(path for path, _ in _walk(root) if path not in known)
    for path in extra:
        yield f"{path} (not part of it)"
