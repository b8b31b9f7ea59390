"""Whether a freshly unpacked tool is complete and runs, before its receipt is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Command, Doors
from wbuild.errors import IntegrityError
from wbuild.model.locked import Pin
from wbuild.model.planned import ToolPath
from wbuild.steps.kit import command

_TIMEOUT: Final = 120.0
_SYSTEM: Final = ("SYSTEMROOT", "WINDIR")
"""Variables without which programs do not start on Windows."""
_SHOWN: Final = 2000


def missing_programs(pin: Pin, tree: Path) -> None:
    """Raises IntegrityError when a file that a program's command line names is not in the tree."""
    for program in sorted(pin.bin):
        for word in command(pin, program):
            for part, following in zip(word, (*word[1:], ""), strict=True):
                if isinstance(part, ToolPath) and part.pin == pin.name:
                    member = part.member or (following[1:] if isinstance(following, str) and following.startswith("/") else "")
                    if not (tree / member).exists():
                        raise IntegrityError(
                            "WB516",
                            f"{pin.name} {pin.version} has no {member}, which its program {program} needs",
                            hint="the package changed its layout; choose another version in [tools]",
                        )


def probe(pin: Pin, argv: Sequence[str], folder: Path, doors: Doors) -> None:
    """Run the pin's probe with a minimal environment. Raises IntegrityError when it fails or says something else."""
    if pin.probe is None:
        return
    _, arguments, expected = pin.probe
    env = {name: value for name, value in doors.client_env.items() if name.upper() in _SYSTEM}
    line = (*argv, *arguments)
    log = folder / "probe.txt"
    result = doors.runner.run(Command(argv=line, cwd=folder, env={"LC_ALL": "C", **env}, timeout=_TIMEOUT), log=log)
    said = log.read_text("utf-8", "replace") if log.exists() else ""
    if result.code == 0 and expected in said:
        return
    how = "did not end" if result.timed_out else f"ended with {result.code}" if result.code else f"did not say {expected!r}"
    raise IntegrityError(
        "WB516",
        f"{pin.name} {pin.version} does not run on this machine: {Path(line[0]).name} {' '.join(arguments)} {how}",
        hint="the package may need a newer system, or the store is on a file system without programs (noexec)",
        detail=said[:_SHOWN],
    )
