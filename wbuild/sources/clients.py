"""Which variables of the user each package client sees: its own, and what reaching the network takes. Pure.

A client runs where files of the project may name addresses and programs, so none of them is given what belongs to another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

PROBE: Final = "probe"
"""Programs of the machine that are only asked for their version: no credentials at all, those of a proxy neither."""
_MACHINE: Final = r"""HOME|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA|LOCALAPPDATA|PROGRAMDATA|SYSTEMROOT|WINDIR|COMSPEC|XDG_\w+
    |TMPDIR|TEMP|TMP"""
_NETWORK: Final = r"(?:https?|all|ftp|no)_proxy|SSL_CERT_(?:FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS"
_OWN: Final[Mapping[str, str]] = {
    "apt": r"APT_CONFIG",
    "cargo": r"CARGO_HOME|CARGO_(?:REGISTR(?:Y|IES)|HTTP|NET)_\w+|RUSTUP_(?:HOME|TOOLCHAIN)",
    "go": r"GO(?:PROXY|PRIVATE|NOPROXY|NOSUMDB|SUMDB|INSECURE|AUTH|VCS)|NETRC",
    "npm": r"NPM_CONFIG_\S+|NPM_TOKEN|NODE_AUTH_TOKEN",
    "pip": r"PIP_\w+|NETRC",
}
"""Client → what only it sees."""


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(parts)})\Z", re.IGNORECASE | re.VERBOSE)


_SEEN: Final[Mapping[str, re.Pattern[str]]] = {
    "": _pattern(_MACHINE, _NETWORK),
    PROBE: _pattern(_MACHINE, r"RUSTUP_(?:HOME|TOOLCHAIN)", "CARGO_HOME"),
    "zig": _pattern(_MACHINE, _NETWORK),
    **{client: _pattern(_MACHINE, _NETWORK, own) for client, own in _OWN.items()},
}
_ANY: Final = _pattern(_MACHINE, _NETWORK, *_OWN.values())


def any_of(environ: Mapping[str, str]) -> dict[str, str]:
    """What any client may see; each gets its part of it by `seen_by`."""
    return {name: value for name, value in environ.items() if _ANY.match(name)}


def seen_by(client: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What one client sees; "" is one that nobody knows, which sees no credentials but those of a proxy."""
    pattern = _SEEN[client]
    return {name: value for name, value in environ.items() if pattern.match(name)}
