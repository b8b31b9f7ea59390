"""Options that build, check, run, size and plan share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args

import click

from wbuild.cli.argv import BARE
from wbuild.cli.options import pass_common
from wbuild.model.written import Level
from wbuild.session.asked import Asked
from wbuild.session.call import Common

LEVELS: Final[tuple[str, ...]] = get_args(Level)
RELEASE: Final = "release"
Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class Opt:
    """`--opt` was given, with or without a level."""

    level: Level | None = None


if TYPE_CHECKING:
    _OptType = click.ParamType[Opt]
else:
    _OptType = click.ParamType  # generic only since click 8.5


class OptType(_OptType):
    """A level after `=`, or nothing."""

    name = "level"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Opt:
        """The level as `Opt`; fails with the list of levels for anything else."""
        if isinstance(value, Opt):
            return value
        if value == BARE:
            return Opt()
        if value not in LEVELS:
            self.fail(f"{value!r} is no level; there is {', '.join(LEVELS)}", param, ctx)
        return Opt(cast("Level", value))


def opt_option(function: Decorated) -> Decorated:
    """Give a command the option `--opt[=LEVEL]`."""
    text = f"Optimize; LEVEL is {', '.join(LEVELS)}, and stands after `=`. Alone: the release profile."
    return click.option("--opt", type=OptType(), metavar="[=LEVEL]", help=text)(function)


def profile_option(function: Decorated) -> Decorated:
    """Give a command the option `--profile P`."""
    return click.option("--profile", metavar="P", help="Profile to build.")(function)


def changed_option(function: Decorated) -> Decorated:
    """Give a command the option `--changed-since REF`."""
    text = "Only what differs from this git revision; nothing is fine too."
    return click.option("--changed-since", metavar="REF", default="", help=text)(function)


def common_build_options(function: Decorated) -> Decorated:
    """Give a command the options that every one has which builds."""
    for decorate in reversed(
        (
            click.option("-j", "--jobs", metavar="N", help="Steps at the same time."),
            click.option("--locked/--no-locked", default=None, help="Refuse a lock that does not fit, or bring it in step. [on with CI]"),
            click.option("--offline", is_flag=True, default=None, help="Open no network connection."),
        )
    ):
        function = decorate(function)
    return function


def asking(
    options: Callable[..., Options], *, default: str = "dev"
) -> Callable[[Callable[[Common, Asked, Options], int]], Callable[..., int]]:
    """Give a command what it is asked as two values: what all that build have in common, and `options`, a type with its own.

    `default`: the profile, where none is named.
    """

    def decorate(command: Callable[[Common, Asked, Options], int]) -> Callable[..., int]:
        @wraps(command)
        def called(common: Common, **given: Any) -> int:
            profile, level = profile_of(given.pop("opt"), given.pop("profile"), default)
            asked = Asked(
                words=given.pop("artifacts", ()),
                changed_since=given.pop("changed_since", ""),
                profile=profile,
                level=level,
                targets=given.pop("targets", ()),
                locked=given.pop("locked", None),
                keep_going=given.pop("keep_going", None),
                flags={name: given.pop(name) for name in ("jobs", "memory", "offline") if name in given},
            )
            return command(common, asked, options(**given))

        return pass_common(called)

    return decorate


def profile_of(opt: Opt | None, profile: str | None, default: str) -> tuple[str, Level | None]:
    """Profile and level of a command line: `--opt` alone is the release profile; with `--profile` it gives only the level."""
    chosen = profile or (RELEASE if opt is not None else default)
    if opt is None:
        return chosen, None
    if opt.level is None and profile == "dev":
        return chosen, "size"
    return chosen, opt.level
