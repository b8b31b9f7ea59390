"""Run a Wasm module or component in the `wasmtime` library of a given directory. A program of its own: it imports nothing of wbuild.

usage: python -I wasmtime.py LIBDIR run [--code DIR] REQUEST.json OUTCOME.json
       python -I wasmtime.py LIBDIR start [--code DIR] REQUEST.json
       python -I wasmtime.py LIBDIR exec MODULE [--invoke TEXT] [--dir GUEST=HOST]… [--env K=V]… [limits] [--code DIR] -- ARGS
       python -I wasmtime.py LIBDIR exports MODULE
       python -I wasmtime.py LIBDIR version

LIBDIR is the folder that holds the package `wasmtime`. The parts live beside this file (`wasmtime_*.py`) and are loaded as one
package, so that this file's own name never hides the library.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import cast

PARTS = "wbuild_runner"
BAD_REQUEST = 2


def main(argv: list[str]) -> int:
    """Find the library, load the parts, hand over the rest of the command line; returns the exit code."""
    if len(argv) < 2 or not (Path(argv[0]) / "wasmtime" / "__init__.py").is_file():
        print("usage: wasmtime.py LIBDIR run|start|exec|exports|version …   (LIBDIR holds the package `wasmtime`)", file=sys.stderr)
        return BAD_REQUEST
    sys.dont_write_bytecode = True  # the library stands in a sealed folder
    sys.path.insert(0, str(Path(argv[0]).resolve()))
    package = ModuleType(PARTS)
    package.__path__ = [str(Path(__file__).resolve().parent)]
    sys.modules[PARTS] = package
    commands = importlib.import_module(f"{PARTS}.wasmtime_commands")
    return cast("int", commands.main(argv[1:], Path(argv[0])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
