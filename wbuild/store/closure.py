"""Whether every package of a tool from npm is needed by another one of them: a lock may name packages that nothing asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from wbuild.doors.regular import read
from wbuild.errors import IntegrityError
from wbuild.model.locked import Pin
from wbuild.text.project_names import MODULES

_LARGEST: Final = 16 << 20
_KINDS: Final = ("dependencies", "optionalDependencies", "peerDependencies")
_MODULES: Final = f"{MODULES}/"
_TOP: Final = "."


def check_closure(pin: Pin, tree: Path) -> None:
    """Raise IntegrityError for a package that no package of the tree needs."""
    places = {place for file in pin.files if file.path for place in file.places if place != _TOP}
    if not places:
        return
    needed, waiting, reached = set[str](), [_TOP], {_TOP}
    while waiting:
        needed |= _named(tree / waiting.pop() / "package.json")
        fresh = {place for place in places - reached if place.rpartition(_MODULES)[2] in needed}
        reached |= fresh
        waiting += fresh
    strange = sorted(places - reached)
    if strange:
        raise IntegrityError(
            "WB519",
            f"{pin.name} {pin.version}: the lock brings {strange[0].rpartition(_MODULES)[2]}, which none of its packages needs",
            hint="take wbuild.lock back from version control, or remove it and run `wbuild lock`",
        )


def _named(path: Path) -> set[str]:
    """Packages that a package names; none for a file of another form, which npm could not read either."""
    try:
        document = json.loads(read(path, _LARGEST))
    except (OSError, ValueError, RecursionError, MemoryError):
        return set()
    tables = [document.get(kind) for kind in _KINDS] if isinstance(document, dict) else []
    return {str(name) for table in tables if isinstance(table, dict) for name in table}
