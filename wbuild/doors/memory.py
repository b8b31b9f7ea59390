"""How much memory there is for programs: what the system has left, within the limits of all control groups around this process."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class _Groups:
    """The files in which one version of Linux' control groups keeps limits and use."""

    line: str
    """How the line of /proc/self/cgroup begins, up to the path."""
    folder: str
    limit: str
    used: str
    cached: str
    """In memory.stat: used, and given back as soon as somebody wants it."""


_VERSIONS: Final = (
    _Groups(line=r"0::", folder="sys/fs/cgroup", limit="memory.max", used="memory.current", cached="inactive_file"),
    _Groups(
        line=r"\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:",
        folder="sys/fs/cgroup/memory",
        limit="memory.limit_in_bytes",
        used="memory.usage_in_bytes",
        cached="total_inactive_file",
    ),
)


def free_memory(system: Path = Path("/")) -> int | None:
    """Bytes that programs can still take; None where the system does not say. `system`: its root folder."""
    rooms = [room for groups in _VERSIONS for room in _rooms(system, groups)]
    found = _number(_text(system / "proc/meminfo"), r"MemAvailable:\s+(\d+) kB")
    if found is not None:
        rooms.append(found << 10)
    return min(rooms, default=None)


def _rooms(system: Path, groups: _Groups) -> Iterator[int]:
    """What is left of each limit, from the process's own group up. A container may see its own group as the uppermost one."""
    found = re.search(rf"^{groups.line}/(.*)$", _text(system / "proc/self/cgroup"), re.MULTILINE)
    inner = PurePosixPath(found[1] if found else "")
    for group in (inner, *inner.parents):
        folder = system / groups.folder / group
        limit, used = (_number(_text(folder / name), r"(\d+)$") for name in (groups.limit, groups.used))
        if limit is not None and used is not None:
            cached = _number(_text(folder / "memory.stat"), rf"{groups.cached} (\d+)$") or 0
            yield max(0, limit - max(0, used - cached))


def _number(text: str, pattern: str) -> int | None:
    found = re.search(f"^{pattern}", text, re.MULTILINE)
    return int(found[1]) if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
