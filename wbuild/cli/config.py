"""`wbuild config`: every setting of the machine, and where it came from."""

from __future__ import annotations

import json

import click

from wbuild.cli.options import ClickCommand, format_option, pass_common
from wbuild.report.table import Cell, render
from wbuild.session.call import Common
from wbuild.session.settings import SETTINGS
from wbuild.session.world import config_paths
from wbuild.text.show import escape
from wbuild.text.units import show_size


@click.command(cls=ClickCommand)
@format_option
@pass_common
def command(common: Common, format_: str) -> int:
    """Show the settings of this machine and where each comes from."""
    world = common.world()
    rows = [(s.name, world.settings[s.name], s.variable) for s in SETTINGS]
    sizes = {s.name for s in SETTINGS if s.kind == "size"}
    paths = config_paths(world.environ)
    if format_ == "json":
        settings = {name: {"value": origin.value, "origin": origin.origin, "variable": variable} for name, origin, variable in rows}
        files = [{"path": str(path), "exists": path.is_file()} for path in paths]
        common.console.result(json.dumps({"schema": "wbuild.config/1", "settings": settings, "files": files}, indent=2))
        return 0
    head = [Cell("setting"), Cell("value"), Cell("from"), Cell("variable")]
    table = [
        [Cell(name), Cell(show_size(int(o.value)) if name in sizes else escape(_text(o.value))), Cell(escape(o.origin)), Cell(variable)]
        for name, o, variable in rows
    ]
    known = zip(("user", "system")[-len(paths) :], paths, strict=True)
    lines = [f" {what}: {escape(str(path))}{'' if path.is_file() else ' (does not exist)'}" for what, path in known]
    common.console.page("\n".join([render([head, *table]), *lines]))
    return 0


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
