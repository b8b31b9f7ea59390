"""docs/reference/commands.md, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from wbuild.cli.main import ALIASES, COMMANDS, root

HEAD = """# Commands

Made from the commands themselves; `wbuild COMMAND --help` shows the same. After `--opt` a level needs `=`: `--opt=speed`.

## Everywhere

"""


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, and below a group its commands: `tools`, `tools list`, …"""
    context = click.Context(root, info_name="wbuild")
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None, name
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", found) for inner, found in sorted(command.commands.items()))


def flags(command: click.Command) -> Iterator[str]:
    """Every spelling of every option of a command."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield from (*parameter.opts, *parameter.secondary_opts)


def page() -> str:
    """The whole page."""
    everywhere = [parameter for parameter in root.params if isinstance(parameter, click.Option)]
    common = {flag for parameter in getattr(root, "common", ()) for flag in parameter.opts}
    parts = [HEAD, *_options(click.Context(root, info_name="wbuild"), everywhere)]
    for name, command in commands():
        context = click.Context(command, info_name=f"wbuild {name}")
        aliases = [f"`wbuild {alias}`" for alias, meant in ALIASES.items() if meant == name]
        parts.append(f"\n## wbuild {name}\n\n{_help(command)}\n")
        if aliases:
            parts.append(f"\nAlso {', '.join(aliases)}.\n")
        if not isinstance(command, click.Group):
            parts.append(f"\n```text\nwbuild {name} {' '.join(command.collect_usage_pieces(context))}\n```\n")
        own = [o for o in command.params if isinstance(o, click.Option) and not common & set(o.opts) and not o.hidden]
        if own:
            parts += ["\n", *_options(context, own)]
    return "".join(parts)


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").replace("\b", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _options(context: click.Context, options: list[click.Option]) -> Iterator[str]:
    yield "| option | |\n|---|---|\n"
    for option in options:
        record = option.get_help_record(context)
        if record is not None:
            spelled, meaning = (text.replace("|", "\\|") for text in record)
            yield f"| `{spelled}` | {' '.join(meaning.split())} |\n"
