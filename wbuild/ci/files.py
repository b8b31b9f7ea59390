"""`wbuild ci init`: workflows for a CI system, beside the project's repository."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from wbuild.ci import installed
from wbuild.ci.matrix import parse_group
from wbuild.ci.workflows import Setup, render
from wbuild.doors.interfaces import Command
from wbuild.errors import UsageError
from wbuild.init.scaffold import refuse_existing
from wbuild.manifest.profiles import profile_names
from wbuild.model.locked import Platform
from wbuild.model.shipped import Catalog
from wbuild.session.call import Common
from wbuild.session.project import Project, facts, open_project, shown
from wbuild.session.shipped_data import template_texts
from wbuild.text.names import quoted
from wbuild.text.project_names import LOCK

_PLAIN: Final = re.compile(r"[A-Za-z0-9._/-]+\Z")
"""A folder that means the same in YAML, in a shell and in an expression."""
DISTRIBUTION: Final = "wbuild-wasm"
_ROOT: Final = ".gitlab-ci.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowOptions:
    """The options of `ci init`."""

    system: Literal["github", "gitlab"]
    group: str
    profiles: tuple[str, ...]
    platforms: tuple[Platform, ...]
    install: str | None
    """The line that installs wbuild; None: as this one was."""
    dry_run: bool


def run(common: Common, asked: WorkflowOptions) -> int:
    """Write the files, or show them. Raises UsageError that lists files in the way; then nothing was written."""
    project, console = open_project(common.start), common.console
    top = Path(facts(project.folder).repository or project.folder.resolve())
    files = _files(asked, project, top, install_line(asked.install, common))
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


def needs_trust(catalog: Catalog) -> bool:
    """Whether the project brings recipes that need the word of whoever builds it."""
    return any(map(catalog.wants_trust, catalog.tools.values())) or any(map(catalog.wants_trust, catalog.languages.values()))


def install_line(given: str | None, common: Common) -> str:
    """The line that installs wbuild in a workflow. Raises UsageError when there is none, or one that cannot stand there."""
    if given is not None:
        if not given.strip() or any(ord(char) < 32 or ord(char) == 127 for char in given):
            raise UsageError("WB262", "--install: expected one line of a shell", hint="several commands are joined with &&")
        return given.strip()
    record = direct_url()
    line = installed.line(record) or _of_checkout(installed.folder_of(record), common)
    if not line:
        raise UsageError(
            "WB255",
            "CI must install this wbuild, and how it was installed is not known: no commit, no archive with its digest",
            hint="say it: --install 'python -m pip install …', with a commit or a digest; the name alone may be anybody's",
        )
    return line


def direct_url() -> str:
    """What the installer has recorded about this wbuild (PEP 610); "" for nothing."""
    try:
        return metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or ""
    except metadata.PackageNotFoundError:
        return ""


def _of_checkout(url: str, common: Common) -> str:
    """The line for the folder of a checkout whose commit is on its remote, with nothing changed in it; "" for any other."""
    if not url:
        return ""
    folder = Path(unquote(urlsplit(url).path))
    remote, commit = _git(folder, common, "remote", "get-url", "origin"), _git(folder, common, "rev-parse", "HEAD")
    pushed = _git(folder, common, "branch", "--remotes", "--contains", "HEAD")
    clean = _git(folder, common, "status", "--porcelain", "--untracked-files=no") == ""
    return installed.of_commit(remote or "", commit or "") if pushed and clean else ""


def _git(folder: Path, common: Common, *words: str) -> str | None:
    """What git says about a folder; None when it does not."""
    world = common.world()
    program = shutil.which("git", path=world.environ.get("PATH", ""))
    if program is None or not folder.is_dir():
        return None
    with tempfile.TemporaryDirectory(prefix="wbuild-git-") as aside:
        out = Path(aside, "out")
        env = {name: world.environ[name] for name in ("PATH", "HOME") if name in world.environ} | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        argv = (program, "-c", "core.fsmonitor=false", "-C", str(folder), *words)
        done = world.doors.runner.run(Command(argv=argv, cwd=Path(aside), env=env, stdout=out, timeout=60.0), log=Path(aside, "log"))
        return out.read_text("utf-8", "replace").strip() if done.code == 0 else None


def _files(asked: WorkflowOptions, project: Project, top: Path, install: str) -> dict[str, str]:
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
    setup = Setup(
        system=asked.system,
        folder=folder,
        install=install,
        options=tuple(words),
        trust=needs_trust(project.catalog),
        tags=bool(asked.platforms),
    )
    rendered: Mapping[str, str] = render(setup, template_texts())
    return dict(rendered)
