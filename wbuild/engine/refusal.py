"""A program that the fence stood in the way of: whether its failure can be that, and which file it was about."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from wbuild.model.planned import Step
from wbuild.steps.tree import upward

REFUSED: Final = re.compile(r"permission ?denied|\bEACCES\b|AccessDenied|os error 13\b", re.IGNORECASE)
"""How compilers say what the system told them."""
_MISSED: Final = re.compile(
    r"not found|could not find|no such file|(?:unable to|cannot|can't|could not|couldn't|failed to) (?:open|read|load|access|stat)"
    r"|FileNotFound|\bENOENT\b|no matching files found|irregular file",
    re.IGNORECASE,
)
"""How they say it when they take what they may not read for absent. Errors in sources read otherwise."""
_OWN_CODE: Final = re.compile(r"custom build command|panicked at|proc.macro|transform|build\.zig", re.IGNORECASE)
"""Code of the project says what it likes."""
_QUOTED: Final = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|`([^`\n]+)`")
_BARE: Final = re.compile(r"(?:\.{0,2}/)?[^\s'\"`:()\[\]{}<>,;=|]+/[^\s'\"`:()\[\]{}<>,;=|]+|[\w.-]+\.\w+")


def may_be_refused(step: Step, text: str) -> bool:
    """Whether a failure can be a matter of what the step may read; a plain error in a source is none, and takes no second run."""
    return bool(REFUSED.search(text) or _MISSED.search(text) or (step.runs_project_code and _OWN_CODE.search(text)))


def named(step: Step, text: str, root: Path) -> str:
    """The first file or folder of the project that a failed program complained about and that the step does not declare; "" for none."""
    declared = {*step.inputs, *step.candidates}
    here = str(root)
    for line in text.splitlines():
        if not (REFUSED.search(line) or _MISSED.search(line)):
            continue
        for word in _words(line):
            for folder in _folders(step):
                path = _relative(posixpath.join(folder, word), here)
                if path and _undeclared(step, path, declared) and os.path.exists(os.path.join(here, path)):
                    return path
    return ""


def advice(step: Step, path: str, *, folder: bool) -> str:
    """What to write into the manifest so that the step may read a file or a folder."""
    base = step.roots[0] if step.roots else "."
    line = posixpath.relpath(path, base) + ("/**" if folder else "")
    return f'write `inputs = ["{line}"]` below [artifact.{step.artifact}]'


def _undeclared(step: Step, path: str, declared: Collection[str]) -> bool:
    """Whether a step may not read what stands at a path. Of its roots it may read all, if it runs no code of the project."""
    if path in declared or (not step.own_code and any(above in step.roots for above in upward(path))):
        return False
    return not any(name.startswith(f"{path}/") for name in declared)


def _words(line: str) -> Iterator[str]:
    for match in _QUOTED.finditer(line):
        yield next(group for group in match.groups() if group)
    yield from (match[0] for match in _BARE.finditer(line))


def _folders(step: Step) -> Sequence[str]:
    """Where names may begin: the project's root, the step's own folders, and those of its sources."""
    return tuple(dict.fromkeys(("", *step.roots, *(posixpath.dirname(name) for name in (*step.inputs, *step.candidates)[:200]))))


def _relative(path: str, root: str) -> str:
    """A path below the root, relative to it; "" for others."""
    full = posixpath.normpath(posixpath.join(root, path))
    return full[len(root) + 1 :] if full.startswith(f"{root}/") else ""
