"""Folded groups in the logs of continuous-integration systems: text in, text out."""

from __future__ import annotations

import re
import secrets
from typing import Final, Literal

CI: Final = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "TEAMCITY_VERSION")
"""Variables of systems that read the output of what they run, and obey some lines of it."""
_OBEYED: Final = re.compile(r"^\s*:(?=:)|\#(?=\#(?:\[|vso\[|teamcity\[))", re.MULTILINE)
Fold = Literal["", "github", "gitlab"]
"""Whose log this is."""


def disarmed(text: str) -> str:
    """A text in which no CI system finds a command, spelled so that JSON stays JSON."""
    return _OBEYED.sub(lambda found: f"{found[0][:-1]}\\u{ord(found[0][-1]):04x}", text)


def folded(fold: Fold, title: str, body: str, *, number: int, now: float) -> str:
    """`body` under a title that can be opened, for GitHub and GitLab; both are safe to print already.

    `number` tells the groups of one job apart; `now` is in seconds since 1970. GitHub obeys lines that begin with `::`, wherever they
    come from; between the two lines with a word that nobody can guess it does not.
    """
    title = " ".join(title.split("\n"))
    body = body.rstrip("\n")
    if fold == "github":
        word = secrets.token_hex(16)
        return f"::group::{title}\n::stop-commands::{word}\n{body}\n::{word}::\n::endgroup::\n"
    if fold == "gitlab":
        name = f"wbuild_{number}"
        begin = f"\x1b[0Ksection_start:{int(now)}:{name}[collapsed=true]\r\x1b[0K{title}"
        return f"{begin}\n{body}\n\x1b[0Ksection_end:{int(now)}:{name}\r\x1b[0K\n"
    return f"{title}\n{body}\n"
