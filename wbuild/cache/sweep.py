"""Make room: results that were not used for long go first, and what no result names any more.

Safe beside builds. A result or a content that was used since the oldest running build began, or up to `STEADY` seconds before,
stays; both are looked at once more right before they are removed. Entries go before their contents, so whoever reads meanwhile
sees a miss, never an entry without its contents.
"""

from __future__ import annotations

import math
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.cache.inventory import CONTENTS, CacheFile, CacheRecord, Damage, look
from wbuild.cache.layout import GROWTH, RUNS, STEADY, SWEPT, VERSION
from wbuild.doors.interfaces import Files
from wbuild.errors import MachineError

_STRAY: Final = 86_400.0
"""Seconds after which a file that is not whole was left by a killed process."""
_TICK: Final = 0.05
"""Seconds after which a change of a folder surely has a new time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepLimits:
    """How much may stay in a cache, and for how long."""

    size: int | None = None
    """Bytes of all results; None for any number."""
    age: float | None = None
    """Seconds since a result was last used; None for any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much a sweep has removed, and how much stays."""

    results: int
    """How many results and read sets were removed."""
    contents: int
    """How many contents were removed."""
    freed: int
    """Bytes that were removed."""
    left: int
    """Bytes that stay."""
    spared: int
    """Results over the limits that stay, because a running build may use them."""


def sweep(
    root: Path,
    files: Files,
    limits: SweepLimits,
    *,
    patience: float = 600.0,
    dry: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Swept:
    """Remove the least recently used results below a cache's root until the limits hold; `dry` only tells what would go.

    `patience`: seconds to wait for another sweep. Raises MachineError.
    """
    base = root / VERSION
    with files.lock(base.with_name(f"{VERSION}.lock"), what="sweep the cache", timeout=patience, say=say):
        broom = _Broom(base, files, dry=dry)
        done = broom.run(limits)
        if not dry:
            files.write(base / GROWTH, f"{done.left}\n", durable=False)
            if done.results:
                files.write(base / SWEPT, secrets.token_hex(8), durable=False)
    return done


def discard(root: Path, files: Files, damage: Sequence[Damage]) -> None:
    """Remove what is damaged, entries before contents. Raises MachineError."""
    base = root / VERSION
    refused: list[MachineError] = []
    for found in sorted(damage, key=lambda found: found.file.parent.parent.name == CONTENTS):
        try:
            files.remove(found.file)
        except MachineError as error:  # noqa: PERF203 - another user's: the others go all the same
            refused.append(error)
    if damage:
        files.write(base / SWEPT, secrets.token_hex(8), durable=False)
    if refused:
        raise refused[0]


class _Broom:
    """One sweep of a cache, or a dry run of one."""

    def __init__(self, base: Path, files: Files, *, dry: bool) -> None:
        self._files = files
        self._dry = dry
        self._runs = base / RUNS
        self._now = time.time()
        self._seen = -1
        self._floor = math.inf
        self._freed = 0
        self._held = look(base)
        self._size = self._held.size

    def run(self, limits: SweepLimits) -> Swept:
        """Remove; what was done."""
        for stray in self._held.strays:
            if stray.used < self._now - _STRAY:
                self._remove(stray)
        names = Counter(content for record in self._held.records for content in record.contents)
        orphans = [file for content, file in self._held.contents.items() if not names[content]]
        gone = sum(self._remove(file) for file in orphans if file.used < self._newest())
        removed = spared = 0
        for record in self._over(limits):
            if record.file.used >= self._newest() or not self._remove(record.file):
                spared += 1
                continue
            removed += 1
            names.subtract(record.contents)
            gone += sum(self._remove(file) for file in self._unnamed(record, names))
        return Swept(results=removed, contents=gone, freed=self._freed, left=self._size - self._freed, spared=spared)

    def _over(self, limits: SweepLimits) -> Iterator[CacheRecord]:
        """Results that must go, the least recently used first."""
        for record in sorted(self._held.records, key=lambda record: record.file.used):
            old = limits.age is not None and record.file.used <= self._now - limits.age
            if old or (limits.size is not None and self._size - self._freed > limits.size):
                yield record

    def _unnamed(self, record: CacheRecord, names: Counter[str]) -> Iterator[CacheFile]:
        """Contents that only this result named."""
        for content in record.contents:
            file = self._held.contents.get(content)
            if file is not None and not names[content] and file.used < self._newest():
                yield file

    def _newest(self) -> float:
        """What was used at this time or later stays. Looked up again when builds have come or gone."""
        with suppress(FileNotFoundError):
            changed = self._runs.stat().st_mtime_ns
            if changed != self._seen:
                began = self._files.oldest(self._runs)
                self._floor = math.inf if began is None else began - STEADY
                self._seen = changed if time.time() - changed / 1e9 > _TICK else -1
        return self._floor

    def _remove(self, file: CacheFile) -> bool:
        """Remove a file that is still as it was seen."""
        with suppress(OSError, MachineError):  # another user's file may stay
            if file.path.lstat().st_mtime_ns == file.mtime_ns:
                if not self._dry:
                    self._files.remove(file.path)
                self._freed += file.size
                return True
        return False
