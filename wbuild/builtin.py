"""The steps that are our own pure functions, by name: (arguments, contents of inputs) → contents of outputs.

None stands for a file that an optional step did not make. Each has an integer version in the plan, raised when output bytes change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from wbuild.measure import measure
from wbuild.model.planned import JSON
from wbuild.optimize.features import features
from wbuild.optimize.select import select
from wbuild.optimize.strip import strip
from wbuild.verdict import judge

Function: TypeAlias = "Callable[[Mapping[str, JSON], Sequence[bytes | None]], Sequence[bytes | None]]"

BUILTINS: Final[Mapping[str, Function]] = {
    "features": features,
    "judge": judge,
    "measure": measure,
    "select": select,
    "strip": strip,
}


def only_copies(name: str, args: Mapping[str, JSON]) -> bool:
    """Whether a builtin takes no time worth speaking of, however big its inputs are: it looks at the sections of a module alone."""
    return name == "strip" or (name == "select" and not args.get("names"))
