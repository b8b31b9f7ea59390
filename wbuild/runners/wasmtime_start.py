"""Start-up: how long a check takes from an instance that does not exist to its end, with the module compiled before."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from .wasmtime_guest import Guest
from .wasmtime_load import Kept, Loaded, RefusedError, Settings, load, make_engine, version
from .wasmtime_request import Request, read_request
from .wasmtime_world import World

RUNS: Final = 5
"""Measured after one that is not: the first one also fills the processor's caches."""


def measure(request_path: Path, libdir: Path, code: Path | None) -> int:
    """Write `wbuild.start/1` to standard output: the seconds of each run. Raises RefusedError, BadRequestError and BadValueError.

    Nothing counts instructions or watches the time meanwhile, and clock and randomness are the machine's, as in production.
    """
    request = read_request(request_path)
    settings = Settings(features=request.features, fuel=False, interruptible=False)
    kept = Kept(folder=code, library=version(libdir), settings=settings) if code else None
    loaded = load(Path(request.module).read_bytes(), make_engine(settings), kept)
    with tempfile.TemporaryDirectory() as folder:
        world = _world(request, Path(folder))
        seconds = [_once(loaded, world, request.invoke) for _ in range(RUNS + 1)][1:]
    json.dump({"schema": "wbuild.start/1", "runtime": "wasmtime", "seconds": seconds}, sys.stdout)
    print()
    return 0


def _once(loaded: Loaded, world: World, invoke: str | None) -> float:
    start = time.perf_counter()
    guest = Guest(loaded, world)
    ended = guest.run(invoke)
    seconds = time.perf_counter() - start
    guest.close()
    if ended.exit is None:
        raise RefusedError(f"it does not end: {ended.limit or ended.trap}")
    return seconds


def _world(request: Request, folder: Path) -> World:
    stdin = request.stdin
    if request.stdin_text is not None:
        (folder / "stdin").write_bytes(request.stdin_text.encode("utf-8", "surrogateescape"))
        stdin = str(folder / "stdin")
    return World(
        args=(request.name, *request.args),
        env=request.env,
        read_only=request.dirs,
        stdin=stdin,
        stdout=os.devnull,
        stderr=os.devnull,
        fuel=None,
        memory=request.limits.memory,
        stubs="trap" if request.imports == "trap" else "zero" if request.imports == "zero" else None,
    )
