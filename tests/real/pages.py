"""Pages of the documentation as things to run.

A page is one session in one folder: what a block leaves behind, the next one finds.

    ```console            commands after `$ `, each with the output that must follow it; without any, success is enough
    <!-- not run: why --> before a block: it is not run, and the test prints why
    <!-- exit: 3 -->      before a console block: its last command ends with this code
    <!-- file: PATH -->   before any block: its text is written to PATH
    <!-- line: PATH -->   before a block of one line `key = value`: replaces the line of PATH that sets the key

In an expected output `…` stands for any text, a line `…` for any lines, and a number with a unit of size, time or share, a version
or a digest for any other of its kind; columns may be spaced in any way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PAGES: Final = ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))

_BLOCK = re.compile(r"((?:^<!--[^\n]*-->\n)*)^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!-- ([a-z ]+): (.*) -->")
_NUMBER = r"[−+-]?(?:\d{1,3}(?:[ \u202f\u00a0]\d{3})+|\d+)(?:\.\d+)?"
_VOLATILE = (
    (re.compile(rf"{_NUMBER}[ \u202f\u00a0]?(?:B|kB|MB|KiB|MiB)\b"), "<size>"),
    (re.compile(rf"{_NUMBER} (?:→|of) <size>"), "<size>"),
    (re.compile(rf"{_NUMBER}[ \u202f\u00a0]?(?:ms|s)\b"), "<time>"),
    (re.compile(rf"{_NUMBER}[ \u202f\u00a0]?%"), "<share>"),
    (re.compile(r"\b\d+(?:\.\d+){1,2}\b"), "<version>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<digest>"),
    (re.compile(r"\s+"), " "),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block and the comments right before it."""

    kind: str
    text: str
    line: int
    comments: tuple[tuple[str, str], ...]

    def comment(self, name: str) -> str | None:
        """What a comment says, None without it."""
        return dict(self.comments).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A command of a page and the lines that must follow it."""

    command: str
    output: tuple[str, ...]


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block of a page."""
    for match in _BLOCK.finditer(text):
        comments, kind, content = match.groups()
        line = text.count("\n", 0, match.start(3)) + 1
        yield Block(kind=kind, text=content, line=line, comments=tuple(_COMMENT.findall(comments)))


def examples(block: Block) -> tuple[Example, ...]:
    """Commands of a console block. A command may go on in lines after `> `."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            assert found, f"line {block.line}: output before the first command"
            found[-1][1].append(line)
    return tuple(Example(command="\n".join(command), output=tuple(output)) for command, output in found)


def matches(expected: tuple[str, ...], actual: str) -> bool:
    """Whether an output is the expected one."""
    pattern = "\n".join(_pattern(line) for line in expected if line.strip())
    pattern = pattern.replace("\n.*\n", "\n(?:.*\n)*?")
    if pattern.startswith(".*\n"):
        pattern = "(?:.*\n)*?" + pattern[3:]
    if pattern.endswith("\n.*"):
        pattern = pattern[:-3] + "(?:\n.*)*"
    lines = [_normal(line) for line in actual.splitlines() if line.strip()]
    return re.fullmatch(pattern, "\n".join(lines)) is not None


def _pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in _normal(line).split("…"))


def _normal(line: str) -> str:
    for volatile, stand_in in _VOLATILE:
        line = volatile.sub(stand_in, line)
    return line.strip()
