"""`--changed-since REF`: which files differ, what they touch, and which of them are no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.unit.session_world import TEXT, WAT, Shop
from tests.unit.test_git import COMMIT, OLD, FakeGit, names, raw
from wbuild.model.planned import Plan
from wbuild.plan.affected import Change
from wbuild.session.changed_files import change_since, gone, through_links

TWO = WAT + '\n[artifact.sub]\nlang = "wat"\n'


def test_a_link_that_leads_to_no_file_of_the_project_is_none(tmp_path: Path) -> None:
    root = tmp_path / "p"
    (root / "folder").mkdir(parents=True)
    (root / "file").write_text("x")
    (tmp_path / "outside").write_text("x")
    links = {"inside": "file", "to-folder": "folder", "out": "../outside", "device": "/dev/null", "dangling": "nothing", "round": "round"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    files = frozenset({"file", "folder", "missing", *links})
    assert gone(root, Change(files=files)) == ("dangling", "device", "missing", "out", "round")


@pytest.fixture
def git(shop: Shop) -> FakeGit:
    """A repository of two artifacts in which nothing has changed."""
    shop.write("wbuild.toml", TWO)
    for name in ("add", "sub"):
        shop.write(f"{name}/{name}.wat", TEXT)
    shop.lock()
    return FakeGit(shop)


def differing(git: FakeGit, *files: str) -> None:
    """From now on these files differ from the commit, and git knows all of them as they are now."""
    git.answers["diff-index"] = Answer(stdout=raw(*(("100644", "100644", OLD, name) for name in files)))
    for name in ("wbuild.toml", "wbuild.lock"):
        git.answers.setdefault(f"cat-file blob {COMMIT}:./{name}", Answer(stdout=git.shop.read(name)))


def chosen(git: FakeGit) -> list[str]:
    """Artifacts that a build with --changed-since makes."""
    return sorted({product.artifact.name for product in git.shop.prepare(changed_since="main").plan.products})


def test_only_what_a_changed_source_touches_is_built(git: FakeGit) -> None:
    differing(git, "sub/sub.wat")
    assert chosen(git) == ["sub"]


def test_nothing_to_do_is_said(git: FakeGit) -> None:
    differing(git, "README")
    assert chosen(git) == []
    assert "note: no chosen artifact differs from main: nothing to do\n" in git.shop.err


def test_a_new_file_that_a_pattern_takes_in(git: FakeGit) -> None:
    git.answers["ls-files -z --others"] = Answer(stdout=names("add/src/new.wat"))
    git.shop.write("add/src/new.wat", TEXT)
    (git.shop.root / "add/add.wat").unlink()
    differing(git)
    assert chosen(git) == ["add"]


def test_a_manifest_that_changed_touches_what_it_changed_in(git: FakeGit) -> None:
    git.answers[f"cat-file blob {COMMIT}:./wbuild.toml"] = Answer(stdout=TWO)
    git.shop.write("wbuild.toml", TWO.replace("[artifact.sub]", '[artifact.sub]\ntags = ["x"]\ntargets = ["wasip1"]'))
    differing(git, "wbuild.toml")
    assert chosen(git) == ["sub"]


def test_a_manifest_that_was_not_there_or_was_wrong_touches_everything(git: FakeGit) -> None:
    for answer in (Answer(code=128), Answer(stdout="[artifact")):
        git.answers[f"cat-file blob {COMMIT}:./wbuild.toml"] = answer
        differing(git, "wbuild.toml")
        assert chosen(git) == ["add", "sub"]


def test_a_lock_that_changed_is_read_as_it_was(git: FakeGit) -> None:
    lock = git.shop.read("wbuild.lock")
    git.answers[f"cat-file blob {COMMIT}:./wbuild.lock"] = Answer(stdout=lock)
    differing(git, "wbuild.lock")
    assert chosen(git) == []
    for answer in (Answer(code=128), Answer(stdout="?"), Answer(stdout=lock.replace("45.0.0", "44.0.0"))):
        git.answers[f"cat-file blob {COMMIT}:./wbuild.lock"] = answer
        assert chosen(git) == ["add", "sub"]


def test_members_as_they_were(git: FakeGit) -> None:
    shop = git.shop
    shop.write("wbuild.toml", '[project]\nname = "shop"\nmembers = ["m"]\n')
    member = TWO.partition("\n\n")[2]
    shop.write("m/wbuild.toml", member)
    for name in ("add", "sub"):
        shop.write(f"m/{name}/{name}.wat", TEXT)
    git.answers[f"cat-file blob {COMMIT}:./wbuild.toml"] = Answer(stdout=shop.read("wbuild.toml"))
    git.answers[f"cat-file blob {COMMIT}:./m/wbuild.toml"] = Answer(stdout=member)
    shop.write("m/wbuild.toml", member.replace("[artifact.sub]", '[artifact.sub]\ntargets = ["wasip1"]'))
    differing(git, "m/wbuild.toml")
    assert chosen(git) == ["sub"]


def test_recipes_that_changed_are_told_apart(git: FakeGit) -> None:
    shop = git.shop
    shop.write("wbuild.toml", TWO.replace("[project]", '[project]\nrecipes = ["own/*.toml"]'))
    shop.write(
        "own/t.toml", 'type = "tool"\nname = "t"\nsummary = "x"\n\n[[route]]\nsource = "pypi"\npackage = "t"\nbin = { t = ["{self}/t"] }\n'
    )
    shop.lock()
    differing(git, "own/t.toml", "add/add.wat")
    project = shop.open()
    lock = shop.prepare().lock
    change = change_since(shop.another().world(), project, lock, "main")
    assert change.recipes == {"own/t.toml"}
    assert (change.manifest, change.lock) == (project.manifest, lock)


def test_a_name_that_stands_for_a_changed_file_elsewhere_changes_too(git: FakeGit) -> None:
    shop = git.shop
    (shop.root / "linked").symlink_to("add")
    (shop.root / "sub/alias.wat").symlink_to("../add/add.wat")
    session = shop.prepare(words=("sub",))
    step = replace(session.plan.steps[0], inputs=("linked/add.wat", "sub/alias.wat", "sub/sub.wat"), candidates=())
    found = through_links(shop.root, Plan(steps=(step,), products=()), Change(files=frozenset({"add/add.wat"})))
    assert found.files == {"add/add.wat", "linked/add.wat", "sub/alias.wat"}
