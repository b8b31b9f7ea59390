"""Names and passwords in pip's configuration."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.doors import Answer, FakeRunner, fake_doors
from wbuild.sources.indexes import authorized, passwords

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
