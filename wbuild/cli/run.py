"""`wbuild run`: build an artifact (or take a file), then run it with the terminal's own streams."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wbuild.cli.choices import asking, common_build_options, opt_option, profile_option
from wbuild.cli.options import ClickCommand
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.selection import is_file

if TYPE_CHECKING:
    from wbuild.session.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `wbuild run` alone can be told."""

    artifact: str | None
    args: tuple[str, ...]
    """The arguments for the program."""
    runtime: str | None
    invoke: str | None
    """A call of an exported function."""


@click.command(cls=ClickCommand)
@click.argument("artifact", metavar="ARTIFACT|FILE", required=False)
@click.argument("args", nargs=-1, metavar="[-- ARGS...]")
@click.option("--runtime", metavar="R", help="Run it there; default: the first runtime that takes it.")
@click.option("--invoke", metavar="'f(1, 2)'", help="Call an exported function instead of the start.")
@opt_option
@profile_option
@common_build_options
@asking(RunOptions)
def command(common: Common, asked: Asked, options: RunOptions) -> int:
    """Build an artifact and run it, or run a file. It ends with the program's own exit code."""
    from wbuild.session import input_files as files
    from wbuild.session import runtime as engines

    artifact = options.artifact
    if artifact is None or not is_file(artifact):
        asked = replace(asked, words=(artifact,) if artifact else (), checks=False)
        return _run(common, _built(common, asked, options), options)
    with files.module(common, artifact) as module:
        runtime = replace(engines.for_file(common, options.runtime), title=files.title(common, artifact))
        return _run(common, Target(module=module, runtime=runtime), options)


def _run(common: Common, target: Target, options: RunOptions) -> int:
    if options.invoke is None and not target.runtime.is_command(target.module):
        return _list(common, target)
    common.calm()
    return target.runtime.run(target.module, options.invoke, options.args)


@dataclass(frozen=True, slots=True)
class Target:
    """What to run, and where."""

    module: Path
    runtime: Runtime


def _built(common: Common, asked: Asked, options: RunOptions) -> Target:
    """The artifact, built. Raises UsageError when several are meant, ClickExit with the build's code when it fails."""
    from wbuild.errors import UsageError
    from wbuild.session import ending
    from wbuild.session import runtime as engines
    from wbuild.session.session import prepare

    session = prepare(common, asked)
    products = [product for product in session.plan.products if not product.only_needed]
    names = list(dict.fromkeys(p.artifact.name for p in products))
    if len(names) > 1:
        raise UsageError("WB280", "several artifacts could be run", hint=f"name one: {', '.join(names)}")
    report = session.build().report
    ending.problems(session, report)
    if report.exit:
        raise click.exceptions.Exit(report.exit)
    product = products[0]
    return Target(session.project.root / product.file, engines.for_product(session, product, options.runtime))


def _list(common: Common, target: Target) -> int:
    """A library is not run: say what could be called."""
    from wbuild.session.runtime import signature

    functions = target.runtime.functions(target.module)
    lines = [f"  {signature(f)}" for f in functions]
    common.console.page("\n".join(["exported functions:", *lines]) if lines else "no exported function")
    for function in functions[:1]:
        common.console.show(f"hint: call one with --invoke {shlex.quote(function.invoke or function.name)}")
    return 0
