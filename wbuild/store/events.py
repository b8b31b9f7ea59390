"""What the store says while it works."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wbuild.model.locked import Pin
from wbuild.text.units import show_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreEvent:
    """One thing that the store tells while it installs tools."""

    kind: Literal["download", "progress", "installed", "failed", "waiting", "damaged", "elsewhere"]
    """"progress" comes only from a store that was asked for it, at most five times a second for each pin."""
    pin: Pin
    text: str = ""
    """More about it: who is waited for, what is damaged, why it comes to another place."""
    arrived: int = 0
    """Bytes of the download that are there; the pin's size once all of it is there."""

    def __str__(self) -> str:
        about = f"{self.pin.name} {self.pin.version}"
        match self.kind:
            case "progress":
                return f"{about}: {show_bytes(self.arrived)} of {show_bytes(self.pin.size)}"
            case "failed":
                return f"{about}: failed"
            case "download":
                return f"{about} ({show_bytes(self.pin.size)}): downloading"
            case "installed":
                return f"{about} ({show_bytes(self.pin.size)}): new in the store"
            case "damaged":
                return f"{about} is damaged and is installed again: {self.text}"
            case _:
                return self.text


Say = Callable[[StoreEvent], None]
"""Whoever is told what the store does."""
