"""`wbuild compare`: one contract in several languages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from wbuild.cli.choices import asking, common_build_options, opt_option, profile_option
from wbuild.cli.options import ClickCommand, format_option
from wbuild.session.asked import Asked
from wbuild.session.call import Common

if TYPE_CHECKING:
    from wbuild.model.happened import ArtifactReport, Contract, Report, Result
    from wbuild.model.planned import Product
    from wbuild.session.runtime import Runtime
    from wbuild.session.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """What `wbuild compare` alone can be told."""

    format_: str


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1, metavar="[ARTIFACT]...")
@opt_option
@profile_option
@common_build_options
@format_option
@asking(CompareOptions, default="release")
def command(common: Common, asked: Asked, options: CompareOptions) -> int:
    """Compare artifacts that declare the same checks: size, fuel, start-up, build time.

    They are built first, in the release profile. Start-up is measured on this machine each time, and is in no report.
    """
    from wbuild import __version__
    from wbuild.model.happened import Comparison
    from wbuild.report import compare, to_json
    from wbuild.session import ending
    from wbuild.session.session import prepare

    whole = prepare(common, replace(asked, keep_going=True, check_always=True))
    groups = compare.groups(whole.plan.products, named=bool(asked.words))
    session = _narrowed(whole, groups)
    left = sorted({p.artifact.name for p in whole.plan.products} - {p.artifact.name for p in session.plan.products})
    if left:
        common.console.note(f"not compared, since no other declares the same checks: {', '.join(left)}")
    built = session.build()
    report = built.report
    ending.problems(session, report)
    contracts = tuple(_contract(session, group, report, built.results) for group in groups)
    made = Comparison(
        project=report.project, profile=asked.profile, wbuild=__version__, platform=session.world.doors.platform, contracts=contracts
    )
    if options.format_ == "json":
        common.console.result(to_json.render_comparison(made).rstrip("\n"))
    else:
        common.console.page(compare.text(made))
    return report.exit


def _narrowed(session: Session, groups: Sequence[Sequence[Product]]) -> Session:
    """The session with what these products need alone."""
    products = [product for group in groups for product in group]
    names = {name for product in products for name in product.steps}
    steps = tuple(step for step in session.plan.steps if step.name in names)
    return replace(session, plan=replace(session.plan, steps=steps, products=tuple(products)))


def _contract(session: Session, group: Sequence[Product], report: Report, results: Sequence[Result]) -> Contract:
    from wbuild.report import compare
    from wbuild.session import runtime as engines

    files = {artifact.file: artifact for artifact in report.artifacts}
    reports = [files[product.file] for product in group]
    runtime = engines.for_product(session, group[0], None) if any(r.status == "ok" and r.checks for r in reports) else None
    name = runtime.recipe.name if runtime else ""
    check = compare.start_check(reports, group, name)
    by_step = {result.step: result for result in results}
    measured = [
        compare.Measured(
            report=files[product.file],
            tool=(tool := _tool(session, product)),
            version=session.lock.tools[tool].version,
            build_seconds=compare.build_seconds(product, by_step),
            starts=_starts(session, product, files[product.file], runtime, check) if runtime and check else (),
        )
        for product in group
    ]
    return compare.contract([one.name for one in group[0].artifact.checks], measured, runtime=name, start=check)


def _tool(session: Session, product: Product) -> str:
    """The first tool of a product's toolchain: the compiler, or what runs it; "" where nothing compiles."""
    language = session.project.catalog.languages[product.language]
    return next(chain.compiler for chain in language.toolchains if chain.name == product.toolchain)


def _starts(session: Session, product: Product, report: ArtifactReport, runtime: Runtime, name: str) -> tuple[float, ...]:
    """Seconds of several runs of a check on the file that is shipped."""
    from wbuild.plan.checks import Trial, step_name

    check = next(check for check in product.artifact.checks if check.name == name)
    step = step_name(product.artifact, product.target, Trial(check=check, runtime=runtime.recipe), "compiled")
    texts: Mapping[str, str] = next((s.texts for s in session.plan.steps if s.name == step), {})
    if report.status != "ok" or not texts:
        return ()
    starts = runtime.starts(json.dumps({**json.loads(texts["request.json"]), "module": product.file}), session.project.root)
    if runtime.recipe.start and not starts:
        session.console.note(f"{runtime.recipe.title} could not time the start of {report.name}")
    return starts
