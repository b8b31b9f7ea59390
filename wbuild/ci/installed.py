"""How this wbuild was installed → the line that installs the same in CI. Pure.

A workflow never installs by a name alone: whoever owns the name on an index, now or later, would run code in it. What an installer has
recorded (`direct_url.json`, PEP 610) names a commit, or an archive with its digest.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit, urlunsplit

PIP: Final = "python -m pip install --quiet --disable-pip-version-check"
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def folder_of(record: str) -> str:
    """The `file:` address of the folder that was installed from; "" for anything else."""
    found = _read(record)
    url = found.get("url")
    return url if isinstance(url, str) and url.startswith("file:") and isinstance(found.get("dir_info"), dict) else ""


def line(record: str) -> str:
    """The line for an installation that an installer has recorded; "" when the record names nothing that CI could have."""
    found = _read(record)
    inside = found.get("subdirectory")
    vcs, archive = _table(found, "vcs_info"), _table(found, "archive_info")
    if vcs.get("vcs") == "git":
        return of_commit(str(found.get("url", "")), str(vcs.get("commit_id", "")), inside if isinstance(inside, str) else "")
    url, digest = _public(str(found.get("url", ""))), _sha256(archive)
    return f"{PIP} {shlex.quote(f'{url}#sha256={digest}')}" if url and digest else ""


def of_commit(remote: str, commit: str, inside: str = "") -> str:
    """The line for a commit of a repository; "" for a repository that only some machines can read."""
    url = _public(remote)
    if not url or not _COMMIT.fullmatch(commit) or not re.fullmatch(r"[\w./-]*", inside):
        return ""
    return f"{PIP} {shlex.quote(f'git+{url}@{commit}' + (f'#subdirectory={inside}' if inside else ''))}"


def _read(record: str) -> Mapping[str, object]:
    try:
        found = json.loads(record)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _table(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = data.get(name)
    return found if isinstance(found, dict) else {}


def _sha256(archive: Mapping[str, object]) -> str:
    """The digest, as PEP 610 has it now or had it first."""
    digest = _table(archive, "hashes").get("sha256") or str(archive.get("hash", "")).removeprefix("sha256=")
    return digest if isinstance(digest, str) and _SHA256.fullmatch(digest) else ""


def _public(url: str) -> str:
    """An https address without name, password, query and fragment; "" for any other."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    plain = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return plain if parts.scheme == "https" and re.fullmatch(r"https://[\w.:-]+/[\w./~+%-]+", plain) else ""
