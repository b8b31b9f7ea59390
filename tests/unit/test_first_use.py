"""What counts as the first use of a compiler's own cache: zig builds its libraries for each of these."""

from __future__ import annotations

from itertools import product

from tests.plans import make
from wbuild.model.written import Level

FILES = ["src/main.c"]


def keys(kind: str, level: Level, debug: str) -> set[str]:
    text = f'[artifact.a]\nlang = "c"\ntarget = "wasip1"\nkind = "{kind}"\n\n[profile.release]\ndebug = "{debug}"\n'
    return {step.first_use.key for step in make(text, FILES, level=level).steps if step.first_use}


def test_each_kind_level_and_debug_setting_is_a_first_use_of_its_own() -> None:
    levels: tuple[Level, ...] = ("none", "speed", "size")
    found = [keys(kind, level, debug) for kind, level, debug in product(("command", "reactor"), levels, ("none", "names"))]
    assert all(len(one) == 1 for one in found)
    assert len(set().union(*found)) == 12
