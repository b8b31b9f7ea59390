"""`--changed-since REF`: what git says is different, and what that touches."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import join, normpath, relpath
from typing import Final

from wbuild import lock as locks
from wbuild.affected import Change
from wbuild.cli.locking import LOCK
from wbuild.cli.project import Project, facts
from wbuild.cli.world import World
from wbuild.doors.interfaces import Command
from wbuild.errors import UsageError, WbuildError
from wbuild.fast import IGNORED, MANIFEST
from wbuild.manifest import Member, load
from wbuild.model.locked import Lock
from wbuild.model.written import Manifest
from wbuild.names import quoted
from wbuild.tree import matches

SECONDS: Final = 120.0
LARGEST: Final = 256 << 20
"""Bytes of names or of a file that are read from git."""
_ENVIRONMENT: Final = ("PATH", "HOME", "USERPROFILE", "XDG_CONFIG_HOME", "SYSTEMROOT", "WINDIR")


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The repository around a folder, read only."""

    world: World
    folder: Path

    def text(self, *words: str) -> bytes | None:
        """What git prints; None when it ends with an error. Raises UsageError without git, or for more than can be read."""
        environ: Mapping[str, str] = self.world.environ
        program = shutil.which("git", path=environ.get("PATH", ""))
        if program is None:
            raise UsageError("WB289", "--changed-since asks git, and there is none on PATH", hint="install git, or name the artifacts")
        env = {name: environ[name] for name in _ENVIRONMENT if name in environ}
        env |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}
        with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
            out = Path(folder, "out")
            argv = (program, "-c", "core.fsmonitor=false", *words)
            command = Command(argv=argv, cwd=self.folder, env=env, stdout=out, timeout=SECONDS, limit=LARGEST)
            done = self.world.doors.runner.run(command, log=Path(folder, "log"))
            if done.truncated or done.timed_out:
                raise UsageError("WB289", f"git {words[0]} says too much, or takes too long", hint="name the artifacts")
            return None if done.code else out.read_bytes() if out.exists() else b""

    def base(self, ref: str) -> str:
        """The commit to compare with: where this branch left `ref`, or `ref` itself. Raises UsageError for one that does not exist."""
        found = self.text("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found is None:
            inside = self.text("rev-parse", "--git-dir") is not None
            message = f"no commit is called {quoted(ref)}" if inside else "--changed-since needs a git repository"
            hint = "in CI, fetch the branch with enough history (fetch-depth: 0)" if inside else "name the artifacts"
            raise UsageError("WB289", message, hint=hint)
        commit = found.decode().strip()
        shared = self.text("merge-base", commit, "HEAD")
        return shared.decode().strip() if shared else commit

    def changed(self, commit: str) -> frozenset[str]:
        """Files below the folder that differ from a commit, untracked ones too, those that went as well; relative to the folder."""
        differ = self.text("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", commit, "--", ".")
        untracked = self.text("ls-files", "-z", "--others", "--exclude-standard", "--", ".")
        return frozenset(os.fsdecode(name) for text in (differ, untracked) for name in (text or b"").split(b"\0") if name)

    def file(self, commit: str, path: str) -> bytes | None:
        """A file as it was in a commit, by its path relative to the folder; None when it was not there."""
        return self.text("cat-file", "blob", f"{commit}:./{path}")


def change_since(world: World, project: Project, lock: Lock, ref: str) -> Change:
    """What differs from where this branch left `ref`. Raises UsageError."""
    git = Git(world=world, folder=project.root)
    commit = git.base(ref)
    files = git.changed(commit)
    folder = project.manifest.folder
    manifests = {normpath(join(folder, member, MANIFEST)) for member in (".", *project.manifest.members)}
    globs = project.manifest.project.recipes
    recipes = {relpath(name, folder) for name in files}
    return Change(
        files=files,
        recipes=frozenset(name for name in recipes if any(matches(glob, name) for glob in globs)),
        manifest=project.manifest if files.isdisjoint(manifests) else _manifest(git, commit, project),
        lock=lock if normpath(join(folder, LOCK)) not in files else _lock(git, commit, project),
    )


def gone(root: Path, change: Change) -> tuple[str, ...]:
    """Files of a change that are no more, as far as they could be inputs."""
    names = (name for name in change.files if not IGNORED.intersection(name.split("/")))
    return tuple(sorted(name for name in names if not os.path.lexists(root / name)))


def _manifest(git: Git, commit: str, project: Project) -> Manifest | None:
    """The manifest as it was, read with the present recipes; None when it cannot be."""
    folder = project.manifest.folder
    content = git.file(commit, normpath(join(folder, MANIFEST)))
    found = []
    for member in project.manifest.members:
        text = git.file(commit, normpath(join(folder, member, MANIFEST)))
        found += [Member(folder=member, file=MANIFEST, content=text)] if text is not None else []
    try:
        return None if content is None else load(content, MANIFEST, replace(facts(project.folder), unmatched=()), project.catalog, found)
    except WbuildError:
        return None


def _lock(git: Git, commit: str, project: Project) -> Lock | None:
    content = git.file(commit, normpath(join(project.manifest.folder, LOCK)))
    try:
        return None if content is None else locks.decode(content.decode("utf-8", "replace"), project.catalog, LOCK)
    except WbuildError:
        return None
