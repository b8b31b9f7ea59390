"""`wbuild ci init`: which files, in which folder, and with which line wbuild is installed there."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import WAT, Shop
from tests.unit.test_git import FakeGit
from wbuild.ci import files
from wbuild.ci.files import WorkflowOptions, direct_url, install_line, needs_trust, run
from wbuild.ci.installed import PIP
from wbuild.errors import UsageError

LINE = "python -m pip install wbuild-wasm==1"
GITHUB = WorkflowOptions(system="github", group="lang", profiles=(), platforms=(), install=LINE, dry_run=False)
GITLAB = replace(GITHUB, system="gitlab")
HEAD = "0123456789abcdef0123456789abcdef01234567"
TOOL = 'type = "tool"\nname = "t"\nsummary = "x"\n\n[[route]]\nsource = "pypi"\npackage = "t"\nbin = { t = ["{self}/t"] }\n'


def test_workflows_stand_in_the_repository_around_the_project(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.folder / ".git").mkdir()
    monkeypatch.chdir(shop.folder)
    assert run(shop.another(), replace(GITHUB, group="artifact", profiles=("dev",), platforms=("linux-aarch64",))) == 0
    text = (shop.folder / ".github/workflows/wbuild.yml").read_text()
    assert "working-directory: shop\n" in text
    assert "--group artifact --profile dev --platform linux-aarch64" in text
    assert LINE in text
    assert "  add       .github/workflows/wbuild.yml\n" in shop.err
    assert "note: CI builds what wbuild.lock says: run `wbuild lock` and commit it\n" in shop.err


def test_a_dry_run_shows_them(shop: Shop) -> None:
    shop.lock()
    run(shop.another(), replace(GITHUB, dry_run=True))
    assert not (shop.root / ".github").exists()
    assert "  would add .github/workflows/wbuild.yml\n" in shop.err
    assert LINE in shop.out
    assert "note:" not in shop.err


def test_a_file_in_the_way_is_left_and_named(shop: Shop) -> None:
    shop.write(".github/workflows/wbuild.yml", "mine")
    with pytest.raises(UsageError, match="exists already"):
        run(shop.another(), GITHUB)
    assert not (shop.root / ".github/workflows/wbuild-comment.yml").exists()


def test_the_root_file_of_gitlab_stays_and_how_to_include_the_new_one_is_said(shop: Shop) -> None:
    shop.write(".gitlab-ci.yml", "mine")
    run(shop.another(), GITLAB)
    assert shop.read(".gitlab-ci.yml") == "mine"
    assert (shop.root / ".gitlab/wbuild.yml").is_file()
    assert "let it include the new file" in shop.err


@pytest.mark.parametrize(("options", "code"), [(replace(GITHUB, profiles=("fast",)), "WB222"), (replace(GITHUB, group="colour"), "WB2")])
def test_words_that_make_no_sense(options: WorkflowOptions, code: str, shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        run(shop.another(), options)
    assert caught.value.problems[0].code.startswith(code)


def test_a_folder_that_means_something_else_in_a_shell(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.folder / ".git").mkdir()
    shop.start = shop.root.rename(shop.folder / "my shop")
    monkeypatch.chdir(shop.start)
    with pytest.raises(UsageError) as caught:
        run(shop.another(), GITHUB)
    assert caught.value.problems[0].code == "WB297"


def test_recipes_that_bring_something_need_the_users_word(shop: Shop) -> None:
    assert not needs_trust(shop.open().catalog)
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["t.toml"]'))
    shop.write("t.toml", TOOL)
    assert needs_trust(shop.open().catalog)
    run(shop.another(), GITHUB)
    assert "wbuild -C . trust" in shop.read(".github/workflows/wbuild.yml")


@pytest.mark.parametrize("line", ["", "  ", "a\nb", "a\x7f"])
def test_a_line_that_cannot_stand_in_a_workflow(line: str, shop: Shop) -> None:
    with pytest.raises(UsageError, match="expected one line of a shell"):
        install_line(line, shop.call)
    assert install_line(" a && b ", shop.call) == "a && b"


class Recorded:
    """A distribution with this record of how it was installed."""

    def __init__(self, record: str | None) -> None:
        self.record = record

    def read_text(self, name: str) -> str | None:
        assert name == "direct_url.json"
        return self.record


def recorded(monkeypatch: pytest.MonkeyPatch, **record: object) -> None:
    monkeypatch.setattr(metadata, "distribution", lambda name: Recorded(json.dumps(record) if record else None))


def test_the_line_of_a_recorded_commit(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, url="https://host.example/wbuild", vcs_info={"vcs": "git", "commit_id": HEAD})
    assert install_line(None, shop.call) == f"{PIP} git+https://host.example/wbuild@{HEAD}"


def checkout(shop: Shop, monkeypatch: pytest.MonkeyPatch, **answers: Answer) -> str:
    """The line for a checkout of which git says this."""
    recorded(monkeypatch, url=shop.root.as_uri(), dir_info={"editable": True})
    found = {
        "remote": Answer(stdout="https://host.example/wbuild\n"),
        "rev": Answer(stdout=f"{HEAD}\n"),
        "branch": Answer(stdout="  origin/main\n"),
        "status": Answer(),
        **answers,
    }
    FakeGit(shop)
    shop.programs["git"] = lambda command: found[command.argv[5].partition("-")[0]]
    return install_line(None, shop.another())


def test_the_line_of_a_checkout_whose_commit_everybody_can_have(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert checkout(shop, monkeypatch) == f"{PIP} git+https://host.example/wbuild@{HEAD}"


@pytest.mark.parametrize(
    "answers", [{"branch": Answer()}, {"status": Answer(stdout=" M x.py\n")}, {"remote": Answer(code=2)}, {"rev": Answer(code=1)}]
)
def test_no_line_for_a_checkout_that_only_this_machine_has(answers: dict[str, Answer], shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as caught:
        checkout(shop, monkeypatch, **answers)
    assert caught.value.problems[0].code == "WB255"


def test_without_git_or_a_record_the_line_must_be_said(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(monkeypatch, url=Path("/gone").as_uri(), dir_info={})
    with pytest.raises(UsageError, match="CI must install this wbuild"):
        install_line(None, shop.call)

    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    assert (files.DISTRIBUTION, direct_url()) == ("wbuild-wasm", "")
