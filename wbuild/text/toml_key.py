"""Keys of TOML, as people write them."""

from __future__ import annotations

import json
import re
from typing import Final

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+\Z")


def key(name: str) -> str:
    """A key as it is written in TOML."""
    return name if _BARE_KEY.match(name) else json.dumps(name)
