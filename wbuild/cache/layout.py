"""Names in a cache's folder."""

from __future__ import annotations

from typing import Final

VERSION: Final = "cache-v1"
SHARED: Final = "shared"
RUNS: Final = "runs"
GROWTH: Final = "growth"
SWEPT: Final = "swept"
STEADY: Final = 3600.0
"""Seconds for which a time of use is good enough: a build that finds a younger one writes nothing."""
