"""Run cargo with the network, the user's credentials and the project's addresses. A program of its own: it imports nothing of wbuild.

usage: python -I cargo_fetch.py FOLDER CARGO… --manifest-path FILE …

The parts live beside this file (`cargo_fetch_*.py`) and are loaded as one package.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

PARTS = "wbuild_runner"


def main(folder: str, *cargo: str) -> int:
    """The exit code of cargo."""
    package = ModuleType(PARTS)
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules[PARTS] = package
    return cast("int", importlib.import_module(f"{PARTS}.cargo_fetch_start").main(folder, *cargo))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
