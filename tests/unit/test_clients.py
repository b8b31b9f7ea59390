"""Package clients see their own variables, and nobody else's."""

from __future__ import annotations

import pytest

from wbuild.sources.clients import any_of, seen_by

COMMON = {"HOME": "/me", "TMPDIR": "/t", "https_proxy": "http://proxy", "NO_PROXY": "local", "SSL_CERT_FILE": "/ca"}
OWN = {
    "pip": {"PIP_INDEX_URL": "i", "NETRC": "n"},
    "npm": {"NPM_TOKEN": "t", "NODE_AUTH_TOKEN": "t", "npm_config_//host/:_authToken": "t"},
    "cargo": {"CARGO_HOME": "h", "CARGO_REGISTRIES_HOUSE_TOKEN": "t", "CARGO_NET_GIT_FETCH_WITH_CLI": "true", "RUSTUP_HOME": "r"},
    "go": {"GOPROXY": "p", "GOAUTH": "a", "NETRC": "n"},
    "apt": {"APT_CONFIG": "c"},
    "zig": {},
}
OTHERS = {"AWS_SECRET_ACCESS_KEY": "s", "GITHUB_TOKEN": "s", "PATH": "/bin", "LD_PRELOAD": "x", "NODE_OPTIONS": "x", "GOFLAGS": "x"}
ALL = {**COMMON, **OTHERS, **{name: value for own in OWN.values() for name, value in own.items()}}


@pytest.mark.parametrize("client", OWN)
def test_each_client_sees_its_own(client: str) -> None:
    assert seen_by(client, any_of(ALL)) == {**COMMON, **OWN[client]}


def test_what_nobody_knows_sees_no_credentials() -> None:
    assert seen_by("", any_of(ALL)) == COMMON


def test_a_probe_does_not_even_see_the_proxy() -> None:
    assert seen_by("probe", any_of(ALL)) == {"HOME": "/me", "TMPDIR": "/t", "CARGO_HOME": "h", "RUSTUP_HOME": "r"}
