"""`[[artifact.NAME.check]]`: what a declared check may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from wbuild.manifest.boundary import Boundary
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Check, Kind
from wbuild.text.names import quoted
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted

LARGEST_EXIT = 255
LONGEST_NAME = 200
"""Characters of the name of a check."""

_CALL = re.compile(r"[^\s()]+\(.*\)\Z", re.DOTALL)


def check_rules(faults: Faults, boundary: Boundary, catalog: Catalog, path: Path, artifact: Artifact) -> tuple[Check, ...]:
    """The checks of an artifact with their names filled in; what is wrong with them is noted."""
    named: list[Check] = []
    for position, check in enumerate(artifact.checks):
        where = (*path, "check", position)
        check = replace(check, name=check.name or f"check {position + 1}")  # noqa: PLW2901 - the same check, named
        for key, message, hint in (*_contradictions(check), *unfit(check, artifact.kind)):
            faults.add("WB219", (*where, key) if key else where, f"{dotted(where)}: {message}", hint=hint)
        for key, message, hint in _impossible(check):
            faults.add("WB223", (*where, key), f"{dotted((*where, key))}: {message}", hint=hint)
        if check.name in (other.name for other in named):
            message = f"{dotted(where)}: another check is called {quoted(check.name)}"
            faults.add("WB212", (*where, "name"), message, hint="give each check its own name")
        for named_path in check.reads:
            boundary.check((*where, *named_path.key), named_path.path, artifact.path)
        _check_runtimes(faults, catalog, where, check, artifact)
        named.append(check)
    return tuple(named)


def unfit(check: Check, kind: Kind | None) -> Iterator[tuple[str, str, str]]:
    """(key, message, hint) of a check that artifacts of a kind cannot have; nothing while only the sources know the kind."""
    if kind == "reactor" and check.invoke is None:
        yield "", "a reactor has no start, so a check of it needs invoke", 'add invoke = "function(arguments)", or set kind = "command"'
    if kind == "command" and check.invoke is not None:
        yield "invoke", "invoke calls an export of a reactor, and this is a command", 'set kind = "reactor", or use args and stdin'


def _contradictions(check: Check) -> Iterator[tuple[str, str, str]]:
    """(key, message, hint) of settings that exclude each other."""
    if check.stdin is not None and check.stdin_file is not None:
        yield "stdin-file", "stdin and stdin-file are both given", "keep one of them"
    if check.stdout is not None and check.stdout_file is not None:
        yield "stdout-file", "stdout and stdout-file are both given", "keep one of them"
    yield from _of_command(check) if check.invoke is None else _of_call(check, check.invoke)


def _of_command(check: Check) -> Iterator[tuple[str, str, str]]:
    if check.returns is not None:
        yield "returns", "returns without invoke", 'add invoke = "function(arguments)"'
    if check.traps and check.exit:
        yield "exit", "a run that traps has no exit code", "keep one of traps and exit"


def _of_call(check: Check, call: str) -> Iterator[tuple[str, str, str]]:
    if check.args:
        yield "args", "args and invoke are both given", "the arguments of invoke stand in its parentheses"
    if check.traps and check.returns is not None:
        yield "returns", "a call that traps returns nothing", "keep one of traps and returns"
    if check.exit:
        yield "exit", "a call has no exit code", "use returns, or traps = true"
    if not _CALL.match(call):
        yield "invoke", f"{quoted(call)} is not a call", 'write such as "add(1, 2)"'


def _impossible(check: Check) -> Iterator[tuple[str, str, str]]:
    """(key, message, hint) of values that cannot be."""
    if len(check.name) > LONGEST_NAME or any(ord(c) < 32 or ord(c) == 127 for c in check.name):
        yield "name", "not a name that a table can show", f"write one line of at most {LONGEST_NAME} characters"
    if not 0 <= check.exit <= LARGEST_EXIT:
        yield "exit", f"{check.exit} is no exit code", f"exit codes are 0 to {LARGEST_EXIT}; a trap is traps = true"
    for name in check.env:
        if not name or "=" in name or "\0" in name:
            yield "env", f"{quoted(name)} cannot be the name of an environment variable", "names are not empty and hold no '='"
    for guest in check.dirs:
        if not guest or "\0" in guest:
            yield "dirs", f"{quoted(guest)} cannot be a folder of the program", 'write such as "/data"'


def _check_runtimes(faults: Faults, catalog: Catalog, where: Path, check: Check, artifact: Artifact) -> None:
    for position, name in enumerate(check.runtimes):
        place = (*where, "runtimes", position)
        runtime = catalog.runtimes.get(name)
        if runtime is None:
            faults.add("WB217", place, f"{dotted(place)}: unknown runtime {quoted(name)}", near=(name, catalog.runtimes))
        elif artifact.targets and not set(artifact.targets) & set(runtime.targets):
            message = f"{dotted(place)}: {runtime.title} does not take {' or '.join(artifact.targets)}"
            faults.add("WB215", place, message, hint=f"it takes {', '.join(runtime.targets)}")
        elif check.mode not in runtime.modes:
            faults.add("WB215", place, f"{dotted(place)}: {runtime.title} cannot run a check with {check.mode}")
