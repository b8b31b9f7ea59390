"""Where the engine keeps things below a project's `.wbuild`, and the environment that a step gets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from wbuild.engine.scratch import HOME, TMP
from wbuild.text.project_names import WORK

TEMPORARY: Final = "TMPDIR"
"""Variable that names a step's own folder for temporary files; programs that a killed run left are known by it."""
_ODD: Final = re.compile(r"[^A-Za-z0-9._-]+")


@lru_cache(maxsize=1 << 14)
def slug(name: str) -> str:
    """A short, safe file name for a step: the same on every machine, different for different steps."""
    return f"{_ODD.sub('-', name)[:40].strip('.-')}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What steps must not depend on, made different to see whether they do. Never part of a key: nothing made so may be kept."""

    env: Mapping[str, str] = field(default_factory=dict)
    """In place of what every step sees; what recipe and manifest declare wins."""
    umask: int = -1
    """The umask of every step, as in `Command`; -1 leaves it as it is."""
    confined: bool = False
    """Whether every step has one processor only, as in `Command`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Paths below one project's root."""

    root: Path
    work: str = WORK
    """The folder of everything that the engine keeps, relative to the root."""

    @property
    def tmp(self) -> str:
        """Scratch folders, relative to the root."""
        return f"{self.work}/tmp"  # noqa: S108 - below the project's own folder

    @property
    def jobserver(self) -> str:
        """The pipe of tokens that programs share, relative to the root."""
        return f"{self.tmp}/jobserver"

    @property
    def states(self) -> str:
        """State directories, relative to the root."""
        return f"{self.work}/state-dirs"

    @property
    def marks(self) -> str:
        """Marks of state directories, relative to the root."""
        return f"{self.work}/marks"

    @property
    def lock(self) -> Path:
        """Held while steps run."""
        return self.root / self.work / "lock"

    @property
    def mark(self) -> Path:
        """There while a run goes on, and after one that was killed."""
        return self.root / self.work / "running"

    @property
    def index(self) -> Path:
        """What was known of files at the end of the last run."""
        return self.root / self.work / "index"

    @property
    def ignore(self) -> Path:
        """Keeps the folder out of git."""
        return self.root / self.work / ".gitignore"

    @property
    def nothing(self) -> Path:
        """An empty folder: the PATH of every step."""
        return self.root / self.work / "empty"

    def scratch(self, step: str) -> str:
        """A step's private folder, relative to the root."""
        return f"{self.tmp}/{slug(step)}"

    def log(self, step: str) -> str:
        """The file that holds what the program of a step said, relative to the root."""
        return f"{self.work}/log/{slug(step)}.txt"

    def environment(self, scratch: str, epoch: int, *, windows: bool) -> dict[str, str]:
        """What every step sees: no program, no home, no language, a fixed time."""
        home, temporary = str(self.root / scratch / HOME), str(self.root / scratch / TMP)
        return {
            **dict.fromkeys(("USERPROFILE",) if windows else ("HOME",), home),
            **dict.fromkeys(("TMP", "TEMP") if windows else (TEMPORARY,), temporary),
            "PATH": str(self.nothing),
            **fixed(epoch),
        }


def fixed(epoch: int) -> Mapping[str, str]:
    """The part of that environment which enters keys."""
    return {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": str(epoch)}
