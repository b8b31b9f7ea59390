"""The steps that are our own pure functions, by name: (arguments, contents of inputs) → contents of outputs.

None stands for a file that an optional step did not make. Each has an integer version in the plan, raised when output bytes change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from wbuild.model.planned import JSON
from wbuild.text.lazy import Lazy

Function: TypeAlias = "Callable[[Mapping[str, JSON], Sequence[bytes | None]], Sequence[bytes | None]]"
Ask: TypeAlias = "Callable[[bytes], bytes]"
"""A question to the program that a step names, and its answer."""
Asking: TypeAlias = "Callable[[Mapping[str, JSON], Sequence[bytes | None], Ask], Sequence[bytes | None]]"

BUILTINS: Final[Mapping[str, Function]] = Lazy(
    {
        "features": "wbuild.builtins.features:features",
        "judge": "wbuild.builtins.judge:judge",
        "measure": "wbuild.builtins.measure:measure",
        "select": "wbuild.builtins.select:select",
        "strip": "wbuild.builtins.strip:strip",
    }
)

ASKING: Final[Mapping[str, Asking]] = Lazy({"validate": "wbuild.builtins.validate:validate"})
"""Those that ask a program that stays (`Builtin.worker`)."""


def only_copies(name: str, args: Mapping[str, JSON]) -> bool:
    """Whether a builtin takes no time worth speaking of, however big its inputs are: it looks at the sections of a module alone."""
    return name == "strip" or (name == "select" and not args.get("names"))
