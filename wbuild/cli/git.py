"""git, as far as wbuild asks it: which files differ from a commit, and what was there."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from wbuild.cli.world import World
from wbuild.doors.interfaces import Command
from wbuild.errors import ProvisionError, UsageError
from wbuild.names import quoted

_ALWAYS = ("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_LIMIT = 256 << 20
"""Bytes of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The work tree around a folder. Every path in questions and answers is relative to the folder (POSIX)."""

    world: World
    folder: Path

    def commit(self, ref: str) -> str:
        """The commit (hex) that a revision names. Raises UsageError."""
        answer, said = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if answer is None:
            why = f": {said}" if said else ""
            raise UsageError(
                "WB291",
                f"git knows no revision {quoted(ref)} here{why}",
                hint="fetch it first; a CI checkout often holds one commit only (`fetch-depth: 0` or GIT_DEPTH: 0 holds all)",
            )
        return answer.decode().strip()

    def base(self, ref: str) -> str:
        """The newest commit that HEAD has in common with a revision. Raises UsageError."""
        commit = self.commit(ref)
        answer, _ = self._ask("merge-base", commit, "HEAD")
        if answer is None:
            raise UsageError(
                "WB291",
                f"HEAD has no commit in common with {quoted(ref)} in this clone",
                hint="fetch more history: `fetch-depth: 0` or GIT_DEPTH: 0",
            )
        return answer.decode().strip()

    def changed(self, commit: str) -> frozenset[str]:
        """Files that differ between a commit and the work tree: changed, added, removed, not yet added. Raises UsageError."""
        tracked = self._names("diff", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff", "--no-textconv", commit, "--")
        return tracked | self._names("ls-files", "--others", "--exclude-standard", "-z")

    def names(self, commit: str) -> frozenset[str]:
        """Every file of a commit."""
        return self._names("ls-tree", "-r", "--name-only", "-z", commit)

    def text(self, commit: str, path: str) -> bytes | None:
        """What a file held in a commit; None when it was not there."""
        answer, _ = self._ask("show", "--no-ext-diff", "--no-textconv", f"{commit}:./{path}")
        return answer

    def _names(self, *words: str) -> frozenset[str]:
        answer, said = self._ask(*words)
        if answer is None:
            raise UsageError("WB291", f"`git {words[0]}` failed: {said}", hint="run the command by hand to see more")
        return frozenset(answer.decode("utf-8", "surrogateescape").split("\0")) - {""}

    def _ask(self, *words: str) -> tuple[bytes | None, str]:
        """Standard output, None for an exit code other than 0; and the first line of what git said."""
        with tempfile.TemporaryDirectory(prefix="wbuild-") as scratch:
            out, log = Path(scratch, "out"), Path(scratch, "log")
            command = Command(argv=(*_ALWAYS, *words), cwd=self.folder, env=self.world.git_env, stdout=out, timeout=300, limit=_LIMIT)
            try:
                done = self.world.doors.runner.run(command, log=log)
            except ProvisionError:
                raise UsageError("WB291", "there is no git to ask", hint="install git, or leave out what needs it") from None
            said = log.read_text("utf-8", "replace").strip() if log.exists() else ""
            if done.code or done.truncated:
                return None, said.partition("\n")[0]
            return (out.read_bytes() if out.exists() else b""), said
