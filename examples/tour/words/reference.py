"""The words contract (../README.md) in Python: reads standard input, writes standard output.

`python reference.py --write` makes expected/ anew from input/ and checks.toml.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

LETTER = "[0-9A-Za-z\u00c0-\u1fff\u2070-\u2fff\u3040-\ufefe\uff00-\ufffc\ufffe-\U0010ffff]"
WORD = re.compile(f"{LETTER}+(?:['\u2019]{LETTER}+)*")
LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)} | {0x2019: "'"}
TOP = re.compile("[0-9]{1,9}")
USAGE = "usage: words [--top N]\n"


class UsageError(Exception):
    """The arguments are not those of the contract."""


def top(arguments: list[str]) -> int:
    """How many words to print. Raises UsageError."""
    if len(arguments) % 2:
        raise UsageError
    number = 10
    for option, value in zip(arguments[::2], arguments[1::2], strict=True):
        if option != "--top" or not TOP.fullmatch(value):
            raise UsageError
        number = int(value)
    return number


def words(data: bytes, number: int) -> bytes:
    """The lines for the `number` most frequent words of `data`."""
    counts = Counter(word.translate(LOWER) for word in WORD.findall(data.decode(errors="replace")))
    ranked = sorted((-count, word.encode()) for word, count in counts.items())
    return b"".join(b"%d %s\n" % (-count, word) for count, word in ranked[:number])


def write_expected(folder: Path) -> None:
    """Writes every expected output that checks.toml names; needs Python 3.11."""
    import tomllib

    for check in tomllib.loads((folder / "checks.toml").read_text(encoding="utf-8"))["check"]:
        if "stdout-file" in check:
            data = (folder / check["stdin-file"]).read_bytes()
            (folder / check["stdout-file"]).write_bytes(words(data, top(check.get("args", []))))


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    if arguments == ["--write"]:
        write_expected(Path(__file__).parent)
        return 0
    try:
        number = top(arguments)
    except UsageError:
        sys.stderr.write(USAGE)
        return 2
    sys.stdout.buffer.write(words(sys.stdin.buffer.read(), number))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
