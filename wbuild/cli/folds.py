"""Folded groups in the logs of continuous-integration systems: text in, text out."""

from __future__ import annotations

import secrets
from typing import Literal

Fold = Literal["", "github", "gitlab"]
"""Whose log this is."""


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
