"""The command line of the runner: `run`, `start`, `exec`, `exports` and `version`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from . import wasmtime_component, wasmtime_core, wasmtime_start
from .wasmtime_check import check, limit_data
from .wasmtime_guest import Guest
from .wasmtime_load import Kept, RefusedError, Settings, load, make_engine, version
from .wasmtime_request import BadRequestError
from .wasmtime_values import BadValueError
from .wasmtime_world import Ended, World

BAD_REQUEST, REFUSED, TRAPPED = 2, 3, 134
REFUSAL: Final = "WBUILD_REFUSAL"
"""The variable that names the file for a refusal."""


def main(argv: list[str], libdir: Path) -> int:
    """Exit codes: `run` 0 (outcome written), 2, 3; `exec` the program's own, 134 after a trap or a limit; 2 and 3 as in `run`."""
    cut = argv.index("--") if "--" in argv else len(argv)
    options = _parser().parse_args(argv[:cut], argparse.Namespace(args=argv[cut + 1 :]))
    try:
        return _dispatch(options, libdir)
    except (BadRequestError, BadValueError, OSError) as error:
        _say(error)
        return BAD_REQUEST
    except RefusedError as error:
        _say(error)
        return REFUSED


def _dispatch(options: argparse.Namespace, libdir: Path) -> int:
    if options.command == "run":
        return check(options.request, options.outcome, libdir, options.code)
    if options.command == "start":
        return wasmtime_start.measure(options.request, libdir, options.code)
    if options.command == "version":
        print(version(libdir))
        return 0
    return _exports(options.module) if options.command == "exports" else _execute(options, libdir)


def _say(error: Exception) -> None:
    """Why nothing was run: in the file that the caller named, so that it cannot be taken for the program's own words."""
    named = os.environ.get(REFUSAL)
    if named:
        Path(named).write_text(str(error), encoding="utf-8")
    else:
        print(f"wasmtime runner: {error}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wasmtime.py LIBDIR", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="one run with limits, outcome in a file")
    run.add_argument("--code", type=Path, help="a folder of compiled code, read and filled")
    run.add_argument("request", type=Path)
    run.add_argument("outcome", type=Path)
    start = commands.add_parser("start", help="how long a check takes, compiled before, as JSON")
    start.add_argument("--code", type=Path, help="a folder of compiled code, read and filled")
    start.add_argument("request", type=Path)
    exports = commands.add_parser("exports", help="the exported functions as JSON")
    exports.add_argument("module", type=Path)
    commands.add_parser("version", help="the library's version")
    execute = commands.add_parser("exec", help="run with this terminal's streams; the guest's arguments stand after --", allow_abbrev=False)
    execute.add_argument("module", type=Path)
    execute.add_argument("--invoke", metavar="'f(1, 2)'")
    execute.add_argument("--dir", action="append", default=[], type=_pair, metavar="GUEST=HOST", help="a folder, read-only")
    execute.add_argument("--dir-rw", action="append", default=[], type=_pair, metavar="GUEST=HOST", help="a folder that may be changed")
    execute.add_argument("--env", action="append", default=[], type=_pair, metavar="NAME=VALUE")
    execute.add_argument("--name", help="the program's name as it sees it; default: the file's name")
    execute.add_argument("--feature", action="append", default=[], help="a proposal to turn on, or off with a leading -")
    execute.add_argument("--imports", choices=("trap", "zero"), help="stubs for imports that the runtime does not have")
    execute.add_argument("--fuel", type=int)
    execute.add_argument("--memory", type=int, default=-1, help="bytes")
    execute.add_argument("--timeout", type=float, help="seconds")
    execute.add_argument("--code", type=Path, help="a folder of compiled code, read and filled")
    return parser


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"`{text}` is not of the form NAME=VALUE")
    return name, value


def _exports(path: Path) -> int:
    loaded = load(path.read_bytes(), make_engine(Settings(fuel=False, interruptible=False)), None)
    found = wasmtime_component.describe(loaded.component, loaded.engine) if loaded.component else wasmtime_core.describe(loaded.data)
    names = [] if loaded.module is None else [item.name for item in loaded.module.exports]
    command = "_start" in names or any(str(item["name"]).startswith("wasi:cli/run@") for item in found)
    kind = "component" if loaded.component else "module"
    json.dump(
        {"schema": "wbuild.exports/1", "kind": kind, "command": command, "functions": found}, sys.stdout, indent=1, ensure_ascii=False
    )
    print()
    return 0


def _execute(options: argparse.Namespace, libdir: Path) -> int:
    # The guest holds the thread: signals must act without waiting for Python.
    for name in ("SIGINT", "SIGPIPE"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if options.memory > 0:
        limit_data(options.memory)
    settings = Settings(features=tuple(options.feature), fuel=options.fuel is not None, interruptible=options.timeout is not None)
    try:
        engine = make_engine(settings)
    except ValueError as error:
        raise BadValueError(str(error)) from None
    kept = Kept(folder=options.code, library=version(libdir), settings=settings) if options.code else None
    loaded = load(options.module.read_bytes(), engine, kept)
    world = World(
        args=(options.name or options.module.name, *options.args),
        env=dict(options.env),
        read_only=dict(options.dir),
        writable=dict(options.dir_rw),
        fuel=options.fuel,
        memory=options.memory,
        stubs=options.imports,
    )
    guest = Guest(loaded, world)
    if options.timeout is not None:
        timer = threading.Timer(options.timeout, engine.increment_epoch)
        timer.daemon = True
        timer.start()
    return _tell(guest.run(options.invoke), options.memory)


LARGEST: Final = 1 << 32
"""Bytes of the largest memory that most programs can have."""
LIMITS: Final = {"fuel": "it has used up its fuel", "memory": "it needs more memory than it may have"}


PAGE: Final = 1 << 16
"""Bytes."""
SPENT: Final = 0.9
"""Part of the memory that a program may have from which on a trap is thought to come from the lack of more."""


def _tell(ended: Ended, memory: int) -> int:
    for value in ended.returns or ():
        print(value)
    sys.stdout.flush()
    if ended.exit is not None:
        return ended.exit
    what = LIMITS[ended.limit] if ended.limit else "its time is over" if ended.trap == "interrupt" else f"trap: {ended.trap}"
    if ended.trap and memory > 0 and (ended.memory_pages or 0) * PAGE > SPENT * min(memory, LARGEST):
        what += f"; it had taken {(ended.memory_pages or 0) * PAGE >> 20} MiB of memory, and may not have more"
    print(f"wasmtime runner: {what}", file=sys.stderr)
    for frame in ended.backtrace[:8]:
        print(f"  {frame}", file=sys.stderr)
    return TRAPPED
