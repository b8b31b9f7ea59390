"""Secrets never reach the screen or a file: values of secret variables and credentials in URLs become `***`. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote

SECRET_NAME: Final = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|APIKEY|API_KEY|ACCESS_KEY|PRIVATE_KEY|_KEY$|_AUTH(?!OR)", re.IGNORECASE
)
"""Names of variables whose value is a secret."""
SHORTEST: Final = 6
"""Characters; anything shorter would blot out ordinary words."""
_PASSWORD: Final = re.compile(r"://[^\s/@:]*:([^\s/@]+)@")
_USERINFO: Final = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@'\"<>]+@")


def redactor(environ: Mapping[str, str]) -> Callable[[str], str]:
    """A function that takes every secret of this environment out of a text."""
    named = {value for name, value in environ.items() if SECRET_NAME.search(name)}
    within = {password for value in environ.values() if "://" in value for password in _PASSWORD.findall(value)}
    secrets = {secret for secret in (*named, *within, *map(unquote, within)) if len(secret) >= SHORTEST}
    longest_first = sorted(secrets, key=len, reverse=True)
    known = re.compile("|".join(re.escape(value) for value in longest_first)) if secrets else None

    def redact(text: str) -> str:
        if known is not None:
            text = known.sub("***", text)
        return _USERINFO.sub(r"\g<scheme>***@", text) if "://" in text else text

    return redact
