"""`wbuild explain CODE`: the page behind an error code."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import click
import tomli

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.errors import UsageError, exit_code
from wbuild.session.call import Common
from wbuild.session.shipped_data import pages
from wbuild.text.names import quoted

WIDTH = 100


@click.command(cls=ClickCommand)
@click.argument("code", required=False)
@pass_common
def command(common: Common, code: str | None) -> int:
    """Explain an error code such as WB204; without one, list them all."""
    known: Mapping[str, Any] = tomli.loads(pages())
    if code is None:
        common.console.page("\n".join(f"{name}  {page['title']}" for name, page in sorted(known.items())))
        return 0
    name = code.upper() if code.upper().startswith("WB") else f"WB{code}"
    if name not in known:
        raise UsageError("WB273", f"there is no error {quoted(code)}", hint="`wbuild explain` lists all of them")
    common.console.page(render(name, known[name]))
    return 0


def render(name: str, page: Mapping[str, str]) -> str:
    """A page as text."""
    paragraphs = [f"{name}: {page['title']} (exit code {exit_code(name)})", page["meaning"], f"What to do: {page['do']}"]
    return "\n\n".join(textwrap.fill(" ".join(p.split()), WIDTH) for p in paragraphs)
