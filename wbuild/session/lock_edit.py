"""`wbuild lock TOOL@VERSION`: the version goes into [tools] of wbuild.toml, as text, so that comments stay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import tomli

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.errors import UsageError
from wbuild.session.project import Project, content_of, shown
from wbuild.terminal.console import Console
from wbuild.text.names import is_version, quoted
from wbuild.text.nearest import nearest
from wbuild.text.project_names import MANIFEST
from wbuild.text.toml_key import key
from wbuild.toml.decode import LARGEST

_HEADER = re.compile(r"^[ \t]*\[[ \t]*tools[ \t]*\][^\n]*(?:\n|\Z)", re.MULTILINE)
_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def names(project: Project, words: Sequence[str]) -> tuple[str, ...]:
    """The tools (or vendored sources) that `words` name. Raises UsageError with the nearest name."""
    known = [*project.catalog.tools, *(f"vendor.{name}" for name in project.manifest.vendor)]
    found = []
    for word in words:
        name, at, version = word.partition("@")
        if name not in known:
            near = nearest(name, known)
            hint = f"did you mean {near}?" if near else f"there is: {', '.join(known)}"
            raise UsageError("WB279", f"unknown tool {quoted(name)}", hint=hint)
        if at and name.startswith("vendor."):
            raise UsageError("WB279", f"{quoted(word)} is no tool", hint=f"set the version in [{name}] of wbuild.toml")
        if at and not is_version(version):
            raise UsageError("WB279", f"{quoted(word)}: {quoted(version)} is not one exact version", hint="write such as binaryen@133.0.0")
        found.append(name)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A manifest with other versions in [tools], not written yet: only versions that exist are worth it."""

    project: Project
    """The project as it will be, with the wanted versions in its manifest."""
    changed: Mapping[str, str]
    """Name of a tool → the version that the manifest does not have yet."""
    text: str
    """The whole text of wbuild.toml as it would be written."""

    def write(self, files: Files, console: Console) -> None:
        """Write the manifest if it changes. Raises MachineError."""
        if self.changed:
            path = self.project.folder / MANIFEST
            files.write(path, self.text)
            console.note(f"{shown(path)}: [tools] now has {', '.join(f'{n} = {json.dumps(v)}' for n, v in self.changed.items())}")


def set_versions(project: Project, words: Sequence[str]) -> Edit:
    """`project` with the versions of TOOL@VERSION words. Raises UsageError for what has to be edited by hand, MachineError."""
    wanted = dict(word.split("@", 1) for word in words if "@" in word)
    changed = {name: version for name, version in wanted.items() if project.manifest.tools.get(name) != version}
    path = project.folder / MANIFEST
    with machine_errors(path, "read"):
        text = content_of(path, LARGEST).decode("utf-8", "surrogateescape")
    for name, version in changed.items():
        text = _checked(with_version(text, name, version), name, version)
    manifest = replace(project.manifest, tools={**project.manifest.tools, **changed})
    return Edit(project=replace(project, manifest=manifest), changed=changed, text=text)


def _checked(text: str, name: str, version: str) -> str:
    """`text`, in which the version is set for sure. Raises UsageError for a manifest that spells [tools] in another way."""
    try:
        done = tomli.loads(text)["tools"][name] == version
    except (tomli.TOMLDecodeError, KeyError, TypeError):
        done = False
    if not done:
        raise UsageError("WB279", f"[tools] is spelt in a way that cannot be edited here for {name}", hint=f"set {version} there yourself")
    return text


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
