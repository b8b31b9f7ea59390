"""What is done to a command line before click sees it.

click's optional option values eat the next word: `build --opt hello` would take `hello` for a level. So a bare `--opt`
becomes `--opt=` with a value that no command line can carry, and a level is only ever taken after `=`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

BARE: Final = "\0"
"""The value of an `--opt` without a level; arguments of processes cannot hold a NUL."""


def rewrite(argv: Sequence[str]) -> list[str]:
    """`argv` with every bare `--opt` before a `--` made explicit."""
    end = argv.index("--") if "--" in argv else len(argv)
    return [f"--opt={BARE}" if word == "--opt" else word for word in argv[:end]] + list(argv[end:])
