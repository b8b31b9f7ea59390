"""`wbuild ci init`: workflows for a CI system, beside the project's repository."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from wbuild import __version__
from wbuild.cli.data import template_texts
from wbuild.cli.locking import LOCK
from wbuild.cli.options import Common
from wbuild.cli.project import Project, facts, open_project, shown
from wbuild.errors import UsageError
from wbuild.matrix import parse_group
from wbuild.model.locked import Platform
from wbuild.names import quoted
from wbuild.profiles import profile_names
from wbuild.scaffold import refuse_existing
from wbuild.workflows import Setup, render

_PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]+\Z")
"""A folder that means the same in YAML, in a shell and in an expression."""
_ROOT: Final = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `ci init`."""

    system: Literal["github", "gitlab"]
    group: str
    profiles: tuple[str, ...]
    platforms: tuple[Platform, ...]
    dry_run: bool


def run(common: Common, asked: Options) -> int:
    """Write the files, or show them. Raises UsageError that lists files in the way; then nothing was written."""
    project, console = open_project(common.start), common.console
    top = Path(facts(project.folder).repository or project.folder.resolve())
    files = _files(asked, project, top)
    notes = []
    if (top / _ROOT).exists() and files.pop(_ROOT, ""):
        notes.append(f"{_ROOT} stays as it is; let it include the new file: {{ include: [{{ local: /.gitlab/wbuild.yml }}] }}")
    refuse_existing([shown(top / path) for path in files if os.path.lexists(top / path)])
    for path, text in files.items():
        if asked.dry_run:
            console.step("would add", shown(top / path))
            console.page(text)
        else:
            common.world().doors.files.write(top / path, text)
            console.step("add", shown(top / path))
    for note in notes:
        console.note(note)
    if not (project.folder / LOCK).is_file():
        console.note(f"CI builds what {LOCK} says: run `wbuild lock` and commit it")
    return 0


def _files(asked: Options, project: Project, top: Path) -> dict[str, str]:
    folder = Path(os.path.relpath(project.folder.resolve(), top)).as_posix()
    if not _PLAIN.match(folder):
        raise UsageError("WB297", f"the folder {quoted(folder)} cannot stand in a workflow", hint="letters, digits, '.', '_' and '-' can")
    parse_group(asked.group)
    known = profile_names(project.manifest)
    for profile in asked.profiles:
        if profile not in known:
            raise UsageError("WB222", f"no profile {quoted(profile)} in this project", hint=f"there is: {', '.join(known)}")
    words = [] if asked.group == "lang" else [f"--group {asked.group}"]
    words += [f"--profile {profile}" for profile in asked.profiles]
    words += [f"--platform {platform}" for platform in asked.platforms]
    setup = Setup(system=asked.system, folder=folder, version=__version__, options=tuple(words), tags=bool(asked.platforms))
    rendered: Mapping[str, str] = render(setup, template_texts())
    return dict(rendered)
