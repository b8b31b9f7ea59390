"""`wbuild inspect`: what a module or component is, needs and offers."""

from __future__ import annotations

import json

import click

from wbuild.cli.options import ClickCommand, format_option, pass_common
from wbuild.model.happened import Measure
from wbuild.session.call import Common
from wbuild.text.show import escape


@click.command(cls=ClickCommand)
@click.argument("file", metavar="FILE")
@click.argument("other", metavar="[FILE2]", required=False)
@format_option
@pass_common
def command(common: Common, file: str, other: str | None, format_: str) -> int:
    """Show what a file is, needs and offers; with FILE2, the difference.

    Imports, exports, proposals and what needs each, memory, producers and sections. `-` is standard input.
    """
    from wbuild.cli.size import document, text
    from wbuild.report.sizes import sections
    from wbuild.session.input_files import FILE_ONLY
    from wbuild.session.measured_file import measured

    first = measured(common, file, FILE_ONLY)
    if other is not None:
        second = measured(common, other, FILE_ONLY)
        if format_ == "json":
            common.console.result(json.dumps(document([second], first), indent=2, ensure_ascii=False))
        else:
            common.console.page(text([second], first))
        return 0
    if format_ == "json":
        from wbuild.report.to_json import render_artifact

        common.console.result(render_artifact(first).rstrip("\n"))
    else:
        assert first.measure is not None
        common.console.page(f"{facts(first.file, first.measure)}\n{sections(first.measure)}")
    return 0


def facts(file: str, found: Measure) -> str:
    """Everything but the sections, as text."""
    lines = [file]
    if found.memory is not None:
        least, most = found.memory
        lines.append(f" memory: {least} pages at the start, {'no limit' if most is None else f'at most {most}'}")
    for title, names in (("imports", found.imports), ("exports", found.exports)):
        lines.append(f" {title}: {', '.join(map(escape, names)) or 'none'}")
    lines += [f" needs {escape(name)}: {escape(why)}" for name, why in found.features.items()] or [" needs no proposal"]
    lines += [f" {escape(field)}: {escape(', '.join(values))}" for field, values in found.producers.items()]
    return "\n".join(lines) + "\n"
