"""What every command has: `-C`, `-v`, `-q` and `--color`, before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from wbuild.session.call import Common

UNCUT: Final = 1000
"""Characters of a summary: more than any has."""
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    common = context.find_object(Common)
    if common is None or not value:
        return
    name = str(parameter.name)
    setattr(common, name, getattr(common, name) + value if name == "verbosity" else value)


def _common_options() -> list[click.Parameter]:
    """Fresh options; click keeps state in none of them, but lists of parameters are the command's own."""
    return [
        click.Option(
            ["-C", "directory"],
            type=click.Path(path_type=Path, exists=True, file_okay=False),
            metavar="DIR",
            help="Work as if started in DIR.",
            expose_value=False,
            callback=_remember,
        ),
        click.Option(["-v", "verbosity"], count=True, help="Say more; -vv says everything.", expose_value=False, callback=_remember),
        click.Option(["-q", "quiet"], is_flag=True, help="Say nothing but errors.", expose_value=False, callback=_remember),
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            default=None,
            help="Colour on standard error.",
            expose_value=False,
            callback=_remember,
        ),
    ]


class ClickCommand(click.Command):
    """A command with the common options; its help lists its own first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.common = _common_options()
        self.params = [*self.params, *self.common]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options, then those that every command has."""
        _format(self.get_params(ctx), self.common, ctx, formatter)


class ClickGroup(click.Group):
    """A command with subcommands and the common options."""

    command_class = ClickCommand

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"no_args_is_help": False, **kwargs})
        self.common = _common_options()
        self.params = [*self.params, *self.common]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options, those that every command has, the commands."""
        _format(self.get_params(ctx), self.common, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their summaries, whole: what does not fit is wrapped, never cut."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(UNCUT)) for name, command in found if command is not None and not command.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def _format(params: list[click.Parameter], common: list[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    for title, chosen in (("Options", [p for p in params if p not in common]), ("Everywhere", common)):
        rows = [row for p in chosen if (row := p.get_help_record(ctx))]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


def pass_common(function: Decorated) -> Decorated:
    """Give a command the `Common` of its command line as first argument."""
    return cast("Decorated", click.make_pass_decorator(Common)(function))


format_option = click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of what is shown."
)
