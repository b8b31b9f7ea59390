"""`wbuild schema`: the JSON Schema of wbuild.toml."""

from __future__ import annotations

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.session.call import Common
from wbuild.session.project import readable_catalog
from wbuild.session.work_folder import schema_text


@click.command(cls=ClickCommand)
@pass_common
def command(common: Common) -> int:
    """Print the JSON Schema of wbuild.toml, with the project's own recipes."""
    catalog, left_out = readable_catalog(common.start)
    for problem in left_out:
        common.console.warning(f"the schema may lack own recipes: {problem.message}")
    common.console.result(schema_text(catalog).rstrip("\n"))
    return 0
