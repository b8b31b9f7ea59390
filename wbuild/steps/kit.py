"""The tools of a plan, answered from pins alone: no tool needs to be installed for planning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wbuild.errors import ProvisionError, UsageError
from wbuild.model.locked import SHIMS, Pin, Platform, Unavailable
from wbuild.model.planned import Launcher, Python, RunnerPath, ToolPath, Word
from wbuild.steps.words import Value, fill, fill_all, placeholders

LOADERS: Final[Mapping[Platform, tuple[str, str]]] = {
    "linux-x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "linux-aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}
"""Where Debian has the libraries of a platform, below usr/lib, and the loader among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """Pins by name for one platform."""

    platform: str
    pins: Mapping[str, Pin | Unavailable]

    def pin(self, name: str) -> Pin:
        """The pin of a tool. Raises UsageError when the lock lacks it, ProvisionError when this platform cannot have it."""
        found = self.pins.get(name)
        if found is None:
            raise UsageError("WB230", f"wbuild.lock has no entry for {name}", hint="run `wbuild lock`")
        if isinstance(found, Unavailable):
            raise ProvisionError(
                found.code,
                f"{name} cannot be had on {self.platform}: {found.reason}",
                hint=found.hint
                or "build on another platform, choose another toolchain in [toolchains], or run `wbuild lock` where it can be had",
            )
        return found

    def bin(self, tool: str, program: str) -> list[Word]:
        """The words that start a program of a tool."""
        return command(self.pin(tool), program)

    def path(self, tool: str, program: str) -> Word:
        """One word that starts a program of a tool. Raises UsageError."""
        return executable(self.pin(tool), program)

    def file(self, tool: str, name: str) -> Word:
        """One word that names a file or folder of a tool. Raises UsageError when it has none of that name."""
        pin = self.pin(tool)
        template = pin.members.get(name)
        if template is None:
            known = ", ".join(sorted(pin.members)) or "none"
            raise UsageError("WB231", f"{tool} {pin.version} has no file {name!r}", hint=f"it has: {known}")
        return fill(template, _scope(pin, (template,)))[0]

    def closure(self, names: Iterable[str]) -> tuple[Pin, ...]:
        """The pins with these names and all that they need, each once, needed ones first."""
        return with_needs(map(self.pin, names))


def with_needs(pins: Iterable[Pin]) -> tuple[Pin, ...]:
    """Pins and all that they need, each once, needed ones first."""
    found: dict[str, Pin] = {}

    def collect(pin: Pin) -> None:
        for needed in pin.needs:
            collect(needed)
        found.setdefault(pin.identity, pin)

    for pin in pins:
        collect(pin)
    return tuple(found.values())


def command(pin: Pin, program: str) -> list[Word]:
    """The words that start `program` of a pin. Raises UsageError when it has no such program."""
    template = pin.bin.get(program)
    if template is None:
        raise UsageError(
            "WB231", f"{pin.name} {pin.version} has no program {program!r}", hint=f"it has: {', '.join(sorted(pin.bin)) or 'none'}"
        )
    return list(fill_all(template, _scope(pin, template)))


def executable(pin: Pin, program: str) -> Word:
    """The one word that starts `program` of a pin, for who starts it by path. Raises UsageError when it has no such program."""
    if program in pin.shims:
        return (ToolPath(pin.name, f"{SHIMS}/{program}"),)
    words = command(pin, program)
    return words[0] if len(words) == 1 else (Launcher(program, tuple(words)),)


def _loader(pin: Pin) -> list[Word]:
    """The words that start a program of Debian with the libraries of its own suite, whatever the machine has."""
    folder, loader = LOADERS.get(pin.platform, ("", ""))
    libraries = f"usr/lib/{folder}"
    path: Word = (ToolPath(pin.name, libraries), ":", ToolPath(pin.name, "usr/lib"))
    return [(ToolPath(pin.name, f"{libraries}/{loader}"),), ("--inhibit-cache",), ("--library-path",), path]


def _scope(pin: Pin, template: Iterable[str]) -> dict[str, Value]:
    scope: dict[str, Value] = {
        "self": ToolPath(pin.name),
        "exe": ".exe" if pin.platform.startswith("windows") else "",
        "python": Python(),
        "loader": _loader(pin),
    }
    for name in (name for word in template for name in placeholders(word)):
        kind, _, argument = name.partition(":")
        if kind == "runner":
            scope[name] = RunnerPath(argument)
        elif kind == "path":
            scope[name] = executable(pin, argument)
        elif kind == "bin":
            scope[name] = next((command(needed, argument) for needed in pin.needs if argument in needed.bin), [])
    return scope
