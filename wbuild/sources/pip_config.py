"""Names and passwords of pip's indexes, for the one request that wbuild makes itself: how large is a file of an index?"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

from wbuild.doors.addresses import hosts_in, plain
from wbuild.doors.interfaces import Doors
from wbuild.doors.regular import read
from wbuild.sources.client import run_client, scratch

_LARGEST: Final = 1 << 20
"""Bytes of a configuration file."""


def passwords(doors: Doors) -> Mapping[str, str]:
    """Scheme and host of an index → "name:password", from pip's configuration: its variables first, then its files.

    Never for a message or a file. Raises ProvisionError when pip cannot be started, MachineError.
    """
    found: dict[str, str] = {}
    for parts in (parts for line in _pip_settings(doors).splitlines() for parts in _urls(line)):
        userinfo, _, host = parts.netloc.rpartition("@")
        if userinfo:
            found.setdefault(f"{parts.scheme}://{host}", userinfo)
    return found


def user_hosts(doors: Doors) -> frozenset[str]:
    """Hosts that configuration files of the user name: pip's, npm's, cargo's, git's, netrc. Raises ProvisionError, MachineError."""
    env = doors.client_env
    home = Path(env.get("HOME") or env.get("USERPROFILE") or os.devnull)
    lower = {name.lower(): value for name, value in env.items()}
    everybodys = Path(lower.get("npm_config_prefix") or os.devnull, "etc/npmrc")
    npm = [lower.get("npm_config_userconfig") or home / ".npmrc", lower.get("npm_config_globalconfig") or everybodys]
    cargo = [Path(env.get("CARGO_HOME") or home / ".cargo", name) for name in ("config.toml", "config")]
    git = [home / ".gitconfig", Path(env.get("XDG_CONFIG_HOME") or home / ".config", "git/config")]
    netrc = env.get("NETRC") or home / ".netrc"
    found = hosts_in("\n".join([*map(_text, [*npm, *cargo, *git]), _pip_settings(doors)]))
    return found | {plain(word) for word in re.findall(r"\bmachine\s+(\S+)", _text(netrc))}


def _text(path: Path | str) -> str:
    with suppress(OSError):
        return read(Path(path), _LARGEST, follow=True).decode("utf-8", "replace")
    return ""


def _pip_settings(doors: Doors) -> str:
    """What pip says about its configuration, in its own notation; a line each."""
    with scratch() as folder:
        listed = folder / "config.txt"
        argv = (sys.executable, "-m", "pip", "config", "list")
        run_client(argv, client="pip", doors=doors, folder=folder, env={"PYTHONUTF8": "1"}, stdout=listed)
        return listed.read_text("utf-8", "replace") if listed.exists() else ""


def authorized(url: str, known: Mapping[str, str]) -> str:
    """The URL with the name and password of its index, if there are any. Never for a message or a file."""
    parts = urlsplit(url)
    userinfo = known.get(f"{parts.scheme}://{parts.netloc}")
    return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}")) if userinfo else url


def _urls(line: str) -> Iterator[SplitResult]:
    """The URLs of one setting, such as `global.index-url='https://me:secret@index.example/simple'`."""
    name, _, value = line.partition("=")
    if not name.endswith("index-url"):
        return
    try:
        for word in str(ast.literal_eval(value)).split():
            yield urlsplit(word)
    except (SyntaxError, ValueError):  # what pip cannot use is pip's to tell
        return
