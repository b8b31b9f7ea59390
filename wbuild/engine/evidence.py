"""What a tool says that it has read, as names of a read set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from wbuild.engine.depfile import ReadFiles
from wbuild.engine.index import NAMES, names_below
from wbuild.model.planned import Step
from wbuild.text.project_names import GIT


def told(step: Step, root: Path, said: ReadFiles | None) -> tuple[str, ...] | None:
    """Files that a step has read besides its inputs; None: its candidates.

    A dependency file says which of the candidates were read. Other evidence adds to all of them: files that no candidate is, and of
    folders the names and the contents below them. What lies in the step's roots is listed already, and is not there if it is not.
    """
    if said is None or not step.evidence:
        return said.names if said is not None else None
    listed = {*step.inputs, *step.candidates}
    found = dict.fromkeys(step.candidates)
    for name in said.names:
        if name not in listed:
            found.update((one, None) for one in _beyond(step, root, name))
    return tuple(found)


def _beyond(step: Step, root: Path, name: str) -> Iterator[str]:
    path = root / name
    if path.is_file():
        yield name
    elif name in (".", "") or _within(step.roots, name):
        return
    else:
        yield f"{name}{NAMES}" if path.is_dir() else name
        yield from (f"{name}/{below}" for below in names_below(str(path)) if not below.endswith("/"))


def _within(roots: tuple[str, ...], name: str) -> bool:
    """Whether all that is at a name is among the candidates."""
    return GIT not in name.split("/") and any(root in (".", name) or name.startswith(f"{root}/") for root in roots)
