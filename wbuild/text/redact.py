"""Secrets never reach the screen or a file: values of secret variables and credentials in URLs become `***`. Pure.

Here is the one list of names that mean a secret, and the one function that takes values out of a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import unquote

SHORTEST: Final = 6
"""Characters; anything shorter would blot out ordinary words."""
HIDDEN: Final = "***"
PLAIN: Final = ("*VERSION*", "*COMMIT*", "*_SHA", "*_REF")
"""Names of variables whose value nobody hides."""
_SECRET: Final = re.compile(
    r"TOKEN|SECRET|KEY|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIAL|AUTH(?!OR(?!I[SZ]))|(?<!GO)PRIVATE|BEARER|WEBHOOK|COOKIE|CONNECTION_?STRING"
    r"|(?<=[A-Z0-9_])PWD|(?<=SSH)PASS|(?:\A|_)(?:PATS?|DSN|PASS|PW|CREDS?|JWT|PIN|OTP|TOTP|SALT|PEPPER|HMAC|SK)(?:_|\Z)",
    re.IGNORECASE,
)
_NO_SECRET: Final = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY", "KEYTIMEOUT"})
"""Names that every machine has, whose values are places."""
_PASSWORD: Final = re.compile(r"://[^\s/@:]*:([^\s/@]+)@")
_USERINFO: Final = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@'\"<>]+@")


def secret_in(name: str) -> str:
    """The part of a variable's name that says that its value is a secret; "" for none."""
    found = _SECRET.search(name) if name.upper() not in _NO_SECRET else None
    return found.group().strip("_").upper() if found else ""


def has_userinfo(value: str) -> bool:
    """Whether a value is an address with a name or a password in it."""
    return bool(_USERINFO.search(value))


def is_plain(name: str, more: Iterable[str] = ()) -> bool:
    """Whether a variable's value may be seen by everybody; `more`: what the user says besides `PLAIN`."""
    return any(fnmatchcase(name.upper(), pattern.upper()) for pattern in (*PLAIN, *more))


def redactor(environ: Mapping[str, str], also: Iterable[str] = ()) -> Callable[[str], str]:
    """A function that takes every secret of this environment, and the values `also`, out of a text."""
    named = {value for name, value in environ.items() if secret_in(name)}
    within = {password for value in environ.values() if "://" in value for password in _PASSWORD.findall(value)}
    whole = {*named, *within, *map(unquote, within), *also}
    lines = {line.strip() for value in whole if "\n" in value for line in value.splitlines()}
    secrets = {secret for secret in (*whole, *lines) if len(secret) >= SHORTEST}
    longest_first = sorted(secrets, key=len, reverse=True)
    known = re.compile("|".join(re.escape(value) for value in longest_first)) if secrets else None

    def redact(text: str) -> str:
        if known is not None:
            text = known.sub(HIDDEN, text)
        return _USERINFO.sub(r"\g<scheme>***@", text) if "://" in text else text

    return redact
