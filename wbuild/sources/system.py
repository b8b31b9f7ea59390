"""Tools that the machine has already: the lock says which program and from which version on, a run looks for it on PATH.

What is found (the version that the program tells, and the digests of the files that make it) is the pin's identity, so it enters
keys: another compiler of the same version is another tool. Nothing is copied, and steps see the tool alone, never PATH.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.doors.machine import machine_errors
from wbuild.errors import ProvisionError
from wbuild.model.locked import SYSTEM, Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import SHIPPED, Probe, Route, ToolRecipe
from wbuild.sources.client import ClientOutcome, run_client, scratch
from wbuild.sources.clients import PROBE
from wbuild.text.versions import clauses, matches

_ENV: Final = {"LC_ALL": "C", "GOTOOLCHAIN": "local", "RUSTUP_AUTO_INSTALL": "0"}
"""Version managers answer for what is there, and download nothing."""
_NUMBER: Final = r"(\d+(?:\.\d+)*)"


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """Pins without files: "from this version on", or exactly `version`.

    For this machine's platform the program must be there; for others it is up to their machines.
    """
    pins: dict[Platform, Pin] = {
        platform: Pin(name=tool.name, version=_wanted(tool, version), platform=platform, source=SYSTEM, package=route.package, files=())
        for platform in platforms
    }
    if doors.platform in pins:
        found = find(pins[doors.platform], tool, route, doors)
        if isinstance(found, Unavailable):
            return dict.fromkeys(platforms, Unavailable(reason=found.reason))
    return pins


def _wanted(tool: ToolRecipe, version: str) -> str:
    """What the lock asks for: the oldest version that the recipe allows, or the exact one."""
    oldest = next((limit for sign, limit in clauses(tool.versions) if sign == ">="), (0,))
    return f"=={version}" if version else f">={'.'.join(map(str, oldest))}"


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Never called: nothing of such a pin is downloaded."""
    raise AssertionError(f"{pin.name} is the machine's own, and would be fetched into {into} with {doors.platform}")


def find(pin: Pin, tool: ToolRecipe, route: Route, doors: Doors) -> Pin | Unavailable:
    """A locked pin with the program that this machine has for it. Raises ProvisionError, MachineError.

    While a project is only looked at, what it brings itself is not started: the pin stays as it is.
    """
    path = os.pathsep.join(folder for folder in doors.path if Path(folder).is_absolute())
    program = shutil.which(pin.package, path=path) if Path(pin.package).name == pin.package else None
    if doors.looking is not None and (tool.origin != SHIPPED or (program and _lies_in(doors.looking, Path(program)))):
        return pin
    if program is None or tool.probe is None:
        return _lacking(pin, f"this machine has no {pin.package} on its PATH")
    return _asked(pin, tool.probe, route, Path(program), doors)


def _asked(pin: Pin, probe: Probe, route: Route, program: Path, doors: Doors) -> Pin | Unavailable:
    """The pin with what a program says about itself."""
    path = os.pathsep.join(folder for folder in doors.path if Path(folder).is_absolute())
    said = _ask((str(program), *probe.args), path, doors)
    version = told(probe, said.said) if said.code == 0 else ""
    if not version:
        return _lacking(pin, f"{program} does not say its version ({_first_line(said)})")
    if not matches(version, pin.version):
        return _lacking(pin, f"{program} is {version}")
    folder = program.parent
    if route.home:
        answer = _ask((str(program), *route.home), path, doors, printed=True)
        folder = Path(answer.said)
        if answer.code != 0 or not folder.is_absolute() or not folder.is_dir():
            return _lacking(pin, f"{program} does not say where it is ({_first_line(answer)})")
    content = [] if route.home else [program]
    for pattern in route.content:
        matched = sorted(path for path in folder.glob(_spelled(pattern, pin)) if path.is_file())
        if not matched:
            return _lacking(pin, f"{program} is {version}, and there is no {_spelled(pattern, pin)} in {folder}")
        content += matched
    files = (*_files(content, folder, doors), _evidence(said))
    return replace(pin, version=version, files=files, folder=str(folder))


def _lies_in(folder: Path, program: Path) -> bool:
    """Whether a program, or what its links lead to, is part of a folder."""
    return any(Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)) for path in (program, program.parent))


def _lacking(pin: Pin, what: str) -> Unavailable:
    wanted = pin.version.replace(">=", "from version ").replace("==", "version ")
    return Unavailable(
        reason=f"{what}; wanted is the machine's own {pin.name}, {wanted}" + (" on" if pin.version.startswith(">=") else ""),
        hint=f"install it, or let wbuild bring its own: `wbuild lock --update {pin.name} --sources registry`",
    )


def told(probe: Probe, said: str) -> str:
    """The version in what a program says when it is probed; "" when it is not what the recipe expects."""
    pattern = re.escape(probe.expect)
    for name in ("version-major", "version"):
        pattern = pattern.replace(re.escape(f"{{{name}}}"), _NUMBER, 1)
    found = re.search(pattern, said) if _NUMBER in pattern else None
    return found[1] if found else ""


def _ask(argv: Sequence[str], path: str, doors: Doors, *, printed: bool = False) -> ClientOutcome:
    """What a program says; with `printed` only what it writes to standard output, if anything."""
    with scratch() as folder:
        answer = folder / "answer.txt" if printed else None
        try:
            outcome = run_client(argv, client=PROBE, doors=doors, folder=folder, env={**_ENV, "PATH": path}, stdout=answer)
        except ProvisionError as error:
            return ClientOutcome(code=127, said=error.problems[0].message)
        text = answer.read_text("utf-8", "replace").strip() if answer and answer.exists() else ""
        return ClientOutcome(code=outcome.code, said=text or outcome.said)


def _first_line(outcome: ClientOutcome) -> str:
    return outcome.said.partition("\n")[0][:200] or f"exit code {outcome.code}"


def _spelled(pattern: str, pin: Pin) -> str:
    return pattern.replace("{exe}", ".exe" if pin.platform.startswith("windows") else "")


def _files(paths: Sequence[Path], folder: Path, doors: Doors) -> Iterator[PinnedFile]:
    for path in paths:
        with machine_errors(path, "read"):
            size, digest = path.stat().st_size, doors.files.sha256(path)
        name = path.relative_to(folder).as_posix()
        yield PinnedFile(name=name, size=size, digest=Digest(algorithm="sha256", hex=digest), trust="tofu")


def _evidence(outcome: ClientOutcome) -> PinnedFile:
    """What the program says about itself, as one more thing that tells it from others."""
    text = outcome.said.encode("utf-8", "surrogateescape")
    return PinnedFile(name="said", size=len(text), digest=Digest(algorithm="sha256", hex=hashlib.sha256(text).hexdigest()), trust="tofu")
