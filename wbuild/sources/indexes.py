"""Names and passwords of pip's indexes, for the one request that wbuild makes itself: how large is a file of an index?"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from urllib.parse import SplitResult, urlsplit, urlunsplit

from wbuild.doors.interfaces import Doors
from wbuild.sources.client import run_client, scratch


def passwords(doors: Doors) -> Mapping[str, str]:
    """Scheme and host of an index → "name:password", from pip's configuration: its variables first, then its files.

    Never for a message or a file. Raises ProvisionError when pip cannot be started, MachineError.
    """
    with scratch() as folder:
        listed = folder / "config.txt"
        argv = (sys.executable, "-m", "pip", "config", "list")
        run_client(argv, client="pip", doors=doors, folder=folder, env={"PYTHONUTF8": "1"}, stdout=listed)
        lines = listed.read_text("utf-8", "replace").splitlines() if listed.exists() else []
    found: dict[str, str] = {}
    for parts in (parts for line in lines for parts in _urls(line)):
        userinfo, _, host = parts.netloc.rpartition("@")
        if userinfo:
            found.setdefault(f"{parts.scheme}://{host}", userinfo)
    return found


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
