"""Entry of `wbuild`, `wbuild-wasm` and `python -m wbuild`: the nothing-to-do path first, then the command line."""

from __future__ import annotations

import os
import sys

from wbuild.nothing_to_do import try_nothing_to_do


def main() -> None:
    """Run the command line of this process and exit with its code."""
    _open_streams()
    try:
        code = try_nothing_to_do(sys.argv[1:], os.environ)
        if code is not None:
            os._exit(code)  # everything is written; tidying up the interpreter takes longer than the comparison
        from wbuild.cli.main import run

        code = run(sys.argv[1:], os.environ)
    except KeyboardInterrupt:  # before the command line could say what it means
        code = 130
    sys.exit(code)


def _open_streams() -> None:
    """Streams that were closed before we began (`>&-`, some services) lead nowhere; left closed, the next file would take their number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - the fast path imports no pathlib
            os.set_inheritable(stream.fileno(), True)  # programs that we start expect it open, too
            setattr(sys, name, stream)


if __name__ == "__main__":
    main()
