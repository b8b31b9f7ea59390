"""Declared checks × runtimes → steps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from posixpath import join, normpath
from typing import Final

from wbuild.builtins.table import builtin
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import JSON, Out, Scratch, SharedCache, Step, Tool
from wbuild.model.written import Artifact, Check, Target
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Tree
from wbuild.steps.words import Value, fill_all

OUTPUT_LIMIT = 8 << 20
"""Bytes that a check may print."""
COMPILE_SECONDS = 120.0
"""What a runtime may need to compile a module, on top of the check's own limit."""
TRANSIENT = 75
"""Exit code of a runner whose outcome depends on the speed of the machine (EX_TEMPFAIL of sysexits.h)."""
DEFAULT_FUEL = 200_000_000_000
"""A second bound besides time, so that an endless loop ends on slow machines as on fast ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One check on one runtime."""

    check: Check
    runtime: RuntimeRecipe

    @property
    def name(self) -> str:
        """Unique within an artifact."""
        return f"{self.check.name}@{self.runtime.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """The checks of one artifact for one target."""

    artifact: Artifact
    target: Target
    base: str
    """Folder of wbuild.toml relative to the root: paths in checks are relative to the artifact's folder."""
    kit: Kit
    tree: Tree
    trials: tuple[Trial, ...]

    def run(self, trial: Trial, module: str, outcome: str, *, label: str, optional: bool) -> Step:
        """The step that runs `module` and writes `outcome`."""
        check, runtime = trial.check, trial.runtime
        pin = self.kit.pin(runtime.tool)
        words: dict[str, Value] = {"request": Scratch("request.json"), "outcome": Out(outcome), "cache": SharedCache(pin.identity)}
        scope: dict[str, Value] = {**words, **_commands(pin)}
        stdin_file = self._path(check.stdin_file) if check.stdin_file else ""
        dirs = {guest: self._path(folder) for guest, folder in check.dirs.items()}
        links = self.tree.leading(dirs.values())
        seen = {name for folder in dirs.values() for name in self.tree.below(folder, whole=True)}
        return Step(
            name=step_name(self.artifact, self.target, trial, label),
            verb="check",
            label=f"{self.artifact.name} {check.name}" + (f" ({label})" if optional else ""),
            artifact=self.artifact.name,
            action=Tool(argv=fill_all(runtime.check, scope)),
            inputs=(module, *([stdin_file] if stdin_file else [])),
            candidates=tuple(sorted(seen)),
            outputs=(outcome,),
            pins=self.kit.closure([runtime.tool]),
            texts={"request.json": json.dumps(request(check, module, stdin_file, dirs), sort_keys=True)},
            links=links,
            optional=optional,
            transient=TRANSIENT,
            timeout=check.timeout + COMPILE_SECONDS,
        )

    def judge(self, trial: Trial, outcome: str, verdict: str) -> Step:
        """The step that compares an outcome with what the check declares."""
        stdout_file = self._path(trial.check.stdout_file) if trial.check.stdout_file else ""
        return Step(
            name=f"{self.artifact.name}.{self.target}:judge:{trial.name}",
            verb="judge",
            label=f"{self.artifact.name} {trial.check.name}",
            artifact=self.artifact.name,
            action=builtin("judge", args={"runtime": trial.runtime.name, **_declared(trial.check)}),
            inputs=(outcome, *([stdout_file] if stdout_file else [])),
            outputs=(verdict,),
        )

    def _path(self, relative: str) -> str:
        return normpath(join(self.base, relative))


def step_name(artifact: Artifact, target: Target, trial: Trial, label: str) -> str:
    """Name of the step that runs a trial on a module; `label` is the candidate's name, or "compiled"."""
    return f"{artifact.name}.{target}:check:{label}:{trial.name}"


def trials(artifact: Artifact, target: Target, runtimes: Sequence[RuntimeRecipe]) -> tuple[Trial, ...]:
    """Every declared check on every runtime that takes the target and that the check allows."""
    return tuple(
        Trial(check=check, runtime=runtime)
        for check in artifact.checks
        for runtime in runtimes
        if target in runtime.targets and check.mode in runtime.modes and (not check.runtimes or runtime.name in check.runtimes)
    )


def request(check: Check, module: str, stdin_file: str, dirs: dict[str, str]) -> dict[str, JSON]:
    """What a runner is asked (`wbuild.request/1`); paths are relative to the step's working folder."""
    return {
        "schema": 1,
        "module": module,
        "mode": check.mode,
        "args": list(check.args),
        "env": dict(check.env),
        "dirs": dict(dirs),
        "stdin": stdin_file or None,
        "stdin_text": check.stdin,
        "invoke": check.invoke,
        "imports": check.imports or None,
        "virtual": True,
        "limits": {"seconds": check.timeout, "fuel": check.fuel or DEFAULT_FUEL, "memory": check.memory, "output": OUTPUT_LIMIT},
    }


def _declared(check: Check) -> dict[str, JSON]:
    """The part of a check that its verdict depends on, besides the outcome."""
    return {**{key: value for key, value in asdict(check).items() if key in _JUDGED}, "output": OUTPUT_LIMIT}


_JUDGED: Final = frozenset({"name", "stdout", "stdout_file", "stderr", "exit", "traps", "invoke", "returns", "timeout", "fuel", "memory"})


def _commands(pin: Pin) -> dict[str, Value]:
    kit = Kit(platform=pin.platform, pins={pin.name: pin})
    return {f"bin:{program}": kit.bin(pin.name, program) for program in pin.bin}
