"""Names that mean a secret, names that do not, and what is taken out of texts."""

from __future__ import annotations

import pytest

from wbuild.text.names import secret_problem
from wbuild.text.redact import has_userinfo, is_plain, redactor, secret_in

SECRETS = [
    *("SSHPASS", "OTP", "NPM_CONFIG_OTP", "HMAC_SALT", "STRIPE_SK"),
    *("NPM_TOKEN", "MY_SECRET", "API_KEY", "APIKEY", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "PASSWD", "SIGNING_PASSPHRASE", "MYSQL_PWD"),
    *("DBPWD", "AZURE_CREDENTIALS", "GH_PAT", "PAT", "GIT_PATS", "HTTP_AUTH", "AUTHORIZATION", "BASIC_AUTH", "PRIVATE_FEED", "SENTRY_DSN"),
    *("SLACK_WEBHOOK", "SESSION_COOKIE", "DB_PASS", "AUTH", "github_token", "STORAGE_CONNECTION_STRING", "CI_JOB_JWT"),
]
ORDINARY = [
    *("PATH", "PWD", "OLDPWD", "GIT_AUTHOR_NAME", "AUTHOR", "COMPATIBLE", "PATTERN", "GOPRIVATE", "COMPASS", "APP_VERSION", "LANG", "HOME"),
    *("SPATIAL", "BYPASS_CHECKS", "DSNAP", "PINNED", "XAUTHORITY"),
]


@pytest.mark.parametrize("name", SECRETS)
def test_names_of_secrets(name: str) -> None:
    assert secret_in(name)
    assert "looks like a credential" in secret_problem(name)
    assert redactor({name: "cAnArY-1"})("it is cAnArY-1!") == "it is ***!"


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_names(name: str) -> None:
    assert not secret_in(name)
    assert not secret_problem(name)
    assert redactor({name: "cAnArY-1"})("it is cAnArY-1!") == "it is cAnArY-1!"


@pytest.mark.parametrize(
    ("name", "plain"),
    [("APP_VERSION", True), ("GIT_COMMIT_ID", True), ("GITHUB_SHA", True), ("CI_REF", True), ("BUILD_ID", False), ("SHADOW", False)],
)
def test_plain_names(name: str, plain: bool) -> None:
    assert is_plain(name) is plain
    assert is_plain(name, ("BUILD_*", "sha*")) is (plain or name in ("BUILD_ID", "SHADOW"))


def test_addresses_with_credentials() -> None:
    assert has_userinfo("postgres://me:secret@host/db")
    assert has_userinfo("https://token@host/")
    assert not has_userinfo("https://host/a@b")


def test_values_that_are_named_and_their_lines() -> None:
    assert redactor({}, ["first line\nsecond line"])("a second line of it") == "a *** of it"
    assert redactor({}, ["short"])("short") == "short"
