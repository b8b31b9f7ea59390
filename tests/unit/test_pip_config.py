"""Names and passwords in pip's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.doors import Answer, FakeRunner, fake_doors
from wbuild.sources.pip_config import authorized, passwords, user_hosts

LISTED = """:env:.extra-index-url='https://a:1@one.example/simple http://b@two.example:8080'
:env:.no-input='1'
global.find-links='https://x:y@three.example/'
global.index-url='https://c:2@one.example/simple'
install.extra-index-url='\\nhttps://d:%40@four.example/\\nhttps://[bad/'
install.index-url=what
"""
KNOWN = {"https://one.example": "a:1", "http://two.example:8080": "b", "https://four.example": "d:%40"}


def known(listed: str) -> Mapping[str, str]:
    return passwords(fake_doors(runner=FakeRunner(lambda command: Answer(stdout=listed))))


def test_variables_count_before_files_and_other_settings_not_at_all() -> None:
    assert known(LISTED) == KNOWN
    assert known("") == {}


def test_hosts_that_the_users_own_files_name(tmp_path: Path) -> None:
    files = {
        ".npmrc": "@house:registry=https://npm.house.example/\n//10.0.0.5:4873/:_authToken=x\n",
        ".cargo/config.toml": '[registries.house]\nindex = "sparse+https://crates.house.example/index/"\n',
        ".gitconfig": '[url "ssh://git@git.house.example/"]\n\tinsteadOf = house:\n',
        ".netrc": "machine Files.House.Example. login a password https://b.example\nmachine 192.168.0.7\n",
        "prefix/etc/npmrc": "registry=http://everybody.example:4873\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    env = {"HOME": str(tmp_path), "npm_config_prefix": str(tmp_path / "prefix")}
    found = user_hosts(fake_doors(runner=FakeRunner(lambda command: Answer(stdout=LISTED)), client_env=env))
    assert found >= {"npm.house.example", "10.0.0.5", "crates.house.example", "git.house.example", "everybody.example"}
    assert found >= {"files.house.example", "192.168.0.7", "one.example", "two.example", "three.example", "four.example"}
    assert user_hosts(fake_doors(runner=FakeRunner(lambda command: Answer(stdout="")))) == frozenset()


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://one.example/files/x.whl#sha256=1", "https://a:1@one.example/files/x.whl#sha256=1"),
        ("http://one.example/x.whl", "http://one.example/x.whl"),
        ("https://one.example:8443/x.whl", "https://one.example:8443/x.whl"),
        ("https://files.example/x.whl", "https://files.example/x.whl"),
        ("https://z:9@one.example/x.whl", "https://z:9@one.example/x.whl"),
    ],
)
def test_F15_a_password_goes_to_its_own_host_only(url: str, asked: str) -> None:
    assert authorized(url, KNOWN) == asked
