"""The steps that are our own pure functions, by name: (arguments, contents of inputs) → contents of outputs.

None stands for a file that an optional step did not make. Each has an integer version, which is in the plan and so in keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from wbuild.model.planned import JSON, Builtin, Word
from wbuild.text.lazy import Lazy

Function: TypeAlias = "Callable[[Mapping[str, JSON], Sequence[bytes | None]], Sequence[bytes | None]]"
Ask: TypeAlias = "Callable[[bytes], bytes]"
"""A question to the program that a step names, and its answer."""
Asking: TypeAlias = "Callable[[Mapping[str, JSON], Sequence[bytes | None], Ask], Sequence[bytes | None]]"

COPY: Final = "copy"
"""The one that the engine does itself: it takes folders too."""
_FUNCTIONS: Final = {
    "challenge": ("wbuild.builtins.rank:challenge", 1),
    "features": ("wbuild.builtins.features:features", 1),
    "judge": ("wbuild.builtins.judge:judge", 1),
    "measure": ("wbuild.builtins.measure:measure", 1),
    "rank": ("wbuild.builtins.rank:rank", 1),
    "select": ("wbuild.builtins.select:select", 4),
    "strip": ("wbuild.builtins.strip:strip", 3),
}
"""Name → where the function is, and its version, which goes up when output bytes change (a golden test holds it)."""
_ASKING: Final = {"validate": ("wbuild.builtins.validate:validate", 2)}
"""Name → function and version of the builtins that ask a program which stays (`Builtin.worker`)."""

_VERSIONS: Final = {COPY: 1, **{name: version for name, (_, version) in (_FUNCTIONS | _ASKING).items()}}

BUILTINS: Final[Mapping[str, Function]] = Lazy({name: place for name, (place, _) in _FUNCTIONS.items()})
ASKING: Final[Mapping[str, Asking]] = Lazy({name: place for name, (place, _) in _ASKING.items()})


def builtin(name: str, args: Mapping[str, JSON] | None = None, worker: tuple[Word, ...] = ()) -> Builtin:
    """The action of a step that is one of these functions, at its version of now."""
    return Builtin(name=name, version=_VERSIONS[name], args=args or {}, worker=worker)


def only_copies(name: str, args: Mapping[str, JSON]) -> bool:
    """Whether a builtin takes no time worth speaking of, however big its inputs are: it looks at the sections of a module alone."""
    return name in ("strip", "challenge") or (name == "select" and not args.get("names"))
