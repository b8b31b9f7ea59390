"""`wbuild lock TOOL@VERSION`: the version goes into [tools] of wbuild.toml, as text, so that comments stay."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from wbuild.cli.console import Console
from wbuild.cli.project import Project, open_project, shown
from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import UsageError
from wbuild.fast import MANIFEST
from wbuild.names import is_version, quoted
from wbuild.scaffold import key

_HEADER = re.compile(r"^[ \t]*\[[ \t]*tools[ \t]*\][^\n]*(?:\n|\Z)", re.MULTILINE)
_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def names(project: Project, words: Sequence[str]) -> tuple[str, ...]:
    """The tools (or vendored sources) that `words` name. Raises UsageError with the nearest name."""
    from difflib import get_close_matches

    known = [*project.catalog.tools, *(f"vendor.{name}" for name in project.manifest.vendor)]
    found = []
    for word in words:
        name, at, version = word.partition("@")
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there is: {', '.join(known)}"
            raise UsageError("WB279", f"unknown tool {quoted(name)}", hint=hint)
        if at and not is_version(version):
            raise UsageError("WB279", f"{quoted(word)}: {quoted(version)} is not one exact version", hint="write such as binaryen@133.0.0")
        found.append(name)
    return tuple(found)


def set_versions(project: Project, words: Sequence[str], files: Files, console: Console) -> Project:
    """`project` with the versions of TOOL@VERSION words written into [tools]. Raises MachineError."""
    wanted = dict(word.split("@", 1) for word in words if "@" in word)
    changed = {name: version for name, version in wanted.items() if project.manifest.tools.get(name) != version}
    if not changed:
        return project
    path = project.folder / MANIFEST
    with machine_errors(path, "read"):
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    for name, version in changed.items():
        text = with_version(text, name, version)
    files.write(path, text)
    console.note(f"{shown(path)}: [tools] now has {', '.join(f'{n} = {json.dumps(v)}' for n, v in changed.items())}")
    return open_project(project.folder)


def with_version(text: str, name: str, version: str) -> str:
    """`text` of a manifest with `name = "version"` in [tools]."""
    end = "\r\n" if "\r\n" in text else "\n"
    line = f"{key(name)} = {json.dumps(version)}"
    header = _HEADER.search(text)
    if header is None:
        return f"{text}{'' if text.endswith(chr(10)) or not text else end}{end}[tools]{end}{line}{end}"
    following = _NEXT_TABLE.search(text, header.end())
    stop = following.start() if following else len(text)
    body = text[header.end() : stop]
    pattern = re.compile(rf"""^([ \t]*["']?{re.escape(name)}["']?[ \t]*=[ \t]*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)
    if pattern.search(body):
        body = pattern.sub(lambda match: match.group(1) + json.dumps(version), body, count=1)
        return text[: header.end()] + body + text[stop:]
    head = text[: header.end()]
    return f"{head}{'' if head.endswith(chr(10)) else end}{line}{end}{text[header.end() :]}"
