"""The only printer. Standard output carries artifact paths or JSON only; everything for people goes to standard error.

Whatever comes from outside (names, tools' output, messages) passes through `_clean`: secrets become `***`, and what a
terminal would obey is shown as an escape instead.
"""

from __future__ import annotations

import re
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TextIO

from wbuild.errors import Problem, WbuildError
from wbuild.nothing_to_do import wants_color
from wbuild.report.table import Style, plain
from wbuild.terminal.activity import LABEL_WIDTH, VERB_WIDTH, Board, Row
from wbuild.terminal.folds import CI, Fold, disarmed, folded
from wbuild.text.json_text import valid
from wbuild.text.redact import redactor

if TYPE_CHECKING:
    from wbuild.terminal.screen import Screen

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_STYLES: Final = (
    (re.compile(r"^error\[WB\d+\]", re.MULTILINE), "\x1b[1;31m"),
    (re.compile(r"^warning(?=:)", re.MULTILINE), "\x1b[1;33m"),
    (re.compile(r"^hint(?=:)", re.MULTILINE), "\x1b[1;36m"),
    (re.compile(r"^ *-->|^ *\| *\^+", re.MULTILINE), "\x1b[34m"),
)
_RESET: Final = "\x1b[0m"
_ROLES: Final[Mapping[str, str]] = {
    "head": "\x1b[2m",
    "name": "\x1b[1m",
    "dim": "\x1b[2m",
    "good": "\x1b[32m",
    "warn": "\x1b[33m",
    "bad": "\x1b[31m",
}


def colored(role: str, text: str) -> str:
    """The style of tables on a terminal."""
    return f"{_ROLES[role]}{text}{_RESET}" if role in _ROLES else text


@dataclass(slots=True, kw_only=True)
class Console:
    """Standard output and error of one command line."""

    out: TextIO
    err: TextIO
    color: bool = False
    quiet: bool = False
    verbosity: int = 0
    redact: Callable[[str], str] = str
    hide: Callable[[str], str] = str
    """Takes out of what people read the values that a project was given and that nobody is shown."""
    notes: list[str] = field(default_factory=list)
    """Notes already said: each is said once."""
    ci: bool = False
    """Whether a CI system reads what is written, and obeys some lines."""
    fold: Fold = ""
    """How the log of this CI folds groups."""
    folds: int = 0
    """How many groups were folded so far."""
    board: Board = field(default_factory=Board)
    """The rows of what goes on; they are shown on a terminal only."""
    screen: Screen | None = None
    """The part of the terminal that shows the board; None where there are plain lines only."""

    @classmethod
    def standard(cls, environ: Mapping[str, str], *, color: str, quiet: bool, verbosity: int) -> Console:
        """The console of this process."""
        coloured = wants_color(color, environ, terminal=sys.stderr.isatty())
        console = cls(out=sys.stdout, err=sys.stderr, color=coloured, quiet=quiet, verbosity=verbosity, redact=redactor(environ))
        console.ci = any(environ.get(name, "").lower() not in ("", "0", "false") for name in CI)
        return console

    def go_live(self) -> None:
        """Standard error is a terminal that shows progress: a region at its bottom tells what goes on."""
        from wbuild.terminal.screen import Screen

        self.screen = Screen(self.err, self.board, color=self.color)

    def begin(self, key: str, verb: str, what: str, *, total: int = 0) -> None:
        """Something begins that may take a while; `total` bytes, for a download."""
        if self.screen is not None:
            label = " ".join(self._clean(what).split("\n"))
            self.board.add(key, Row(verb=verb, label=label, begun=time.monotonic(), total=total))
            self.screen.wake()

    def end(self, key: str) -> None:
        """Say that what `begin` named has ended."""
        self.board.remove(key)

    def calm(self) -> None:
        """Leave the terminal as it was: no region, the cursor shown."""
        self.board.rows.clear()
        self._pause()

    def _pause(self) -> None:
        """Take the region away until something goes on again."""
        if self.screen is not None:
            self.screen.close()

    def result(self, text: str) -> None:
        """A line of standard output for programs: a path or a JSON document. UTF-8, whatever the stream's own encoding is.

        A path that is no valid text leaves as the bytes that it is; in a document it is escaped, in the way of JSON.
        """
        self._pause()
        text = valid(text) if "\n" in text else text
        line = (self._clean(text) if self.out.isatty() else self._harmless(self.redact(text))) + "\n"
        self.out.flush()
        binary = getattr(self.out, "buffer", None)
        if binary is None:
            self.out.write(line)
        else:
            binary.write(line.encode("utf-8", "surrogateescape"))
        self.out.flush()

    def page(self, text: str) -> None:
        """What a command was asked to show, as text on standard output."""
        self._pause()
        self.out.write(self._clean(text).rstrip("\n") + "\n")
        self.out.flush()

    def table(self, rendered: Callable[[Style], str]) -> None:
        """A block that a renderer made safe and colours itself, on standard error."""
        if not self.quiet:
            self._pause()
            self.err.write(self._harmless(self.redact(rendered(self.style))))
            self.err.flush()

    @property
    def style(self) -> Style:
        """How renderers colour for standard error."""
        return colored if self.color else plain

    def show(self, text: str) -> None:
        """A block for people: a table, a list."""
        if not self.quiet:
            self.write(text)

    def write(self, text: str) -> None:
        """A block for people that even `-q` does not silence."""
        block = self.render(text, color=self.color)
        if self.screen is None or not self.screen.above(block):
            self.err.write(block + "\n")
            self.err.flush()

    def group(self, title: str, text: str) -> None:
        """Output of a tool, folded where the log of this CI can do that; even `-q` does not silence it."""
        self.folds += 1
        inside = self.fold == "github"  # nothing is obeyed there
        safe = self._clean(title), self._legible(text) if inside else self._clean(text)
        self.err.write(folded(self.fold, *safe, number=self.folds, now=time.time()))
        self.err.flush()

    def render(self, text: str, *, color: bool) -> str:
        """A block as it is written to standard error."""
        return _paint(self._clean(text), color=color)

    def note(self, message: str) -> None:
        """Something that people should know: said once."""
        if message not in self.notes:
            self.notes.append(message)
            self.show(f"note: {message}")

    def warning(self, message: str) -> None:
        """Something that people must know, even with `-q`."""
        self.write(f"warning: {message}")

    def answers(self) -> bool:
        """Whether somebody at a terminal can answer."""
        return sys.stdin.isatty() and self.err.isatty()

    def ask(self, question: str) -> bool | None:
        """Yes or no from the terminal; None where there is none to ask."""
        if not self.answers():
            return None
        self._pause()
        self.err.write(f"{self._clean(question)} [y/N] ")
        self.err.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def detail(self, message: str) -> None:
        """Show a line that only `-v` asks for."""
        if self.verbosity:
            self.show(message)

    def step(self, verb: str, what: str, right: str = "") -> None:
        """A finished step: verb, label and what came of it in columns."""
        label = " ".join(what.split("\n"))
        pad = " " * max(LABEL_WIDTH - len(label), 1) if right else ""
        self.show(f"  {verb:<{VERB_WIDTH}} {label}{pad} {right}".rstrip())

    def problems(self, error: WbuildError) -> None:
        """Every problem of an error: what, where, what to do."""
        for problem in error.problems:
            self.problem(problem)

    def problem(self, problem: Problem) -> None:
        """One problem; what a tool said about it is folded away where that can be done."""
        from wbuild.report.problem import render

        if self.fold and problem.detail:
            self.write(render(replace(problem, detail="")))
            self.group(f"output: {problem.message}", problem.detail)
        else:
            self.write(render(problem))
        if problem.log:
            self.detail(problem.log)

    def _clean(self, text: str) -> str:
        """What people may read: no secrets, nothing that a terminal or a CI system would obey."""
        return self._harmless(self._legible(text))

    def _harmless(self, text: str) -> str:
        return disarmed(text) if self.ci and (":" in text or "#" in text) else text

    def _legible(self, text: str) -> str:
        text = self.hide(self.redact(text))
        if text.isascii() and text.replace("\n", "").isprintable():
            return text
        return "".join(char if char in "\n\t" or unicodedata.category(char) not in _UNSAFE else _visible(char) for char in text)


def _visible(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _paint(text: str, *, color: bool) -> str:
    if color:
        for pattern, style in _STYLES:
            text = pattern.sub(lambda match, style=style: f"{style}{match.group()}{_RESET}", text)  # type: ignore[misc]
    return text
