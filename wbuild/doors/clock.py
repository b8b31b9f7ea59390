"""The system's time."""

from __future__ import annotations

import time


class SystemClock:
    """Time as the system tells it."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds for durations; never goes back."""
        return time.monotonic()
