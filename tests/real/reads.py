"""Which files the steps of a build open, seen by strace from outside: no part of wbuild takes part in it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.machine import SCRIPT, STORE, Machine
from wbuild.engine.layout import Layout
from wbuild.engine.session import RUNNERS

OPTIONS: Final = ("-ff", "--seccomp-bpf", "-qq", "-y", "-v", "-s", "4096", "-e", "signal=none")
CALLS: Final = "?open,openat,?openat2,execve,?execveat,clone,?clone3,?fork,?vfork"
"""With a question mark: those that not every processor has."""
SYSTEM: Final = ("/usr", "/lib", "/lib64", "/bin", "/etc", "/proc", "/dev", "/sys")
"""The machine, which tools need to start: `wbuild-platform` stands for it in keys."""
_HOME: Final = re.compile(r'"HOME=([^"]*)"')
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)(?:<(.*?)>(\(deleted\))?)?(?: .*)?", re.DOTALL)
_PROGRAM: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OCTAL: Final = re.compile(rb"\\([0-7]{1,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What a step's key says that it reads."""

    step: str
    files: frozenset[str]
    """Of the project, relative to its root."""
    tools: frozenset[str]
    """Their folders in the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file that a step has opened to read, by its real path."""

    step: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A build that was looked at."""

    root: Path
    declared: Mapping[str, Declared]
    """Step → what its key says. Fetch steps are none of them."""
    opened: Sequence[Opened]
    """What steps have opened, without folders."""
    said: str
    """What the build said on standard error."""


def traced(machine: Machine, strace: Sequence[str], logs: Path, *options: str, cwd: Path) -> Traced:
    """Build with `wbuild build OPTIONS` in a project's folder."""
    logs.mkdir()
    argv = [*strace, *OPTIONS, "-e", f"trace={CALLS}", "-o", str(logs / "pid")]
    done = machine.run([*argv, str(SCRIPT), "build", *options], cwd).succeeds()
    found = {one.step: one for one in _declared(machine, cwd, *options)}
    layout = Layout(root=cwd)
    homes = {str(cwd / layout.scratch(name) / "home"): name for name in found}
    opened = sorted({*_opened(_processes(logs), homes)}, key=lambda one: (one.step, one.path))
    return Traced(root=cwd, declared=found, opened=opened, said=done.stderr)


def _declared(machine: Machine, root: Path, *options: str) -> Iterator[Declared]:
    """The last key of every step, which the action cache has beside the result; of one that was not kept, what the plan says."""
    plan = json.loads(machine.run([str(SCRIPT), "plan", *options, "--format", "json"], root).succeeds().stdout)
    actions = json.loads((root / ".wbuild/index").read_bytes().partition(b"\n")[2])["steps"]
    for step in plan["steps"]:
        if step["network"]:
            continue
        if (action := actions.get(step["outputs"][0])) is None:
            yield Declared(step=step["name"], files=frozenset(step["inputs"]), tools=frozenset(step["tools"]))
        else:
            entry = Path(machine.environ["WBUILD_CACHE"], "cache-v1/ac", action[:2], action).read_bytes().partition(b"\n")[0]
            key = json.loads(entry)["action"]
            files = {*(name for name, _ in key["inputs"]), *key["read"]}
            yield Declared(step=step["name"], files=frozenset(files), tools=frozenset(key["tools"].values()))


def undeclared(build: Traced, home: Path) -> Iterator[str]:
    """What no key covers, a line each: the step and the file, relative to the project's root where it is in it."""
    root = build.root
    layout = Layout(root=root)
    free = (*SYSTEM, sys.prefix, sys.base_prefix, str(RUNNERS), str((home.parent / "cache/shared").resolve()))
    for one in build.opened:
        path, step = Path(one.path), build.declared[one.step]
        if path.is_relative_to(root):
            inside = path.relative_to(root).as_posix()
            own = (layout.scratch(one.step), f"{layout.states}/", layout.jobserver)
            known = inside in step.files or (inside.startswith(own) and _own_state(layout, inside, one.step))
        elif path.is_relative_to(STORE.resolve()):
            known = any(part in step.tools for part in path.relative_to(STORE.resolve()).parts)
        else:
            known = any(path.is_relative_to(place) for place in free) and not path.is_relative_to(home)
        if not known:
            yield f"{one.step} reads {one.path.removeprefix(f'{root}/')}"


def _own_state(layout: Layout, path: str, step: str) -> bool:
    """Whether a path below the state directories is in that of a step: they are named by artifact and target."""
    return not path.startswith(f"{layout.states}/") or path.split("/")[3].startswith(f"{step.partition(':')[0]}-")


@dataclass(slots=True)
class _Process:
    """What one thread of the build did, in order."""

    lines: Sequence[str]
    parent: int = 0


def _processes(logs: Path) -> Mapping[int, _Process]:
    found = {int(path.suffix[1:]): _Process(path.read_text("utf-8", "surrogateescape").splitlines()) for path in logs.iterdir()}
    for pid, process in found.items():
        for call in map(_CALL.fullmatch, process.lines):
            if call and call[1] in ("clone", "clone3", "fork", "vfork") and int(call[3]) in found:
                found[int(call[3])].parent = pid
    return found


def _opened(processes: Mapping[int, _Process], homes: Mapping[str, str]) -> Iterator[Opened]:
    for process in processes.values():
        step = _inherited(process, processes, homes)
        for call in map(_CALL.fullmatch, process.lines):
            if call is None or call[3].startswith("-"):
                continue
            if call[1].startswith("execve"):
                step = _step_of(call[2], homes) or step
                path = _unescaped((_PROGRAM.search(call[2]) or call)[1])
            elif not call[4] or "O_WRONLY" in call[2] or "O_DIRECTORY" in call[2] or "O_PATH" in call[2]:
                continue
            else:
                path = _unescaped(call[4])
            if step and not Path(path).is_dir():
                yield Opened(step=step, path=str(Path(path).resolve()) if call[1].startswith("execve") else path)


def _inherited(process: _Process, processes: Mapping[int, _Process], homes: Mapping[str, str]) -> str:
    """The step of the process that started this one."""
    parent = processes.get(process.parent)
    while parent is not None:
        for line in parent.lines:
            if line.startswith("execve") and (found := _step_of(line, homes)):
                return found
        parent = processes.get(parent.parent)
    return ""


def _step_of(call: str, homes: Mapping[str, str]) -> str:
    """The step whose home a program was started with; "" for none."""
    home = _HOME.search(call)
    return homes.get(_unescaped(home[1]), "") if home else ""


def _unescaped(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape").replace(b"\\\\", b"\\134")
    return _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), raw).decode("utf-8", "surrogateescape")
