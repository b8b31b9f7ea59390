"""Origins of tools and vendored sources, one module each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from wbuild.doors.interfaces import Doors
from wbuild.model.locked import Pin, Platform, Trust, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.text.lazy import Lazy


class Source(Protocol):
    """An origin. Locking, verifying, unpacking and receipts are the store's."""

    def resolve(
        self, tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
    ) -> Mapping[Platform, Pin | Unavailable]:
        """One version for all platforms, with the files of each; nothing is downloaded.

        Version "" is the newest within `tool.versions`. Pins come without programs and needs, which the recipe knows.
        Raises ProvisionError when the origin cannot be reached.
        """
        ...

    def fetch(self, pin: Pin, into: Path, doors: Doors) -> None:
        """Download `pin.files` into an empty folder, each under its name. The caller verifies size and digest.

        Raises ProvisionError, IntegrityError, MachineError.
        """
        ...


SOURCES: Final[Mapping[str, Source]] = Lazy({name: f"wbuild.sources.{name}" for name in ("pypi", "npm", "debian", "system")})
CLIENTS: Final[Mapping[str, str]] = {"npm": "node"}
"""Source → the tool whose program it runs."""
VOUCHED: Final[Mapping[str, Trust]] = {"pypi": "registry", "npm": "registry"}
"""Source → how far it vouches for a file when it serves it; others are as good as the digest in the lock."""
WRAPPED: Final = frozenset({"npm"})
"""Sources whose archives hold everything in one folder of no meaning, which is left out."""
