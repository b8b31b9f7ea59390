"""A process that installs one pin and is killed at a checkpoint: `python -m tests.cli.store_child STORE CHECKPOINT DELAY`."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from tests.archives import Member, entry, zipped
from tests.doors import FakeRunner, fake_doors
from tests.provision import FakeSource, pinned
from wbuild.doors.archive import SafeArchives
from wbuild.doors.files import RealFiles
from wbuild.errors import WbuildError
from wbuild.model.locked import Pin
from wbuild.store import Store

DATA = zipped([entry(Member(f"tool/lib/{number}".encode(), bytes([number]) * 500)) for number in range(40)])
PIN = pinned("tool", DATA)


def store(root: Path, checkpoint: str, delay: float, counter: Path) -> Store:
    """A store that dies at `checkpoint`, whose downloads take `delay` seconds and are counted in a file."""

    def reached(name: str) -> None:
        if name == checkpoint:
            os.kill(os.getpid(), signal.SIGKILL)

    def count(_: Pin) -> None:
        with counter.open("a") as file:
            file.write("x")
        time.sleep(delay)

    source = FakeSource({"tool-1.0.zip": DATA}, before=count)
    doors = fake_doors(files=RealFiles(), archives=SafeArchives(), runner=FakeRunner())
    return Store(root, doors, {"fake": source}, lock_timeout=20, checkpoint=reached)


def main() -> int:
    """Install; the exit code of an error."""
    root, checkpoint, delay = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    pin = Pin(**{name: getattr(PIN, name) for name in ("name", "version", "platform", "source", "package", "files")})
    try:
        store(root, checkpoint, delay, root.with_name("downloads")).ensure([pin], lambda event: print(event, flush=True))
    except WbuildError as error:
        print(error, file=sys.stderr)
        return error.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
