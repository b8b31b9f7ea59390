"""How wbuild was installed, and the line that does the same in CI."""

from __future__ import annotations

import json

import pytest

from wbuild.ci.installed import PIP, folder_of, line, of_commit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
DIGEST = "ab" * 32


def record(**parts: object) -> str:
    return json.dumps(parts)


def git(url: str, commit: str = COMMIT) -> str:
    return record(url=url, vcs_info={"vcs": "git", "commit_id": commit, "requested_revision": "main"})


def test_a_commit_of_a_repository() -> None:
    assert line(git("https://host.example/team/wbuild.git")) == f"{PIP} git+https://host.example/team/wbuild.git@{COMMIT}"
    inside = record(url="https://host.example/all", vcs_info={"vcs": "git", "commit_id": COMMIT}, subdirectory="tools/wbuild")
    assert line(inside) == f"{PIP} 'git+https://host.example/all@{COMMIT}#subdirectory=tools/wbuild'"


def test_an_archive_with_its_digest() -> None:
    url = "https://host.example/wbuild-1.0-py3-none-any.whl"
    for info in ({"hashes": {"sha256": DIGEST}}, {"hash": f"sha256={DIGEST}"}):
        assert line(record(url=url, archive_info=info)) == f"{PIP} '{url}#sha256={DIGEST}'"


def test_credentials_stay_here() -> None:
    assert "secret" not in line(git("https://me:secret@host.example/wbuild"))
    assert line(git("https://me:secret@host.example/wbuild")).endswith(f"git+https://host.example/wbuild@{COMMIT}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        git("file:///home/me/wbuild"),
        git("ssh://git@host.example/wbuild"),
        git("https://host.example/wbuild", "main"),
        git("https://host.example/a b; rm -rf /"),
        record(url="https://host.example/wbuild.whl", archive_info={}),
        record(url="https://host.example/wbuild.whl", archive_info={"hashes": {"sha256": "short"}}),
        record(url="file:///tmp/wbuild.whl", archive_info={"hashes": {"sha256": DIGEST}}),
        record(url="file:///work/wbuild", dir_info={"editable": True}),
    ],
)
def test_what_ci_could_not_install(text: str) -> None:
    assert line(text) == ""


def test_a_folder_may_be_a_checkout() -> None:
    assert folder_of(record(url="file:///work/wbuild", dir_info={"editable": True})) == "file:///work/wbuild"
    assert folder_of(git("file:///work/wbuild")) == ""
    assert of_commit("git@host.example:wbuild", COMMIT) == ""
    assert of_commit("https://host.example/wbuild", COMMIT).endswith(f"git+https://host.example/wbuild@{COMMIT}")
