"""What every command has: `-C`, `-v`, `-q` and `--color`, before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import click

if TYPE_CHECKING:
    from wbuild.cli.console import Console
    from wbuild.cli.world import World

UNCUT: Final = 1000
"""Characters of a summary: more than any has."""
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(slots=True, kw_only=True)
class Common:
    """The one object of a command line: its common options, and what is made from them when a command first asks."""

    environ: Mapping[str, str]
    argv: tuple[str, ...] = ()
    """As typed, for the nothing-to-do path."""
    directory: Path | None = None
    verbosity: int = 0
    quiet: bool = False
    color: str = "auto"
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def console(self) -> Console:
        """The only printer."""
        from wbuild.cli.console import Console

        wanted = (self.color, self.quiet, self.verbosity)
        if self._made.get("wanted") != wanted:
            self._made["wanted"] = wanted
            self._made["console"] = Console.standard(self.environ, color=self.color, quiet=self.quiet, verbosity=self.verbosity)
        console: Console = self._made["console"]
        return console

    def calm(self) -> None:
        """Leave the terminal as it was, if anything was shown on it."""
        if "console" in self._made:
            self._made["console"].calm()

    def world(self, **flags: object) -> World:
        """Every door, built once. `flags` are settings given on the command line (None: not given)."""
        from wbuild.cli.world import World

        if "world" not in self._made:
            self._made["world"] = World.build(self.environ, self.console, self.start, flags)
        world: World = self._made["world"]
        return world

    def renew(self) -> None:
        """Read the configuration again when the world is next asked for."""
        self._made.pop("world", None)

    @property
    def start(self) -> Path:
        """Where the search for a project begins. Raises MachineError when the current folder has gone, and no whole path is named."""
        from wbuild.doors.places import current_folder

        named = self.directory
        return named if named is not None and named.is_absolute() else current_folder() / (named or "")


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


class Command(click.Command):
    """A command with the common options; its help lists its own first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.common = _common_options()
        self.params = [*self.params, *self.common]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Own options, then those that every command has."""
        _format(self.get_params(ctx), self.common, ctx, formatter)


class Group(click.Group):
    """A command with subcommands and the common options."""

    command_class = Command

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
