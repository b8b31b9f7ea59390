"""`wbuild ci cache-key`: names and folders of what a CI system keeps."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.doors import Answer
from tests.unit.session_world import Shop
from tests.unit.test_git import COMMIT, FakeGit
from wbuild.cache.layout import VERSION
from wbuild.ci.cache_key import run
from wbuild.errors import UsageError
from wbuild.store import LAYOUT


@pytest.fixture
def digits(shop: Shop) -> str:
    """A project with a lock that a CI system builds; the digits of the lock's digest."""
    shop.environ["GITHUB_SHA"] = "f" * 40
    return hashlib.sha256(shop.lock().encode()).hexdigest()[:16]


def test_tools_follow_lock_and_platform_and_results_the_commit_too(shop: Shop, digits: str) -> None:
    assert run(shop.another(), None, "", "text") == 0
    where = f"linux-x86_64-{digits}"
    assert shop.out == f"wbuild-{LAYOUT}-{where}\nwbuild-{VERSION}-{where}-{'f' * 40}\n"


def test_another_platform_and_a_job_of_the_matrix(shop: Shop, digits: str) -> None:
    run(shop.another(), "macos-arm64", "add-release", "json")
    document = json.loads(shop.out)
    assert document["store"] == f"wbuild-{LAYOUT}-macos-arm64-add-release-{digits}"
    assert document["results-before"] == document["results"].removesuffix("f" * 40)
    assert document["store-path"].splitlines() == [f"{shop.folder}/store/{LAYOUT}", f"{shop.folder}/cache/shared"]
    assert document["results-path"] == f"{shop.folder}/cache/{VERSION}"


def test_outputs_of_a_github_step(shop: Shop, digits: str) -> None:
    run(shop.another(), None, "", "github")
    printed = shop.out
    assert f"store<<wbuild-end-of-value\nwbuild-{LAYOUT}-linux-x86_64-{digits}\nwbuild-end-of-value\n" in printed
    shop.environ["GITHUB_OUTPUT"] = str(shop.folder / "output")
    (shop.folder / "output").write_text("before=1\n")
    run(shop.another(), None, "", "github")
    assert (shop.folder / "output").read_text() == f"before=1\n{printed}"
    assert shop.out == ""


def test_outside_of_ci_git_tells_the_commit(shop: Shop, digits: str) -> None:
    del shop.environ["GITHUB_SHA"]
    git = FakeGit(shop)
    run(shop.another(), None, "", "text")
    assert shop.out.endswith(f"-{COMMIT}\n")
    git.answers["rev-parse --verify"] = Answer(code=1)
    with pytest.raises(UsageError) as caught:
        run(shop.another(), None, "", "text")
    assert caught.value.problems[0].code == "WB298"


def test_what_is_refused(shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        run(shop.another(), None, "", "text")
    assert caught.value.problems[0].code == "WB271"
    shop.lock()
    for job in ("-x", "a b", "a/b", "a\n"):
        with pytest.raises(UsageError) as caught:
            run(shop.another(), None, job, "text")
        assert caught.value.problems[0].code == "WB296"
