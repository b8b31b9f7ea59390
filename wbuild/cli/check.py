"""`wbuild check`: the declared checks on every runtime, and hosts that artifacts or files must fit."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import click

from wbuild.cli.choices import asking, changed_option, common_build_options, opt_option, profile_option
from wbuild.cli.options import ClickCommand, format_option
from wbuild.errors import exit_code, worst
from wbuild.model.happened import ArtifactReport
from wbuild.model.host_recipe import HostRecipe
from wbuild.report.formats import SCREEN
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.selection import is_file


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """What `wbuild check` alone can be told."""

    runtimes: tuple[str, ...]
    hosts: tuple[str, ...]
    format_: str


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT|FILE]...")
@click.option("--runtime", "runtimes", metavar="R", multiple=True, help="Only this runtime; may be given again.")
@click.option("--host", "hosts", metavar="H", multiple=True, help="Also whether it fits this host; may be given again.")
@changed_option
@opt_option
@profile_option
@common_build_options
@format_option
@asking(CheckOptions)
def command(common: Common, asked: Asked, options: CheckOptions) -> int:
    """Build artifacts, run their checks and compare them with their hosts. Alias: test.

    Every declared check runs on every runtime. A FILE is only compared with the hosts that are given.
    """
    hosts = known_hosts(common, options.hosts)
    files = [word for word in asked.words if is_file(word)]
    names = tuple(word for word in asked.words if not is_file(word))
    code = _files(common, files, hosts, as_json=options.format_ == "json") if files else 0
    asked = replace(asked, words=names, hosts=tuple(host.name for host in hosts), keep_going=True, check_always=True)
    return worst({code, _artifacts(common, asked, options)}) if names or not files else code


def _artifacts(common: Common, asked: Asked, options: CheckOptions) -> int:
    from wbuild.report.text import checks
    from wbuild.session import ending
    from wbuild.session.session import prepare

    asked = replace(asked, runtimes=known_runtimes(common, options.runtimes))
    session = prepare(common, asked)
    report = session.build().report
    if options.format_ != SCREEN:
        ending.document(session, report, options.format_)
        return report.exit
    ending.problems(session, report)
    session.console.table(lambda style: checks(report, style))
    for product in session.plan.products:
        if not (product.verdicts or product.hosts or product.problem or product.only_needed):
            name = product.artifact.name
            session.console.note(f"{name} has no check that can run; [[artifact.{name}.check]] declares one")
    return report.exit


def _files(common: Common, files: list[str], hosts: tuple[HostRecipe, ...], *, as_json: bool) -> int:
    """Compare files that something else built with hosts, and say what they lack; the exit code."""
    from wbuild.errors import UsageError
    from wbuild.report import hosts as fit
    from wbuild.report.to_json import artifact_document
    from wbuild.session.measured_file import measured

    if not hosts:
        raise UsageError("WB290", "a file has no declared checks", hint="--host H compares it with a host; `wbuild hosts` lists them")
    refused: set[int] = set()
    found: list[ArtifactReport] = []
    for word in files:
        report = measured(common, word)
        assert report.measure is not None
        judged = [(host, tuple(fit.problems(host, word, report.measure))) for host in hosts]
        found.append(replace(report, hosts=tuple(fit.verdict(host, problems) for host, problems in judged)))
        for host, problems in judged:
            refused |= {exit_code(problem.code) for problem in problems}
            for problem in problems:
                common.console.problem(problem)
            if not problems and not as_json:
                common.console.show(f"{word} fits {host.title}")
    if as_json:
        documents = {"schema": "wbuild.fit/1", "files": [artifact_document(report) for report in found]}
        common.console.result(json.dumps(documents, indent=2, ensure_ascii=False))
    return worst(refused)


def known_hosts(common: Common, names: tuple[str, ...]) -> tuple[HostRecipe, ...]:
    """The hosts with these names. Raises UsageError for one that is unknown."""
    from wbuild.cli.hosts import named
    from wbuild.session.project import catalog_of

    catalog = catalog_of(common.start) if names else None
    return tuple(named(catalog, name) for name in dict.fromkeys(names)) if catalog else ()


def known_runtimes(common: Common, names: tuple[str, ...]) -> tuple[str, ...]:
    """`names`, when all of them are runtimes. Raises UsageError with the list."""
    from wbuild.errors import UsageError
    from wbuild.session.project import catalog_of

    known = catalog_of(common.start).runtimes if names else {}
    for name in names:
        if name not in known:
            raise UsageError("WB278", f"unknown runtime {name!r}", hint=f"there is: {', '.join(known)}")
    return names
