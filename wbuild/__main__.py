"""Entry of `wbuild`, `wbuild-wasm` and `python -m wbuild`: the nothing-to-do path first, then the command line."""

from __future__ import annotations

import os
import sys

from wbuild.fast import try_nothing_to_do


def main() -> None:
    """Run the command line of this process and exit with its code."""
    code = try_nothing_to_do(sys.argv[1:], os.environ)
    if code is None:
        from wbuild.cli.main import run

        code = run(sys.argv[1:], os.environ)
    sys.exit(code)


if __name__ == "__main__":
    main()
