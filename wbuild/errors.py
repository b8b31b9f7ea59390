"""Every error that wbuild raises on purpose, and the exit code of each.

    WbuildError
    ├── StepError        1   a build step failed
    ├── UsageError       2   the command line, wbuild.toml or the lock is wrong
    ├── ArtifactError    3   an artifact is invalid, over budget, fails a check or does not fit a host
    ├── ProvisionError   4   a tool or dependency cannot be had
    ├── IntegrityError   5   what came is not what was promised
    ├── MachineError     6   this machine: disk, permission, lock time-out
    ├── RemoteError      7   remote cache or execution
    └── BugError        70   wbuild itself

An error carries a code `WBnxx` whose first digit is the exit code (WB9xx is 70); `explain.toml` holds a page for each code.
This module is the only home of exit codes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

__all__ = [
    "ArtifactError",
    "BugError",
    "IntegrityError",
    "MachineError",
    "Place",
    "Problem",
    "ProvisionError",
    "RemoteError",
    "StepError",
    "UsageError",
    "WbuildError",
    "exit_code",
    "worst",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A position in a text that the user wrote."""

    file: str
    """Path as the user would type it."""
    line: int
    """The number of the line; the first is 1."""
    column: int
    """The number of the character in the line; the first is 1."""
    text: str = ""
    """The whole line, without its end."""
    width: int = 1
    """How many characters the caret underlines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong: what, where, what to do."""

    code: str
    """The code of the error, such as `WB204`."""
    message: str
    hint: str = ""
    place: Place | None = None
    detail: str = ""
    """Output of a tool or other text, shown as it is below the message."""
    log: str = ""
    """Output of a tool that the message says all about: for those who ask for details."""
    subject: str = ""
    """The artifact or file that stands before the message, for tables whose row names it already; "" for none."""
    what: str = ""
    """The message without its subject."""

    def about(self, subject: str) -> Problem:
        """This problem, said of an artifact or a file."""
        return replace(self, message=f"{subject}: {self.message}", subject=subject, what=self.message)


class WbuildError(Exception):
    """One or more problems of the same kind. `problems` is never empty."""

    status: ClassVar[int] = 70

    def __init__(self, code: str, message: str, *, hint: str = "", place: Place | None = None, detail: str = "", log: str = "") -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(code=code, message=message, hint=hint, place=place, detail=detail, log=log),)

    @classmethod
    def of(cls, problems: tuple[Problem, ...]) -> WbuildError:
        """All of `problems` as one error of this class. `problems` must not be empty."""
        first = problems[0]
        error = cls(first.code, first.message)
        error.problems = problems
        return error

    def __str__(self) -> str:
        return "\n".join(f"error[{p.code}]: {p.message}" for p in self.problems)

    def __reduce__(self) -> tuple[object, ...]:  # errors cross process borders
        return _rebuild, (type(self), self.problems)


def _rebuild(kind: type[WbuildError], problems: tuple[Problem, ...]) -> WbuildError:
    return kind.of(problems)


class StepError(WbuildError):
    """A build step failed."""

    status = 1


class UsageError(WbuildError):
    """The command line, wbuild.toml or the lock is wrong."""

    status = 2


class ArtifactError(WbuildError):
    """An artifact is invalid, over budget, fails a check or does not fit a host."""

    status = 3


class ProvisionError(WbuildError):
    """A tool or dependency cannot be had: network, offline, nothing for this platform."""

    status = 4


class IntegrityError(WbuildError):
    """What came is not what was promised: digest, hostile archive, tampered lock. Never retried."""

    status = 5


class MachineError(WbuildError):
    """This machine: disk full, permission, lock time-out."""

    status = 6


class RemoteError(WbuildError):
    """Remote cache or execution."""

    status = 7


class BugError(WbuildError):
    """wbuild itself is wrong."""

    status = 70


_BY_DIGIT = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 9: 70}
_WORST_FIRST = (130, 143, 70, 5, 6, 4, 7, 2, 1, 3)


def exit_code(code: str) -> int:
    """The exit code that belongs to a `WBnxx` code."""
    return _BY_DIGIT[int(code[2])]


def worst(codes: frozenset[int] | set[int]) -> int:
    """The exit code of a run in which all of `codes` occurred; 0 when there is none."""
    return next((code for code in _WORST_FIRST if code in codes), max(codes, default=0))
