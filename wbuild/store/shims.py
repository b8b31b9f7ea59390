"""Executables that start a tool's program with all the words of its recipe, for programs that are started by path alone:
the linker of a compiler, the compiler of a build system. The store writes them into a tool's tree; they work wherever it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from wbuild.model.locked import SHIMS, Pin
from wbuild.model.planned import Part, ToolPath, Word
from wbuild.steps.kit import command

_HEAD = f"""\
#!/bin/sh
here=${{0%/*}}
case $here in /*) ;; *) here=$(cd "$here" && pwd) ;; esac
here=${{here%/{SHIMS}}}
"""


def shims(pin: Pin) -> Mapping[str, str]:
    """Program → text of its shim, for every program of a pin that has one (`Pin.shims`)."""
    return {program: f'{_HEAD}exec {_line(command(pin, program))} "$@"\n' for program in sorted(pin.shims)}


def _line(words: Iterable[Word]) -> str:
    return " ".join("".join(_quoted(part) for part in word) for word in words)


def _quoted(part: Part) -> str:
    if isinstance(part, ToolPath):
        return '"$here"' + (shlex.quote(f"/{part.member}") if part.member else "")
    assert isinstance(part, str)
    return shlex.quote(part) if part else ""
