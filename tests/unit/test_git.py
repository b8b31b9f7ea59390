"""What git is asked and what its answers mean; git itself is played."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import Shop
from wbuild.doors.interfaces import Command, Exit
from wbuild.errors import UsageError
from wbuild.session.git import Git

COMMIT = "c" * 40
OLD, NEW, NONE = "a" * 40, "b" * 40, "0" * 40
Say = Callable[[Command], Answer] | Answer


def raw(*records: tuple[str, str, str, str]) -> bytes:
    """Lines of `git diff-… --raw -z`: mode before, mode after, digest before, name."""
    return b"".join(f":{before} {after} {old} {NONE} M\0{name}\0".encode() for before, after, old, name in records)


def names(*found: str) -> bytes:
    return b"".join(os.fsencode(name) + b"\0" for name in found)


class FakeGit:
    """Plays git: the words that are asked begin with a key."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.answers: dict[str, Say] = {
            "rev-parse --verify": Answer(stdout=f"{COMMIT}\n"),
            "merge-base": Answer(stdout=f"{COMMIT}\n"),
            "hash-object": self._digests,
        }
        self.contents: dict[str, str] = {}
        """Name → what git calls its present content."""
        program = shop.folder / "bin/git"
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        shop.programs["git"] = self.say

    def say(self, command: Command) -> Answer:
        words = " ".join(command.argv[6:])
        for key, answer in self.answers.items():
            if words.startswith(key):
                return answer if isinstance(answer, Answer) else answer(command)
        return Answer()

    def _digests(self, command: Command) -> Answer:
        assert command.stdin is not None
        given = command.stdin.read_text().splitlines()
        return Answer(stdout="".join(f"{self.contents.get(name, NEW)}\n" for name in given))

    def git(self, folder: Path | None = None) -> Git:
        return Git(world=self.shop.another().world(), folder=folder or self.shop.root)

    @property
    def asked(self) -> list[Command]:
        return [command for command in self.shop.runner.seen if Path(command.argv[0]).name == "git"]


@pytest.fixture
def git(shop: Shop) -> FakeGit:
    return FakeGit(shop)


def refused(call: Callable[[], object]) -> Mapping[str, str]:
    with pytest.raises(UsageError) as caught:
        call()
    problem = caught.value.problems[0]
    return {"code": problem.code, "message": problem.message, "hint": problem.hint or ""}


def test_programs_that_a_repository_names_are_never_started(git: FakeGit) -> None:
    git.shop.environ |= {"GIT_EXTERNAL_DIFF": "/evil", "GIT_DIR": "/elsewhere", "LANG": "de"}
    git.git().head()
    (command,) = git.asked
    assert command.argv[1:6] == ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
    assert not {"GIT_EXTERNAL_DIFF", "GIT_DIR", "LANG"} & command.env.keys()
    assert (command.env["GIT_ALLOW_PROTOCOL"], command.env["GIT_OPTIONAL_LOCKS"]) == ("none", "0")


def test_filters_of_the_repository_are_taken_out_of_force(git: FakeGit) -> None:
    git.answers["config"] = Answer(stdout=names("filter.lfs.clean", "filter.lfs.required", "filter.x.y.smudge"))
    git.git().changed(COMMIT)
    (command,) = [command for command in git.asked if "diff-files" in command.argv]
    settings = {
        command.env[f"GIT_CONFIG_KEY_{n}"]: command.env[f"GIT_CONFIG_VALUE_{n}"] for n in range(int(command.env["GIT_CONFIG_COUNT"]))
    }
    assert settings == {
        f"filter.{name}.{key}": value
        for name in ("lfs", "x.y")
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    }


def test_the_commit_where_the_branch_left(git: FakeGit) -> None:
    git.answers["merge-base"] = Answer(stdout=f"{OLD}\n")
    assert git.git().base("main") == OLD
    assert "main^{commit}" in git.asked[0].argv
    git.answers["merge-base"] = Answer(code=1)
    assert git.git().base("main") == COMMIT


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (Answer(stdout=".git\n"), 'no commit is called "main"'),
        (Answer(code=128, stderr="fatal: detected dubious ownership in repository"), "git does not look into {root}"),
        (Answer(code=128, stderr="fatal: not a git repository"), "--changed-since needs a git repository"),
    ],
)
def test_no_such_commit(inside: Answer, message: str, git: FakeGit) -> None:
    git.answers = {"rev-parse --verify": Answer(code=1), "rev-parse --git-dir": inside}
    said = refused(lambda: git.git().base("main"))
    assert said["code"] == "WB289"
    assert said["message"].startswith(message.format(root=git.shop.root))


def test_no_git(shop: Shop) -> None:
    said = refused(lambda: Git(world=shop.another().world(), folder=shop.root).head())
    assert said["message"] == "--changed-since asks git, and there is none on PATH"


def test_a_repository_without_a_commit_has_no_head(git: FakeGit) -> None:
    assert git.git().head() == COMMIT
    git.answers["rev-parse --verify"] = Answer(code=1)
    assert git.git().head() is None


def test_git_that_refuses_is_quoted_with_its_first_line(git: FakeGit) -> None:
    git.answers["diff-index"] = Answer(code=128, stderr="fatal: bad object\nmore\n")
    assert refused(lambda: git.git().changed(COMMIT))["message"] == "git diff-index failed: fatal: bad object"
    git.answers["diff-index"] = Answer(code=3)
    assert refused(lambda: git.git().changed(COMMIT))["message"] == "git diff-index failed: exit 3"


@pytest.mark.parametrize("end", [Exit(code=0, truncated=True), Exit(code=-9, timed_out=True)])
def test_git_that_says_too_much_or_takes_too_long(end: Exit, git: FakeGit) -> None:
    git.answers["diff-index"] = Answer(exit=end)
    assert refused(lambda: git.git().changed(COMMIT))["message"] == "git diff-index says too much, or takes too long"


def test_what_differs(git: FakeGit) -> None:
    git.answers |= {
        "diff-index": Answer(stdout=raw(("100644", "100644", OLD, "staged.c"), ("100644", "000000", OLD, "gone.c"))),
        "diff-files": Answer(
            stdout=raw(
                ("100644", "100644", OLD, "touched.c"),
                ("100644", "100644", OLD, "edited.c"),
                ("100644", "100755", OLD, "mode.c"),
                ("120000", "120000", OLD, "link"),
                ("100644", "100644", OLD, "odd\nname"),
            )
        ),
        "ls-files -z --others": Answer(stdout=names("new.c", "repository/", "\udcff.c")),
    }
    git.contents["touched.c"] = OLD
    found = git.git().changed(COMMIT)
    assert found == {"staged.c", "gone.c", "edited.c", "mode.c", "link", "odd\nname", "new.c", "repository", "\udcff.c"}


def test_where_contents_cannot_be_asked_for_everything_touched_counts(git: FakeGit) -> None:
    git.answers |= {"diff-files": Answer(stdout=raw(("100644", "100644", OLD, "touched.c"))), "hash-object": Answer(code=1)}
    git.contents["touched.c"] = OLD
    assert git.git().changed(COMMIT) == {"touched.c"}


def entry(digest: str, name: str, *, tree: bool = False) -> bytes:
    return f"160000 {'commit ' if tree else ''}{digest}{'' if tree else ' 0'}\t{name}\0".encode()


def submodule(git: FakeGit, now: str, before: str) -> None:
    """A submodule `sub`: its commit in the index, and at the commit to compare with; "" for none."""
    git.answers |= {
        "ls-files --stage": Answer(stdout=entry(now, "sub") if now else b""),
        "ls-tree": Answer(stdout=entry(before, "sub", tree=True) if before else b""),
        "diff-index": lambda command: Answer(
            stdout=raw(("100644", "100644", OLD, "in.c")) if command.cwd.name == "sub" else raw(("160000", "160000", OLD, "sub"))
        ),
    }


def inner(git: FakeGit) -> None:
    """The submodule's repository is here; it has no submodules."""
    git.shop.write("sub/.git", "gitdir: x")
    outer = git.answers["ls-files --stage"]
    assert isinstance(outer, Answer)
    git.answers["ls-files --stage"] = lambda command: Answer() if command.cwd.name == "sub" else outer
    before = git.answers["ls-tree"]
    assert isinstance(before, Answer)
    git.answers["ls-tree"] = lambda command: Answer() if command.cwd.name == "sub" else before


@pytest.mark.parametrize(("now", "before", "found"), [(OLD, OLD, set()), (NEW, OLD, {"sub"}), ("", OLD, {"sub"}), (NEW, "", {"sub"})])
def test_a_submodule_whose_repository_is_not_here(now: str, before: str, found: set[str], git: FakeGit) -> None:
    submodule(git, now, before)
    assert git.git().changed(COMMIT) == found


def test_a_submodule_is_looked_into(git: FakeGit) -> None:
    submodule(git, NEW, OLD)
    inner(git)
    assert git.git().changed(COMMIT) == {"sub/in.c"}


@pytest.mark.parametrize("known", [True, False])
def test_a_submodule_that_does_not_know_the_commit_counts_as_a_whole(known: bool, git: FakeGit) -> None:
    submodule(git, NEW, OLD)
    inner(git)
    git.answers["cat-file -e"] = Answer(code=0 if known else 1)
    assert git.git().changed(COMMIT) == ({"sub/in.c"} if known else {"sub"})
    assert git.git().changed(COMMIT, depth=16) == {"sub"}


def test_a_file_as_it_was(git: FakeGit) -> None:
    git.answers[f"cat-file blob {COMMIT}:./src/a.c"] = Answer(stdout=b"old\xff")
    git.answers["cat-file blob"] = Answer(code=128)
    assert git.git().file(COMMIT, "src/a.c") == b"old\xff"
    assert git.git().file(COMMIT, "src/b.c") is None
