"""Take a file as it is. A program of its own: it imports nothing of wbuild.

usage: python -I take.py IN OUT

Exit code 1: there is no such file, it cannot be read, or nothing is in it; 2: the command line is not as it must be.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

UNREADABLE, BAD_REQUEST = 1, 2


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    if len(argv) != 2:
        print(f"one file makes one artifact, and these are {len(argv) - 1}: {', '.join(argv[:-1])}", file=sys.stderr)
        return BAD_REQUEST
    try:
        shutil.copyfile(argv[0], argv[1])
    except OSError as error:
        print(f"{argv[0]}: {error.strerror or error}", file=sys.stderr)
        return UNREADABLE
    if not Path(argv[1]).stat().st_size:
        print(f"{argv[0]}: the file is empty", file=sys.stderr)
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
