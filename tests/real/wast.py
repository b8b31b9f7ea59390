"""Takes the modules out of the scripts of the specification's test suite."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Form", "module_forms"]

_TOKEN = re.compile(r'\s+|;;[^\n]*|\(;|;\)|[()]|"(?:[^"\\]|\\.)*"|[^\s()";]+|;', re.DOTALL)


class Form(NamedTuple):
    """A module of a script, and the command that it stands in: `module`, `assert_invalid`, `assert_malformed`, …"""

    command: str
    text: str


def _forms(script: str) -> Iterator[tuple[str, str]]:
    """(first word, text) of each form at depth 1, and of each `(module` form at depth 2 with the first word of its parent."""
    depth = comment = 0
    starts: list[int] = []
    words: list[str] = []
    opened = False
    for match in _TOKEN.finditer(script):
        text = match.group()
        if text == "(;":
            comment += 1
        elif text == ";)":
            comment -= 1
        elif comment or text.isspace() or text.startswith(";;"):
            continue
        elif text == "(":
            depth += 1
            starts.append(match.start())
            words.append("")
            opened = True
            continue
        elif text == ")":
            depth -= 1
            start, word = starts.pop(), words.pop()
            if word == "module" and depth <= 1:
                yield (words[-1] if words else "module"), script[start : match.end()]
        elif opened:
            words[-1] = text
        opened = False


def module_forms(script: str) -> Iterator[Form]:
    """The modules in binary or text form; quoted text is no concern of a reader of the binary format."""
    for command, text in _forms(script):
        if not re.match(r"\(\s*module\s+(\$\S+\s+)?quote\b", text):
            yield Form(command, re.sub(r"^\(\s*module\s+definition\b", "(module ", text))
