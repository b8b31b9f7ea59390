"""Origins of tools and vendored sources, one module each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from wbuild.doors.interfaces import Doors
from wbuild.model.locked import Pin, Platform, Trust, Unavailable
from wbuild.model.tool_recipe import Route, SourceName, ToolRecipe
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTraits:
    """What is true of everything that comes from one source."""

    client: str = ""
    """The tool whose program it runs; "" for none of a lock."""
    vouched: Trust = "checksum"
    """How far it vouches for a file when it serves it; a checksum is as good as the digest in the lock."""
    most: Trust = "checksum"
    """How far it can vouch for a file in a lock at most."""
    wrapped: bool = False
    """Whether its archives hold everything in one folder of no meaning, which is left out."""


TRAITS: Final[Mapping[SourceName, SourceTraits]] = {
    "pypi": SourceTraits(vouched="registry", most="registry"),
    "npm": SourceTraits(client="node", vouched="registry", most="registry", wrapped=True),
    "debian": SourceTraits(most="signature"),
    "system": SourceTraits(),
}
"""Every source; the module of this name resolves and fetches."""
SOURCES: Final[Mapping[str, Source]] = Lazy({name: f"wbuild.sources.{name}" for name in TRAITS})


def traits_of(source: str) -> SourceTraits:
    """The traits of a pin's source; of one that is none, those of most."""
    return next((traits for name, traits in TRAITS.items() if name == source), _PLAIN)


_PLAIN: Final = SourceTraits()
