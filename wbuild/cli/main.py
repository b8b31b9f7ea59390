"""The command line: which commands there are, and the one handler that prints errors and decides the exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Final, TextIO

import click

from wbuild import __version__
from wbuild.cli.argv import rewrite
from wbuild.cli.options import ClickGroup
from wbuild.doors.machine import refusal
from wbuild.errors import MachineError, UsageError, WbuildError, exit_code, worst
from wbuild.session.call import Common

COMMANDS: Final[Mapping[str, str]] = {
    "init": "wbuild.cli.init",
    "build": "wbuild.cli.build",
    "check": "wbuild.cli.check",
    "run": "wbuild.cli.run",
    "size": "wbuild.cli.size",
    "compare": "wbuild.cli.compare",
    "inspect": "wbuild.cli.inspect",
    "plan": "wbuild.cli.plan",
    "lock": "wbuild.cli.lock",
    "fetch": "wbuild.cli.fetch",
    "tools": "wbuild.cli.tools",
    "cache": "wbuild.cli.cache",
    "trust": "wbuild.cli.trust",
    "languages": "wbuild.cli.languages",
    "hosts": "wbuild.cli.hosts",
    "config": "wbuild.cli.config",
    "ci": "wbuild.cli.ci",
    "report": "wbuild.cli.report",
    "schema": "wbuild.cli.schema",
    "explain": "wbuild.cli.explain",
    "clean": "wbuild.cli.clean",
}
"""Command → module whose `command` it is; imported only when it is used."""
ALIASES: Final[Mapping[str, str]] = {"add": "init", "test": "check"}
MEANT: Final[Mapping[str, str]] = {
    "install": "tools install",
    "uninstall": "clean",
    "optimize": "build --opt",
    "opt": "build --opt",
    "compile": "build",
    "make": "build",
    "release": "build --opt",
    "new": "init",
    "create": "init",
    "start": "run",
    "exec": "run",
    "verify": "tools verify",
    "where": "tools where",
    "info": "tools info",
    "update": "lock --update",
    "upgrade": "lock --update",
    "download": "fetch",
    "gc": "cache gc",
    "prune": "cache gc",
    "list": "tools list",
    "help": "--help",
    "version": "--version",
}
"""What people type, and the command that does it here."""


_GARBAGE: Final = 50_000
"""Objects after which cycles are looked for: by default 700, and a plan of thousands of steps is looked through again and again."""
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class Terminated(BaseException):
    """SIGTERM came, or SIGHUP: the terminal has gone."""


class RootCommand(ClickGroup):
    """`wbuild` itself: commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the contract, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        module = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if module is None:
            return None
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names. Raises UsageError with a suggestion."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise UsageError("WB260", f"unknown command {args[0]!r}", hint=_suggestion(args[0]))
        return super().resolve_command(ctx, args)


def _suggestion(word: str) -> str:
    from wbuild.text.nearest import nearest

    meant = MEANT.get(word) or nearest(word, (*COMMANDS, *ALIASES))
    return f"did you mean `wbuild {meant}`?" if meant else "`wbuild --help` lists the commands"


@click.group(
    cls=RootCommand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, invoke_without_command=True
)
@click.version_option(__version__, message="wbuild %(version)s")
@click.pass_context
def root(context: click.Context) -> int:
    """Build optimized, checked, weighed Wasm from many languages with one manifest."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return 2
    return 0


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line; the exit code."""
    common = Common(environ=environ, argv=tuple(argv))
    gc.set_threshold(_GARBAGE)
    _prepare_streams()
    try:
        _end_on_signals()
        return _invoke(rewrite(argv), common)
    except BrokenPipeError:
        _let_go()
        return 0
    except KeyboardInterrupt:
        return 130
    except Terminated:
        _let_go()
        return 143
    except Exception as error:
        return _failed(error, common)
    finally:
        common.calm()


def _invoke(argv: list[str], common: Common) -> int:
    """Let click find the command and call it; `click.Group.main` would print and swallow what is ours to handle."""
    try:
        with root.make_context("wbuild", argv, obj=common) as context:
            code = int(root.invoke(context) or 0)
    except click.exceptions.Exit as end:
        code = end.exit_code
    sys.stdout.flush()
    return code


def _failed(error: Exception, common: Common) -> int:
    """Print an error; its exit code."""
    if isinstance(error, click.ClickException):
        error = _translate(error)
    if isinstance(error, OSError) and error.filename is None and error.errno in _FULL:
        error = MachineError("WB610", f"cannot write the output: {error.strerror}", hint="free some space where it is redirected to")
        _let_go()
    if isinstance(error, OSError):
        error = refusal(error) or error
    try:
        if isinstance(error, WbuildError):
            common.console.problems(error)
            return worst({exit_code(problem.code) for problem in error.problems})
        from wbuild.cli.crash import report_bug

        return report_bug(error, common)
    except BrokenPipeError:
        _let_go()
        return 0


def _translate(error: click.ClickException) -> UsageError:
    """What click says about a command line, in our form."""
    hint = ""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        hint = f"`{error.ctx.command_path} --help` lists what there is"
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        hint = f"did you mean {' or '.join(sorted(error.possibilities))}?"
    message = error.format_message().replace("\0", "").rstrip(".")
    if isinstance(error, click.NoSuchOption):
        message = f"no such option {error.option_name}"
    return UsageError("WB261", message[:1].lower() + message[1:], hint=hint)


def _end_on_signals() -> None:
    """End in order, so that no tool is left running; a signal that is ignored (nohup) stays so."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _terminate)


def _terminate(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise Terminated


def _let_go() -> None:
    """Whoever read our output may have gone, with a pipe or a terminal: let nothing be written there at exit."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if not _open(stream):
            os.dup2(devnull, stream.fileno())


def _open(stream: TextIO) -> bool:
    """Whether anybody still reads a stream."""
    try:
        stream.flush()
    except OSError:
        return False
    return True


def _prepare_streams() -> None:
    """What the encoding of a stream lacks is escaped; data leaves as UTF-8 (`Console.result`)."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
