"""Open files by number, for places that must be the very ones that were looked at."""

from __future__ import annotations

import os
from collections.abc import Callable


class Descriptor:
    """An open file or folder; it is closed when nobody uses it any more."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        close(self.number)
