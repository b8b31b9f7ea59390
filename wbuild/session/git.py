"""What git knows of a project's files, read only.

The repository may be a stranger's. Its configuration can name programs: filters, a file system monitor, hooks, commands that fetch.
None of them is started: git is asked for what it has recorded, and content is compared here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import join
from types import MappingProxyType
from typing import Final

from wbuild.doors.interfaces import Command
from wbuild.errors import UsageError
from wbuild.session.world import World
from wbuild.text.names import quoted
from wbuild.text.project_names import GIT

SECONDS: Final = 120.0
LARGEST: Final = 256 << 20
"""Bytes of names or of a file that are read from git."""
_ENVIRONMENT: Final = ("PATH", "HOME", "USERPROFILE", "XDG_CONFIG_HOME", "SYSTEMROOT", "WINDIR")
_QUIET: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
}
_OPTIONS: Final = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
"""Words that stand in front of every command of git."""
_DIFFERENCE: Final = ("--raw", "-z", "--no-renames", "--no-ext-diff", "--no-abbrev", "--ignore-submodules=dirty", "--relative")
_NO_FILTER: Final = (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_SUBMODULE: Final = "160000"
_DEEPEST: Final = 16
"""How deep submodules inside of submodules are looked into; one that lies deeper counts as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """How one call of git ended."""

    code: int
    out: bytes
    said: str
    """What git wrote to standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """The repository around a folder."""

    world: World
    folder: Path

    def base(self, ref: str) -> str:
        """The commit to compare with: where this branch left `ref`, or `ref` itself. Raises UsageError WB289 where there is none."""
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found.code:
            raise self._no_commit(ref)
        commit = found.out.decode().strip()
        shared = self._ask("merge-base", commit, "HEAD")
        return commit if shared.code else shared.out.decode().strip()

    def head(self) -> str | None:
        """The commit that is checked out; None where there is none. Raises UsageError WB289 without git."""
        found = self._ask("rev-parse", "--verify", "--quiet", "HEAD")
        return None if found.code else found.out.decode().strip()

    def changed(self, commit: str, depth: int = 0) -> frozenset[str]:
        """What differs from a commit below the folder, relative to it: files that came, went or changed, untracked ones too.

        A name that stands for a folder (a link that leads elsewhere now, a repository that nobody has added) means all that is in it.
        Submodules are looked into.
        """
        before = set(_records(self._need("diff-index", "--cached", *_DIFFERENCE, commit, "--", ".")))
        touched = set(_records(self._need("diff-files", *_DIFFERENCE, "--", ".", env=self._without_filters())))
        untracked = _names(self._need("ls-files", "-z", "--others", "--exclude-standard", "--", "."))
        found = {record.name for record in before} | self._really(touched) | {name.rstrip("/") for name in untracked}
        for name, old in self._submodules(commit).items():
            found.discard(name)
            found.update(self._below(name, old, depth))
        return frozenset(found)

    def file(self, commit: str, path: str) -> bytes | None:
        """A file as it was in a commit, by its path relative to the folder; None when it was not there."""
        found = self._ask("cat-file", "blob", f"{commit}:./{path}")
        return None if found.code else found.out

    def _without_filters(self) -> dict[str, str]:
        """Variables that take every filter which the repository's configuration names out of force."""
        names = _names(self._ask("config", "--null", "--name-only", "--get-regexp", r"^filter\.").out)
        filters = sorted({name.rpartition(".")[0] for name in names})
        values = [(f"{name}.{key}", value) for name in filters for key, value in _NO_FILTER]
        keys = {f"GIT_CONFIG_KEY_{number}": name for number, (name, _) in enumerate(values)}
        return {"GIT_CONFIG_COUNT": str(len(values)), **keys, **{f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(values)}}

    def _really(self, touched: set[_Record]) -> set[str]:
        """The names of touched files (their times differ from what git recorded) whose content differs too, whatever filters would say."""
        plain = sorted((r for r in touched if r.same_kind and "\n" not in r.name), key=lambda record: record.name)
        now = self._digests([record.name for record in plain])
        same = {record.name for record, digest in zip(plain, now, strict=False) if record.old == digest}
        return {record.name for record in touched} - same

    def _digests(self, names: Sequence[str]) -> list[str]:
        """What git calls the present contents of some files; fewer when it cannot be asked."""
        if not names:
            return []
        answer = self._ask("hash-object", "--no-filters", "--stdin-paths", stdin="".join(f"{name}\n" for name in names))
        return answer.out.decode().split() if not answer.code else []

    def _submodules(self, commit: str) -> dict[str, str]:
        """Submodules that there are or were → the commit of each at `commit`, "" for a new one."""
        now = {name: "" for name, mode, _ in _entries(self._need("ls-files", "--stage", "-z", "--", ".")) if mode == _SUBMODULE}
        tree = self._ask("ls-tree", "-r", "-z", commit, "--", ".")
        return now | {name: digest for name, mode, digest in _entries(tree.out) if mode == _SUBMODULE}

    def _below(self, name: str, commit: str, depth: int) -> Iterator[str]:
        """What differs in a submodule; the whole of it when its repository is not here, or does not know the commit."""
        inner = Git(world=self.world, folder=self.folder / name)
        if not os.path.lexists(inner.folder / GIT):
            if self._gitlink(name) != commit:
                yield name
            return
        if depth >= _DEEPEST or not commit or inner._ask("cat-file", "-e", f"{commit}^{{commit}}").code:
            yield name
            return
        yield from (join(name, below) for below in inner.changed(commit, depth + 1))

    def _gitlink(self, name: str) -> str:
        """The commit of a submodule in the index; "" when it is not there."""
        entries = _entries(self._need("ls-files", "--stage", "-z", "--", name))
        return next((digest for _, mode, digest in entries if mode == _SUBMODULE), "")

    def _need(self, *words: str, env: Mapping[str, str] = _NOTHING) -> bytes:
        """The bytes that git prints. Raises UsageError WB289 when it refuses."""
        found = self._ask(*words, env=env)
        if found.code:
            reason = (found.said.strip().splitlines() or [f"exit {found.code}"])[0]
            raise UsageError("WB289", f"git {words[0]} failed: {reason[:200]}", hint="name the artifacts instead of --changed-since")
        return found.out

    def _no_commit(self, ref: str) -> UsageError:
        inside = self._ask("rev-parse", "--git-dir")
        if not inside.code:
            hint = "in CI, fetch the branch with enough history (fetch-depth: 0)"
            return UsageError("WB289", f"no commit is called {quoted(ref)}", hint=hint)
        if "dubious ownership" in inside.said:
            hint = f"if you trust it: git config --global --add safe.directory {quoted(str(self.folder))}"
            return UsageError("WB289", f"git does not look into {self.folder}: the folder belongs to another user", hint=hint)
        return UsageError("WB289", "--changed-since needs a git repository", hint="name the artifacts")

    def _ask(self, *words: str, stdin: str = "", env: Mapping[str, str] = _NOTHING) -> _Answer:
        """Start git. Raises UsageError WB289 without git, or for more than can be read."""
        environ: Mapping[str, str] = self.world.environ
        program = shutil.which("git", path=environ.get("PATH", ""))
        if program is None:
            raise UsageError("WB289", "--changed-since asks git, and there is none on PATH", hint="install git, or name the artifacts")
        env = {**{name: environ[name] for name in _ENVIRONMENT if name in environ}, **_QUIET, **env}
        with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
            out, log, given = (Path(folder, name) for name in ("out", "log", "in"))
            given.write_bytes(os.fsencode(stdin))
            command = Command(
                argv=(program, *_OPTIONS, *words), cwd=self.folder, env=env, stdin=given, stdout=out, timeout=SECONDS, limit=LARGEST
            )
            done = self.world.doors.runner.run(command, log=log)
            if done.truncated or done.timed_out:
                raise UsageError("WB289", f"git {words[0]} says too much, or takes too long", hint="name the artifacts")
            said = log.read_text("utf-8", "replace") if log.exists() else ""
            return _Answer(code=done.code, out=out.read_bytes() if out.exists() else b"", said=said)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """One line of `git diff-… --raw`."""

    name: str
    old: str
    """Digest of the content on the older side."""
    same_kind: bool
    """Whether both sides are files (no link, no submodule) with the same permissions."""


def _records(text: bytes) -> Iterator[_Record]:
    words = text.split(b"\0")
    for head, name in zip(words[::2], words[1::2], strict=False):
        before, after, old, *_ = head.decode().removeprefix(":").split(" ")
        yield _Record(name=os.fsdecode(name), old=old, same_kind=before == after and before.startswith("100"))


def _entries(text: bytes) -> Iterator[tuple[str, str, str]]:
    """(name, mode, digest) of `ls-files --stage` and of `ls-tree`."""
    for line in text.split(b"\0"):
        head, tab, name = line.partition(b"\t")
        if tab:
            mode, *rest = head.decode().split(" ")
            yield os.fsdecode(name), mode, rest[1] if rest[0] in ("commit", "blob", "tree") else rest[0]


def _names(text: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in text.split(b"\0") if name)
