"""`wbuild schema`: the JSON Schema of wbuild.toml."""

from __future__ import annotations

import click

from wbuild.cli.options import Command, Common, pass_common
from wbuild.cli.project import catalog_of
from wbuild.cli.workdir import schema_text


@click.command(cls=Command)
@pass_common
def command(common: Common) -> int:
    """Print the JSON Schema of wbuild.toml, with the project's own recipes."""
    common.console.result(schema_text(catalog_of(common.start)).rstrip("\n"))
    return 0
