"""`wbuild ci cache-key`: names under which a CI system keeps tools and results, and the folders that it keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from wbuild.cache.layout import VERSION
from wbuild.ci.matrix_jobs import append
from wbuild.errors import UsageError
from wbuild.model.locked import Platform
from wbuild.session.call import Common
from wbuild.session.git import Git
from wbuild.session.project import open_project, shown
from wbuild.session.world import World
from wbuild.store import LAYOUT
from wbuild.text.names import quoted
from wbuild.text.project_names import LOCK

_DIGITS: Final = 16
"""How many hexadecimal digits of a digest a key holds."""
_JOB: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def run(common: Common, platform: Platform | None, job: str, format_: str) -> int:
    """Print the keys, or hand them to the CI system. Raises UsageError."""
    world, console = common.world(), common.console
    folder = open_project(common.start).folder
    lock = folder / LOCK
    if not lock.is_file():
        raise UsageError("WB271", f"there is no {shown(lock)}", hint="run `wbuild lock` and commit the file")
    if job and not _JOB.match(job):
        raise UsageError("WB296", f"{quoted(job)} is no job's id", hint="the ids are in the matrix: letters, digits, '.', '_', '-'")
    where = "-".join([platform or world.doors.platform, *([job] if job else []), world.doors.files.sha256(lock)[:_DIGITS]])
    commit = world.commit or _head(world, folder)
    values = {
        "store": f"wbuild-{LAYOUT}-{where}",
        "store-path": f"{world.store / LAYOUT}\n{world.cache / 'shared'}",
        "results": f"wbuild-{VERSION}-{where}-{commit}",
        "results-before": f"wbuild-{VERSION}-{where}-",
        "results-path": str(world.cache / VERSION),
    }
    output = world.github_output
    if format_ == "json":
        console.result(json.dumps({"schema": "wbuild.cache-key/1", **values}, indent=2))
    elif format_ == "github" and output is not None:
        append(output, _outputs(values))
    elif format_ == "github":
        console.result(_outputs(values).rstrip("\n"))
    else:
        console.result(f"{values['store']}\n{values['results']}")
    return 0


def _head(world: World, folder: Path) -> str:
    """The commit that is checked out. Raises UsageError."""
    found = Git(world=world, folder=folder).head()
    if found is None:
        raise UsageError("WB298", f"there is no commit in {shown(folder)}, and keys of results hold one", hint="commit something first")
    return found


def _outputs(values: dict[str, str]) -> str:
    """Lines for $GITHUB_OUTPUT; a value of several lines between two lines that no path holds."""
    return "".join(f"{name}<<wbuild-end-of-value\n{value}\nwbuild-end-of-value\n" for name, value in values.items())
