"""What goes on right now, as lines of text: running steps, downloads, how much is done."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Final

VERB_WIDTH: Final = 9
LABEL_WIDTH: Final = 42
BAR_WIDTH: Final = 20
SPAN: Final = 5.0
"""Seconds over which the speed of a download is taken."""
SOON: Final = 0.1
"""Seconds: what ends earlier is never shown."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One thing that goes on."""

    verb: str
    label: str
    """What it is about, safe to print."""
    begun: float
    """When it began, in seconds of the monotonic clock."""
    total: int = 0
    """Bytes of a download; 0 for a step."""
    samples: deque[tuple[float, int]] = field(default_factory=deque)
    """How many bytes had arrived at which time, in seconds of the monotonic clock."""

    @property
    def arrived(self) -> int:
        """Bytes that have arrived so far."""
        return self.samples[-1][1] if self.samples else 0

    def sample(self, now: float, arrived: int) -> None:
        """Note how many bytes are there, and when the last of them came."""
        if self.total and arrived >= self.total:
            self.begun = now  # from here on it is unpacked
        self.samples.append((now, arrived))
        while len(self.samples) > 2 and now - self.samples[0][0] > SPAN:
            self.samples.popleft()

    def speed(self, now: float) -> float:
        """Bytes a second over the last seconds; 0.0 when nobody can tell."""
        since, before = self.samples[0] if self.samples else (now, 0)
        if len(self.samples) == 1:
            since, before = self.begun, 0
        return (self.arrived - before) / (now - since) if now - since > SOON else 0.0


@dataclass(slots=True, kw_only=True)
class Board:
    """Rows by key, from any thread."""

    total: int = 0
    """Steps of the plan; 0: nobody counts them."""
    done: int = 0
    begun: float = 0.0
    """Monotonic seconds of the first row."""
    rows: dict[str, Row] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, key: str, row: Row) -> None:
        """Show a row for something that begins."""
        with self.lock:
            self.begun = self.begun or row.begun
            self.rows[key] = row

    def sample(self, key: str, now: float, arrived: int) -> None:
        """More of a download is there."""
        with self.lock:
            if key in self.rows:
                self.rows[key].sample(now, arrived)

    def remove(self, key: str) -> None:
        """Take away the row of something that has ended."""
        with self.lock:
            self.rows.pop(key, None)

    def count(self) -> None:
        """A step has ended, run or not."""
        with self.lock:
            self.done += 1

    def lines(self, now: float, *, height: int, plain: bool) -> list[str]:
        """What to show, the oldest first and a summary at the end; [] when nothing has lasted long enough. `plain`: in ASCII."""
        with self.lock:
            rows = [row for row in self.rows.values() if now - row.begun >= SOON or row.samples]
            if not rows:
                return []
            room = max(1, height - 2)
            shown = [_line(row, now, plain=plain) for row in rows[:room]]
            if len(rows) > room:
                shown[-1] = f"  and {len(rows) - room + 1} more"
            return [*shown, self._summary(now, plain=plain)]

    def _summary(self, now: float, *, plain: bool) -> str:
        parts = [f"{self.done} of {self.total} steps"] if self.total else []
        downloads = [row for row in self.rows.values() if row.total]
        if len(downloads) > 1:
            total = sum(row.total for row in downloads)
            parts.append(f"{len(downloads)} downloads, {size_of(sum(row.arrived for row in downloads), total)}")
        parts.append(_clock(now - self.begun))
        return "  " + (" - " if plain else " · ").join(parts)


def _line(row: Row, now: float, *, plain: bool) -> str:
    label = row.label if len(row.label) <= LABEL_WIDTH else row.label[: LABEL_WIDTH - 1] + ("~" if plain else "…")
    return f"  {row.verb:<{VERB_WIDTH}} {label:<{LABEL_WIDTH}} {_right(row, now, plain=plain)}"


def _right(row: Row, now: float, *, plain: bool) -> str:
    if not row.total:
        return f"{now - row.begun:.1f} s"
    if row.arrived >= row.total:
        return f"unpacking {now - row.begun:.1f} s"
    if not row.arrived:
        return f"{_pulse(now - row.begun, plain=plain)} {size_of(row.total)} {now - row.begun:.1f} s"
    speed = row.speed(now)
    left = f" {_clock((row.total - row.arrived) / speed)} left" if speed else ""
    return f"{_bar(row.arrived / row.total, plain=plain)} {size_of(row.arrived, row.total)}{left}"


def _bar(share: float, *, plain: bool) -> str:
    full = int(share * BAR_WIDTH)
    return ("#" * full + "-" * (BAR_WIDTH - full)) if plain else ("━" * full + "─" * (BAR_WIDTH - full))


def _pulse(seconds: float, *, plain: bool) -> str:
    """A bar for a download of which nobody can tell how much is there."""
    at = int(seconds * 4) % (BAR_WIDTH - 2)
    return _bar(0, plain=plain)[:at] + _bar(1, plain=plain)[:3] + _bar(0, plain=plain)[at + 3 :]


def size_of(size: int, total: int = 0) -> str:
    """Bytes as people say them: "80.3 MB", or "41.2 of 80.3 MB"."""
    unit, name = (1e6, "MB") if max(size, total) >= 1e6 else (1e3, "kB")
    whole = f"{total / unit:.1f} {name}"
    return f"{size / unit:.1f} of {whole}" if total else f"{size / unit:.1f} {name}"


def _clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
